//! A token that is judged by the vote that it came with, in one statement with it.

use std::{fmt, sync::OnceLock};

use tokio::sync::OnceCell;

use super::{
    context::Person,
    error::{ApiError, ApiResult},
};
use crate::{
    entity::user::Role,
    service::token::{self, Viewer},
};

/// A token that nobody had looked up when its operation began. What comes of the operation is
/// answered only once [`Claim::judged`] has found the token good.
pub struct Claim {
    secret: Box<str>,
    /// Whose it proved to be when a vote was cast with it.
    voter_id: OnceLock<i64>,
    /// Whose it is by a look-up of its own, where no vote was cast with it.
    viewer: OnceCell<ApiResult<Viewer>>,
}

impl Claim {
    /// A token as it was sent.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self { secret: secret.into(), voter_id: OnceLock::new(), viewer: OnceCell::new() }
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// Says whose vote was cast with it.
    pub(super) fn proven(&self, voter_id: i64) {
        self.voter_id.get_or_init(|| voter_id);
    }

    /// Whose it proved to be.
    pub(super) fn person(&self) -> Option<Person> {
        if let Some(&id) = self.voter_id.get() {
            // Those of superusers are always looked up.
            return Some(Person { id, role: Role::User });
        }
        self.viewer.get()?.as_ref().ok().map(Person::from)
    }

    /// Looks it up.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` with the reason, or what the database answers.
    pub(super) async fn viewer(&self) -> ApiResult<&Viewer> {
        let look_up = || async {
            match token::authenticate(&self.secret).await? {
                Ok(viewer) => Ok(viewer),
                Err(rejected) => Err(ApiError::rejected(rejected)),
            }
        };
        self.viewer.get_or_init(look_up).await.as_ref().map_err(Clone::clone)
    }

    /// Judges it, unless that was done.
    ///
    /// # Errors
    /// As for a look-up: then this is the answer.
    pub async fn judged(&self) -> ApiResult<()> {
        match self.voter_id.get() {
            Some(_) => Ok(()),
            None => self.viewer().await.map(drop),
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").finish_non_exhaustive()
    }
}
