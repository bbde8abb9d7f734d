//! Statements for many callers at once, on PostgreSQL.

use std::sync::OnceLock;

use sea_orm::{
    DbBackend, StatementBuilder, Value,
    sea_query::{Alias, Expr, Query, SelectStatement},
};

use super::Text;

/// A statement whose only values are the arrays of [`ArrayTemplate::asks`].
#[derive(Debug)]
pub struct ArrayTemplate<Q> {
    make: fn() -> Q,
    text: OnceLock<Option<String>>,
}

impl<Q> ArrayTemplate<Q> {
    /// A template.
    #[must_use]
    pub const fn new(make: fn() -> Q) -> Self {
        Self { make, text: OnceLock::new() }
    }
}

impl<Q: StatementBuilder> ArrayTemplate<Q> {
    /// One row for each caller: who asks, what for and when, see [`Ask`](super::super::Ask).
    #[must_use]
    pub fn asks([by, of, at]: [&'static str; 3]) -> SelectStatement {
        let mut asks = Query::select();
        for (place, name) in (0_i64..).zip([by, of, at]) {
            let array = Expr::cust_with_values("UNNEST($1)", [Value::BigInt(Some(place))]);
            asks.expr_as(array, Alias::new(name));
        }
        asks
    }

    /// The statement's text; nothing if it has other values than the arrays, or others in their
    /// place.
    pub(in crate::tenancy) fn text(&self) -> Option<&str> {
        let kept = self.text.get_or_init(|| {
            let text = Text::on(DbBackend::Postgres, &(self.make)());
            let arrays = [0, 1, 2].map(|place| Value::BigInt(Some(place)));
            (text.values == arrays).then(|| text.sql.into_owned())
        });
        kept.as_deref()
    }
}
