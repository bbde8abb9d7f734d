//! The schema, put together. No I/O in here.

use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, SDLExportOptions, Schema, SchemaBuilder};

use super::{
    error::{ApiError, ApiResult},
    extension::Phases,
    limits::QueryLimits,
    mutation::Mutation,
    query::Query,
    rate::RateLimiter,
};
use crate::service::account::Accounts;

/// The schema of this service.
pub type PollsSchema = Schema<Query, Mutation, EmptySubscription>;

/// What resolvers share over all requests and tenants: nothing in it belongs to any of them.
#[derive(Debug)]
pub struct Services {
    /// Around passwords.
    pub accounts: Accounts,
    /// How often an address may register at a tenant.
    pub registrations: RateLimiter,
}

impl Services {
    pub(super) fn of<'a>(ctx: &Context<'a>) -> ApiResult<&'a Arc<Self>> {
        ctx.data::<Arc<Self>>().map_err(|_| ApiError::internal("a schema without its services"))
    }
}

/// The schema, ready to execute.
#[must_use]
pub fn build(services: Arc<Services>) -> PollsSchema {
    builder().extension(Phases).data(services).finish()
}

/// The schema in the schema definition language, as `schema.graphql` holds it.
#[must_use]
pub fn sdl() -> String {
    let schema = builder().finish();
    let sdl = schema.sdl_with_options(SDLExportOptions::new());
    format!("{}\n", sdl.trim())
}

fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    // The limits on size and depth are checked before, over memoised fragments: the library's
    // own checks of recursion would take exponential time.
    Schema::build(Query, Mutation::default(), EmptySubscription)
        .limit_recursive_depth(QueryLimits::MAX_DEPTH)
}
