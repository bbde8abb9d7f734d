//! Managing the people of a tenant, for its superusers.

use async_graphql::{Context, ID, InputObject, Object};

use super::{all_valid, payload, payload_type};
use crate::{
    graphql::{
        context::RequestContext,
        error::ApiResult,
        id::{self, Kind},
        in_place::One,
        object::{User, UserRole},
        schema::Services,
        subscription::{people_changed, tokens_ended},
    },
    service::{Failure, account::NewUser, people},
};

/// A new account.
#[derive(InputObject)]
struct CreateUserInput {
    /// 1 to 150 letters, digits and @ . + - _, unique whatever its case.
    username: String,
    /// Optional, at most 254 characters.
    email: Option<String>,
    /// 8 to 128 characters.
    password: String,
    /// What the person may do.
    #[graphql(default_with = "UserRole::User")]
    role: UserRole,
}

/// A new role.
#[derive(InputObject)]
struct SetUserRoleInput {
    /// The person.
    id: ID,
    /// What the person may do from now on.
    role: UserRole,
}

/// Who can no longer sign in.
#[derive(InputObject)]
struct DeactivateUserInput {
    /// The person.
    id: ID,
}

/// Who can sign in again.
#[derive(InputObject)]
struct ActivateUserInput {
    /// The person.
    id: ID,
}

/// Who gets a new password.
#[derive(InputObject)]
struct ResetPasswordInput {
    /// The person.
    id: ID,
}

payload_type!(
    /// What `createUser` came to.
    CreateUserPayload {
        /// The new account.
        user: One<User>,
    }
);

payload_type!(
    /// What `setUserRole` came to.
    SetUserRolePayload {
        /// The account as it is now.
        user: One<User>,
    }
);

payload_type!(
    /// What `deactivateUser` came to.
    DeactivateUserPayload {
        /// The account as it is now.
        user: One<User>,
    }
);

payload_type!(
    /// What `activateUser` came to.
    ActivateUserPayload {
        /// The account as it is now.
        user: One<User>,
    }
);

payload_type!(
    /// What `resetPassword` came to. All the person's tokens have ended.
    ResetPasswordPayload {
        /// The account.
        user: One<User>,
        /// The new password, to be changed at the next sign-in. It is shown this once.
        temporary_password: String,
    }
);

#[derive(Debug, Default)]
pub(super) struct PeopleMutation;

#[Object]
impl PeopleMutation {
    /// Makes an account for somebody. For superusers, also where registration is closed.
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account to make.")] input: CreateUserInput,
    ) -> Option<ApiResult<CreateUserPayload>> {
        let run = async {
            let request = begin(ctx)?;
            let CreateUserInput { username, email, password, role } = input;
            let new = NewUser { username, email, password, role: role.into() };
            let result = Services::of(ctx)?.accounts.create(new).await;
            payload(request, result, |user| CreateUserPayload {
                user: Some(One::of(user)),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }

    /// Makes somebody a superuser, or no longer one. For superusers; one of them stays.
    async fn set_user_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new role.")] input: SetUserRoleInput,
    ) -> Option<ApiResult<SetUserRolePayload>> {
        let run = async {
            let request = begin(ctx)?;
            let result = match person(request, &input.id)? {
                Ok(id) => people::set_role(id, input.role.into()).await,
                Err(failure) => Err(failure),
            };
            people_changed(ctx, &result, |user| user.id);
            payload(request, result, |user| SetUserRolePayload {
                user: Some(One::of(user)),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }

    /// Ends somebody's tokens and lets them sign in no longer. For superusers; one of them
    /// stays.
    async fn deactivate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: DeactivateUserInput,
    ) -> Option<ApiResult<DeactivateUserPayload>> {
        let run = async {
            let request = begin(ctx)?;
            let result = match person(request, &input.id)? {
                Ok(id) => people::set_active(id, false).await,
                Err(failure) => Err(failure),
            };
            people_changed(ctx, &result, |user| user.id);
            payload(request, result, |user| DeactivateUserPayload {
                user: Some(One::of(user)),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }

    /// Lets somebody sign in again. For superusers.
    async fn activate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: ActivateUserInput,
    ) -> Option<ApiResult<ActivateUserPayload>> {
        let run = async {
            let request = begin(ctx)?;
            let result = match person(request, &input.id)? {
                Ok(id) => people::set_active(id, true).await,
                Err(failure) => Err(failure),
            };
            people_changed(ctx, &result, |user| user.id);
            payload(request, result, |user| ActivateUserPayload {
                user: Some(One::of(user)),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }

    /// Gives somebody a new random password and ends their tokens. For superusers.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: ResetPasswordInput,
    ) -> Option<ApiResult<ResetPasswordPayload>> {
        let run = async {
            let request = begin(ctx)?;
            let passwords = &Services::of(ctx)?.accounts.passwords;
            let result = match person(request, &input.id)? {
                Ok(id) => people::reset_password(id, passwords).await,
                Err(failure) => Err(failure),
            };
            tokens_ended(ctx, &result, |(user, _)| user.id);
            payload(request, result, |(user, password)| ResetPasswordPayload {
                user: Some(One::of(user)),
                temporary_password: Some(password),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }
}

/// The request, if a superuser sent it and the tenant takes changes.
fn begin<'a>(ctx: &Context<'a>) -> ApiResult<&'a std::sync::Arc<RequestContext>> {
    let request = RequestContext::of(ctx)?;
    request.begin_mutation()?;
    request.require_superuser()?;
    Ok(request)
}

fn person(request: &RequestContext, id: &ID) -> ApiResult<Result<i64, Failure>> {
    Ok(all_valid(id::input(request, "id", id, Kind::User)?, []))
}
