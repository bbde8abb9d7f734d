//! The only ways to start work on another task or thread: `tokio::spawn` loses task-locals, so
//! it is banned elsewhere.
#![expect(clippy::disallowed_methods, reason = "the one place where work is started")]

use tokio::task::JoinHandle;

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
    use tokio::runtime::{Handle, RuntimeFlavor};
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
