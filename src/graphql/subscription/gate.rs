//! Lets one piece of news at a time into the library's response stream.
//!
//! The library waits for news and resolves it in one go. To wait takes hours and no database; to
//! resolve takes a moment and one. So the waiting is done outside, and the gate is opened when
//! there is a scope to resolve in.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use futures::{Stream, stream::poll_fn, task::AtomicWaker};

use super::source::{News, Source};

#[derive(Default)]
pub(in crate::graphql) struct Gate {
    state: Mutex<State>,
    waiting: AtomicWaker,
}

#[derive(Default)]
struct State {
    source: Option<Source>,
    news: Option<News>,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the source for who waits outside, and gives what is let in.
    pub(super) fn install(self: &Arc<Self>, source: Source) -> impl Stream<Item = News> + use<> {
        self.lock().source = Some(source);
        let gate = Arc::clone(self);
        poll_fn(move |context| gate.poll(context))
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<News>> {
        self.waiting.register(context.waker());
        self.lock().news.take().map_or(Poll::Pending, |news| Poll::Ready(Some(news)))
    }

    /// The source, once it is there.
    pub(super) fn take_source(&self) -> Option<Source> {
        self.lock().source.take()
    }

    /// Lets a piece of news in.
    pub(super) fn let_in(&self, news: News) {
        self.lock().news = Some(news);
        self.waiting.wake();
    }
}
