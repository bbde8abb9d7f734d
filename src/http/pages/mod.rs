//! The pages: the app, GraphiQL, what they load, and plain pages where there is neither.

mod assets;
mod html;
mod plain;
mod policy;
mod routes;
mod site;

pub(super) use html::graphiql;
pub(super) use routes::routes;
