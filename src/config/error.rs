//! What can be wrong with `tenants.yaml`. No text here shows a password.

use std::{fmt, sync::Arc};

use thiserror::Error;

/// One thing that is wrong in `tenants.yaml`. Displays as
/// `FILE:LINE:COLUMN: FIELD: what is wrong; what to do`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}:{column}: {field}: {problem}")]
pub struct ConfigError {
    /// The file as the operator named it.
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// The path of the field, `tenants.potter.hosts[0]`; `syntax` where the YAML itself is broken.
    pub field: String,
    /// What is wrong and what to do.
    pub problem: String,
}

/// Why a file did not become a catalog.
#[derive(Debug, Error)]
pub enum CatalogError {
    /// The file is not there, or cannot be read as text.
    #[error("{file}: cannot be read: {cause}")]
    Unreadable {
        /// The file as the operator named it.
        file: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Everything that was found wrong in it, one a line, from top to bottom.
    #[error("{}", Lines(.0))]
    Invalid(Vec<ConfigError>),
}

struct Lines<'a>(&'a [ConfigError]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}{error}")?;
        }
        Ok(())
    }
}
