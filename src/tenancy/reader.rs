//! What a router hands out for reading.

use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QuerySelect, QueryTrait, Select,
};

use super::connection::{Connection, delegate_connection};

/// A connection to read from: held read-only by the database itself, or, inside a transaction,
/// that transaction. Gets its connection from the pool statement by statement, so holding one
/// holds nobody up.
#[derive(Clone)]
pub struct Reader(pub(super) Connection);

impl Reader {
    /// All rows of a query.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn all<E: EntityTrait>(&self, query: Select<E>) -> Result<Vec<E::Model>, DbErr> {
        query.all(self).await
    }

    /// The first row of a query.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn one<E: EntityTrait>(&self, query: Select<E>) -> Result<Option<E::Model>, DbErr> {
        query.one(self).await
    }

    /// How many rows a query has.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn count<E>(&self, query: Select<E>) -> Result<u64, DbErr>
    where
        E: EntityTrait,
        E::Model: Send + Sync,
    {
        query.count(self).await
    }

    /// Whether a query has any row.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn exists<E: EntityTrait>(&self, query: Select<E>) -> Result<bool, DbErr> {
        let mut query = query.limit(1).into_query();
        query.clear_selects().expr(sea_orm::sea_query::Expr::val(1)).clear_order_by();
        Ok(self.query_one(&query).await?.is_some())
    }
}

delegate_connection!(Reader);
