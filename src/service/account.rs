//! One's own account: registering, signing in and out, changing the password.

use chrono::TimeDelta;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr,
};

use super::{
    clock,
    error::{Code, Failure, Violation, Violations},
    password::Passwords,
    text,
    token::{self, Token, Viewer},
};
use crate::{
    entity::{
        auth_token,
        user::{self, Role},
    },
    tenancy::{Registration, TenantRouter},
};

/// The use cases around passwords.
#[derive(Debug)]
pub struct Accounts {
    /// Hashes and verifies.
    pub passwords: Passwords,
    /// How long a token lives.
    pub token_lifetime: TimeDelta,
}

/// What an account is made of.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// 1 to 150 characters.
    pub username: String,
    /// Optional.
    pub email: Option<String>,
    /// 8 to 128 characters.
    pub password: String,
    /// What its owner may do.
    pub role: Role,
}

impl Accounts {
    /// Makes an account for a visitor and signs them in.
    ///
    /// # Errors
    /// [`Code::RegistrationClosed`], [`Code::Taken`], and what is wrong with the fields.
    pub async fn register(&self, new: NewUser) -> Result<(user::Model, Token), Failure> {
        if TenantRouter::tenant()?.registration == Registration::Closed {
            let message = "Registration is closed here; ask a superuser for an account.";
            return Err(Failure::refused(Code::RegistrationClosed, "", message));
        }
        let row = self.prepare(NewUser { role: Role::User, ..new }).await?;
        TenantRouter::transaction(async {
            let user = insert(row).await?;
            let token = token::issue(user.id, self.token_lifetime).await?;
            Ok((user, token))
        })
        .await
    }

    /// Makes an account without signing anybody in: for superusers and the command line.
    ///
    /// # Errors
    /// [`Code::Taken`], and what is wrong with the fields.
    pub async fn create(&self, new: NewUser) -> Result<user::Model, Failure> {
        let row = self.prepare(new).await?;
        TenantRouter::transaction(insert(row)).await
    }

    /// Checks the fields and hashes the password, before any transaction.
    async fn prepare(&self, new: NewUser) -> Result<user::ActiveModel, Failure> {
        let mut violations = Violations::default();
        let username = violations.check(text::username(&new.username));
        let email = violations.check(text::email(new.email.as_deref()));
        violations.check(text::password(&new.password, "password"));
        if let Some(username) = &username
            && find(username).await?.is_some()
        {
            violations.add(taken());
        }
        violations.finish()?;
        let (username, email) = (username.unwrap_or_default(), email.flatten());
        let hash = self.passwords.hash(&new.password).await?;
        Ok(user::ActiveModel {
            username_key: Set(text::fold(&username)),
            username: Set(username),
            email: Set(email),
            password_hash: Set(Some(hash)),
            role: Set(new.role),
            is_active: Set(true),
            created_at: Set(clock::now()),
            ..Default::default()
        })
    }

    /// Signs somebody in.
    ///
    /// # Errors
    /// [`Code::InvalidCredentials`], alike for an unknown name, a wrong password and an account
    /// that is not active.
    pub async fn login(
        &self,
        username: &str,
        password: &str,
    ) -> Result<(user::Model, Token), Failure> {
        let found = match text::username(username) {
            Ok(username) => find(&username).await?,
            Err(_) => None,
        };
        let stored = found
            .as_ref()
            .filter(|user| user.is_active)
            .and_then(|user| user.password_hash.as_deref());
        let fits = self.passwords.verify(password, stored).await?;
        let Some(user) = found.filter(|_| fits) else { return Err(invalid_credentials()) };
        let token = self.issue_if_unchanged(&user).await?;
        Ok((user, token))
    }

    /// Signs in, unless the account changed while the password was verified.
    async fn issue_if_unchanged(&self, user: &user::Model) -> Result<Token, Failure> {
        TenantRouter::transaction(async {
            if !is_unchanged(user).await? {
                return Err(invalid_credentials());
            }
            token::issue(user.id, self.token_lifetime).await
        })
        .await
    }

    /// Changes one's own password, ends all one's tokens and gives a new one.
    ///
    /// # Errors
    /// [`Code::InvalidCredentials`] for a wrong current password, and what is wrong with the new.
    pub async fn change_password(
        &self,
        viewer: &Viewer,
        current: &str,
        new: &str,
    ) -> Result<(user::Model, Token), Failure> {
        let mut violations = Violations::default();
        if !self.passwords.verify(current, viewer.user.password_hash.as_deref()).await? {
            violations.add(wrong_current_password());
        }
        violations.check(text::password(new, "newPassword"));
        violations.finish()?;
        let hash = self.passwords.hash(new).await?;
        TenantRouter::transaction(async {
            if !is_unchanged(&viewer.user).await? {
                return Err(vec![wrong_current_password()].into());
            }
            set_password(viewer.user.id, hash.clone()).await?;
            let token = token::issue(viewer.user.id, self.token_lifetime).await?;
            let user = user::Model { password_hash: Some(hash), ..viewer.user.clone() };
            Ok((user, token))
        })
        .await
    }
}

/// Signs out: ends the token that was sent, or all of that person's.
///
/// # Errors
/// What the database answers.
pub async fn logout(viewer: &Viewer, everywhere: bool) -> Result<(), Failure> {
    TenantRouter::transaction(async {
        if everywhere {
            return token::revoke_all(viewer.user.id, None).await;
        }
        TenantRouter::db_for_write::<auth_token::Entity>()?
            .delete(
                auth_token::Entity::delete_many()
                    .filter(auth_token::Column::Id.eq(viewer.token_id)),
            )
            .await?;
        Ok(())
    })
    .await
}

/// Stores a password's hash and ends all tokens, inside a transaction.
pub(super) async fn set_password(user_id: i64, hash: String) -> Result<(), Failure> {
    let query = user::Entity::update_many()
        .col_expr(user::Column::PasswordHash, Expr::value(hash))
        .filter(user::Column::Id.eq(user_id));
    TenantRouter::db_for_write::<user::Entity>()?.update(query).await?;
    token::revoke_all(user_id, None).await
}

/// The account of that name, whatever its case.
///
/// # Errors
/// What the database answers.
pub async fn find(username: &str) -> Result<Option<user::Model>, Failure> {
    let query = user::Entity::find().filter(user::Column::UsernameKey.eq(text::fold(username)));
    Ok(TenantRouter::db_for_fresh_read::<user::Entity>()?.one(query).await?)
}

async fn insert(row: user::ActiveModel) -> Result<user::Model, Failure> {
    let inserted = TenantRouter::db_for_write::<user::Entity>()?.insert(row).await;
    inserted.map_err(
        |error| if error.is_unique_violation() { vec![taken()].into() } else { error.into() },
    )
}

fn taken() -> Violation {
    Violation::new(Code::Taken, "username", "Somebody has this username already.")
}

/// Whether an account is still as it was when its password was verified, inside a transaction.
async fn is_unchanged(user: &user::Model) -> Result<bool, Failure> {
    let query = user::Entity::find_by_id(user.id).lock_exclusive();
    let now = TenantRouter::db_for_read::<user::Entity>()?.one(query).await?;
    Ok(now.is_some_and(|now| now.is_active && now.password_hash == user.password_hash))
}

fn wrong_current_password() -> Violation {
    let message = "This is not the current password.";
    Violation::new(Code::InvalidCredentials, "currentPassword", message)
}

fn invalid_credentials() -> Failure {
    Failure::refused(Code::InvalidCredentials, "", "Username and password do not fit.")
}
