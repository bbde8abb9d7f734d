//! Queries by numbers, of which there may be any number.

use std::{borrow::Cow, sync::OnceLock};

use sea_orm::{ColumnTrait, DbBackend, QueryTrait, StatementBuilder, Value, sea_query::Expr};

use super::Text;
use crate::tenancy::postgres::Param;

/// A query by numbers. Where they stand in the text one by one, it is kept for each number of
/// numbers; PostgreSQL takes several as one value.
#[derive(Debug)]
pub struct KeyTemplate<Q> {
    make: fn(Keys) -> Q,
    /// For SQLite, by how many numbers, from one.
    listed: [OnceLock<Option<String>>; MAX_KEYS],
    single: OnceLock<Option<String>>,
    array: OnceLock<Option<String>>,
}

/// Up to how many numbers texts are kept: what one page has.
const MAX_KEYS: usize = 100;

/// The numbers that a query is for.
#[derive(Debug)]
pub struct Keys(Form);

#[derive(Debug)]
enum Form {
    Listed(Vec<i64>),
    Array,
}

impl Keys {
    /// That a column has one of them.
    pub fn hold<C: ColumnTrait>(self, column: C) -> Expr {
        match self.0 {
            Form::Listed(keys) => column.is_in(keys),
            // Not `= ANY($2)`: an array that is not known when the statement is planned is
            // searched from its beginning for each row that is looked at.
            Form::Array => {
                let keys = Expr::val(Value::BigInt(Some(0)));
                let column = Expr::col(column.as_column_ref());
                Expr::cust_with_exprs("$1 IN (SELECT UNNEST($2))", [column, keys])
            }
        }
    }
}

impl<Q: QueryTrait<QueryStatement: StatementBuilder>> KeyTemplate<Q> {
    /// A template. What `make` makes may depend on the numbers only by having the condition that
    /// [`Keys::hold`] gives, with no other values.
    #[must_use]
    pub const fn new(make: fn(Keys) -> Q) -> Self {
        Self {
            make,
            listed: [const { OnceLock::new() }; MAX_KEYS],
            single: OnceLock::new(),
            array: OnceLock::new(),
        }
    }

    /// The statement, put together by SeaORM.
    pub(in crate::tenancy) fn query(&self, keys: Vec<i64>) -> Q {
        (self.make)(Keys(Form::Listed(keys)))
    }

    /// The statement's text for SQLite.
    pub(in crate::tenancy) fn text(&self, keys: Vec<i64>) -> Text<'_> {
        let slot = keys.len().checked_sub(1).and_then(|place| self.listed.get(place));
        let kept = slot.and_then(|slot| {
            slot.get_or_init(|| {
                let text = Text::of(&self.query(keys.clone()).into_query());
                let wanted = keys.iter().map(|key| Value::BigInt(Some(*key)));
                text.values.iter().cloned().eq(wanted).then(|| text.sql.into_owned())
            })
            .as_deref()
        });
        match kept {
            Some(sql) => Text {
                sql: Cow::Borrowed(sql),
                values: keys.into_iter().map(|key| Value::BigInt(Some(key))).collect(),
            },
            None => Text::of(&self.query(keys).into_query()),
        }
    }

    /// The statement's text for PostgreSQL, after `finish`, which must be the same each time. All
    /// the numbers are its only value; nothing comes back if it has others. For a single one it has
    /// a text of its own, as it expects any number in an array, and plans for that.
    pub(in crate::tenancy) fn array_text<S: StatementBuilder>(
        &self,
        keys: &[i64],
        finish: impl Fn(Q) -> S,
    ) -> Option<(Cow<'_, str>, Vec<Param>)> {
        let written = |keys: Form| {
            let text = Text::on(DbBackend::Postgres, &finish((self.make)(Keys(keys))));
            (text.values.len() == 1).then(|| text.sql.into_owned())
        };
        let (kept, param) = if let [key] = keys {
            let kept = self.single.get_or_init(|| written(Form::Listed(vec![*key])));
            (kept, Param::One((*key).into()))
        } else {
            (self.array.get_or_init(|| written(Form::Array)), Param::Keys(keys.to_vec()))
        };
        Some((Cow::Borrowed(kept.as_deref()?), vec![param]))
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

    use super::{
        super::tests::{Column, Entity, same},
        *,
    };

    fn make(ids: Keys) -> Select<Entity> {
        Entity::find().filter(ids.hold(Column::Id)).order_by_asc(Column::Name)
    }

    static BY_IDS: KeyTemplate<Select<Entity>> = KeyTemplate::new(make);
    /// Has another value than the keys: not to be kept.
    static LIMITED: KeyTemplate<Select<Entity>> =
        KeyTemplate::new(|ids| Entity::find().filter(ids.hold(Column::Id)).limit(3));

    #[test]
    fn a_text_is_kept_for_each_number_of_keys() {
        for count in [0, 1, 2, 100, 101, 2, 1] {
            for first in [1, -5] {
                let keys: Vec<i64> = (first..first + count).collect();
                let text = BY_IDS.text(keys.clone());
                let kept = matches!(text.sql, Cow::Borrowed(_));
                assert_eq!(kept, (1..=100).contains(&count), "{count}");
                same(&text, BY_IDS.query(keys));
            }
        }
        same(&LIMITED.text(vec![3]), LIMITED.query(vec![3]));
        same(&LIMITED.text(vec![4]), LIMITED.query(vec![4]));
    }

    #[test]
    fn postgres_takes_all_keys_as_one_value() {
        let (text, values) = BY_IDS.array_text(&[7, 9], QueryTrait::into_query).unwrap();
        let end = r#"WHERE "thing"."id" IN (SELECT UNNEST($1)) ORDER BY "thing"."name" ASC"#;
        assert!(text.ends_with(end), "{text}");
        assert!(matches!(&*values, [Param::Keys(keys)] if *keys == [7, 9]));
        let (text, values) = BY_IDS.array_text(&[7], QueryTrait::into_query).unwrap();
        assert!(text.contains(r#"WHERE "thing"."id" IN ($1) ORDER"#), "{text}");
        assert!(matches!(&*values, [Param::One(Value::BigInt(Some(7)))]));
    }

    #[test]
    fn a_limit_is_part_of_the_text_for_postgres() {
        for keys in [&[7][..], &[7, 9]] {
            let (text, values) = LIMITED.array_text(keys, QueryTrait::into_query).unwrap();
            assert!(text.ends_with(" LIMIT 3"), "{text}");
            assert_eq!(values.len(), 1);
        }
    }
}
