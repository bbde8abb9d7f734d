//! From HTTP to a socket (RFC 6455, section 4.2), on the path of the endpoint itself.

use axum::{
    extract::{
        FromRequestParts, Request, State,
        ws::{WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{connection, init::Opening, origin::own_origin};
use crate::{
    graphql::Code,
    http::{
        accept::MediaType, address::client_address, answer, connection::Connection, log::RequestId,
        state::AppState,
    },
    tenancy::Catalog,
};

/// The one subprotocol that is spoken here.
const SUBPROTOCOL: &str = "graphql-transport-ws";

/// What a socket's buffers hold to begin with, in bytes: there may be thousands of them.
const BUFFER: usize = 4 * 1024;

/// For a path on which there is nothing else.
pub(in crate::http) async fn only(State(state): State<AppState>, request: Request) -> Response {
    if !wants_socket(request.headers()) {
        let message = "Here is a WebSocket and nothing else; send other requests to /graphql.";
        let error = answer::error(Code::BadUserInput.as_str(), message);
        let status = StatusCode::UPGRADE_REQUIRED;
        let mut response = answer::rejected(MediaType::Json, status, error);
        response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        return response;
    }
    upgrade(state, request).await
}

/// Whether a request wants to be a socket.
pub(in crate::http) fn wants_socket(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::UPGRADE).iter();
    values.any(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Makes a socket of a request. Which tenant it is for may come later.
pub(in crate::http) async fn upgrade(state: AppState, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let view = state.registry.view();
    if let Some(origin) = parts.headers.get(header::ORIGIN) {
        let listed = origin.to_str().is_ok_and(|origin| view.has_origin(origin));
        let is_own = || own_origin(&view.catalog, &parts.headers, &parts.uri).is(origin, None);
        if !listed && !is_own() {
            let message = "Pages of this origin may not call here.";
            let error = answer::error(Code::Forbidden.as_str(), message);
            return answer::rejected(MediaType::Json, StatusCode::FORBIDDEN, error);
        }
    }
    let Some((place, opening)) = opening(&view.catalog, parts) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // Larger messages are told so; what is larger by far breaks off.
    let most = state.streams.limits().message_bytes.saturating_mul(2);
    let spoken =
        upgrade.requested_protocols().any(|name| name.as_bytes() == SUBPROTOCOL.as_bytes());
    upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(most)
        .max_frame_size(most)
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .on_upgrade(move |socket: WebSocket| connection::run(state, opening, socket, spoken, place))
}

/// The connection, and what of the request a socket begins with.
fn opening(catalog: &Catalog, parts: Parts) -> Option<(Connection, Opening)> {
    let connection = parts.extensions.get::<Connection>()?.clone();
    let address = client_address(catalog, &parts.headers, connection.peer());
    let request_id = parts.extensions.get::<RequestId>()?.clone();
    let Parts { headers, uri, .. } = parts;
    Some((connection, Opening { headers, uri, address, request_id }))
}
