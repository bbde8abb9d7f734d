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
};

use futures::task::AtomicWaker;

/// How often an execution that wakes itself goes on in one turn of its task. What waits for the
/// runtime's next turn wakes itself too, and would do so for ever.
const MAX_REPEATS: usize = 8;

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
        self.is_polling.store(true, Ordering::SeqCst);
        let mut repeats = 0;
        let polled = loop {
            self.was_woken.store(false, Ordering::SeqCst);
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
            }
        };
        self.is_polling.store(false, Ordering::SeqCst);
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
        EndOfLevel { turns: self, level: None }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends with the level in which it is first polled.
pub(super) struct EndOfLevel {
    turns: Arc<Turns>,
    level: Option<usize>,
}

impl Future for EndOfLevel {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = self.turns.levels.load(Ordering::Relaxed);
        if *self.level.get_or_insert(now) != now {
            return Poll::Ready(());
        }
        self.turns.waiting().push(context.waker().clone());
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
