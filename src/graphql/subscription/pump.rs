//! Reads a poll for all who watch it, whenever it changes: at once, but at most ten times a
//! second. What changes meanwhile is in the next reading.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, sleep_until};

use super::{
    events::Events,
    results::{Channel, Snapshot, State},
    shared::Shared,
};
use crate::{
    graphql::error::{ApiError, Code},
    service::{Failure, choice, clock, poll},
    tenancy::{AccessError, Columns, Ticket, TicketError},
};

/// The shortest time between two readings of a poll.
const PAUSE: Duration = Duration::from_millis(100);
/// How often, and how long apart, a reading is tried that fails for a while.
const TRIES: u32 = 5;
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// After what time without news a poll is read again: until it closes, and because news can be
/// missing. Other processes send none, nor does a mutation that is stopped right after its commit.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Takes the channel out when the task ends, however it ends.
struct Ending {
    events: Events,
    poll_id: i64,
    channel: Arc<Channel>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.events.remove_poll(self.poll_id, &self.channel, false);
    }
}

/// Runs until the poll is closed or gone, or nobody watches it any more.
pub(super) async fn run(events: Events, poll_id: i64, channel: Arc<Channel>) {
    let ending = Ending { events, poll_id, channel };
    let channel = &ending.channel;
    loop {
        let version = channel.version();
        let read_at = Instant::now();
        let Some(state) = read_patiently(&channel.ticket, poll_id).await else { return };
        let State::Open(snapshot) = &state else {
            // Out first: who comes now begins anew and does not meet a state that is over.
            ending.events.remove_poll(poll_id, channel, false);
            channel.publish(version, state);
            return;
        };
        let closes = time_left(snapshot);
        channel.publish(version, state);
        tokio::select! {
            () = channel.changed() => {}
            () = sleep(closes) => {}
            () = channel.unused() => {
                if ending.events.remove_poll(poll_id, channel, true) {
                    return;
                }
            }
        }
        sleep_until(read_at + PAUSE).await;
    }
}

/// How long the poll stays open.
fn time_left(snapshot: &Snapshot) -> Duration {
    snapshot.poll.closes_at.map_or(LONGEST_WAIT, |closes_at| {
        // Rounded up: a moment too early it would still be open.
        let left = (closes_at - clock::now()).to_std().unwrap_or_default();
        (left + Duration::from_millis(1)).min(LONGEST_WAIT)
    })
}

/// The state of a poll. None where the tenant is no longer to be had: then whoever watches is
/// told by their connection.
async fn read_patiently(ticket: &Ticket, poll_id: i64) -> Option<State> {
    for _ in 1..TRIES {
        match read(ticket, poll_id).await {
            Ok(state) => return Some(state),
            Err(Trouble::Over) => return None,
            Err(Trouble::Lasting(error)) => return Some(State::Failed(error)),
            Err(Trouble::Passing) => sleep(RETRY_AFTER).await,
        }
    }
    let message = "The tenant's database cannot be reached; try again later.";
    Some(State::Failed(ApiError::new(Code::TenantUnavailable, message)))
}

enum Trouble {
    Over,
    Passing,
    Lasting(ApiError),
}

impl From<TicketError> for Trouble {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::Gone
            | TicketError::Moved
            | TicketError::Closed(AccessError::Suspended | AccessError::Maintenance, _) => {
                Self::Over
            }
            TicketError::Closed(..) => Self::Passing,
        }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Router(error) if error.is_unreachable() || error.is_busy() => Self::Passing,
            failure => Self::Lasting(failure.into()),
        }
    }
}

/// From the primary, since a replica may lag behind the change.
async fn read(ticket: &Ticket, poll_id: i64) -> Result<State, Trouble> {
    let scope = ticket.scope().await?.reading_primary();
    let (poll, choices) = scope
        .run(async {
            let poll = poll::by_ids(vec![poll_id], Columns::ALL).await?.pop();
            Ok::<_, Failure>((poll, choice::of_polls(vec![poll_id], Columns::ALL).await?))
        })
        .await?;
    let Some(poll) = poll else { return Ok(State::Gone) };
    let is_open = poll::is_open(&poll);
    let snapshot = Arc::new(Snapshot { poll, choices, shared: Shared::default() });
    Ok(if is_open { State::Open(snapshot) } else { State::Closed(snapshot) })
}
