//! Use cases of many callers in one statement.
//!
//! A statement that changes a row or two costs the database more for being a statement and a
//! transaction than for the rows. So whoever asks while one is under way waits for the next,
//! which does the same for all who wait: one statement, one commit. Nobody waits for others to
//! come; a lone caller's statement is sent at once.

use std::{
    collections::{HashMap, HashSet},
    ptr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::NaiveDateTime;
use tokio::sync::oneshot;
use tokio_postgres::Row;

use super::Pipeline;
use crate::tenancy::{RouterError, spawn::spawn_untenanted, template::AskTexts};

/// One caller's part in a statement.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// Who asks.
    pub by: i64,
    /// What is asked for. Nobody asks for the same thing twice in one statement.
    pub of: i64,
    /// When it was asked, UTC.
    pub at: NaiveDateTime,
}

/// The row that a caller is answered with, if any.
type Answer = Result<Option<Row>, Arc<RouterError>>;

/// The callers of one statement on one pipeline.
#[derive(Debug)]
pub(in crate::tenancy) struct Batches {
    pipeline: Arc<Pipeline>,
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    waiting: Vec<Waiting>,
    /// Whether a task sees to those who wait.
    is_served: bool,
}

#[derive(Debug)]
struct Waiting {
    texts: &'static AskTexts,
    ask: Ask,
    answer: oneshot::Sender<Answer>,
}

/// How many callers share a statement.
const MAX_BATCH: usize = 64;

impl Batches {
    pub(in crate::tenancy) fn new(pipeline: Arc<Pipeline>) -> Arc<Self> {
        Arc::new(Self { pipeline, line: Mutex::default() })
    }

    pub(in crate::tenancy) fn pipeline(&self) -> &Arc<Pipeline> {
        &self.pipeline
    }

    /// Asks, alone or with others.
    pub(in crate::tenancy) async fn ask(
        self: &Arc<Self>,
        texts: &'static AskTexts,
        ask: Ask,
    ) -> Answer {
        let (answer, answered) = oneshot::channel();
        let is_served = {
            let mut line = self.line();
            line.waiting.push(Waiting { texts, ask, answer });
            std::mem::replace(&mut line.is_served, true)
        };
        if !is_served {
            let batches = Arc::clone(self);
            // A task of its own: a caller may leave, and the others still wait.
            spawn_untenanted(async move { batches.serve().await });
        }
        answered.await.unwrap_or_else(|_| Err(Arc::new(RouterError::Interrupted)))
    }

    async fn serve(&self) {
        let mut served = Served { batches: self, to_the_end: false };
        while let Some((texts, batch)) = self.next() {
            self.run(texts, batch).await;
        }
        served.to_the_end = true;
    }

    /// The next callers of one statement; nobody sees to the line any more if there are none.
    fn next(&self) -> Option<(&'static AskTexts, Vec<Waiting>)> {
        let mut line = self.line();
        let mut batch: Vec<Waiting> = Vec::new();
        let (mut asked, mut later) = (HashSet::new(), Vec::new());
        for waiting in std::mem::take(&mut line.waiting) {
            if waiting.answer.is_closed() {
                // Whoever asked has left, and was told that nothing came of it.
            } else if batch.len() < MAX_BATCH
                && batch.first().is_none_or(|first| ptr::eq(first.texts, waiting.texts))
                && asked.insert((waiting.ask.by, waiting.ask.of))
            {
                batch.push(waiting);
            } else {
                later.push(waiting);
            }
        }
        line.waiting = later;
        line.is_served = !batch.is_empty();
        Some((batch.first()?.texts, batch))
    }

    async fn run(&self, texts: &AskTexts, batch: Vec<Waiting>) {
        match self.rows(texts, &batch).await {
            Ok(rows) => {
                let key = |row: &Row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?));
                let keyed = rows.into_iter().filter_map(|row| Some((key(&row)?, row)));
                let mut rows: HashMap<(i64, i64), Row> = keyed.collect();
                for Waiting { ask, answer, .. } in batch {
                    // Who has left needs no answer.
                    let _ = answer.send(Ok(rows.remove(&(ask.by, ask.of))));
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for waiting in batch {
                    let _ = waiting.answer.send(Err(Arc::clone(&error)));
                }
            }
        }
    }

    async fn rows(&self, texts: &AskTexts, batch: &[Waiting]) -> Result<Vec<Row>, RouterError> {
        if let [Waiting { ask, .. }] = batch {
            let rows = self.pipeline.raw_rows(&texts.alone, &texts.alone_values(*ask)).await?;
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
        let values = AskTexts::many_values(batch.iter().map(|waiting| waiting.ask));
        self.pipeline.raw_rows(&texts.many, &values).await
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// If the task ends before its time, those who wait are not left to nobody.
struct Served<'a> {
    batches: &'a Batches,
    to_the_end: bool,
}

impl Drop for Served<'_> {
    fn drop(&mut self) {
        if self.to_the_end {
            return;
        }
        let mut line = self.batches.line();
        line.is_served = false;
        line.waiting.clear();
    }
}
