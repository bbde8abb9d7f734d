//! What a router hands out for writing.

use sea_orm::{
    ActiveModelTrait, DbErr, DeleteMany, EntityTrait, Insert, Iterable, PrimaryKeyToColumn,
    PrimaryKeyTrait, TryIntoModel, UpdateMany,
};

use super::connection::{Connection, delegate_connection};

/// The running transaction. It also reads, through [`super::TenantRouter::db_for_read`].
#[derive(Clone)]
pub struct Writer(pub(super) Connection);

impl Writer {
    /// Inserts a row, in one statement on every engine, and gives it back with its number. All
    /// columns but the number must be set.
    ///
    /// # Errors
    /// What the database answers, a broken unique index among them.
    pub async fn insert<A>(&self, row: A) -> Result<<A::Entity as EntityTrait>::Model, DbErr>
    where
        A: ActiveModelTrait + TryIntoModel<<A::Entity as EntityTrait>::Model>,
        <A::Entity as EntityTrait>::PrimaryKey: PrimaryKeyTrait<ValueType = i64>,
    {
        let result = Insert::one(row.clone()).exec(self).await?;
        let mut row = row;
        for key in <A::Entity as EntityTrait>::PrimaryKey::iter() {
            row.set(key.into_column(), result.last_insert_id.into());
        }
        row.try_into_model()
    }

    /// Inserts many rows in one statement; none is no statement.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn insert_many<A: ActiveModelTrait>(&self, rows: Vec<A>) -> Result<(), DbErr> {
        if rows.is_empty() {
            return Ok(());
        }
        Insert::many(rows).exec_without_returning(self).await.map(drop)
    }

    /// Runs an update and tells how many rows it found.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn update<E: EntityTrait>(&self, query: UpdateMany<E>) -> Result<u64, DbErr> {
        Ok(query.exec(self).await?.rows_affected)
    }

    /// Deletes rows and tells how many.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn delete<E: EntityTrait>(&self, query: DeleteMany<E>) -> Result<u64, DbErr> {
        Ok(query.exec(self).await?.rows_affected)
    }
}

delegate_connection!(Writer);
