//! What resolvers know of the request they run for.

use std::{net::IpAddr, sync::Arc};

use async_graphql::ContextBase;

use super::{
    claim::Claim,
    error::{ApiError, ApiResult, Code},
    loaders::Loaders,
    wanted::Wanted,
};
use crate::{
    entity::user::{self, Role},
    service::token::Viewer,
    tenancy::{Anonymous, State, Tenant, TenantKey},
};

/// Who calls, and from where.
#[derive(Debug)]
pub struct Caller {
    /// The person whose token was sent, if it was looked up.
    pub viewer: Option<Viewer>,
    /// The token that was sent, if the vote that it came with is to judge it.
    pub claim: Option<Claim>,
    /// The address it came from.
    pub address: IpAddr,
}

impl Caller {
    /// Somebody whose token, if one was sent, was looked up.
    #[must_use]
    pub const fn known(viewer: Option<Viewer>, address: IpAddr) -> Self {
        Self { viewer, claim: None, address }
    }

    /// Somebody whose token is to be judged by the vote that it came with.
    #[must_use]
    pub const fn claiming(claim: Claim, address: IpAddr) -> Self {
        Self { viewer: None, claim: Some(claim), address }
    }
}

/// Somebody who is signed in, as far as it matters for what they are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub id: i64,
    pub role: Role,
}

impl From<&Viewer> for Person {
    fn from(Viewer { user, .. }: &Viewer) -> Self {
        Self { id: user.id, role: user.role }
    }
}

/// One request. Made anew for each, loaders included, so that nothing of one tenant or viewer
/// is there for another.
#[derive(Debug)]
pub struct RequestContext {
    /// Whom the request is for.
    pub tenant: Arc<Tenant>,
    /// Who calls.
    pub caller: Caller,
    pub(super) loaders: Loaders,
}

impl RequestContext {
    /// The context of a new request, which looks at these columns.
    #[must_use]
    pub fn new(tenant: Arc<Tenant>, caller: Caller, wanted: Wanted) -> Self {
        Self { tenant, caller, loaders: Loaders::new(wanted) }
    }

    /// The context of the running request.
    pub(super) fn of<'a>(ctx: &ContextBase<'a, impl Sized>) -> ApiResult<&'a Arc<Self>> {
        ctx.data::<Arc<Self>>().map_err(|_| ApiError::internal("a request without its context"))
    }

    /// The tenant's key.
    pub(super) fn key(&self) -> &TenantKey {
        &self.tenant.key
    }

    /// The person who is signed in, if anybody.
    pub(super) fn viewer(&self) -> Option<Person> {
        match &self.caller.claim {
            Some(claim) => claim.person(),
            None => self.caller.viewer.as_ref().map(Person::from),
        }
    }

    /// Lets those read who may: everybody, or under `anonymous: none` whoever is signed in.
    pub(super) fn require_reader(&self) -> ApiResult<()> {
        if self.viewer().is_none() && self.tenant.anonymous == Anonymous::None {
            return Err(ApiError::unauthenticated());
        }
        Ok(())
    }

    /// The person who is signed in.
    pub(super) fn require_viewer(&self) -> ApiResult<&Viewer> {
        self.caller.viewer.as_ref().ok_or_else(ApiError::unauthenticated)
    }

    /// The person who is signed in, whose token is looked up now if nobody has.
    pub(super) async fn require_voter(&self) -> ApiResult<&Viewer> {
        match &self.caller.claim {
            Some(claim) => claim.viewer().await,
            None => self.require_viewer(),
        }
    }

    /// The superuser who is signed in.
    pub(super) fn require_superuser(&self) -> ApiResult<&Viewer> {
        let viewer = self.require_viewer()?;
        if viewer.user.role == Role::Superuser {
            return Ok(viewer);
        }
        Err(ApiError::new(Code::Forbidden, "Only superusers may do this."))
    }

    /// Begins a root field of a mutation: nothing loaded before it counts any more, and a
    /// tenant that takes no changes refuses it.
    pub(super) fn begin_mutation(&self) -> ApiResult<()> {
        self.loaders.clear();
        if self.tenant.state == State::ReadOnly {
            let message = "This tenant is read-only at the moment.";
            return Err(ApiError::new(Code::TenantReadOnly, message));
        }
        Ok(())
    }

    /// Whether that person sees the private parts of an account: oneself and superusers.
    pub(super) fn sees_private_parts_of(&self, user: &user::Model) -> bool {
        self.viewer().is_some_and(|viewer| viewer.id == user.id || viewer.role == Role::Superuser)
    }
}
