//! What a router hands out for writing.

use std::borrow::Cow;

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DeleteMany, EntityTrait, Insert, Iterable,
    PrimaryKeyToColumn, PrimaryKeyTrait, QueryTrait, TryIntoModel, UpdateMany, Value,
    sea_query::Query,
};

use super::{
    InsertText, RouterError, Template, TenantEntity, TenantModel,
    connection::{Connection, delegate_connection},
    spawn::block_in_place,
    sqlite,
    template::Text,
};

/// The running transaction. It also reads, through [`super::TenantRouter::db_for_read`].
#[derive(Clone)]
pub struct Writer(pub(super) Connection);

impl Writer {
    /// Inserts a row, in one statement on every engine, and gives it back with its number. All
    /// columns but the number must be set.
    ///
    /// # Errors
    /// What the database answers, a broken unique index among them.
    pub async fn insert<A>(
        &self,
        mut row: A,
    ) -> Result<<A::Entity as EntityTrait>::Model, RouterError>
    where
        A: ActiveModelTrait<Entity: TenantEntity>,
        A: TryIntoModel<<A::Entity as EntityTrait>::Model>,
        <A::Entity as EntityTrait>::PrimaryKey: PrimaryKeyTrait<ValueType = i64>,
    {
        let id = match self.0.in_place() {
            Some(place) => {
                let text = insert_text(&row);
                self.0.watch_in_place(place.run(|sqlite| sqlite::insert(sqlite, &text)))?
            }
            None => Box::pin(Insert::one(row.clone()).exec(self)).await?.last_insert_id,
        };
        for key in <A::Entity as EntityTrait>::PrimaryKey::iter() {
            row.set(key.into_column(), id.into());
        }
        Ok(row.try_into_model()?)
    }

    /// Inserts many rows in one statement; none is no statement.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn insert_many<A: ActiveModelTrait>(&self, rows: Vec<A>) -> Result<(), RouterError> {
        if rows.is_empty() {
            return Ok(());
        }
        let query = Insert::many(rows);
        match self.0.in_place() {
            Some(place) => {
                let text = Text::of(&query.into_query());
                self.0.watch_in_place(place.run(|sqlite| sqlite::execute(sqlite, &text)))?;
            }
            None => {
                Box::pin(query.exec_without_returning(self)).await?;
            }
        }
        Ok(())
    }

    /// Runs an update and tells how many rows it found.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn update<E: EntityTrait>(&self, query: UpdateMany<E>) -> Result<u64, RouterError> {
        match self.0.in_place() {
            Some(place) => {
                let text = Text::of(&query.into_query());
                self.0.watch_in_place(place.run(|sqlite| sqlite::execute(sqlite, &text)))
            }
            None => Ok(Box::pin(query.exec(self)).await?.rows_affected),
        }
    }

    /// Runs an update and tells how many rows it found and, unless it is MySQL, which cannot tell,
    /// what they are now.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn update_returning<const N: usize, E: TenantEntity>(
        &self,
        template: &Template<N, UpdateMany<E>>,
        values: [Value; N],
    ) -> Result<(u64, Vec<E::Model>), RouterError> {
        let rows = match self.0.in_place() {
            Some(place) => {
                let text = template.text(values, |query| {
                    let mut query = query.into_query();
                    query.returning(Query::returning().columns(E::Column::iter()));
                    query
                });
                self.0.watch_in_place(place.run(|sqlite| sqlite::rows(sqlite, &text)))?
            }
            None if self.get_database_backend().support_returning() => {
                Box::pin(template.query(values).exec_with_returning(self)).await?
            }
            None => {
                let done = Box::pin(template.query(values).exec(self)).await?;
                return Ok((done.rows_affected, Vec::new()));
            }
        };
        Ok((rows.len() as u64, rows))
    }

    /// Deletes rows and tells how many. What goes with them has no bound, so this may block.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn delete<E: EntityTrait>(&self, query: DeleteMany<E>) -> Result<u64, RouterError> {
        match self.0.in_place() {
            Some(place) => {
                let text = Text::of(&query.into_query());
                let deleted = block_in_place(|| place.run(|sqlite| sqlite::execute(sqlite, &text)));
                self.0.watch_in_place(deleted)
            }
            None => Ok(Box::pin(query.exec(self)).await?.rows_affected),
        }
    }
}

/// Written once for each entity: rows come with the same columns set, all but their number.
fn insert_text<A: ActiveModelTrait<Entity: TenantEntity>>(row: &A) -> Text<'static> {
    type Model<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Model;
    let fresh = || Text::of(&Insert::one(row.clone()).into_query());
    let (mut values, mut columns) = (Vec::new(), Vec::new());
    for (place, column) in <A::Entity as EntityTrait>::Column::iter().enumerate() {
        if let Some(value) = row.get(column).into_value() {
            values.push(value);
            columns.push(place);
        }
    }
    let kept = Model::<A>::insert_text().get_or_init(|| {
        let text = fresh();
        let (sql, columns) = (text.sql.into_owned(), columns.clone());
        (text.values == values).then_some(InsertText { sql, columns })
    });
    match kept {
        Some(kept) if kept.columns == columns => Text { sql: Cow::Borrowed(&kept.sql), values },
        _ => fresh(),
    }
}

delegate_connection!(Writer);
