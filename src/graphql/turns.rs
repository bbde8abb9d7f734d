//! When a level is complete: by the time that nothing of an execution can go on without a loader,
//! all siblings have asked theirs.
//!
//! An execution is polled through [`Turns::drive`]. When it waits, and nothing has woken it, the
//! loaders that collect fetch at once, in the same turn of the task: neither a timer nor another
//! turn of the runtime comes between two levels.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use futures::task::AtomicWaker;

/// How often an execution that wakes itself goes on in one turn of its task. What waits for the
/// runtime's next turn wakes itself too, and would do so for ever.
const MAX_REPEATS: usize = 8;
/// How long a turn of the task goes on from level to level. Between two turns others run, and time
/// limits and clients that leave take effect.
const MAX_TURN: Duration = Duration::from_millis(2);

/// The levels of one execution.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// How many levels were complete.
    levels: AtomicUsize,
    /// Who waits for the running one to be.
    waiting: Mutex<Vec<Waker>>,
    /// The task that polls the execution.
    task: AtomicWaker,
    is_polling: AtomicBool,
    was_woken: AtomicBool,
}

impl Wake for Turns {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.was_woken.store(true, Ordering::SeqCst);
        // Whoever polls looks at that itself, also once more after it has said that it polls no
        // longer: so one of the two sees the other.
        if !self.is_polling.load(Ordering::SeqCst) {
            self.task.wake();
        }
    }
}

impl Turns {
    /// Polls an execution until it is done or waits for something else than loaders.
    pub(super) fn drive<T>(
        self: &Arc<Self>,
        task: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.task.register(task.waker());
        let waker = Waker::from(Arc::clone(self));
        let polling = Polling::begin(self);
        let (begun, mut repeats) = (Instant::now(), 0);
        let polled = loop {
            // Not a mere store: what was done before the wake has to be seen.
            self.was_woken.swap(false, Ordering::SeqCst);
            let polled = poll(&mut Context::from_waker(&waker));
            if polled.is_ready() {
                break polled;
            }
            if self.was_woken.load(Ordering::SeqCst) {
                repeats += 1;
                if repeats > MAX_REPEATS {
                    break polled;
                }
            } else if !self.complete() {
                break polled;
            } else if begun.elapsed() > MAX_TURN {
                self.was_woken.store(true, Ordering::SeqCst);
                break polled;
            }
        };
        drop(polling);
        if polled.is_pending() && self.was_woken.load(Ordering::SeqCst) {
            task.waker().wake_by_ref();
        }
        polled
    }

    /// Ends the running level; false if nobody waits for that.
    fn complete(&self) -> bool {
        let waiting = std::mem::take(&mut *self.waiting());
        if waiting.is_empty() {
            return false;
        }
        self.levels.fetch_add(1, Ordering::Relaxed);
        waiting.into_iter().for_each(Waker::wake);
        true
    }

    /// Waits until the running level is complete.
    pub(super) const fn end_of_level(self: Arc<Self>) -> EndOfLevel {
        EndOfLevel { turns: self, level: None, told: None }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that an execution is being polled, until it is dropped.
struct Polling<'t>(&'t Turns);

impl<'t> Polling<'t> {
    fn begin(turns: &'t Turns) -> Self {
        turns.is_polling.store(true, Ordering::SeqCst);
        Self(turns)
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.0.is_polling.store(false, Ordering::SeqCst);
    }
}

/// Ends with the level in which it is first polled.
pub(super) struct EndOfLevel {
    turns: Arc<Turns>,
    level: Option<usize>,
    /// Who is told already: all siblings poll it, on behalf of one.
    told: Option<Waker>,
}

impl Future for EndOfLevel {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = self.turns.levels.load(Ordering::Relaxed);
        if *self.level.get_or_insert(now) != now {
            return Poll::Ready(());
        }
        if !self.told.as_ref().is_some_and(|told| told.will_wake(context.waker())) {
            self.turns.waiting().push(context.waker().clone());
            self.told = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin};

    use futures::{FutureExt, task::noop_waker};

    use super::*;

    #[test]
    fn a_level_ends_when_all_wait() {
        let turns = Arc::new(Turns::default());
        let order = Mutex::new(Vec::new());
        let note = |what| order.lock().unwrap().push(what);
        let one = async {
            note("asked one");
            Arc::clone(&turns).end_of_level().await;
            note("told one");
            Arc::clone(&turns).end_of_level().await;
            note("told one again");
        };
        let other = async {
            note("asked other");
            Arc::clone(&turns).end_of_level().await;
            note("told other");
        };
        let mut both = pin!(futures::future::join(one, other));
        let mut task = Context::from_waker(Waker::noop());
        assert!(turns.drive(&mut task, |task| both.as_mut().poll(task)).is_ready());
        assert_eq!(
            *order.lock().unwrap(),
            ["asked one", "asked other", "told one", "told other", "told one again"]
        );
    }

    #[test]
    fn all_who_share_a_wait_are_told_once() {
        let turns = Arc::new(Turns::default());
        let shared = Arc::clone(&turns).end_of_level().shared();
        let mut task = Context::from_waker(Waker::noop());
        for _ in 0..100 {
            // None of them is dropped: each keeps its own place with what they share.
            let mut one = Box::pin(shared.clone());
            assert!(one.as_mut().poll(&mut task).is_pending());
            std::mem::forget(one);
        }
        assert_eq!(turns.waiting().len(), 1);
    }

    #[test]
    fn a_long_turn_is_broken_off_between_levels() {
        let turns = Arc::new(Turns::default());
        let levels = AtomicUsize::new(0);
        let mut work = pin!(async {
            loop {
                Arc::clone(&turns).end_of_level().await;
                levels.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(MAX_TURN);
            }
        });
        let waker = noop_waker();
        let mut task = Context::from_waker(&waker);
        let mut turn = || {
            let polled: Poll<()> = turns.drive(&mut task, |task| work.as_mut().poll(task));
            assert!(polled.is_pending());
        };
        turn();
        turn();
        turn();
        assert_eq!(levels.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn what_waits_for_the_runtime_gets_its_turn() {
        let turns = Arc::new(Turns::default());
        let mut work = pin!(async {
            for _ in 0..100 {
                tokio::task::yield_now().await;
                // Wakes itself at once, and would for ever.
                let mut waits = 1;
                poll_fn(|task| {
                    task.waker().wake_by_ref();
                    waits -= 1;
                    if waits < 0 { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
                tokio::task::consume_budget().await;
            }
        });
        poll_fn(|task| turns.drive(task, |task| work.as_mut().poll(task))).await;
    }

    #[test]
    fn a_wake_from_elsewhere_reaches_the_task() {
        let turns = Arc::new(Turns::default());
        let (tell, told) = futures::channel::oneshot::channel::<()>();
        let mut told = told;
        let waker = noop_waker();
        let mut task = Context::from_waker(&waker);
        assert!(turns.drive(&mut task, |task| told.poll_unpin(task)).is_pending());
        tell.send(()).unwrap();
        assert!(turns.was_woken.load(Ordering::SeqCst));
        assert!(turns.drive(&mut task, |task| told.poll_unpin(task)).is_ready());
    }
}
