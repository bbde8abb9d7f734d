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

/// Runs a function for no tenant on a thread that may block.
pub fn spawn_blocking_untenanted<T>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T>
where
    T: Send + 'static,
{
    tokio::task::spawn_blocking(work)
}
