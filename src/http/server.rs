//! Accepting connections, and ending well.

use std::{future::poll_fn, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use super::{
    connection::{AnswerBody, Connection},
    log,
    routes::Routes,
    state::AppState,
};
use crate::tenancy::spawn_untenanted;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::yield_now,
};

/// How long a client may take nothing, while there is nothing else to wait for, once its
/// connection is to end.
const STALL_TIME: Duration = Duration::from_secs(10);
/// How long a client that has asked nothing may still begin to, once its time is over.
const LAST_TIME: Duration = Duration::from_secs(2);
/// How long a peer may take to answer a ping of HTTP/2, which waits behind what was sent before.
const PING_TIME: Duration = Duration::from_secs(20);

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
    let most = u32::try_from(state.http_limits.connections).unwrap_or(u32::MAX);
    let places = Arc::new(Semaphore::new(most as usize));
    let (stopping, stopped) = watch::channel(false);
    let server = Server::new(state, stopped);
    tokio::pin!(stop);
    loop {
        let (place, stream, peer) = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => match accepted {
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
        let connection = Connection::new(place, peer);
        spawn_untenanted(server.clone().serve(stream, connection));
    }
    drop(listener);
    tracing::info!("stopping; what runs may finish");
    stopping.send_replace(true);
    // HTTP's own end does not reach sockets, which it has handed over.
    streams.stop();
    // Whoever has all places is alone.
    if tokio::time::timeout(grace, places.acquire_many(most)).await.is_err() {
        tracing::warn!("some connections were still open when the time for stopping was over");
    }
    registry.shut_down(grace).await;
    Ok(())
}

type Accepted = (OwnedSemaphorePermit, TcpStream, SocketAddr);

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<Accepted> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((place, stream, peer))
}

fn is_fatal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotConnected)
}

/// What all connections share.
#[derive(Clone)]
struct Server {
    builder: auto::Builder<TokioExecutor>,
    routes: Routes,
    header_time: Duration,
    stopped: watch::Receiver<bool>,
}

impl Server {
    fn new(state: AppState, stopped: watch::Receiver<bool>) -> Self {
        let header_time = state.http_limits.header_time;
        let mut builder = auto::Builder::new(TokioExecutor::new());
        // A peer that is gone while a stream is open is noticed by its pings (RFC 9113, 6.7).
        let http2 = &mut builder.http2();
        http2.timer(TokioTimer::new()).max_concurrent_streams(128);
        http2.keep_alive_interval(header_time).keep_alive_timeout(PING_TIME);
        Self { builder, routes: Routes::new(state), header_time, stopped }
    }

    /// Serves a connection to its end: the client's, the server's, or that of their patience.
    async fn serve(mut self, stream: TcpStream, connection: Connection) {
        let io = TokioIo::new(connection.io(stream));
        let service = per_connection(self.routes, connection.clone());
        let served = self.builder.serve_connection_with_upgrades(io, service);
        tokio::pin!(served);
        let stops = tokio::select! {
            ended = served.as_mut() => return log_end(ended),
            () = connection.idle(self.header_time) => false,
            _ = self.stopped.wait_for(|stopped| *stopped) => true,
        };
        // What has been asked is answered, and what comes too late may safely be asked elsewhere
        // (RFC 9112, section 9.6; RFC 9113, section 6.8).
        served.as_mut().graceful_shutdown();
        // Headers that take too long end here as well, without hyper's timer, which would be set and
        // taken back for each request: after an answer hyper waits for no rest of them, and for
        // those of a first request `LAST_TIME` is left. Bytes that are taken may be answers to
        // pings, which a client may send for ever. The stop has an end of its own.
        let too_long = async {
            if stops {
                std::future::pending::<()>().await;
            }
            if !connection.has_asked() {
                tokio::time::sleep(LAST_TIME).await;
                if !connection.has_asked() {
                    return;
                }
            }
            if !connection.has_pings() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(self.header_time).await;
            connection.idle(STALL_TIME).await;
        };
        tokio::select! {
            ended = served => log_end(ended),
            () = connection.stalled(STALL_TIME) => {
                tracing::debug!("a connection was closed whose client took nothing");
            }
            () = too_long => {}
        }
    }
}

fn log_end(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(error, "a connection ended early");
    }
}

/// The service of one connection, which all its requests know.
fn per_connection(
    routes: Routes,
    connection: Connection,
) -> impl hyper::service::Service<
    hyper::Request<Incoming>,
    Response = hyper::Response<AnswerBody>,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone {
    // One that this connection has to itself: a counter that all threads share is slow.
    let routes = Arc::new(routes);
    hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let busy = connection.asked(request.version());
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(connection.clone());
        let (routes, connection) = (Arc::clone(&routes), connection.clone());
        async move {
            let answer = at_the_end_of_a_turn(log::answered(&routes, request)).await;
            drop(busy);
            Ok(answer.map(|body| connection.body(body)))
        }
    })
}

/// What is ready at once, when the thread has seen to all that its turn began with; what has to wait
/// for something else, as soon as it is there.
///
/// An answer that is sent wakes its client, which on the same machine takes the processor from
/// whoever sends. Requests that are answered one after the other, and sent then, find their program
/// in the caches.
async fn at_the_end_of_a_turn<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut waited = false;
    let done = poll_fn(|task| {
        let state = work.as_mut().poll(task);
        waited |= state.is_pending();
        state
    })
    .await;
    if !waited {
        yield_now().await;
    }
    done
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[tokio::test]
    async fn answers_at_once_are_sent_when_all_of_the_turn_are_made() {
        let told = RefCell::new(Vec::new());
        let tell = |what| told.borrow_mut().push(what);
        let at_once = async |made, sent| {
            at_the_end_of_a_turn(async { tell(made) }).await;
            tell(sent);
        };
        let waits = async || {
            at_the_end_of_a_turn(async {
                yield_now().await;
                tell("c made");
            })
            .await;
            tell("c sent");
        };
        futures::join!(waits(), at_once("a made", "a sent"), at_once("b made", "b sent"));
        let expected = ["a made", "b made", "c made", "c sent", "a sent", "b sent"];
        assert_eq!(*told.borrow(), expected);
    }
}
