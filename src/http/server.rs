//! Accepting connections, and ending well.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::ConnectInfo};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{net::TcpListener, sync::Semaphore};
use tower::ServiceExt;

use super::state::AppState;
use crate::tenancy::spawn_untenanted;

/// Serves until `stop` ends; then takes no more connections, lets what runs finish, at most for
/// `grace`, and closes all databases.
///
/// # Errors
/// When the listener itself breaks.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    stop: impl Future<Output = ()>,
    grace: Duration,
) -> io::Result<()> {
    let registry = state.registry.clone();
    let streams = state.streams.clone();
    let connections = Arc::new(Semaphore::new(state.http_limits.connections));
    let header_time = state.http_limits.header_time;
    let builder = builder(header_time);
    let router = super::routes::router(state);
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let (permit, stream, peer) = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &connections) => match accepted {
                Ok(accepted) => accepted,
                Err(error) if is_fatal(&error) => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    // Out of file descriptors, most likely: give others time to close.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        // Small answers at once: nothing is gained by waiting for more.
        let _ = stream.set_nodelay(true);
        let asked = Arc::new(AtomicBool::new(false));
        let permit = Permit(Arc::new(permit));
        let service = per_connection(router.clone(), peer, permit.clone(), Arc::clone(&asked));
        let connection =
            builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        let watched = graceful.watch(connection);
        spawn_untenanted(async move {
            tokio::select! {
                ended = watched => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                },
                () = silence(&asked, header_time) => {
                    tracing::debug!("a connection asked nothing in time");
                }
            }
            drop(permit);
        });
    }
    drop(listener);
    tracing::info!("stopping; what runs may finish");
    // HTTP's own end does not reach sockets, which it has handed over.
    streams.stop();
    let all_ended = async { tokio::join!(graceful.shutdown(), streams.all_ended()) };
    if tokio::time::timeout(grace, all_ended).await.is_err() {
        tracing::warn!("some connections were still open when the time for stopping was over");
    }
    registry.shut_down(grace).await;
    Ok(())
}

/// A place among the connections. A socket keeps it when HTTP is done with the connection.
#[derive(Debug, Clone)]
pub(super) struct Permit(
    #[expect(dead_code, reason = "held for its drop")] Arc<tokio::sync::OwnedSemaphorePermit>,
);

/// Ends when nothing was asked for so long since the connection came. hyper's own watch begins
/// only when it knows which version of HTTP is spoken, for which it waits without end.
async fn silence(asked: &AtomicBool, header_time: Duration) {
    tokio::time::sleep(header_time).await;
    if asked.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

type Accepted = (tokio::sync::OwnedSemaphorePermit, tokio::net::TcpStream, std::net::SocketAddr);

async fn accept(listener: &TcpListener, connections: &Arc<Semaphore>) -> io::Result<Accepted> {
    let permit = Arc::clone(connections).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((permit, stream, peer))
}

fn is_fatal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotConnected)
}

fn builder(header_time: Duration) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header_time);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(128);
    builder
}

/// The service of one connection: all its requests come from that peer.
fn per_connection(
    router: Router,
    peer: std::net::SocketAddr,
    permit: Permit,
    asked: Arc<AtomicBool>,
) -> impl hyper::service::Service<
    hyper::Request<Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone {
    hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(permit.clone());
        router.clone().oneshot(request)
    })
}
