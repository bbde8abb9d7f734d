//! One statement: binding SeaORM's values, reading rows into SeaORM's models.

use rusqlite::{
    Connection, Row, params_from_iter,
    types::{ToSqlOutput, Value as SqlValue, ValueRef},
};
use sea_orm::{DbErr, Value};

use crate::tenancy::{
    RouterError,
    moment::MOMENT,
    stored::{FromRow, Stored, StoredRow, Values},
    template::Text,
};

type Result<T> = std::result::Result<T, RouterError>;

/// All rows of a query that selects the columns of the model's entity in their order, as SeaORM's
/// `find` does.
pub fn rows<M: FromRow>(connection: &Connection, text: &Text<'_>) -> Result<Vec<M>> {
    each(connection, text, M::from_row)
}

impl Values for Row<'_> {
    fn value(&self, column: usize) -> Result<Stored<'_>> {
        Ok(match self.get_ref(column)? {
            ValueRef::Null => Stored::Null,
            ValueRef::Integer(number) => Stored::Integer(number),
            text @ ValueRef::Text(_) => text.as_str().map_or(Stored::Other, Stored::Text),
            ValueRef::Real(_) | ValueRef::Blob(_) => Stored::Other,
        })
    }
}

/// All rows of a query, read one after the other.
pub fn each<T>(
    connection: &Connection,
    text: &Text<'_>,
    mut read: impl FnMut(&StoredRow<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut prepared = connection.prepare_cached(&text.sql)?;
    if connection.is_autocommit() && !prepared.readonly() {
        // Also on the connection that writes, where the database itself would let it.
        return Err(RouterError::NoTransaction);
    }
    let mut found = prepared.query(params_from_iter(bind(text)?))?;
    let mut models = Vec::new();
    while let Some(row) = found.next()? {
        models.push(read(&StoredRow::new(row))?);
    }
    Ok(models)
}

/// The number that a `SELECT COUNT(*)` answers.
pub fn count(connection: &Connection, text: &Text<'_>) -> Result<u64> {
    let mut prepared = connection.prepare_cached(&text.sql)?;
    let count: i64 = prepared.query_row(params_from_iter(bind(text)?), |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Whether a query has any row.
pub fn exists(connection: &Connection, text: &Text<'_>) -> Result<bool> {
    let mut prepared = connection.prepare_cached(&text.sql)?;
    Ok(prepared.exists(params_from_iter(bind(text)?))?)
}

/// Runs a statement and tells how many rows it changed.
pub fn execute(connection: &Connection, text: &Text<'_>) -> Result<u64> {
    let mut prepared = connection.prepare_cached(&text.sql)?;
    Ok(prepared.execute(params_from_iter(bind(text)?))? as u64)
}

/// Runs an insert and tells the new row's number.
pub fn insert(connection: &Connection, text: &Text<'_>) -> Result<i64> {
    execute(connection, text)?;
    Ok(connection.last_insert_rowid())
}

fn bind<'a>(text: &'a Text<'_>) -> Result<Vec<ToSqlOutput<'a>>> {
    text.values.iter().map(bind_one).collect()
}

fn bind_one(value: &Value) -> Result<ToSqlOutput<'_>> {
    let integer = |value: Option<i64>| value.map_or(SqlValue::Null, SqlValue::Integer);
    let text = |value: Option<String>| value.map_or(SqlValue::Null, SqlValue::Text);
    let value = match value {
        Value::Bool(value) => integer(value.map(i64::from)),
        Value::TinyInt(value) => integer(value.map(i64::from)),
        Value::SmallInt(value) => integer(value.map(i64::from)),
        Value::Int(value) => integer(value.map(i64::from)),
        Value::BigInt(value) => integer(*value),
        Value::TinyUnsigned(value) => integer(value.map(i64::from)),
        Value::SmallUnsigned(value) => integer(value.map(i64::from)),
        Value::Unsigned(value) => integer(value.map(i64::from)),
        Value::BigUnsigned(value) => integer(
            value.map(i64::try_from).transpose().map_err(|_| unsupported("so large a number"))?,
        ),
        Value::Float(value) => value.map_or(SqlValue::Null, |value| SqlValue::Real(value.into())),
        Value::Double(value) => value.map_or(SqlValue::Null, SqlValue::Real),
        Value::String(Some(value)) => return Ok(ToSqlOutput::from(value.as_str())),
        Value::Bytes(Some(value)) => return Ok(ToSqlOutput::from(value.as_slice())),
        Value::String(None) | Value::Bytes(None) => SqlValue::Null,
        Value::Char(value) => text(value.map(String::from)),
        Value::ChronoDate(value) => text(value.map(|value| value.format("%F").to_string())),
        Value::ChronoTime(value) => text(value.map(|value| value.format("%T%.f").to_string())),
        Value::ChronoDateTime(value) => text(value.map(|value| value.format(MOMENT).to_string())),
        other => return Err(unsupported(&format!("{other:?}"))),
    };
    Ok(ToSqlOutput::Owned(value))
}

fn unsupported(what: &str) -> RouterError {
    RouterError::Database(DbErr::Type(format!("{what} has no form in SQLite here")))
}
