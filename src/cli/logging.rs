//! Log lines on standard error.

use std::io::{IsTerminal, stderr};

use anyhow::anyhow;
use tracing_subscriber::EnvFilter;

use crate::config::settings::{LogFormat, LogSettings};

/// For `serve`.
pub(super) fn init(settings: &LogSettings) -> anyhow::Result<()> {
    // What libraries say of their routine work is for whoever asks for it by name.
    let filter: EnvFilter =
        format!("sqlx=warn,sea_orm_migration=warn,{}", settings.log_level).parse()?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr);
    let set = match settings.log_format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    set.map_err(|error| anyhow!("the log does not start: {error}"))
}

/// For the other commands, which say themselves what they do: warnings of this program only.
pub(super) fn init_quiet() -> anyhow::Result<()> {
    let filter: EnvFilter = "off,polls=warn".parse()?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(stderr().is_terminal())
        .with_writer(stderr)
        .with_target(false)
        .without_time()
        .try_init()
        .map_err(|error| anyhow!("the log does not start: {error}"))
}
