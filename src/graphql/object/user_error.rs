//! What a mutation says about its input.

use async_graphql::{Enum, SimpleObject};

use crate::service::{Code, Violation};

/// Something wrong with the input of a mutation, which the person at the page can mend. All of
/// them are told at once.
#[derive(Debug, SimpleObject)]
pub(in crate::graphql) struct UserError {
    /// What kind of thing is wrong.
    code: UserErrorCode,
    /// One sentence for people.
    message: String,
    /// The path inside `input`, such as `["choices", "1"]`; null where it is the input as a
    /// whole.
    field: Option<Vec<String>>,
}

impl From<Violation> for UserError {
    fn from(violation: Violation) -> Self {
        let field = Some(violation.field).filter(|path| !path.is_empty());
        Self { code: violation.code.into(), message: violation.message, field }
    }
}

/// What kind of thing is wrong with an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Code")]
pub(in crate::graphql) enum UserErrorCode {
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
    /// There is a vote already; the payload's `poll` is current.
    AlreadyVoted,
    /// There is no vote.
    NotVoted,
    /// Somebody has voted, so the texts and choices stay as they are.
    HasVotes,
    /// Username and password do not fit.
    InvalidCredentials,
    /// Only superusers make accounts here.
    RegistrationClosed,
    /// The last active superuser stays one.
    LastSuperuser,
}
