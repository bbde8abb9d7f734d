//! The root of subscriptions, and what carries news of changes to those who wait for them.
//!
//! A mutation tells [`Events`] after its commit. One pump a poll reads the poll for all who watch
//! it; each of them has the latest state, never a queue. [`Live`] turns a piece of news into a
//! response (GraphQL specification, section 6.2.3).

mod events;
mod gate;
mod listener;
mod live;
mod pump;
mod results;
mod root;
mod shape;
mod shared;
mod source;

pub use events::Events;
pub use listener::{Heard, Listener};
pub use live::{Begun, Live};
pub use root::Subscription;
pub use shared::SharedResult;
pub use source::Event;

pub(super) use events::{people_changed, poll_changed, poll_created, tokens_ended};
pub(super) use gate::Gate;
pub(super) use shape::one_root_field;
