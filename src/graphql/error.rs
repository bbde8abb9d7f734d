//! Errors as clients see them.
//!
//! [`ApiError`] has no `Display`, on purpose: nothing turns into one by `?` alone but the failures
//! named here, so no driver's text can leak into an answer.

use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, ServerError};

use crate::service::{Failure, token::Rejected};

/// The machine-readable part of a top-level error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The document does not parse.
    ParseFailed,
    /// The document does not fit the schema.
    ValidationFailed,
    /// A variable, an argument or the request itself is malformed.
    BadUserInput,
    /// Past a limit of this server.
    LimitExceeded,
    /// No document is known by that id or hash.
    PersistedQueryNotFound,
    /// Documents cannot be named here.
    PersistedQueryNotSupported,
    /// Who are you?
    Unauthenticated,
    /// You may not.
    Forbidden,
    /// The id belongs to another tenant.
    WrongTenant,
    /// What is subscribed to is not there, or no longer.
    NotFound,
    /// The tenant takes no changes now.
    TenantReadOnly,
    /// The tenant's database cannot be reached now.
    TenantUnavailable,
    /// Too often; come back later.
    RateLimited,
    /// Something broke here.
    Internal,
}

impl Code {
    /// As it stands in `extensions.code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::WrongTenant => "WRONG_TENANT",
            Self::NotFound => "NOT_FOUND",
            Self::TenantReadOnly => "TENANT_READ_ONLY",
            Self::TenantUnavailable => "TENANT_UNAVAILABLE",
            Self::RateLimited => "RATE_LIMITED",
            Self::Internal => "INTERNAL",
        }
    }
}

/// What broke, for the log; never for a client.
#[derive(Debug, Clone)]
pub struct InternalDetail(pub Arc<str>);

/// A top-level error.
#[derive(Debug, Clone)]
pub struct ApiError {
    code: Code,
    message: String,
    extensions: Vec<(&'static str, async_graphql::Value)>,
    detail: Option<InternalDetail>,
}

/// What a resolver returns.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// An error with one sentence for people.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), extensions: Vec::new(), detail: None }
    }

    /// With another field in `extensions`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<async_graphql::Value>) -> Self {
        self.extensions.push((name, value.into()));
        self
    }

    /// Something broke. The detail goes into the log only.
    #[must_use]
    pub fn internal(detail: impl Into<Arc<str>>) -> Self {
        let message = "Something went wrong here; please report the request id.";
        Self { detail: Some(InternalDetail(detail.into())), ..Self::new(Code::Internal, message) }
    }

    /// Malformed input in an argument.
    #[must_use]
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::new(Code::BadUserInput, message)
    }

    /// Past a limit, which is named.
    #[must_use]
    pub fn limit(limit: &'static str, max: usize, message: impl Into<String>) -> Self {
        Self::new(Code::LimitExceeded, message).with("limit", limit).with("max", max)
    }

    /// Too often, or too many at once; the limit is named.
    #[must_use]
    pub fn rate_limited(limit: &'static str, max: usize, retry_seconds: u64) -> Self {
        Self::new(Code::RateLimited, "Too many of these at the moment; try again later.")
            .with("limit", limit)
            .with("max", max)
            .with("retryAfter", retry_seconds.max(1))
    }

    /// Only for people who are signed in.
    #[must_use]
    pub fn unauthenticated() -> Self {
        let message = "Sign in first, and send the token as `Authorization: Bearer …`.";
        Self::new(Code::Unauthenticated, message)
    }

    /// What a bad token is answered with.
    #[must_use]
    pub fn rejected(why: Rejected) -> Self {
        let (reason, message) = match why {
            Rejected::Expired => ("EXPIRED", "The token has expired; sign in again."),
            Rejected::Invalid => ("INVALID", "The token is not valid here; sign in."),
        };
        Self::new(Code::Unauthenticated, message).with("reason", reason)
    }

    /// The tenant's database went away while the request ran.
    fn unavailable(detail: String) -> Self {
        let message = "The tenant's database cannot be reached; try again later.";
        let error =
            Self::new(Code::TenantUnavailable, message).with("retryAfter", RETRY_UNAVAILABLE);
        Self { detail: Some(InternalDetail(detail.into())), ..error }
    }

    /// What kind of error.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// As an error of the whole request.
    #[must_use]
    pub fn into_server_error(self) -> ServerError {
        let error = async_graphql::Error::from(self);
        ServerError {
            message: error.message,
            source: error.source,
            locations: Vec::new(),
            path: Vec::new(),
            extensions: error.extensions,
        }
    }
}

/// Seconds after which a database that is out of reach is worth another try.
const RETRY_UNAVAILABLE: u64 = 5;

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", error.code.as_str());
        for (name, value) in error.extensions {
            extensions.set(name, value);
        }
        Self {
            message: error.message,
            source: error.detail.map(|detail| Arc::new(detail) as _),
            extensions: Some(extensions),
        }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::RateLimited { wait, limit, max } => {
                Self::rate_limited(limit, max, wait.as_secs())
            }
            Failure::Router(error) if error.is_unreachable() || error.is_busy() => {
                Self::unavailable(error.to_string())
            }
            Failure::Refused(refusal) => Self::internal(format!("refused: {refusal:?}")),
            other => Self::internal(other.to_string()),
        }
    }
}
