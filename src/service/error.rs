//! How a use case fails: refused with reasons that its caller can mend, or broken.

use std::time::Duration;

use sea_orm::DbErr;
use thiserror::Error;

use crate::tenancy::RouterError;

/// What is wrong with a value of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Nothing but white space.
    Blank,
    /// More characters than allowed.
    TooLong,
    /// Fewer characters than allowed.
    TooShort,
    /// Fewer elements than allowed.
    TooFew,
    /// More elements than allowed.
    TooMany,
    /// Not of the form that is asked for.
    Invalid,
    /// The same value twice.
    Duplicate,
    /// Somebody else has it.
    Taken,
    /// There is no such thing.
    NotFound,
    /// It belongs to somebody else.
    NotOwner,
    /// Voting has ended.
    PollClosed,
    /// There is a vote already.
    AlreadyVoted,
    /// There is no vote.
    NotVoted,
    /// Votes were cast, so this can no longer change.
    HasVotes,
    /// Username and password do not fit.
    InvalidCredentials,
    /// Only superusers make accounts here.
    RegistrationClosed,
    /// Somebody has to stay in charge.
    LastSuperuser,
}

/// One thing wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What kind of thing.
    pub code: Code,
    /// One sentence for people.
    pub message: String,
    /// The path inside the input, `["choices", "1"]`; empty for the input as a whole.
    pub field: Vec<String>,
}

impl Violation {
    /// A violation at a field of the input; an empty name stands for the input as a whole.
    #[must_use]
    pub fn new(code: Code, field: &str, message: impl Into<String>) -> Self {
        let field = if field.is_empty() { Vec::new() } else { vec![field.to_owned()] };
        Self { code, message: message.into(), field }
    }

    /// The same violation at an element of a list.
    #[must_use]
    pub fn at(mut self, index: usize) -> Self {
        self.field.push(index.to_string());
        self
    }
}

/// Why a use case did nothing, and which poll it was about, if that is known.
#[derive(Debug, Clone, Default)]
pub struct Refusal {
    /// All that is wrong.
    pub violations: Vec<Violation>,
    /// The poll concerned, as it stands.
    pub poll_id: Option<i64>,
}

/// How a use case fails. Its transaction is rolled back in each case.
#[derive(Debug, Error)]
pub enum Failure {
    /// The input was refused; its sender can mend it.
    #[error("the input was refused")]
    Refused(Refusal),
    /// Too much of this was asked for of late; come back later.
    #[error("asked too often")]
    RateLimited {
        /// After how long.
        wait: Duration,
        /// The limit's name.
        limit: &'static str,
        /// How much it allows.
        max: usize,
    },
    /// Something broke.
    #[error(transparent)]
    Router(#[from] RouterError),
    /// Work on another thread broke off, or the password hash is of no use.
    #[error("{0}")]
    Broken(String),
}

impl Failure {
    /// Refused for one reason.
    #[must_use]
    pub fn refused(code: Code, field: &str, message: impl Into<String>) -> Self {
        vec![Violation::new(code, field, message)].into()
    }

    /// The same refusal, about that poll.
    #[must_use]
    pub fn about(self, poll_id: i64) -> Self {
        match self {
            Self::Refused(refusal) => Self::Refused(Refusal { poll_id: Some(poll_id), ..refusal }),
            other => other,
        }
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Router(error.into())
    }
}

impl From<Vec<Violation>> for Failure {
    fn from(violations: Vec<Violation>) -> Self {
        Self::Refused(Refusal { violations, poll_id: None })
    }
}

/// Gathers what is wrong with an input, so that all of it is said at once.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// The value, or a note of what is wrong with it.
    pub fn check<T>(&mut self, result: Result<T, Violation>) -> Option<T> {
        result.map_err(|violation| self.0.push(violation)).ok()
    }

    /// Notes one more.
    pub fn add(&mut self, violation: Violation) {
        self.0.push(violation);
    }

    /// Goes on only if nothing was wrong.
    ///
    /// # Errors
    /// [`Failure::Refused`] with all that was.
    pub fn finish(self) -> Result<(), Failure> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0.into()) }
    }
}
