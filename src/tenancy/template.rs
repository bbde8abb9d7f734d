//! Statements whose text SeaORM makes once.
//!
//! To put a statement together and to write its text takes SeaORM longer than SQLite needs to run
//! it. What changes from one use to the next are its values alone, so the text is kept, with the
//! places that the values go to.

mod asks;
mod keys;
mod pages;

use std::{borrow::Cow, sync::OnceLock};

use chrono::NaiveDate;
use sea_orm::{DbBackend, Statement, StatementBuilder, Value};

pub(super) use asks::AskTexts;
pub use asks::{AskTemplate, Part};
pub use keys::{KeyTemplate, Keys};
pub use pages::PageTexts;

/// A statement with `N` values that change.
#[derive(Debug)]
pub struct Template<const N: usize, Q> {
    make: fn([Value; N]) -> Q,
    /// Nothing if the statement does not lend itself to it.
    sqlite: OnceLock<Option<Kept>>,
    postgres: OnceLock<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    sql: String,
    slots: Vec<Slot>,
}

#[derive(Debug)]
enum Slot {
    /// One of the values that change.
    Given(usize),
    Constant(Value),
}

/// A statement, ready to be run.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub sql: Cow<'a, str>,
    pub values: Vec<Value>,
}

impl Text<'_> {
    /// Written anew.
    pub(super) fn of(query: &impl StatementBuilder) -> Self {
        Self::on(DbBackend::Sqlite, query)
    }

    /// The same for another engine.
    pub(super) fn on(backend: DbBackend, query: &impl StatementBuilder) -> Self {
        let Statement { mut sql, values, .. } = backend.build(query);
        let mut values = values.map_or_else(Vec::new, |values| values.0);
        if backend == DbBackend::Postgres {
            write_limit(&mut sql, &mut values);
        }
        Self { sql: Cow::Owned(sql), values }
    }
}

/// Puts a limit into the text, that of a subquery at its end too. PostgreSQL plans a statement anew
/// each time for a limit among its values, as it takes one that it does not know for a tenth of the
/// table.
fn write_limit(sql: &mut String, values: &mut Vec<Value>) {
    let mark = format!(" LIMIT ${}", values.len());
    for tail in ["", ")"] {
        if let Some(Value::BigUnsigned(Some(limit))) = values.last()
            && let Some(start) = sql.strip_suffix(tail).and_then(|sql| sql.strip_suffix(&mark))
        {
            *sql = format!("{start} LIMIT {limit}{tail}");
            values.pop();
        }
    }
}

impl<const N: usize, Q> Template<N, Q> {
    /// A template. What `make` makes may depend on the values only by having each of them in it.
    #[must_use]
    pub const fn new(make: fn([Value; N]) -> Q) -> Self {
        Self { make, sqlite: OnceLock::new(), postgres: OnceLock::new() }
    }

    /// The statement, put together by SeaORM.
    pub(super) fn query(&self, values: [Value; N]) -> Q {
        (self.make)(values)
    }

    /// The statement's text for SQLite, after `finish`, which must be the same each time.
    pub(super) fn text<S: StatementBuilder>(
        &self,
        values: [Value; N],
        finish: impl Fn(Q) -> S,
    ) -> Text<'_> {
        self.kept(&self.sqlite, DbBackend::Sqlite, values, finish)
    }

    /// The same for PostgreSQL.
    pub(super) fn postgres_text<S: StatementBuilder>(
        &self,
        values: [Value; N],
        finish: impl Fn(Q) -> S,
    ) -> Text<'_> {
        self.kept(&self.postgres, DbBackend::Postgres, values, finish)
    }

    fn kept<'a, S: StatementBuilder>(
        &'a self,
        place: &'a OnceLock<Option<Kept>>,
        backend: DbBackend,
        values: [Value; N],
        finish: impl Fn(Q) -> S,
    ) -> Text<'a> {
        let kept = place.get_or_init(|| {
            let marks = mark_all(&values)?;
            Kept::of(&Text::on(backend, &finish((self.make)(marks.clone()))), &marks)
        });
        match kept {
            Some(kept) => kept.fill(&values),
            None => Text::on(backend, &finish((self.make)(values))),
        }
    }
}

impl Kept {
    /// Nothing if one of the marks is not in the statement.
    fn of(text: &Text<'_>, marks: &[Value]) -> Option<Self> {
        let slot = |value: &Value| match marks.iter().position(|mark| mark == value) {
            Some(place) => Slot::Given(place),
            None => Slot::Constant(value.clone()),
        };
        let all = marks.iter().all(|mark| text.values.contains(mark));
        let slots = text.values.iter().map(slot).collect();
        all.then(|| Self { sql: text.sql.clone().into_owned(), slots })
    }

    fn fill(&self, values: &[Value]) -> Text<'_> {
        let value = |slot: &Slot| match slot {
            Slot::Given(place) => values[*place].clone(),
            Slot::Constant(value) => value.clone(),
        };
        Text { sql: Cow::Borrowed(&self.sql), values: self.slots.iter().map(value).collect() }
    }
}

/// Values of the same kinds that no statement has by itself; nothing if one has no such kind.
fn mark_all<const N: usize>(values: &[Value; N]) -> Option<[Value; N]> {
    let mut marks = values.clone();
    for (place, mark) in marks.iter_mut().enumerate() {
        let number = i64::try_from(place).ok()?;
        *mark = match mark {
            Value::BigInt(Some(_)) => Value::BigInt(Some(i64::MIN + 7 + number)),
            Value::String(Some(_)) => Value::String(Some(format!("\u{1}{place}\u{1}"))),
            Value::ChronoDateTime(Some(_)) => {
                let at = NaiveDate::MIN.and_hms_micro_opt(1, 2, 3, u32::try_from(place).ok()?)?;
                Value::ChronoDateTime(Some(at))
            }
            _ => return None,
        };
    }
    Some(marks)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;
    use sea_orm::{
        ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select, entity::prelude::*,
    };

    use super::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "thing")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
        pub at: NaiveDateTime,
    }

    impl ActiveModelBehavior for ActiveModel {}

    fn named([name, id]: [Value; 2]) -> Select<Entity> {
        Entity::find()
            .filter(Column::Id.gt(id.clone()))
            .filter(Column::Name.eq(name))
            .filter(Column::Id.ne(7_i64))
            .filter(Column::Id.ne(id))
            .limit(3)
    }

    #[track_caller]
    pub(super) fn same(kept: &Text<'_>, fresh: Select<Entity>) {
        let fresh = Text::of(&fresh.into_query());
        assert_eq!((&kept.sql, &kept.values), (&fresh.sql, &fresh.values));
    }

    #[test]
    fn a_kept_text_is_what_would_be_written_anew() {
        static NAMED: Template<2, Select<Entity>> = Template::new(named);
        for (name, id) in [("a", 1_i64), ("", 7), ("\u{1}0\u{1}", i64::MIN + 8), ("a", i64::MAX)] {
            let values = || [Value::from(name), Value::from(id)];
            let kept = NAMED.text(values(), QueryTrait::into_query);
            assert!(matches!(kept.sql, Cow::Borrowed(_)));
            same(&kept, named(values()));
        }
    }

    #[test]
    fn what_cannot_be_kept_is_written_anew() {
        static BY_TIME: Template<1, Select<Entity>> =
            Template::new(|[at]| Entity::find().filter(Column::At.eq(at)));
        let nothing = || [Value::ChronoDateTime(None)];
        let text = BY_TIME.text(nothing(), QueryTrait::into_query);
        assert!(matches!(text.sql, Cow::Owned(_)));
        same(&text, BY_TIME.query(nothing()));
    }
}
