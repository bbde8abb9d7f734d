//! Reading a request's body, within bounds.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use hyper::body::Body as _;

use super::state::HttpLimits;

/// A request's body, read before its tenant's database is leased: who is slow to send one keeps
/// nothing open.
#[derive(Debug)]
pub(super) struct ReadBody(pub Result<Bytes, BodyError>);

impl Default for ReadBody {
    fn default() -> Self {
        Self(Ok(Bytes::new()))
    }
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyError {
    /// It has more bytes than allowed.
    TooLarge,
    /// The client broke off.
    Broken,
    /// It took too long.
    Slow,
}

/// How much of a body that is too large is read on, so that its sender, who writes first and
/// reads then, sees the answer and not a broken pipe.
const DRAIN: usize = 16 * 1024 * 1024;

/// After how much of a body others have their turn: who sends as fast as it is read would keep
/// the thread for all of it.
const SLICE: usize = 128 * 1024;

/// After how much of a body that is too large its sender waits, and how long: nobody is served by
/// its being read fast, and whoever sends many of them comes to fewer.
const REFUSED_SLICE: usize = 512 * 1024;
const REFUSED_PAUSE: Duration = Duration::from_millis(1);

/// The whole body, within the tenant's bounds.
pub(super) async fn read(body: Body, limits: &HttpLimits) -> ReadBody {
    let read = tokio::time::timeout(limits.request_time, read_all(body, limits.body_bytes)).await;
    ReadBody(read.unwrap_or(Err(BodyError::Slow)).map(Bytes::from))
}

async fn read_all(mut body: Body, max: usize) -> Result<Vec<u8>, BodyError> {
    // As much as is announced, at once: to grow bit by bit copies large bodies several times. And
    // of what is announced to be too large nothing is kept.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut bytes = Vec::with_capacity(if announced <= max { announced } else { 0 });
    let (mut length, mut turn) = (0_usize, 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > DRAIN.max(max) {
            return Err(BodyError::TooLarge);
        }
        turn = turn.saturating_add(data.len());
        if length.max(announced) <= max {
            bytes.extend_from_slice(&data);
            if turn >= SLICE {
                turn = 0;
                tokio::task::yield_now().await;
            }
        } else {
            bytes = Vec::new();
            if turn >= REFUSED_SLICE {
                turn = 0;
                tokio::time::sleep(REFUSED_PAUSE).await;
            }
        }
    }
    if length.max(announced) > max { Err(BodyError::TooLarge) } else { Ok(bytes) }
}
