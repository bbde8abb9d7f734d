//! Pages of a whole table in a certain order: queries that have no value but their limit.

use std::{borrow::Cow, sync::OnceLock};

use sea_orm::{DbBackend, Value, sea_query::SelectStatement};

use super::Text;

/// The texts of a query that differs by its limit alone.
#[derive(Debug)]
pub struct PageTexts {
    sqlite: [OnceLock<Option<String>>; MAX_LIMIT],
    postgres: [OnceLock<Option<String>>; MAX_LIMIT],
}

/// Up to which limit texts are kept: a page of a hundred looks for one row more.
const MAX_LIMIT: usize = 101;

impl PageTexts {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            sqlite: [const { OnceLock::new() }; MAX_LIMIT],
            postgres: [const { OnceLock::new() }; MAX_LIMIT],
        }
    }

    /// The text of the query with this limit, which must be the same each time.
    pub(in crate::tenancy) fn text(
        &self,
        backend: DbBackend,
        limit: u64,
        query: impl Fn() -> SelectStatement,
    ) -> Text<'_> {
        let kept = if backend == DbBackend::Postgres { &self.postgres } else { &self.sqlite };
        let values = match backend {
            // It is part of the text there.
            DbBackend::Postgres => Vec::new(),
            _ => vec![Value::BigUnsigned(Some(limit))],
        };
        let place = usize::try_from(limit).ok().and_then(|limit| limit.checked_sub(1));
        let sql = place.and_then(|place| kept.get(place)).and_then(|place| {
            let text = || {
                let text = Text::on(backend, &query());
                (text.values == values).then(|| text.sql.into_owned())
            };
            place.get_or_init(text).as_deref()
        });
        match sql {
            Some(sql) => Text { sql: Cow::Borrowed(sql), values },
            None => Text::on(backend, &query()),
        }
    }
}

impl Default for PageTexts {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

    use super::{
        super::tests::{Column, Entity},
        *,
    };

    #[test]
    fn a_text_is_kept_for_each_limit() {
        static TEXTS: PageTexts = PageTexts::new();
        let query = |limit| Entity::find().order_by_asc(Column::Name).limit(limit).into_query();
        for backend in [DbBackend::Sqlite, DbBackend::Postgres] {
            for limit in [1, 21, 101, 102, 21, 0] {
                let text = TEXTS.text(backend, limit, || query(limit));
                let fresh = Text::on(backend, &query(limit));
                assert_eq!((&text.sql, &text.values), (&fresh.sql, &fresh.values));
                assert_eq!(matches!(text.sql, Cow::Borrowed(_)), (1..=101).contains(&limit));
            }
        }
    }

    #[test]
    fn a_limit_at_the_end_of_a_subquery_is_part_of_the_text_for_postgres() {
        use sea_orm::ColumnTrait;
        static TEXTS: PageTexts = PageTexts::new();
        let query = || {
            let page = Entity::find().select_only().column(Column::Id).limit(20).into_query();
            Entity::find().filter(Column::Id.in_subquery(page)).into_query()
        };
        let text = TEXTS.text(DbBackend::Postgres, 20, query);
        assert!(text.sql.ends_with(" LIMIT 20)"), "{}", text.sql);
        assert!(text.values.is_empty() && matches!(text.sql, Cow::Borrowed(_)));
    }

    #[test]
    fn what_has_other_values_is_written_anew() {
        use sea_orm::ColumnTrait;
        static TEXTS: PageTexts = PageTexts::new();
        for id in [7, 8] {
            let query = || Entity::find().filter(Column::Id.gt(id)).limit(3).into_query();
            let text = TEXTS.text(DbBackend::Sqlite, 3, query);
            assert_eq!(text.values, Text::of(&query()).values);
        }
    }
}
