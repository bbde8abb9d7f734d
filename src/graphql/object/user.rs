//! People.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};

use super::poll::{PollConnection, polls_of_user};
use crate::{
    entity::user::{self, Role},
    graphql::{
        connection::{PageArguments, connection},
        context::RequestContext,
        error::{ApiError, ApiResult},
        id::{Kind, encode},
        in_place::{Fields, at_hand, enum_leaf},
    },
    service::page::Position,
};

/// A person with an account at this tenant.
#[derive(Clone)]
pub(in crate::graphql) struct User {
    model: Arc<user::Model>,
    /// Whether the caller has just proven to be this person, without a token yet.
    is_caller: bool,
}

impl User {
    fn global_id(&self, ctx: &Context<'_>) -> Result<ID, ApiError> {
        Ok(encode(Kind::User, RequestContext::of(ctx)?.key(), self.model.id))
    }

    /// Whoever has just signed in or registered.
    pub(in crate::graphql) fn caller(model: user::Model) -> Self {
        Self { model: Arc::new(model), is_caller: true }
    }
}

impl From<user::Model> for User {
    fn from(model: user::Model) -> Self {
        Arc::new(model).into()
    }
}

impl From<Arc<user::Model>> for User {
    fn from(model: Arc<user::Model>) -> Self {
        Self { model, is_caller: false }
    }
}

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Role")]
pub(in crate::graphql) enum UserRole {
    /// Make polls and vote.
    User,
    /// Also change all polls and manage the people of this tenant.
    Superuser,
}

enum_leaf!(UserRole);

/// A person with an account at this tenant.
#[Object]
impl User {
    /// The global id.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> Result<ID, ApiError> {
        self.global_id(ctx)
    }

    /// The name, unique at this tenant whatever its case.
    fn username(&self) -> &str {
        &self.model.username
    }

    /// The e-mail address; null to all but that person and superusers.
    fn email(&self, ctx: &Context<'_>) -> Option<ApiResult<String>> {
        match RequestContext::of(ctx) {
            Ok(request) if self.is_caller || request.sees_private_parts_of(&self.model) => {
                self.model.email.clone().map(Ok)
            }
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// What this person may do.
    fn role(&self) -> UserRole {
        self.model.role.into()
    }

    /// Whether this person can sign in.
    fn is_active(&self) -> bool {
        self.model.is_active
    }

    /// The polls that this person made, newest first.
    async fn polls(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only what stands behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what stands before this cursor.")] before: Option<String>,
    ) -> Option<ApiResult<PollConnection>> {
        let arguments = PageArguments { first, after, last, before };
        Some(polls_of_user(ctx, self.model.id, arguments).await)
    }
}

impl Fields for User {
    at_hand!(
        "id": global_id,
        "username": username,
        "email": email,
        "role": role,
        "isActive": is_active,
    );
}

connection!(
    /// A page of people.
    UserConnection,
    /// A person and its place in the list.
    UserEdge,
    user::Entity, User,
    |user: &User, _order: &str| Position { moment: None, id: user.model.id }
);
