//! Use cases of many callers in one statement.
//!
//! A statement that changes a row or two costs the database more for being a statement and a
//! transaction than for the rows. So whoever asks while one is under way waits for the next,
//! which does the same for all who wait: one statement, one commit. Nobody waits for others to
//! come; a lone caller's statement is sent at once.

use std::{
    collections::{HashMap, HashSet},
    iter, ptr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::NaiveDateTime;
use tokio::{runtime::Handle, sync::oneshot};
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
        let Some(answered) = self.stand_in_line(texts, ask) else {
            let _turn = Turn(self);
            return self.alone(texts, ask).await.map_err(Arc::new);
        };
        answered.await.unwrap_or_else(|_| Err(Arc::new(RouterError::Interrupted)))
    }

    /// Where the answer will come from; nothing if nobody is before this caller, who then has to
    /// see to the line.
    fn stand_in_line(
        &self,
        texts: &'static AskTexts,
        ask: Ask,
    ) -> Option<oneshot::Receiver<Answer>> {
        let mut line = self.line();
        if line.try_take() {
            return None;
        }
        let (answer, answered) = oneshot::channel();
        line.waiting.push(Waiting { texts, ask, answer });
        Some(answered)
    }

    /// The turn of a caller whose statement is theirs alone; nothing if others are before them.
    pub(in crate::tenancy) fn turn(self: &Arc<Self>) -> Option<Turn<'_>> {
        // Made only if it is one: what is dropped hands the line on.
        let is_mine = self.line().try_take();
        is_mine.then(|| Turn(self))
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

    async fn alone(&self, texts: &AskTexts, ask: Ask) -> Result<Option<Row>, RouterError> {
        let found = self.pipeline.raw_rows(&texts.alone, &texts.alone_values(ask)).await?.pop();
        match found {
            None => Ok(self.many(texts, iter::once(ask)).await?.pop()),
            found => Ok(found),
        }
    }

    async fn rows(&self, texts: &AskTexts, batch: &[Waiting]) -> Result<Vec<Row>, RouterError> {
        match batch {
            [Waiting { ask, .. }] => Ok(self.alone(texts, *ask).await?.into_iter().collect()),
            batch => self.many(texts, batch.iter().map(|waiting| waiting.ask)).await,
        }
    }

    async fn many(
        &self,
        texts: &AskTexts,
        asks: impl Iterator<Item = Ask> + Clone,
    ) -> Result<Vec<Row>, RouterError> {
        self.pipeline.raw_rows(&texts.many, &AskTexts::many_values(asks)).await
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Takes it, if nobody is before this caller.
    fn try_take(&mut self) -> bool {
        !std::mem::replace(&mut self.is_served, true)
    }
}

/// Whoever asked first and alone. When they are answered, or leave, a task sees to those who have
/// come since: they wait for nobody's client.
pub(in crate::tenancy) struct Turn<'a>(&'a Arc<Batches>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut line = self.0.line();
        line.is_served = !line.waiting.is_empty();
        // Where the runtime itself is going away nobody waits any longer.
        if line.is_served && Handle::try_current().is_ok() {
            let batches = Arc::clone(self.0);
            spawn_untenanted(async move { batches.serve().await });
        }
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
