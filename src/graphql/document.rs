//! Parsed documents, kept by their text: what passed validation once is not parsed and validated
//! again. Their sizes are kept with them, so that every tenant's limits hold all the same.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_graphql::parser::types::ExecutableDocument;
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};

use super::{
    error::ApiError,
    limits::{Lexed, QueryLimits, Size},
    lone::Lone,
    run::is_plain,
    wanted::Wanted,
};

/// A document that parses.
#[derive(Debug)]
pub(super) struct Document {
    pub text: Arc<str>,
    pub parsed: ExecutableDocument,
    pub lexed: Lexed,
    pub size: Size,
    pub wanted: Wanted,
    /// Whether it is executed without the library's way in.
    pub plain: bool,
    /// What it does, where that is a single thing.
    pub lone: Option<Lone>,
    /// Whether it is valid whatever its variables are. Validation leaves out arguments whose
    /// variables are not given.
    valid: AtomicBool,
}

impl Document {
    pub(super) fn new(
        text: Arc<str>,
        parsed: ExecutableDocument,
        lexed: Lexed,
        size: Size,
    ) -> Self {
        let (plain, wanted) = (is_plain(&parsed), Wanted::of(&parsed));
        let lone = if plain { Lone::of(&parsed) } else { None };
        let valid = AtomicBool::new(false);
        Self { text, parsed, lexed, size, wanted, plain, lone, valid }
    }

    pub(super) fn is_valid(&self) -> bool {
        self.valid.load(Ordering::Acquire)
    }

    pub(super) fn set_valid(&self) {
        self.valid.store(true, Ordering::Release);
    }

    /// # Errors
    /// `LIMIT_EXCEEDED`.
    pub(super) fn check(&self, limits: &QueryLimits) -> Result<(), ApiError> {
        self.lexed.check(limits)?;
        self.size.check(limits)
    }
}

/// The documents that passed validation, up to a number of bytes.
#[derive(Debug)]
pub(super) struct Documents(Cache<Arc<str>, Arc<Document>, Bytes>);

/// What a parsed document takes for each token of its text, about, in bytes: measured on queries
/// of clients and on introspection.
const BYTES_PER_TOKEN: usize = 256;
/// How many bytes of documents are kept.
const CAPACITY: u64 = 16 * 1024 * 1024;
/// How many entries a table is made for; it grows.
const EXPECTED: usize = 1024;
/// In how many parts a table is, each with its part of the bytes: in many, a large document would
/// fit into none.
const SHARDS: usize = 4;

/// A cache of so many bytes.
pub(super) fn cache<K, V, W>(bytes: u64, weighter: W) -> Cache<K, V, W>
where
    K: Eq + std::hash::Hash + Clone,
    V: Clone,
    W: Weighter<K, V> + Clone,
{
    let options = OptionsBuilder::new()
        .shards(SHARDS)
        .estimated_items_capacity(EXPECTED)
        .weight_capacity(bytes)
        .build();
    match options {
        Ok(options) => Cache::with_options(
            options,
            weighter,
            DefaultHashBuilder::default(),
            DefaultLifecycle::default(),
        ),
        // Only without the two numbers that are given above.
        Err(_) => Cache::with_weighter(EXPECTED, bytes, weighter),
    }
}

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<Arc<str>, Arc<Document>> for Bytes {
    fn weight(&self, text: &Arc<str>, document: &Arc<Document>) -> u64 {
        let tokens = document.lexed.tokens.saturating_mul(BYTES_PER_TOKEN);
        u64::try_from(tokens.saturating_add(text.len())).unwrap_or(u64::MAX).max(1)
    }
}

impl Documents {
    pub(super) fn new() -> Self {
        Self(cache(CAPACITY, Bytes))
    }

    /// The document of that text, if it passed validation before.
    pub(super) fn get(&self, text: &str) -> Option<Arc<Document>> {
        self.0.get(text)
    }

    /// Keeps a document that passed validation.
    pub(super) fn keep(&self, document: &Arc<Document>) {
        self.0.insert(Arc::clone(&document.text), Arc::clone(document));
    }
}
