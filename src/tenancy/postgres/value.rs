//! SeaORM's values as PostgreSQL's, and what it answers as what models are read from.

use std::error::Error;

use chrono::NaiveDateTime;
use sea_orm::{DbErr, Value};
use tokio_postgres::{
    Row,
    types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

use crate::tenancy::{
    RouterError,
    stored::{Stored, Values},
};

/// A value that a statement is sent with.
#[derive(Debug)]
pub(in crate::tenancy) enum Param {
    One(Value),
    /// Any number of numbers in one place, for `= ANY($1)`.
    Keys(Vec<i64>),
    /// Any number of moments in one place.
    Moments(Vec<NaiveDateTime>),
}

impl Param {
    /// What the statement is told that it is.
    pub(super) fn type_of(&self) -> Result<Type, RouterError> {
        Ok(match self {
            Self::Keys(_) => Type::INT8_ARRAY,
            Self::Moments(_) => Type::TIMESTAMP_ARRAY,
            Self::One(value) => match value {
                Value::Bool(_) => Type::BOOL,
                Value::Int(_) => Type::INT4,
                Value::BigInt(_) | Value::BigUnsigned(_) => Type::INT8,
                Value::String(_) => Type::TEXT,
                Value::ChronoDateTime(_) => Type::TIMESTAMP,
                other => return Err(unsupported(other)),
            },
        })
    }
}

fn unsupported(value: &Value) -> RouterError {
    RouterError::Database(DbErr::Type(format!("{value:?} has no form in PostgreSQL here")))
}

type Written = Result<IsNull, Box<dyn Error + Sync + Send>>;

impl ToSql for Param {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Written {
        match self {
            Self::Keys(keys) => keys.to_sql(ty, out),
            Self::Moments(moments) => moments.to_sql(ty, out),
            Self::One(value) => match value {
                Value::Bool(value) => value.to_sql(ty, out),
                Value::Int(value) => value.to_sql(ty, out),
                Value::BigInt(value) => value.to_sql(ty, out),
                Value::BigUnsigned(value) => value.map(i64::try_from).transpose()?.to_sql(ty, out),
                Value::String(value) => value.to_sql(ty, out),
                Value::ChronoDateTime(value) => value.to_sql(ty, out),
                other => Err(Box::new(unsupported(other))),
            },
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Stored<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Self::Integer(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Integer(i32::from_sql(ty, raw)?.into()),
            Type::BOOL => Self::Boolean(bool::from_sql(ty, raw)?),
            Type::TEXT | Type::VARCHAR => Self::Text(<&str>::from_sql(ty, raw)?),
            Type::TIMESTAMP => Self::Moment(NaiveDateTime::from_sql(ty, raw)?),
            _ => Self::Other,
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Values for Row {
    fn value(&self, column: usize) -> Result<Stored<'_>, RouterError> {
        Ok(self.try_get(column)?)
    }
}
