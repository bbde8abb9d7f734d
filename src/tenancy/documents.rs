//! Texts that may be run by their id. What kind of text it is does not matter here.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// The texts that a tenant's own clients are made of, by ids that say nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedDocuments {
    /// What they are for.
    pub policy: DocumentPolicy,
    texts: Arc<DocumentTexts>,
}

/// The texts of one manifest; tenants with the same one share it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct DocumentTexts {
    by_id: HashMap<String, Arc<str>>,
    all: HashSet<Arc<str>>,
}

impl DocumentTexts {
    /// The texts by their ids.
    #[must_use]
    pub fn new(by_id: HashMap<String, Arc<str>>) -> Self {
        let all = by_id.values().cloned().collect();
        Self { by_id, all }
    }
}

impl TrustedDocuments {
    /// A manifest's texts, and what they are for.
    #[must_use]
    pub const fn new(policy: DocumentPolicy, texts: Arc<DocumentTexts>) -> Self {
        Self { policy, texts }
    }

    /// The text of an id.
    #[must_use]
    pub fn text(&self, id: &str) -> Option<&Arc<str>> {
        self.texts.by_id.get(id)
    }

    /// Whether a text is among them.
    #[must_use]
    pub fn has_text(&self, text: &str) -> bool {
        self.texts.all.contains(text)
    }
}

/// What trusted documents are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DocumentPolicy {
    /// Nothing: ids are refused.
    #[default]
    Off,
    /// They may be named by id; other texts run as well.
    Allow,
    /// Nothing else runs.
    Require,
}
