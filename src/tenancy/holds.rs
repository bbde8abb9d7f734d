//! Until when what an operation has found holds, as far as the clock is concerned.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// Filled in by whoever looks at the clock, wherever in the operation that is: it travels with
/// the scope. Moments are microseconds since 1970.
#[derive(Debug)]
pub struct Holds {
    asked: AtomicBool,
    until: AtomicI64,
}

impl Default for Holds {
    fn default() -> Self {
        Self { asked: AtomicBool::new(false), until: AtomicI64::new(i64::MAX) }
    }
}

impl Holds {
    /// Has it filled in from now on.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether it is filled in.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// What was found holds before this moment; at it, it may not.
    pub fn only_until(&self, moment: i64) {
        self.until.fetch_min(moment, Ordering::Relaxed);
    }

    /// What was found does not hold at any other moment.
    pub fn only_now(&self) {
        self.only_until(i64::MIN);
    }

    /// The first moment at which what was found may no longer hold.
    #[must_use]
    pub fn until(&self) -> i64 {
        self.until.load(Ordering::Relaxed)
    }
}
