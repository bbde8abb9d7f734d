//! What goes on on one connection, whichever version of HTTP it speaks: whether anything is being
//! computed for it, and when its client last took something.

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes},
    http::Version,
};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{sleep, timeout},
};

use crate::tenancy::spawn_untenanted;

/// One connection, as its requests know it. It counts among the server's connections for as long
/// as anybody has this: a socket keeps it when HTTP is done with the connection.
#[derive(Debug, Clone)]
pub(super) struct Connection(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    _place: OwnedSemaphorePermit,
    peer: SocketAddr,
    began: Instant,
    /// Requests that are being answered and event streams that go on.
    busy: AtomicUsize,
    /// Milliseconds from `began` to when anything was last asked, answered or fetched from an
    /// answer.
    answered: AtomicU64,
    /// The same to when the client last took bytes, be they answers or not.
    written: AtomicU64,
    /// The version of HTTP in which something was asked, 0 before that.
    spoken: AtomicU8,
    lingers: AtomicBool,
}

impl Connection {
    pub(super) fn new(place: OwnedSemaphorePermit, peer: SocketAddr) -> Self {
        Self(Arc::new(Inner {
            _place: place,
            peer,
            began: Instant::now(),
            busy: AtomicUsize::new(0),
            answered: AtomicU64::new(0),
            written: AtomicU64::new(0),
            spoken: AtomicU8::new(0),
            lingers: AtomicBool::new(false),
        }))
    }

    /// Who is at its other end, be it a proxy.
    pub(super) fn peer(&self) -> SocketAddr {
        self.0.peer
    }

    /// Says that something is asked, and in which version of HTTP. There is something to wait for
    /// until what is returned is dropped.
    pub(super) fn asked(&self, version: Version) -> Busy {
        let spoken = if version == Version::HTTP_2 { 2 } else { 1 };
        self.0.spoken.store(spoken, Ordering::Relaxed);
        self.busy()
    }

    /// Says, until it is dropped, that there is something to wait for.
    pub(super) fn busy(&self) -> Busy {
        self.0.busy.fetch_add(1, Ordering::SeqCst);
        Busy(self.clone())
    }

    /// Whether anything was ever asked.
    pub(super) fn has_asked(&self) -> bool {
        self.0.spoken.load(Ordering::Relaxed) > 0
    }

    /// Whether the client may send what is no request and has it answered: pings, settings.
    pub(super) fn has_pings(&self) -> bool {
        self.0.spoken.load(Ordering::Relaxed) == 2
    }

    /// The body of an answer. The connection is not idle while it is fetched.
    pub(super) fn body(&self, body: Body) -> AnswerBody {
        AnswerBody { body, connection: self.clone() }
    }

    /// Its bytes.
    pub(super) fn io(&self, stream: TcpStream) -> Io {
        Io { stream: Some(stream), connection: self.clone() }
    }

    /// Says that the client may be in the midst of sending what nobody will read. The connection
    /// is then read on for a while when it is closed: to close it at once would make the client's
    /// system throw away what was said last (RFC 9112, section 9.6).
    pub(super) fn linger(&self) {
        self.0.lingers.store(true, Ordering::Relaxed);
    }

    /// Ends when for so long there was nothing to wait for and nothing was fetched: nobody asks,
    /// or somebody does not take the answer.
    pub(super) async fn idle(&self, time: Duration) {
        self.quiet(time, || self.0.answered.load(Ordering::SeqCst)).await;
    }

    /// Ends when for so long, from now on, there was nothing to wait for and the client took
    /// nothing at all.
    pub(super) async fn stalled(&self, time: Duration) {
        let now = self.now();
        self.quiet(time, || {
            let (answered, written) = (&self.0.answered, &self.0.written);
            now.max(answered.load(Ordering::SeqCst)).max(written.load(Ordering::SeqCst))
        })
        .await;
    }

    async fn quiet(&self, time: Duration, since: impl Fn() -> u64) {
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        loop {
            // First, as `Busy` lets go last.
            let is_busy = self.0.busy.load(Ordering::SeqCst) > 0;
            let quiet = self.now().saturating_sub(since());
            let left = if is_busy {
                time
            } else if quiet < time {
                time - quiet
            } else {
                return;
            };
            sleep(Duration::from_millis(left)).await;
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn note_answer(&self) {
        self.0.answered.store(self.now(), Ordering::SeqCst);
    }
}

/// Something that is worth waiting for.
#[derive(Debug)]
pub(super) struct Busy(Connection);

impl Drop for Busy {
    fn drop(&mut self) {
        // First, so that nobody who finds nothing to wait for finds an old time.
        self.0.note_answer();
        self.0.0.busy.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(super) struct AnswerBody {
    body: Body,
    connection: Connection,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.connection.note_answer();
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How much is read of what comes after the end, in bytes, and for how long.
const LINGER_BYTES: usize = 16 * 1024 * 1024;
const LINGER_TIME: Duration = Duration::from_secs(5);

/// The bytes of a connection.
#[derive(Debug)]
pub(super) struct Io {
    /// There until it is dropped.
    stream: Option<TcpStream>,
    connection: Connection,
}

impl Io {
    fn stream(&mut self) -> Option<Pin<&mut TcpStream>> {
        self.stream.as_mut().map(Pin::new)
    }

    fn written(&self, written: io::Result<usize>) -> Poll<io::Result<usize>> {
        self.connection.0.written.store(self.connection.now(), Ordering::SeqCst);
        Poll::Ready(written)
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        if self.connection.0.lingers.load(Ordering::Relaxed)
            && let Some(stream) = self.stream.take()
        {
            spawn_untenanted(linger(stream, self.connection.clone()));
        }
    }
}

/// Says that nothing more will come, and reads on. It counts as a connection meanwhile.
async fn linger(mut stream: TcpStream, _connection: Connection) {
    let read_on = async {
        stream.shutdown().await?;
        let rest = &mut (&mut stream).take(LINGER_BYTES as u64);
        tokio::io::copy(rest, &mut tokio::io::sink()).await
    };
    // Whoever goes on sending is left.
    let _ = timeout(LINGER_TIME, read_on).await;
}

fn ended<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().map_or_else(ended, |stream| stream.poll_read(cx, buffer))
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream().map_or_else(ended, |stream| stream.poll_write(cx, bytes));
        self.written(ready!(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written =
            self.stream().map_or_else(ended, |stream| stream.poll_write_vectored(cx, bytes));
        self.written(ready!(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().map_or_else(ended, |stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().map_or_else(ended, |stream| stream.poll_shutdown(cx))
    }
}
