//! What goes on on one connection, whichever version of HTTP it speaks: how many requests are
//! being answered, and when nothing was asked for so long that it is closed.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit},
    time::sleep,
};

/// One connection, as its requests know it. It counts among the server's connections for as long
/// as anybody has this: a socket keeps it when HTTP is done with the connection.
#[derive(Debug, Clone)]
pub(super) struct Connection(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    _place: OwnedSemaphorePermit,
    began: Instant,
    /// Requests whose answers have not been sent to their ends.
    answering: AtomicUsize,
    /// Those of them whose clients do not take what is sent.
    stuck: AtomicUsize,
    /// Milliseconds from `began` to the end of the last answer.
    last_answer: AtomicU64,
    /// Looked at where an answer ends, so that nobody is told where nobody waits.
    is_awaited: AtomicBool,
    changed: Notify,
}

impl Connection {
    pub(super) fn new(place: OwnedSemaphorePermit) -> Self {
        Self(Arc::new(Inner {
            _place: place,
            began: Instant::now(),
            answering: AtomicUsize::new(0),
            stuck: AtomicUsize::new(0),
            last_answer: AtomicU64::new(0),
            is_awaited: AtomicBool::new(false),
            changed: Notify::new(),
        }))
    }

    /// Counts a request until the answer is dropped.
    pub(super) fn answering(&self) -> Answering {
        self.0.answering.fetch_add(1, Ordering::SeqCst);
        Answering(self.clone())
    }

    /// Ends when nothing has been asked, and no answer been under way, for so long.
    pub(super) async fn idle(&self, time: Duration) {
        loop {
            let since = Duration::from_millis(self.0.last_answer.load(Ordering::SeqCst));
            let idle = self.0.began.elapsed().saturating_sub(since);
            if self.0.answering.load(Ordering::SeqCst) > 0 {
                sleep(time).await;
            } else if idle < time {
                // Rounded up, as the last answer was rounded down.
                sleep(time - idle + Duration::from_millis(1)).await;
            } else {
                return;
            }
        }
    }

    /// The same, counted from now at the earliest.
    pub(super) async fn idle_for(&self, time: Duration) {
        sleep(time).await;
        self.idle(time).await;
    }

    /// Says of an answer, for as long as what is given lives, that its client does not take it
    /// although it is over. Once all answers are such, the connection has no use.
    pub(super) fn stuck(&self) -> Stuck {
        self.0.stuck.fetch_add(1, Ordering::SeqCst);
        self.0.is_awaited.store(true, Ordering::SeqCst);
        self.0.changed.notify_one();
        Stuck(self.clone())
    }

    /// Ends when there are answers that are stuck, and no others.
    pub(super) async fn all_stuck(&self) {
        loop {
            let stuck = self.0.stuck.load(Ordering::SeqCst);
            if stuck > 0 && self.0.answering.load(Ordering::SeqCst) <= stuck {
                return;
            }
            // A note left between the look and this is kept for it.
            self.0.changed.notified().await;
        }
    }
}

/// An answer that its client does not take.
#[derive(Debug)]
pub(super) struct Stuck(Connection);

impl Drop for Stuck {
    fn drop(&mut self) {
        self.0.0.stuck.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Answering(Connection);

impl Answering {
    /// The body of the answer, which counts for as long as it lives.
    pub(super) fn with(self, body: Body) -> AnswerBody {
        AnswerBody { body, _answering: self }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let inner = &self.0.0;
        let now = u64::try_from(inner.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        inner.last_answer.store(now, Ordering::SeqCst);
        inner.answering.fetch_sub(1, Ordering::SeqCst);
        if inner.is_awaited.load(Ordering::SeqCst) {
            inner.changed.notify_one();
        }
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(super) struct AnswerBody {
    body: Body,
    _answering: Answering,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
