//! The root of mutations. Each root field is one transaction, committed before its payload is
//! resolved.

mod account;
mod choice;
mod payload;
mod people;
mod poll;
mod vote;

use async_graphql::MergedObject;

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
