//! How the server closes a socket (PROTOCOL.md; RFC 6455, section 7.4).

use axum::extract::ws::{CloseFrame, close_code};

use crate::http::session::Farewell;

/// A close code and what is said with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Close {
    pub code: u16,
    reason: String,
}

/// The longest reason, in bytes: a control frame has 125, two of them for the code (RFC 6455,
/// section 5.5).
const MAX_REASON: usize = 123;

impl Close {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        if reason.len() > MAX_REASON {
            let fits = |at: &usize| reason.is_char_boundary(*at);
            let end = (0..=MAX_REASON).rev().find(fits).unwrap_or(0);
            reason.truncate(end);
        }
        Self { code, reason }
    }

    /// RFC 6455, "Going Away": the server stops.
    pub(super) fn going_away() -> Self {
        Self::new(1001, "Going away")
    }

    /// The other end gives no sign of life.
    pub(super) fn idle() -> Self {
        Self::new(1001, "No sign of life")
    }

    /// RFC 6455, "Message Too Big".
    pub(super) fn too_big(max: usize) -> Self {
        Self::new(
            close_code::SIZE,
            format!("A message has more than the {max} bytes that are allowed"),
        )
    }

    /// RFC 6455, "Try Again Later": the tenant has too many streams.
    pub(super) fn try_later(max: usize) -> Self {
        Self::new(1013, format!("RATE_LIMITED: connections_per_tenant is {max}; try again later"))
    }

    /// PROTOCOL.md, "Invalid message".
    pub(super) fn bad_message(why: &str) -> Self {
        Self::new(4400, why)
    }

    /// PROTOCOL.md, "Subscribe": before `connection_ack`.
    pub(super) fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized")
    }

    /// PROTOCOL.md, "ConnectionInit": refused, or no longer valid. Clients try again with fresh
    /// parameters.
    pub(super) fn forbidden(farewell: &Farewell) -> Self {
        Self::new(4403, format!("{}: {}", farewell.code, farewell.message))
    }

    /// The same for what has no error of its own.
    pub(super) fn forbidden_because(code: &str, message: &str) -> Self {
        Self::new(4403, format!("{code}: {message}"))
    }

    /// The client does not speak this subprotocol.
    pub(super) fn subprotocol() -> Self {
        Self::new(4406, "Subprotocol not acceptable")
    }

    /// PROTOCOL.md, "ConnectionInit": not in time.
    pub(super) fn init_timeout() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    /// PROTOCOL.md, "Subscribe": the id is taken.
    pub(super) fn duplicate(id: &str) -> Self {
        // A long id is cut, not the rest.
        let id: String = id.chars().take(20).collect();
        Self::new(4409, format!("Subscriber for {id} already exists"))
    }

    /// PROTOCOL.md, "ConnectionInit": more than one.
    pub(super) fn too_many_inits() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    pub(super) fn frame(&self) -> CloseFrame {
        CloseFrame { code: self.code, reason: self.reason.as_str().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_into_a_frame() {
        for text in ["x".repeat(500), "é".repeat(500), "€".repeat(41), String::new()] {
            let close = Close::bad_message(&text);
            assert!(close.reason.len() <= MAX_REASON, "{}", close.reason.len());
            assert!(text.starts_with(&close.reason));
        }
    }
}
