//! The root of mutations. Each root field is one transaction, committed before its payload is
//! resolved.
//!
//! Each runs in a box of its own (`Box::pin(run)`): the library moves a future that has room for
//! the largest of them, five times for each field.

mod account;
mod choice;
mod payload;
mod people;
mod poll;
mod vote;

use async_graphql::MergedObject;

pub(super) use vote::CAST_VOTE;

use payload::{all_valid, payload, payload_type};

/// What can be changed.
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(
    account::AccountMutation,
    poll::PollMutation,
    choice::ChoiceMutation,
    vote::VoteMutation,
    people::PeopleMutation,
);
