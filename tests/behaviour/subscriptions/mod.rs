//! Subscriptions: what they tell, over sockets and event streams, and how those begin and end.

mod created;
mod ends;
mod event_stream;
mod load;
mod opening;
mod protocol;
mod results;

use serde_json::{Value, json};

const RESULTS: &str = "subscription($id: ID!) { pollResults(pollId: $id) \
    { id question isOpen totalVotes choices { choiceText voteCount } } }";

fn of(poll: &str) -> Value {
    json!({ "id": poll })
}
