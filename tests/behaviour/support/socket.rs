//! A raw client of `graphql-transport-ws`: it says what the test says, also what no client would.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message, client::IntoClientRequest, http};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{Server, wait::PATIENCE};

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket with the right subprotocol; the status if it is refused.
    pub async fn try_open(
        server: &Server,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, u16> {
        let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
        let headers: Vec<_> = headers.iter().copied().chain([protocol]).collect();
        Self::try_open_bare(server, path, &headers).await
    }

    /// The same with these headers only.
    pub async fn try_open_bare(
        server: &Server,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, u16> {
        let url = format!("ws://{}{path}", server.address);
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match timeout(PATIENCE, connect_async(request)).await.unwrap() {
            Ok((stream, _)) => Ok(Self(stream)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("no socket: {error}"),
        }
    }

    /// A socket on which nothing has been said.
    pub async fn open(server: &Server, headers: &[(&str, &str)]) -> Self {
        Self::try_open(server, "/graphql", headers).await.unwrap()
    }

    /// A socket that is accepted, for someone at a tenant.
    pub async fn connect(server: &Server, tenant: &str, token: Option<&str>) -> Self {
        let mut socket = Self::open(server, &[("x-tenant", tenant)]).await;
        let payload = match token {
            Some(token) => json!({ "authorization": format!("Bearer {token}") }),
            None => json!({}),
        };
        socket.init(payload).await;
        socket
    }

    pub async fn say(&mut self, message: Value) {
        self.text(&message.to_string()).await;
    }

    pub async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub async fn binary(&mut self, bytes: &[u8]) {
        self.0.send(Message::binary(bytes.to_vec())).await.unwrap();
    }

    /// Sends a close and reads to the end.
    pub async fn close(mut self) {
        self.0.close(None).await.unwrap();
        let end = async { while let Some(Ok(_)) = self.0.next().await {} };
        timeout(PATIENCE, end).await.unwrap();
    }

    /// `connection_init`, which must be accepted.
    pub async fn init(&mut self, payload: Value) {
        self.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(self.hear().await, json!({ "type": "connection_ack" }));
    }

    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// What the server says next, or how it closes. Pings do not make it come later.
    async fn receive(&mut self) -> Result<Value, (u16, String)> {
        let said = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Ok(serde_json::from_str(&text).unwrap());
                    }
                    Some(Ok(Message::Close(Some(frame)))) => {
                        return Err((frame.code.into(), frame.reason.to_string()));
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => panic!("neither a text nor a close: {other:?}"),
                }
            }
        };
        timeout(PATIENCE, said).await.unwrap()
    }

    /// What the server says next.
    #[track_caller]
    pub fn hear(&mut self) -> impl Future<Output = Value> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            self.receive().await.unwrap_or_else(|close| panic!("closed at {caller}: {close:?}"))
        }
    }

    /// What the server says next, unless it closes.
    pub async fn try_hear(&mut self) -> Option<Value> {
        self.receive().await.ok()
    }

    /// The payload of the `next` that comes next for an operation.
    pub async fn next(&mut self, id: &str) -> Value {
        let mut message = self.hear().await;
        assert_eq!(message["type"], "next", "{message}");
        assert_eq!(message["id"], id, "{message}");
        message["payload"].take()
    }

    /// The code of the one error of the `error` that comes next for an operation.
    pub async fn error(&mut self, id: &str) -> String {
        let message = self.hear().await;
        assert_eq!(message["type"], "error", "{message}");
        assert_eq!(message["id"], id, "{message}");
        let errors = message["payload"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{message}");
        errors[0]["extensions"]["code"].as_str().unwrap().to_owned()
    }

    pub async fn completed(&mut self, id: &str) {
        assert_eq!(self.hear().await, json!({ "type": "complete", "id": id }));
    }

    /// How the server closes, whatever it says before.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Err(close) = self.receive().await {
                return close;
            }
        }
    }

    /// That the server has nothing more to say than the answer to a ping.
    pub async fn silent(&mut self) {
        self.say(json!({ "type": "ping" })).await;
        assert_eq!(self.hear().await, json!({ "type": "pong" }));
    }
}
