//! Registering, signing in and out, changing one's password.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};

use super::{payload, payload_type};
use crate::{
    entity::user::{self, Role},
    graphql::{
        context::RequestContext, datetime::DateTime, error::ApiResult, in_place::One, object::User,
        schema::Services, subscription::tokens_ended,
    },
    service::{
        account::{self, NewUser},
        token::Token,
    },
};

/// A new account.
#[derive(InputObject)]
struct RegisterInput {
    /// 1 to 150 letters, digits and @ . + - _, unique whatever its case.
    username: String,
    /// Optional, at most 254 characters.
    email: Option<String>,
    /// 8 to 128 characters.
    password: String,
}

/// Who signs in.
#[derive(InputObject)]
struct LoginInput {
    /// The name, whatever its case.
    username: String,
    /// The password.
    password: String,
}

/// Which tokens end.
#[derive(InputObject)]
struct LogoutInput {
    /// Whether all of one's tokens end, not just the one that was sent.
    #[graphql(default = false)]
    everywhere: bool,
}

/// A new password.
#[derive(InputObject)]
struct ChangePasswordInput {
    /// The password until now.
    current_password: String,
    /// The password from now on, 8 to 128 characters.
    new_password: String,
}

payload_type!(
    /// What `register` came to.
    RegisterPayload {
        /// The new account.
        user: One<User>,
        /// The token to send as `Authorization: Bearer …`. It is shown this once.
        token: String,
        /// When the token ends.
        token_expires_at: DateTime,
    }
);

payload_type!(
    /// What `login` came to.
    LoginPayload {
        /// Who is signed in.
        user: One<User>,
        /// The token to send as `Authorization: Bearer …`. It is shown this once.
        token: String,
        /// When the token ends.
        token_expires_at: DateTime,
    }
);

payload_type!(
    /// What `logout` came to.
    LogoutPayload {}
);

payload_type!(
    /// What `changePassword` came to. All other tokens have ended.
    ChangePasswordPayload {
        /// Oneself.
        user: One<User>,
        /// The token to send from now on. It is shown this once.
        token: String,
        /// When the token ends.
        token_expires_at: DateTime,
    }
);

/// The payload of somebody who is signed in now.
macro_rules! signed_in {
    ($payload:ident, $user:expr, $token:expr) => {{
        let (user, token): (user::Model, Token) = ($user, $token);
        $payload {
            user: Some(One(User::caller(user))),
            token: Some(token.secret),
            token_expires_at: Some(DateTime(token.expires_at)),
            user_errors: Vec::new(),
        }
    }};
}

#[derive(Debug, Default)]
pub(super) struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Makes an account and signs in.
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account to make.")] input: RegisterInput,
    ) -> Option<ApiResult<RegisterPayload>> {
        let run = async {
            let request = begin(ctx)?;
            let services = Services::of(ctx)?;
            services.attempts.register(request)?;
            let RegisterInput { username, email, password } = input;
            let new = NewUser { username, email, password, role: Role::User };
            let result = services.accounts.register(new).await;
            payload(request, result, |(user, token)| signed_in!(RegisterPayload, user, token)).await
        };
        Some(Box::pin(run).await)
    }

    /// Signs in.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: LoginInput,
    ) -> Option<ApiResult<LoginPayload>> {
        let run = async {
            let request = begin(ctx)?;
            let services = Services::of(ctx)?;
            let attempt = services.attempts.sign_in(request, &input.username)?;
            let result = services.accounts.login(&input.username, &input.password).await;
            attempt.note(&result);
            payload(request, result, |(user, token)| signed_in!(LoginPayload, user, token)).await
        };
        Some(Box::pin(run).await)
    }

    /// Signs out: the token that was sent ends, or all of one's tokens. Without a good token
    /// there is nothing to end, and that is no error.
    async fn logout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tokens end.")] input: LogoutInput,
    ) -> Option<ApiResult<LogoutPayload>> {
        let run = async {
            let request = RequestContext::of(ctx)?;
            let result = match &request.caller.viewer {
                Some(viewer) => account::logout(viewer, input.everywhere).await,
                None => Ok(()),
            };
            if let Some(viewer) = &request.caller.viewer {
                tokens_ended(ctx, &result, |()| viewer.user.id);
            }
            payload(request, result, |()| LogoutPayload::default()).await
        };
        Some(Box::pin(run).await)
    }

    /// Changes one's password, ends all one's tokens and gives a new one.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passwords.")] input: ChangePasswordInput,
    ) -> Option<ApiResult<ChangePasswordPayload>> {
        let run = async {
            let request = begin(ctx)?;
            let viewer = request.require_viewer()?;
            let (current, new) = (&input.current_password, &input.new_password);
            let services = Services::of(ctx)?;
            let attempt = services.attempts.sign_in(request, &viewer.user.username)?;
            let result = services.accounts.change_password(viewer, current, new).await;
            attempt.note(&result);
            tokens_ended(ctx, &result, |_| viewer.user.id);
            let done = |(user, token)| signed_in!(ChangePasswordPayload, user, token);
            payload(request, result, done).await
        };
        Some(Box::pin(run).await)
    }
}

fn begin<'a>(ctx: &Context<'a>) -> ApiResult<&'a Arc<RequestContext>> {
    let request = RequestContext::of(ctx)?;
    request.begin_mutation()?;
    Ok(request)
}
