//! What `make web` built, as it was when this program was compiled. Without it, or without the
//! feature `pages`, there is nothing.

use axum::body::Bytes;

/// The pages that are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// The app, whichever of its views the path names.
    App,
    /// GraphiQL, at the endpoint.
    Graphiql,
}

/// One built file.
pub(super) struct File {
    /// Its bytes, part of the program.
    pub bytes: Bytes,
    /// Its media type.
    pub content_type: String,
    /// A weak validator: compression changes the bytes on the wire, not what they mean.
    pub etag: String,
}

/// The page, if it was built.
pub(super) fn page(page: Page) -> Option<File> {
    built::file(match page {
        Page::App => "index.html",
        Page::Graphiql => "graphiql.html",
    })
}

/// A file below `assets/`. The name is looked up in a table, so it can lead nowhere else.
pub(super) fn asset(name: &str) -> Option<File> {
    built::file(&format!("assets/{name}"))
}

#[cfg(not(feature = "pages"))]
mod built {
    pub(super) fn file(_name: &str) -> Option<super::File> {
        None
    }
}

#[cfg(feature = "pages")]
mod built {
    use std::borrow::Cow;

    use axum::body::Bytes;
    use rust_embed::{EmbeddedFile, RustEmbed};

    use super::File;

    /// `build.rs` sees to it that a new `web/dist` is compiled in.
    #[derive(RustEmbed)]
    #[folder = "web/dist"]
    #[allow_missing = true]
    struct Dist;

    pub(super) fn file(name: &str) -> Option<File> {
        Dist::get(name).map(File::from)
    }

    impl From<EmbeddedFile> for File {
        fn from(file: EmbeddedFile) -> Self {
            let kind = file.metadata.mimetype();
            let content_type = match kind.split_once('/') {
                Some(("text", _)) => format!("{kind}; charset=utf-8"),
                _ => kind.to_owned(),
            };
            let hash = file.metadata.sha256_hash();
            let half = u128::from_be_bytes(std::array::from_fn(|at| hash[at]));
            let bytes = match file.data {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => Bytes::from(bytes),
            };
            Self { bytes, content_type, etag: format!("W/\"{half:032x}\"") }
        }
    }
}
