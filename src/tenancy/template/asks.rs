//! Statements for several callers at once, and for one who is alone, on PostgreSQL.

use std::sync::OnceLock;

use sea_orm::{
    DbBackend, StatementBuilder, Value,
    sea_query::{Alias, Expr, Query, SelectStatement},
};

use super::Text;
use crate::tenancy::{Ask, postgres::Param};

/// A use case that is one statement, whose only values are those of its callers' [`Ask`]s. What it
/// takes to tell several callers apart costs the database more than what they ask for, so there is
/// a form of it for one.
#[derive(Debug)]
pub struct AskTemplate<Q> {
    many: fn() -> Q,
    alone: fn() -> Q,
    texts: OnceLock<Option<AskTexts>>,
}

/// The texts of both forms. Each gives a caller at most one row, which begins with who asked and
/// for what.
#[derive(Debug)]
pub(in crate::tenancy) struct AskTexts {
    /// Takes three arrays.
    pub many: String,
    /// Gives no row where the other would give one that says why nothing was done.
    pub alone: String,
    /// Which part of an ask each of its values is.
    alone_values: Vec<Part>,
}

/// A part of an [`Ask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Who asks.
    By,
    /// What is asked for.
    Of,
    /// When.
    At,
}

const PARTS: [Part; 3] = [Part::By, Part::Of, Part::At];

impl Part {
    /// Stands for the part in the form for one.
    #[must_use]
    pub fn value(self) -> Expr {
        Expr::val(self.mark())
    }

    /// No other value of such a statement is a number.
    const fn mark(self) -> Value {
        Value::BigInt(Some(self as i64))
    }
}

impl<Q> AskTemplate<Q> {
    /// A template of both forms. The first has [`AskTemplate::asks`] as its only values, the
    /// second any number of [`Part::value`].
    #[must_use]
    pub const fn new(many: fn() -> Q, alone: fn() -> Q) -> Self {
        Self { many, alone, texts: OnceLock::new() }
    }
}

impl<Q: StatementBuilder> AskTemplate<Q> {
    /// One row for each caller, with the parts of what they ask under these names.
    #[must_use]
    pub fn asks(names: [&'static str; 3]) -> SelectStatement {
        let mut asks = Query::select();
        for (part, name) in PARTS.into_iter().zip(names) {
            let array = Expr::cust_with_values("UNNEST($1)", [part.mark()]);
            asks.expr_as(array, Alias::new(name));
        }
        asks
    }

    /// The statement's texts; nothing if they have other values.
    pub(in crate::tenancy) fn texts(&self) -> Option<&AskTexts> {
        let kept = self.texts.get_or_init(|| {
            let many = Text::on(DbBackend::Postgres, &(self.many)());
            let alone = Text::on(DbBackend::Postgres, &(self.alone)());
            let part = |value: &Value| PARTS.into_iter().find(|part| part.mark() == *value);
            let alone_values = alone.values.iter().map(part).collect::<Option<_>>()?;
            (many.values == PARTS.map(Part::mark)).then(|| AskTexts {
                many: many.sql.into_owned(),
                alone: alone.sql.into_owned(),
                alone_values,
            })
        });
        kept.as_ref()
    }
}

impl AskTexts {
    /// The values of the form for one.
    pub(in crate::tenancy) fn alone_values(&self, ask: Ask) -> Vec<Param> {
        let param = |part: &Part| {
            Param::One(match part {
                Part::By => ask.by.into(),
                Part::Of => ask.of.into(),
                Part::At => ask.at.into(),
            })
        };
        self.alone_values.iter().map(param).collect()
    }

    /// The values of the other.
    pub(in crate::tenancy) fn many_values(asks: impl Iterator<Item = Ask> + Clone) -> [Param; 3] {
        [
            Param::Keys(asks.clone().map(|ask| ask.by).collect()),
            Param::Keys(asks.clone().map(|ask| ask.of).collect()),
            Param::Moments(asks.map(|ask| ask.at).collect()),
        ]
    }
}
