//! The types that clients see, one a file.

mod choice;
mod node;
mod poll;
mod tenant;
mod user;
mod user_error;
mod vote;

pub(super) use choice::Choice;
pub(super) use node::{Node, load as load_node};
pub(super) use poll::{Ballot, Poll, PollConnection, PollOrder, polls};
pub(super) use tenant::Tenant;
pub(super) use user::{User, UserConnection, UserRole};
pub(super) use user_error::UserError;
pub(super) use vote::Vote;
