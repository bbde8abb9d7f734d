//! One batch: what is asked for, and making it.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use thiserror::Error;

use super::rows;
use crate::{
    entity::user,
    fleet::Progress,
    service::{Failure, choice::CHOICES},
    tenancy::TenantRouter,
};

/// How many rows go into one statement: with eight columns well under the 32,766 parameters that
/// SQLite takes.
pub(super) const ROWS_PER_STATEMENT: usize = 500;
/// What the names of seeded users begin with.
pub(super) const PREFIX: &str = "user";

/// How much to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How many people: `user1`, `user2` … None has a password that works.
    pub users: u32,
    /// How many polls, made by those people in turn.
    pub polls: u32,
    /// How many choices each poll has: 2 to 50.
    pub choices: u32,
    /// How many people vote on each poll: the first ones of this batch.
    pub votes: u32,
    /// Whether everybody gets a token.
    pub tokens: bool,
}

/// Why a plan cannot be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PlanError {
    /// Each votes once.
    #[error("{0} votes a poll need as many users, not {1}; raise --users or lower --votes")]
    TooFewVoters(u32, u32),
    /// Somebody has to make the polls.
    #[error("polls need somebody to make them; raise --users to 1 at least, or set --polls to 0")]
    NoAuthor,
    /// As in the API.
    #[error("a poll has {min} to {max} choices, not {0}", min = CHOICES.start(), max = CHOICES.end())]
    Choices(u32),
}

/// A seeded person's way in.
pub struct SeededToken {
    /// The name.
    pub username: String,
    /// The token, in the clear.
    pub secret: String,
}

/// What was made.
#[derive(Default)]
pub struct Seeded {
    /// The first and the last user's number; nothing when there are none.
    pub users: Option<(u64, u64)>,
    /// One for each user, in the order of their numbers; empty when none were asked for.
    pub tokens: Vec<SeededToken>,
}

impl Plan {
    /// Whether it can be carried out.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn check(&self) -> Result<(), PlanError> {
        let choices = usize::try_from(self.choices).unwrap_or(usize::MAX);
        if !CHOICES.contains(&choices) {
            Err(PlanError::Choices(self.choices))
        } else if self.polls > 0 && self.users == 0 {
            Err(PlanError::NoAuthor)
        } else if self.polls > 0 && self.votes > self.users {
            Err(PlanError::TooFewVoters(self.votes, self.users))
        } else {
            Ok(())
        }
    }

    /// How many rows it makes: what the progress counts to.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let [users, polls, choices, votes] =
            [self.users, self.polls, self.choices, self.votes].map(u64::from);
        users * (1 + u64::from(self.tokens)) + polls * (1 + choices + votes)
    }
}

/// Carries out a plan, in one transaction, for the tenant in scope. `keep` is called with what was
/// made just before it is committed; its error undoes everything.
///
/// # Errors
/// What the database answers, or `keep`.
pub async fn run<K>(plan: &Plan, progress: Progress<'_>, keep: K) -> Result<Seeded, Failure>
where
    K: FnOnce(&Seeded) -> Result<(), Failure>,
{
    TenantRouter::transaction(async {
        let first = 1 + last_number().await?;
        let users = rows::users(first, plan.users, progress).await?;
        let polls = rows::polls(plan, &users, progress).await?;
        rows::votes(plan, &users, &polls, progress).await?;
        let tokens = if plan.tokens { rows::tokens(&users, progress).await? } else { Vec::new() };
        let last = first + u64::from(plan.users);
        let seeded = Seeded { users: (plan.users > 0).then(|| (first, last - 1)), tokens };
        keep(&seeded)?;
        Ok(seeded)
    })
    .await
}

/// The highest number of a seeded user, 0 for none.
async fn last_number() -> Result<u64, Failure> {
    let query = user::Entity::find().filter(user::Column::UsernameKey.starts_with(PREFIX));
    let users = TenantRouter::db_for_read::<user::Entity>()?.all(query).await?;
    let number = |user: &user::Model| user.username_key.strip_prefix(PREFIX)?.parse::<u64>().ok();
    Ok(users.iter().filter_map(number).filter(|number| *number < u64::MAX / 2).max().unwrap_or(0))
}
