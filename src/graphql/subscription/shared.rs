//! Results that many subscribers have in common: those who have no token and ask the same are
//! answered the same. One of them has it made, for all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

/// A result as it is sent, once it is made.
pub type SharedResult = Arc<OnceCell<Arc<str>>>;

/// The results of one piece of news, by what is asked.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<HashMap<Arc<str>, SharedResult>>);

/// For how many different questions results are kept; others are for themselves.
const MOST: usize = 16;

impl Shared {
    /// The place for the result of a question; none if there are too many questions.
    pub(super) fn result(&self, question: &Arc<str>) -> Option<SharedResult> {
        let mut results = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(result) = results.get(question) {
            return Some(Arc::clone(result));
        }
        if results.len() >= MOST {
            return None;
        }
        let result = SharedResult::default();
        results.insert(Arc::clone(question), Arc::clone(&result));
        Some(result)
    }
}
