//! What a router hands out for reading.

mod beside;
mod joined;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, Iterable, PaginatorTrait, QuerySelect,
    QueryTrait, Select, Statement, Value,
    sea_query::{Alias, Expr, Query, SelectStatement, UnionType},
};

use super::{
    Columns, FromRow, KeyTemplate, RouterError, StoredRow, Template, TenantModel,
    columns::narrow,
    connection::{Connection, InPlace, Piped, delegate_connection},
    sqlite,
    template::Text,
};
pub use beside::OfPage;

/// What a reader can read: any SeaORM entity, as `#[sea_orm::model]` makes them, whose model can
/// also be read from SQLite's own rows.
pub trait TenantEntity: EntityTrait<Column: Copy, Model: TenantModel + Send + Sync> {}

impl<E> TenantEntity for E where E: EntityTrait<Column: Copy, Model: TenantModel + Send + Sync> {}

/// A connection to read from: held read-only by the database itself, or, inside a transaction,
/// that transaction. Gets its connection from the pool statement by statement, so holding one
/// holds nobody up.
#[derive(Clone)]
pub struct Reader(pub(super) Connection, [Columns; 2]);

impl Reader {
    pub(super) const fn new(connection: Connection) -> Self {
        Self(connection, [Columns::ALL; 2])
    }

    /// The same, which reads only these columns of rows.
    #[must_use]
    pub fn only(self, columns: Columns) -> Self {
        let Self(connection, [_, second]) = self;
        Self(connection, [columns, second])
    }

    /// The same for the second entity of a query over two.
    #[must_use]
    pub fn and_only(self, columns: Columns) -> Self {
        let Self(connection, [first, _]) = self;
        Self(connection, [first, columns])
    }

    /// A text of a query for all columns of an entity, and how to read its rows.
    fn narrow<'t, E: TenantEntity>(
        &self,
        text: Text<'t>,
    ) -> (Text<'t>, impl Fn(&StoredRow<'_>) -> Result<E::Model, RouterError> + use<E>) {
        let width = E::Column::iter().count();
        let (sql, [columns, _]) = narrow(text.sql, [self.1[0], Columns::ALL], width, width);
        (Text { sql, ..text }, move |row: &StoredRow<'_>| E::Model::from_row(&row.only(columns)))
    }

    /// All rows of a text, in place.
    fn rows_in_place<E: TenantEntity>(
        &self,
        place: &InPlace<'_>,
        text: Text<'_>,
    ) -> Result<Vec<E::Model>, RouterError> {
        let (text, read) = self.narrow::<E>(text);
        self.0.watch_in_place(place.run(|sqlite| sqlite::each(sqlite, &text, &read)))
    }

    /// All rows of a short text from the pipeline, as for [`Connection::piped`].
    async fn rows_piped<'t, E: TenantEntity>(
        &self,
        text: impl FnOnce() -> Option<Piped<'t>>,
    ) -> Result<Option<Vec<E::Model>>, RouterError> {
        if self.0.pipeline().is_none() {
            return Ok(None);
        }
        let Some((sql, params)) = text() else { return Ok(None) };
        let (text, read) = self.narrow::<E>(Text { sql, values: Vec::new() });
        Box::pin(self.0.piped(|| Some((text.sql, params)), read)).await
    }

    /// All rows of a text from the pool, read here and not by SeaORM.
    async fn rows_pooled<T>(
        &self,
        text: Text<'_>,
        mut read: impl FnMut(&StoredRow<'_>) -> Result<T, RouterError>,
    ) -> Result<Vec<T>, RouterError> {
        let backend = self.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, text.sql, text.values);
        let rows = self.query_all_raw(statement).await?;
        rows.iter().map(|row| read(&StoredRow::new(row))).collect()
    }

    fn is_whole(&self) -> bool {
        self.1 == [Columns::ALL; 2]
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn all<E: TenantEntity>(
        &self,
        query: Select<E>,
    ) -> Result<Vec<E::Model>, RouterError> {
        match self.0.in_place() {
            Some(place) => self.rows_in_place::<E>(&place, Text::of(&query.into_query())),
            // Boxed here and below: the way over the network would make every reader large.
            None if self.is_whole() => Ok(Box::pin(query.all(self)).await?),
            None => {
                let text = Text::on(self.get_database_backend(), &query.into_query());
                let (text, read) = self.narrow::<E>(text);
                Box::pin(self.rows_pooled(text, read)).await
            }
        }
    }

    /// All rows of a query that an index leads to, so that it is short.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn page<E: TenantEntity>(
        &self,
        query: Select<E>,
    ) -> Result<Vec<E::Model>, RouterError> {
        let text = || Some(Text::on(DbBackend::Postgres, query.as_query()).into());
        match self.rows_piped::<E>(text).await? {
            Some(rows) => Ok(rows),
            None => self.all(query).await,
        }
    }

    /// All rows of a query by numbers.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn all_by_keys<E: TenantEntity>(
        &self,
        template: &KeyTemplate<Select<E>>,
        keys: Vec<i64>,
    ) -> Result<Vec<E::Model>, RouterError> {
        match self.0.in_place() {
            Some(place) => self.rows_in_place::<E>(&place, template.text(keys)),
            None => {
                let text = || template.array_text(&keys, QueryTrait::into_query);
                match self.rows_piped::<E>(text).await? {
                    Some(rows) => Ok(rows),
                    None => Box::pin(self.all(template.query(keys))).await,
                }
            }
        }
    }

    /// The rows of all these queries, in one statement for every 250 of them and in
    /// no order.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn all_of<E: TenantEntity>(
        &self,
        queries: Vec<Select<E>>,
    ) -> Result<Vec<E::Model>, RouterError> {
        let mut rows = Vec::new();
        let mut queries = queries.into_iter().peekable();
        while queries.peek().is_some() {
            let queries = queries.by_ref().take(UNION_PARTS);
            let [columns, _] = self.1;
            let union = union::<E>(queries, columns);
            let read = |row: &StoredRow<'_>| E::Model::from_row(&row.only(columns));
            if let Some(place) = self.0.in_place() {
                let text = Text::of(&union);
                let found = place.run(|sqlite| sqlite::each(sqlite, &text, read));
                rows.extend(self.0.watch_in_place(found)?);
                continue;
            }
            let text = Text::on(self.get_database_backend(), &union);
            rows.extend(Box::pin(self.rows_pooled(text, read)).await?);
        }
        Ok(rows)
    }

    /// The first row of a query.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn one<E: TenantEntity>(
        &self,
        query: Select<E>,
    ) -> Result<Option<E::Model>, RouterError> {
        Ok(self.all(query.limit(1)).await?.pop())
    }

    /// The first row of a query that is kept.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn one_of<const N: usize, E: TenantEntity>(
        &self,
        template: &Template<N, Select<E>>,
        values: [Value; N],
    ) -> Result<Option<E::Model>, RouterError> {
        match self.0.in_place() {
            Some(place) => {
                let text = template.text(values, |query| query.limit(1).into_query());
                Ok(self.rows_in_place::<E>(&place, text)?.pop())
            }
            None => {
                let text = || {
                    let text = |query: Select<E>| query.limit(1).into_query();
                    Some(template.postgres_text(values.clone(), text).into())
                };
                match self.rows_piped::<E>(text).await? {
                    Some(mut rows) => Ok(rows.pop()),
                    None => self.one(template.query(values)).await,
                }
            }
        }
    }

    /// How many rows a query has.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn count<E: TenantEntity>(&self, query: Select<E>) -> Result<u64, RouterError> {
        match self.0.in_place() {
            Some(place) => {
                let text = Text::of(&counting(query.into_query()));
                self.0.watch_in_place(place.run(|sqlite| sqlite::count(sqlite, &text)))
            }
            None => Ok(Box::pin(query.count(self)).await?),
        }
    }

    /// Whether a query has any row.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn exists<E: EntityTrait>(&self, query: Select<E>) -> Result<bool, RouterError> {
        let mut query = query.limit(1).into_query();
        query.clear_selects().expr(Expr::val(1)).clear_order_by();
        match self.0.in_place() {
            Some(place) => {
                let text = Text::of(&query);
                self.0.watch_in_place(place.run(|sqlite| sqlite::exists(sqlite, &text)))
            }
            None => Ok(self.query_one(&query).await?.is_some()),
        }
    }
}

/// How many queries one statement unites: SQLite takes 500.
const UNION_PARTS: usize = 250;

/// Each query is a subquery of its own, so that its order and limit stay its own.
fn union<E: TenantEntity>(
    queries: impl Iterator<Item = Select<E>>,
    columns: Columns,
) -> SelectStatement {
    let wanted = || E::Column::iter().enumerate().filter(|(place, _)| columns.has(*place));
    let parts = queries.enumerate().map(|(number, query)| {
        let mut query = query.into_query();
        query.clear_selects().columns(wanted().map(|(_, column)| column.as_column_ref()));
        Query::select()
            .columns(wanted().map(|(_, column)| column))
            .from_subquery(query, Alias::new(format!("part{number}")))
            .to_owned()
    });
    let union = |mut union: SelectStatement, part| union.union(UnionType::All, part).to_owned();
    parts.reduce(union).unwrap_or_default()
}

fn counting(mut query: SelectStatement) -> SelectStatement {
    query.clear_selects().expr(Expr::val(1)).clear_order_by();
    let rows = Alias::new("rows");
    Query::select().expr(Expr::cust("COUNT(*)")).from_subquery(query, rows).to_owned()
}

delegate_connection!(Reader);
