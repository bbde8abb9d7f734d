//! Where the pages are.

use axum::{Router, routing::get};

use super::{assets::asset, html};
use crate::http::state::AppState;

/// The app's views. Each is the same page, whose script shows what the path names.
const VIEWS: [&str; 8] = [
    "/",
    "/sign-in",
    "/register",
    "/polls/{id}",
    "/mine",
    "/account",
    "/admin/people",
    "/admin/polls",
];

/// All routes of pages but GraphiQL's, which is a layer of the endpoint.
pub(in crate::http) fn routes() -> Router<AppState> {
    let routes = Router::new().route("/assets/{*name}", get(asset));
    VIEWS.iter().fold(routes, |routes, view| routes.route(view, get(html::app)))
}
