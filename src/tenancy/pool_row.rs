//! Rows that come through SeaORM's pools, where not all columns of a model are read: SeaORM's own
//! way to a model needs them all.

use chrono::NaiveDateTime;
use sea_orm::{
    DbErr, QueryResult,
    sqlx::{self, ColumnIndex, Database, Decode, Row, Type, TypeInfo, ValueRef},
};

use super::{
    RouterError,
    stored::{Stored, Values},
};

impl Values for QueryResult {
    fn value(&self, column: usize) -> Result<Stored<'_>, RouterError> {
        let stored = match (self.try_as_mysql_row(), self.try_as_pg_row()) {
            (Some(row), _) => stored(row, column),
            (_, Some(row)) => stored(row, column),
            _ => return Ok(Stored::Other),
        };
        stored.map_err(|error| RouterError::Database(DbErr::Type(error.to_string())))
    }
}

/// How the names of text types end, of whatever size. MySQL's driver takes text that compares byte
/// by byte, as all of it does here, for bytes; it is read as text all the same.
const TEXTS: [&str; 4] = ["CHAR", "TEXT", "BINARY", "BLOB"];

/// The value in a column, by the name that its database has for the type.
fn stored<'r, R: Row>(row: &'r R, column: usize) -> Result<Stored<'r>, sqlx::Error>
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    i32: Decode<'r, R::Database> + Type<R::Database>,
    bool: Decode<'r, R::Database> + Type<R::Database>,
    &'r str: Decode<'r, R::Database> + Type<R::Database>,
    NaiveDateTime: Decode<'r, R::Database> + Type<R::Database>,
    for<'v> <R::Database as Database>::ValueRef<'v>: ValueRef<'v>,
{
    let raw = row.try_get_raw(column)?;
    if raw.is_null() {
        return Ok(Stored::Null);
    }
    Ok(match raw.type_info().name() {
        "BIGINT" | "INT8" => Stored::Integer(row.try_get(column)?),
        "INT" | "INT4" => Stored::Integer(row.try_get::<i32, _>(column)?.into()),
        "BOOLEAN" | "BOOL" => Stored::Boolean(row.try_get(column)?),
        "DATETIME" | "TIMESTAMP" => Stored::Moment(row.try_get(column)?),
        name if TEXTS.iter().any(|text| name.ends_with(text)) => Stored::Text(row.try_get(column)?),
        _ => Stored::Other,
    })
}
