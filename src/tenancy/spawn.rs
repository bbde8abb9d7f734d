//! The only ways to start work on another task or thread: `tokio::spawn` loses task-locals, so
//! it is banned elsewhere.
#![expect(clippy::disallowed_methods, reason = "the one place where work is started")]

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use tokio::{runtime::Handle, task::JoinHandle};

use super::{RouterError, scope::Scope};

/// Starts a task that works for the tenant in scope.
///
/// # Errors
/// [`RouterError::NoTenant`] outside a scope.
pub fn spawn<F>(work: F) -> Result<JoinHandle<F::Output>, RouterError>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Ok(tokio::spawn(Scope::current()?.run(work)))
}

/// Runs a function for the tenant in scope on a thread that may block.
///
/// # Errors
/// [`RouterError::NoTenant`] outside a scope.
pub fn spawn_blocking<T>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, RouterError>
where
    T: Send + 'static,
{
    let scope = Scope::current()?;
    Ok(tokio::task::spawn_blocking(move || scope.run_sync(work)))
}

/// Starts a task that works for no tenant (an accept loop, a file watcher): the router answers
/// it with [`RouterError::NoTenant`].
pub fn spawn_untenanted<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(work)
}

/// Runs what may take long on this thread, whose other tasks another thread takes over.
pub fn block_in_place<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::RuntimeFlavor;
    // On a runtime of one thread, as in tests, there is no other.
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// Runs a function for no tenant on a thread that may block.
pub fn spawn_blocking_untenanted<T>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T>
where
    T: Send + 'static,
{
    tokio::task::spawn_blocking(work)
}

/// Work for the tenant in scope that is done to its end: where it is waited for, and in a task of
/// its own from then on when nobody waits any longer. Most of it never needs that task.
///
/// # Errors
/// [`RouterError::NoTenant`] outside a scope.
pub fn to_the_end<F>(work: F) -> Result<ToTheEnd<F::Output>, RouterError>
where
    F: Future<Output: Send> + Send + 'static,
{
    Ok(ToTheEnd(Some((Scope::current()?, Box::pin(work)))))
}

/// See [`to_the_end`].
#[must_use = "it begins when it is polled"]
pub struct ToTheEnd<T: Send + 'static>(Option<(Scope, BoxFuture<'static, T>)>);

impl<T: Send + 'static> Future for ToTheEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some((_, work)) = &mut self.0 else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for ToTheEnd<T> {
    fn drop(&mut self) {
        // Where the runtime itself is going away nothing can go on.
        if let (Some((scope, rest)), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(scope.run(rest));
        }
    }
}
