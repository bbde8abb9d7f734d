//! Reading a request's body, within a bound.

use axum::body::Body;
use http_body_util::BodyExt;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyError {
    /// It has more bytes than allowed.
    TooLarge,
    /// The client broke off.
    Broken,
}

/// How much of a body that is too large is read on, so that its sender, who writes first and
/// reads then, sees the answer and not a broken pipe.
const DRAIN: usize = 16 * 1024 * 1024;

/// The whole body, at most `max` bytes.
pub(super) async fn read(mut body: Body, max: usize) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > DRAIN.max(max) {
            return Err(BodyError::TooLarge);
        }
        if length <= max {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
        }
    }
    if length > max { Err(BodyError::TooLarge) } else { Ok(bytes) }
}
