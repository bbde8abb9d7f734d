//! The tenant, as everybody may see it.

use async_graphql::{Context, Enum, ID, Object};

use crate::{
    graphql::{
        context::RequestContext,
        error::{ApiError, ApiResult},
        id::{Kind, encode},
    },
    tenancy::{Anonymous, Registration, State},
};

/// The customer whose polls these are. Everybody who reaches the tenant can read it: pages for
/// signing in need it.
pub(in crate::graphql) struct Tenant;

/// What a caller without a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(in crate::graphql) enum AnonymousAccess {
    /// Only see the tenant, sign in and register.
    None,
    /// Read what is public.
    Read,
}

/// The customer whose polls these are. Everybody who reaches the tenant can read it: pages for
/// signing in need it.
#[Object]
impl Tenant {
    /// The global id.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> Result<ID, ApiError> {
        Ok(encode(Kind::Tenant, RequestContext::of(ctx)?.key(), 0))
    }

    /// The name that headers and hosts use, a lower-case DNS label. It never changes.
    async fn key(&self, ctx: &Context<'_>) -> ApiResult<String> {
        Ok(RequestContext::of(ctx)?.key().to_string())
    }

    /// The name for people.
    async fn name(&self, ctx: &Context<'_>) -> ApiResult<String> {
        Ok(RequestContext::of(ctx)?.tenant.name.clone())
    }

    /// Whether `register` makes accounts here.
    async fn registration_open(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        Ok(RequestContext::of(ctx)?.tenant.registration == Registration::Open)
    }

    /// What a caller without a token may do.
    async fn anonymous_access(&self, ctx: &Context<'_>) -> ApiResult<AnonymousAccess> {
        Ok(match RequestContext::of(ctx)?.tenant.anonymous {
            Anonymous::None => AnonymousAccess::None,
            Anonymous::Read => AnonymousAccess::Read,
        })
    }

    /// Whether the tenant takes no changes at the moment.
    async fn read_only(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        Ok(RequestContext::of(ctx)?.tenant.state == State::ReadOnly)
    }
}
