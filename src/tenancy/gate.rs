//! How many operations of one tenant run at once. The next ones wait in line, first come, first
//! served; past the end of the line they are refused. Each tenant has a gate of its own.
//!
//! Where nobody waits, passing costs one atomic operation on that tenant's own counter.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{LimitName, LimitOverrides};

/// What a gate keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateLimits {
    /// How many run at once.
    pub running: usize,
    /// How many wait.
    pub waiting: usize,
    /// How long one of them waits.
    pub patience: Duration,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self { running: 64, waiting: 256, patience: Duration::from_secs(10) }
    }
}

impl GateLimits {
    /// These, with what is other for one tenant.
    pub(super) fn with(self, own: &LimitOverrides) -> Self {
        Self {
            running: own.or(LimitName::ConcurrentOperations, self.running).max(1),
            waiting: own.or(LimitName::QueuedOperations, self.waiting),
            ..self
        }
    }
}

/// Why an operation does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Busy {
    /// As many wait as may.
    #[error("{0} operations of this tenant wait already")]
    Full(usize),
    /// It waited long enough.
    #[error("none of the {0} operations of this tenant ended in time")]
    Slow(usize),
}

/// The gate of one tenant.
#[derive(Debug)]
pub(super) struct Gate {
    limits: GateLimits,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// The right to run. Whoever drops it lets the next one pass.
#[derive(Debug)]
pub struct Pass {
    _place: OwnedSemaphorePermit,
}

impl Gate {
    pub(super) fn new(limits: GateLimits) -> Self {
        let places = Arc::new(Semaphore::new(limits.running.min(Semaphore::MAX_PERMITS)));
        Self { limits, places, waiting: AtomicUsize::new(0) }
    }

    pub(super) const fn limits(&self) -> GateLimits {
        self.limits
    }

    /// How many run and how many wait now.
    pub(super) fn figures(&self) -> (usize, usize) {
        let running = self.limits.running.saturating_sub(self.places.available_permits());
        (running, self.waiting.load(Ordering::Relaxed))
    }

    /// Passes, after those who came before.
    pub(super) async fn pass(&self) -> Result<Pass, Busy> {
        // Nobody is overtaken: a place that comes free while others wait is given to the first.
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Pass { _place: place });
        }
        let _waiting = Waiting::new(self)?;
        let place = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.limits.patience, place).await {
            Ok(Ok(place)) => Ok(Pass { _place: place }),
            _ => Err(Busy::Slow(self.limits.running)),
        }
    }

    /// Passes in its turn, however long that takes: for those of whom there is a fixed number.
    pub(super) async fn turn(&self) -> Option<Pass> {
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        Some(Pass { _place: place })
    }
}

/// A place in the line, left when it is dropped.
struct Waiting<'g>(&'g AtomicUsize);

impl<'g> Waiting<'g> {
    fn new(gate: &'g Gate) -> Result<Self, Busy> {
        let place = Self(&gate.waiting);
        if gate.waiting.fetch_add(1, Ordering::Relaxed) >= gate.limits.waiting {
            return Err(Busy::Full(gate.limits.waiting));
        }
        Ok(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn gate(running: usize, waiting: usize) -> Gate {
        Gate::new(GateLimits { running, waiting, patience: Duration::from_secs(60) })
    }

    #[tokio::test]
    async fn first_come_first_served_and_past_the_line_refused() {
        let gate = gate(1, 2);
        let first = gate.pass().await.unwrap();
        let mut second = Box::pin(gate.pass());
        let mut third = Box::pin(gate.pass());
        assert!((&mut second).now_or_never().is_none());
        assert!((&mut third).now_or_never().is_none());
        assert_eq!(gate.pass().await.unwrap_err(), Busy::Full(2));
        drop(first);
        assert!((&mut third).now_or_never().is_none(), "the third does not overtake");
        let second = second.await.unwrap();
        assert!((&mut third).now_or_never().is_none());
        drop(second);
        drop(third.await.unwrap());
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn who_leaves_the_line_makes_room() {
        let gate = gate(1, 1);
        let running = gate.pass().await.unwrap();
        let mut waits = Box::pin(gate.pass());
        assert!((&mut waits).now_or_never().is_none());
        drop(waits);
        let mut another = Box::pin(gate.pass());
        assert!((&mut another).now_or_never().is_none());
        drop(running);
        assert!(another.await.is_ok());
    }

    #[tokio::test]
    async fn waiting_has_an_end() {
        let gate =
            Gate::new(GateLimits { running: 1, waiting: 1, patience: Duration::from_millis(5) });
        let _running = gate.pass().await.unwrap();
        assert_eq!(gate.pass().await.unwrap_err(), Busy::Slow(1));
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
    }
}
