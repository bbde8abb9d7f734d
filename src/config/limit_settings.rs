//! The bounds on requests, each a flag and a `POLLS_…` variable. Most can be set otherwise for a
//! tenant, under `limits:` in `tenants.yaml`.

use std::time::Duration;

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
    value_parser,
};

use super::limit_ranges as ranges;
use crate::tenancy::Introspection;

/// Bounds on requests.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitSettings {
    /// The largest GraphQL document, in bytes
    #[arg(long, env = "POLLS_MAX_QUERY_BYTES", value_name = "BYTES", default_value_t = 65_536,
        value_parser = value_parser!(u32).range(ranges::QUERY_BYTES))]
    pub max_query_bytes: u32,

    /// How many tokens a document may have
    #[arg(long, env = "POLLS_MAX_TOKENS", value_name = "COUNT", default_value_t = 10_000,
        value_parser = value_parser!(u32).range(ranges::TOKENS))]
    pub max_tokens: u32,

    /// How many brackets may be open at once in a document
    #[arg(long, env = "POLLS_MAX_NESTING", value_name = "COUNT", default_value_t = 200,
        value_parser = value_parser!(u32).range(ranges::NESTING))]
    pub max_nesting: u32,

    /// How many fields a document may have, its fragments expanded
    #[arg(long, env = "POLLS_MAX_FIELDS", value_name = "COUNT", default_value_t = 2_000,
        value_parser = value_parser!(u32).range(ranges::FIELDS))]
    pub max_fields: u32,

    /// How many fields may be inside each other, fragments expanded
    #[arg(long, env = "POLLS_MAX_DEPTH", value_name = "COUNT", default_value_t = 25,
        value_parser = value_parser!(u32).range(ranges::DEPTH))]
    pub max_depth: u32,

    /// How many aliases a document may have, its fragments expanded
    #[arg(long, env = "POLLS_MAX_ALIASES", value_name = "COUNT", default_value_t = 100,
        value_parser = value_parser!(u32).range(ranges::ALIASES))]
    pub max_aliases: u32,

    /// How many directives a document may have, its fragments expanded
    #[arg(long, env = "POLLS_MAX_DIRECTIVES", value_name = "COUNT", default_value_t = 50,
        value_parser = value_parser!(u32).range(ranges::DIRECTIVES))]
    pub max_directives: u32,

    /// The estimated cost of an operation: its fields, times the lengths of the pages they are on
    #[arg(long, env = "POLLS_MAX_COMPLEXITY", value_name = "COST", default_value_t = 20_000,
        value_parser = value_parser!(u32).range(ranges::COMPLEXITY))]
    pub max_complexity: u32,

    /// The largest request body, in bytes
    #[arg(long, env = "POLLS_MAX_BODY_BYTES", value_name = "BYTES", default_value_t = 1024 * 1024,
        value_parser = value_parser!(u32).range(ranges::BODY_BYTES))]
    pub max_body_bytes: u32,

    /// How long one request may take, in seconds
    #[arg(long, env = "POLLS_REQUEST_TIMEOUT_SECONDS", value_name = "SECONDS", default_value_t = 30,
        value_parser = value_parser!(u32).range(ranges::REQUEST_SECONDS))]
    pub request_timeout_seconds: u32,

    /// How long a connection may take to send the next request's headers, idle time included, in
    /// seconds
    #[arg(long, env = "POLLS_HEADER_TIMEOUT_SECONDS", value_name = "SECONDS", default_value_t = 75,
        value_parser = value_parser!(u32).range(1..=3_600))]
    pub header_timeout_seconds: u32,

    /// How many connections of clients are open at once; more wait
    #[arg(long, env = "POLLS_MAX_CONNECTIONS", value_name = "COUNT", default_value_t = 10_000,
        value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub max_connections: u32,

    /// How many queries and mutations of one tenant run at once
    #[arg(long, env = "POLLS_MAX_CONCURRENT_OPERATIONS", value_name = "COUNT",
        default_value_t = 64,
        value_parser = value_parser!(u32).range(ranges::CONCURRENT_OPERATIONS))]
    pub max_concurrent_operations: u32,

    /// How many more of them wait for their turn
    #[arg(long, env = "POLLS_MAX_QUEUED_OPERATIONS", value_name = "COUNT", default_value_t = 256,
        value_parser = value_parser!(u32).range(ranges::QUEUED_OPERATIONS))]
    pub max_queued_operations: u32,

    /// How long each of them waits, in seconds
    #[arg(long, env = "POLLS_QUEUE_TIMEOUT_SECONDS", value_name = "SECONDS", default_value_t = 10,
        value_parser = value_parser!(u32).range(1..=3_600))]
    pub queue_timeout_seconds: u32,

    /// Who may ask what the schema is
    #[arg(long, env = "POLLS_INTROSPECTION", value_name = "WHO", default_value = "on",
        value_parser = introspection())]
    pub introspection: Introspection,
}

fn introspection() -> impl TypedValueParser<Value = Introspection> {
    let words = Introspection::WORDS;
    PossibleValuesParser::new(words.map(|(word, _)| word)).map(move |text| {
        let found = words.into_iter().find(|(word, _)| *word == text);
        found.map_or_else(Introspection::default, |(_, who)| who)
    })
}

impl LimitSettings {
    /// How long one request may take.
    #[must_use]
    pub fn request_time(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds.into())
    }

    /// How long a connection may take to send the next request's headers.
    #[must_use]
    pub fn header_time(&self) -> Duration {
        Duration::from_secs(self.header_timeout_seconds.into())
    }

    /// How long an operation waits for its turn.
    #[must_use]
    pub fn queue_time(&self) -> Duration {
        Duration::from_secs(self.queue_timeout_seconds.into())
    }
}
