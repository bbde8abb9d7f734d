//! One statement: binding SeaORM's values, decoding rows into SeaORM's models.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use rusqlite::{
    Connection, Row, params_from_iter,
    types::{ToSqlOutput, Value as SqlValue, ValueRef},
};
use sea_orm::{
    ActiveModelTrait, DbBackend, DbErr, EntityTrait, Iterable, ModelTrait, Statement,
    StatementBuilder, TryIntoModel, Value, sea_query::ArrayType,
};

use crate::tenancy::RouterError;

/// How sqlx writes a moment without a zone; what it wrote is read, and the other way round.
const MOMENT: &str = "%F %T%.f";

type Result<T> = std::result::Result<T, RouterError>;

/// All rows of a query that selects the columns of `E` in their order, as SeaORM's `find` does.
pub fn rows<E>(connection: &Connection, query: &impl StatementBuilder) -> Result<Vec<E::Model>>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    let columns = columns::<E>();
    each(connection, query, |row| decode::<E>(row, 0, &columns))
}

/// The same of a query that selects the columns of `E` and behind them those of `F`, as SeaORM's
/// `find_both_related` does.
pub fn pairs<E, F>(
    connection: &Connection,
    query: &impl StatementBuilder,
) -> Result<Vec<(E::Model, F::Model)>>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
    F: EntityTrait,
    F::ActiveModel: TryIntoModel<F::Model>,
{
    let (first, second) = (columns::<E>(), columns::<F>());
    each(connection, query, |row| {
        Ok((decode::<E>(row, 0, &first)?, decode::<F>(row, first.len(), &second)?))
    })
}

fn columns<E: EntityTrait>() -> Vec<(E::Column, ArrayType)> {
    E::Column::iter()
        .map(|column| (column, <E::Model as ModelTrait>::get_value_type(column)))
        .collect()
}

fn each<T>(
    connection: &Connection,
    query: &impl StatementBuilder,
    decode: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let Statement { sql, values, .. } = DbBackend::Sqlite.build(query);
    let mut prepared = connection.prepare_cached(&sql)?;
    let mut found = prepared.query(params_from_iter(bind(values)?))?;
    let mut models = Vec::new();
    while let Some(row) = found.next()? {
        models.push(decode(row)?);
    }
    Ok(models)
}

/// The number that a `SELECT COUNT(*)` answers.
pub fn count(connection: &Connection, query: &impl StatementBuilder) -> Result<u64> {
    let Statement { sql, values, .. } = DbBackend::Sqlite.build(query);
    let mut prepared = connection.prepare_cached(&sql)?;
    let count: i64 = prepared.query_row(params_from_iter(bind(values)?), |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Whether a query has any row.
pub fn exists(connection: &Connection, query: &impl StatementBuilder) -> Result<bool> {
    let Statement { sql, values, .. } = DbBackend::Sqlite.build(query);
    let mut prepared = connection.prepare_cached(&sql)?;
    Ok(prepared.exists(params_from_iter(bind(values)?))?)
}

/// Runs a statement and tells how many rows it changed.
pub fn execute(connection: &Connection, query: &impl StatementBuilder) -> Result<u64> {
    let Statement { sql, values, .. } = DbBackend::Sqlite.build(query);
    let mut prepared = connection.prepare_cached(&sql)?;
    Ok(prepared.execute(params_from_iter(bind(values)?))? as u64)
}

/// Runs an insert and tells the new row's number.
pub fn insert(connection: &Connection, query: &impl StatementBuilder) -> Result<i64> {
    execute(connection, query)?;
    Ok(connection.last_insert_rowid())
}

fn bind(values: Option<sea_orm::Values>) -> Result<Vec<ToSqlOutput<'static>>> {
    values.map_or_else(Vec::new, |values| values.0).into_iter().map(bind_one).collect()
}

fn bind_one(value: Value) -> Result<ToSqlOutput<'static>> {
    let integer = |value: Option<i64>| value.map_or(SqlValue::Null, SqlValue::Integer);
    let text = |value: Option<String>| value.map_or(SqlValue::Null, SqlValue::Text);
    let value = match value {
        Value::Bool(value) => integer(value.map(i64::from)),
        Value::TinyInt(value) => integer(value.map(i64::from)),
        Value::SmallInt(value) => integer(value.map(i64::from)),
        Value::Int(value) => integer(value.map(i64::from)),
        Value::BigInt(value) => integer(value),
        Value::TinyUnsigned(value) => integer(value.map(i64::from)),
        Value::SmallUnsigned(value) => integer(value.map(i64::from)),
        Value::Unsigned(value) => integer(value.map(i64::from)),
        Value::BigUnsigned(value) => integer(
            value.map(i64::try_from).transpose().map_err(|_| unsupported("so large a number"))?,
        ),
        Value::Float(value) => value.map_or(SqlValue::Null, |value| SqlValue::Real(value.into())),
        Value::Double(value) => value.map_or(SqlValue::Null, SqlValue::Real),
        Value::String(value) => text(value),
        Value::Char(value) => text(value.map(String::from)),
        Value::Bytes(value) => value.map_or(SqlValue::Null, SqlValue::Blob),
        Value::ChronoDate(value) => text(value.map(|value| value.format("%F").to_string())),
        Value::ChronoTime(value) => text(value.map(|value| value.format("%T%.f").to_string())),
        Value::ChronoDateTime(value) => text(value.map(|value| value.format(MOMENT).to_string())),
        other => return Err(unsupported(&format!("{other:?}"))),
    };
    Ok(ToSqlOutput::Owned(value))
}

/// The model whose columns begin at the given one of the row's.
fn decode<E>(row: &Row<'_>, first: usize, columns: &[(E::Column, ArrayType)]) -> Result<E::Model>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    let mut model = <E::ActiveModel as ActiveModelTrait>::default();
    for (index, (column, ty)) in columns.iter().enumerate() {
        model.try_set(*column, value(row.get_ref(first + index)?, ty)?)?;
    }
    Ok(model.try_into_model()?)
}

/// A stored value as the type that the entity gives its column. The database may hold what other
/// programs wrote, so what does not fit is an error and never a panic.
fn value(stored: ValueRef<'_>, ty: &ArrayType) -> Result<Value> {
    let integer = || match stored {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(value) => Ok(Some(value)),
        _ => Err(misfit(ty)),
    };
    let text = || match stored {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map(Some).map_err(|_| misfit(ty)),
        _ => Err(misfit(ty)),
    };
    let moment = |text: &str| parse_moment(text).ok_or_else(|| misfit(ty));
    Ok(match ty {
        ArrayType::Bool => Value::Bool(integer()?.map(|value| value != 0)),
        ArrayType::Int => {
            Value::Int(integer()?.map(i32::try_from).transpose().map_err(|_| misfit(ty))?)
        }
        ArrayType::BigInt => Value::BigInt(integer()?),
        ArrayType::String => Value::String(text()?.map(str::to_owned)),
        ArrayType::ChronoDateTime => Value::ChronoDateTime(text()?.map(moment).transpose()?),
        ArrayType::Bytes => match stored {
            ValueRef::Null => Value::Bytes(None),
            ValueRef::Blob(bytes) => Value::Bytes(Some(bytes.to_vec())),
            _ => return Err(misfit(ty)),
        },
        ArrayType::Double => match stored {
            ValueRef::Null => Value::Double(None),
            ValueRef::Real(value) => Value::Double(Some(value)),
            _ => return Err(misfit(ty)),
        },
        other => return Err(unsupported(&format!("{other:?}"))),
    })
}

/// The fixed form is read directly; all else that sqlx accepts by chrono.
fn parse_moment(text: &str) -> Option<NaiveDateTime> {
    fixed_moment(text.as_bytes())
        .or_else(|| NaiveDateTime::parse_from_str(text, MOMENT).ok())
        .or_else(|| NaiveDateTime::parse_from_str(text, "%FT%T%.f").ok())
        .or_else(|| NaiveDateTime::parse_from_str(text, "%FT%T%.fZ").ok())
        .or_else(|| NaiveDateTime::parse_from_str(text, "%F %R").ok())
        .or_else(|| NaiveDateTime::parse_from_str(text, "%FT%R").ok())
}

/// `2026-11-23 10:15:30`, with or without a fraction of three, six or nine digits.
fn fixed_moment(text: &[u8]) -> Option<NaiveDateTime> {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range)?.iter().try_fold(0_u32, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
        })
    };
    let separated = text.get(4) == Some(&b'-')
        && text.get(7) == Some(&b'-')
        && text.get(10) == Some(&b' ')
        && text.get(13) == Some(&b':')
        && text.get(16) == Some(&b':');
    if !separated {
        return None;
    }
    let nanoseconds = match text.len() {
        19 => 0,
        length @ (23 | 26 | 29) if text[19] == b'.' => {
            digits(20..length)? * 10_u32.pow(29 - u32::try_from(length).ok()?)
        }
        _ => return None,
    };
    let year = i32::try_from(digits(0..4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, digits(5..7)?, digits(8..10)?)?;
    let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
    Some(date.and_time(NaiveTime::from_hms_nano_opt(hour, minute, second, nanoseconds)?))
}

fn misfit(ty: &ArrayType) -> RouterError {
    RouterError::Database(DbErr::Type(format!("a stored value is no {ty:?}")))
}

fn unsupported(what: &str) -> RouterError {
    RouterError::Database(DbErr::Type(format!("{what} has no form in SQLite here")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_moment_comes_back_as_it_was_written(micros in -62_135_596_800_000_000_i64..253_402_300_799_999_999) {
            let moment = chrono::DateTime::from_timestamp_micros(micros).unwrap().naive_utc();
            let text = moment.format(MOMENT).to_string();
            prop_assert_eq!(fixed_moment(text.as_bytes()), Some(moment));
            prop_assert_eq!(NaiveDateTime::parse_from_str(&text, MOMENT).unwrap(), moment);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = parse_moment(&text);
        }
    }
}
