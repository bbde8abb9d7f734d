//! Rows that belong to those of a page, asked for without waiting for the page.

use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Alias, Expr, ExprTrait, SelectStatement},
};

use super::{Reader, TenantEntity};
use crate::tenancy::{PageTexts, RouterError};

/// Which rows belong to those of a page: `column` of them points to `key` of the page's.
#[derive(Debug)]
pub struct OfPage<E: EntityTrait, P: EntityTrait> {
    /// All rows there are.
    pub rows: Select<E>,
    /// What points to the page's rows.
    pub column: E::Column,
    /// The page, with its order and its limit.
    pub page: Select<P>,
    /// What is pointed to.
    pub key: P::Column,
}

impl<E: EntityTrait, P: EntityTrait> OfPage<E, P> {
    fn on(self, backend: DbBackend) -> SelectStatement {
        let Self { rows, column, page, key } = self;
        let keys = page.select_only().column(key).into_query();
        if backend != DbBackend::Sqlite {
            return rows.filter(column.in_subquery(keys)).into_query();
        }
        // As the outer loop: a set of the keys would be a table of its own.
        let page = "page";
        let column = Expr::col(column.as_column_ref());
        rows.into_query()
            .from_clear()
            .from_subquery(keys, Alias::new(page))
            .cross_join(E::default())
            .and_where(column.eq(Expr::col((Alias::new(page), key))))
            .to_owned()
    }
}

impl Reader {
    /// All rows that belong to those of a page. Its limit is the only value of the query, which an
    /// index leads to. Nothing where it would wait for the page: on MySQL, and in a transaction on
    /// a server.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn beside<E: TenantEntity, P: EntityTrait>(
        &self,
        texts: &'static PageTexts,
        limit: u64,
        query: impl Fn() -> OfPage<E, P>,
    ) -> Result<Option<Vec<E::Model>>, RouterError> {
        let text = |backend| texts.text(backend, limit, || query().on(backend));
        if let Some(place) = self.0.in_place() {
            return self.rows_in_place::<E>(&place, text(DbBackend::Sqlite)).map(Some);
        }
        self.rows_piped::<E>(|| Some(text(DbBackend::Postgres).into())).await
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use sea_orm::{Condition, Order, QueryOrder, entity::prelude::*};

    use super::*;
    use crate::tenancy::template::Text;

    mod page {
        use sea_orm::entity::prelude::*;

        #[sea_orm::model]
        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "page")]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i64,
            pub at: i64,
        }

        impl ActiveModelBehavior for ActiveModel {}
    }

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "line")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub page_id: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}

    fn of_page(limit: u64, condition: Condition) -> OfPage<Entity, page::Entity> {
        let page = page::Entity::find().order_by(page::Column::At, Order::Desc).limit(limit);
        let rows = Entity::find().filter(condition);
        OfPage { rows, column: Column::PageId, page, key: page::Column::Id }
    }

    #[test]
    fn both_forms_find_the_same_rows() {
        let database = Connection::open_in_memory().unwrap();
        database
            .execute_batch(
                "CREATE TABLE page (id INTEGER PRIMARY KEY, at INTEGER);
                 CREATE TABLE line (id INTEGER PRIMARY KEY, page_id INTEGER);
                 INSERT INTO page VALUES (1, 30), (2, 10), (3, 20);
                 INSERT INTO line VALUES (10, 1), (11, 2), (12, 3), (13, 1), (14, 9);",
            )
            .unwrap();
        let rows = |backend, limit, condition: &Condition| {
            let text = Text::on(DbBackend::Sqlite, &of_page(limit, condition.clone()).on(backend));
            let limit = i64::try_from(limit).unwrap();
            let mut statement = database.prepare(&text.sql).unwrap();
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let found = statement.query_map([limit], row).unwrap();
            let mut found: Vec<(i64, i64)> = found.map(Result::unwrap).collect();
            found.sort_unstable();
            found
        };
        let (all, some) = (Condition::all(), Condition::all().add(Column::Id.is_not_null()));
        for condition in [&all, &some] {
            for (limit, wanted) in [
                (1, vec![(10, 1), (13, 1)]),
                (2, vec![(10, 1), (12, 3), (13, 1)]),
                (9, vec![(10, 1), (11, 2), (12, 3), (13, 1)]),
            ] {
                for backend in [DbBackend::Sqlite, DbBackend::Postgres] {
                    assert_eq!(rows(backend, limit, condition), wanted, "{backend:?} {limit}");
                }
            }
        }
    }
}
