//! Tokens: opaque, random, stored hashed in the tenant's own database.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{NaiveDateTime, TimeDelta};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    SelectTwoRequired,
};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::{clock, error::Failure};
use crate::{
    entity::{auth_token, user},
    tenancy::{RouterError, Template, TenantRouter},
};

/// What every token starts with, so that scanners for secrets can tell it.
const PREFIX: &str = "polls_";
/// How long the look-up of a token takes at most.
const LOOK_UP_TIME: Duration = Duration::from_secs(15);
/// How many tokens one person holds; a new one beyond that ends the oldest.
const MAX_PER_USER: u64 = 100;

/// A fresh token: the one moment at which it is known in the clear.
#[derive(Clone)]
pub struct Token {
    /// What its owner sends.
    pub secret: String,
    /// When it ends, UTC.
    pub expires_at: NaiveDateTime,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Who calls.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The person.
    pub user: user::Model,
    /// The row of the token that was sent.
    pub token_id: i64,
    /// When that token ends, UTC.
    pub expires_at: NaiveDateTime,
}

/// Why a token is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    /// It was good once.
    Expired,
    /// It is unknown here, or was revoked.
    Invalid,
}

/// 256 random bits as URL-safe text.
#[must_use]
pub fn random_text() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What is stored of a token; nothing if it cannot be one of ours.
pub(super) fn stored(secret: &str) -> Option<String> {
    secret.starts_with(PREFIX).then(|| digest(secret))
}

fn digest(secret: &str) -> String {
    // Without `format!`: this is done for every request that has a token.
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |number: u8| char::from(DIGITS[usize::from(number)]);
    let digest = Sha256::digest(secret.as_bytes());
    digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A new token and the row to store for it.
#[must_use]
pub fn prepare(user_id: i64, lifetime: TimeDelta) -> (Token, auth_token::ActiveModel) {
    let secret = format!("{PREFIX}{}", random_text());
    let now = clock::now();
    let expires_at = now.checked_add_signed(lifetime).unwrap_or(NaiveDateTime::MAX);
    let row = auth_token::ActiveModel {
        user_id: Set(user_id),
        token_hash: Set(digest(&secret)),
        created_at: Set(now),
        expires_at: Set(expires_at),
        ..Default::default()
    };
    (Token { secret, expires_at }, row)
}

/// Stores a new token for somebody, inside a transaction, and clears away what has ended.
///
/// # Errors
/// What the database answers.
pub async fn issue(user_id: i64, lifetime: TimeDelta) -> Result<Token, Failure> {
    let (token, row) = prepare(user_id, lifetime);
    let writer = TenantRouter::db_for_write::<auth_token::Entity>()?;
    let reader = TenantRouter::db_for_read::<auth_token::Entity>()?;
    let theirs = auth_token::Column::UserId.eq(user_id);
    let ended = auth_token::Column::ExpiresAt.lte(clock::now());
    writer.delete(auth_token::Entity::delete_many().filter(theirs.clone()).filter(ended)).await?;
    let surplus = auth_token::Entity::find()
        .filter(theirs.clone())
        .order_by_desc(auth_token::Column::Id)
        .offset(MAX_PER_USER - 1);
    if let Some(oldest) = reader.one(surplus).await? {
        let surplus = auth_token::Column::Id.lte(oldest.id);
        writer.delete(auth_token::Entity::delete_many().filter(theirs).filter(surplus)).await?;
    }
    writer.insert(row).await?;
    Ok(token)
}

/// Ends all tokens of somebody, inside a transaction, but for one if it is named.
///
/// # Errors
/// What the database answers.
pub async fn revoke_all(user_id: i64, except: Option<i64>) -> Result<(), Failure> {
    let writer = TenantRouter::db_for_write::<auth_token::Entity>()?;
    let mut query =
        auth_token::Entity::delete_many().filter(auth_token::Column::UserId.eq(user_id));
    if let Some(kept) = except {
        query = query.filter(auth_token::Column::Id.ne(kept));
    }
    writer.delete(query).await?;
    Ok(())
}

/// A token with its owner.
static BY_HASH: Template<1, SelectTwoRequired<auth_token::Entity, user::Entity>> =
    Template::new(|[hash]| {
        auth_token::Entity::find()
            .find_both_related(user::Entity)
            .filter(auth_token::Column::TokenHash.eq(hash))
    });

/// Whose token this is. An operation's own time limit begins after this, so it has another.
///
/// # Errors
/// What the database answers; a worthless token is `Ok(Err(…))`.
pub async fn authenticate(secret: &str) -> Result<Result<Viewer, Rejected>, Failure> {
    let Some(hash) = stored(secret) else { return Ok(Err(Rejected::Invalid)) };
    let reader = TenantRouter::db_for_fresh_read::<auth_token::Entity>()?;
    let found = timeout(LOOK_UP_TIME, reader.one_of_both(&BY_HASH, [hash.into()])).await;
    let found = found.map_err(|_| RouterError::Unanswered)??;
    let Some((token, user)) = found else { return Ok(Err(Rejected::Invalid)) };
    if clock::has_come(token.expires_at) {
        return Ok(Err(Rejected::Expired));
    }
    if !user.is_active {
        return Ok(Err(Rejected::Invalid));
    }
    Ok(Ok(Viewer { user, token_id: token.id, expires_at: token.expires_at }))
}
