//! What a SQLite file holds as the types of a model's fields.
//!
//! SeaORM's own way to a model leads over one of its values and a part of an active model for
//! each column; that took longer than SQLite did to find the rows.

use std::{any::type_name, sync::OnceLock};

use chrono::NaiveDateTime;
use rusqlite::{Row, types::ValueRef};
use sea_orm::DbErr;

use super::moment;
use crate::tenancy::RouterError;

/// A model that can be read from a row which has its entity's columns in their order.
pub trait FromRow: Sized {
    /// The model.
    ///
    /// # Errors
    /// When the row holds what does not fit: other programs may have written it.
    fn from_row(row: &StoredRow<'_>) -> Result<Self, RouterError>;
}

/// A model of a tenant's database.
pub trait TenantModel: FromRow {
    /// Where the text is kept that inserts such rows into SQLite; nothing in it if it cannot be.
    fn insert_text() -> &'static OnceLock<Option<InsertText>>;
}

/// A text that inserts a row.
#[derive(Debug)]
pub struct InsertText {
    pub(in crate::tenancy) sql: String,
    /// The columns whose values it takes.
    pub(in crate::tenancy) columns: Vec<usize>,
}

/// A type that a stored value can be read as.
pub trait FromStored: Sized {
    /// The value; none if what is stored does not fit.
    fn from_stored(stored: Stored<'_>) -> Option<Self>;
}

/// One row of an answer.
#[derive(Debug)]
pub struct StoredRow<'a> {
    row: &'a Row<'a>,
    /// Where the model's columns begin.
    first: usize,
}

/// One value of a row.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a>(ValueRef<'a>);

impl<'a> StoredRow<'a> {
    pub(super) const fn new(row: &'a Row<'a>, first: usize) -> Self {
        Self { row, first }
    }

    /// The value of a column, told by its place.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn get<T: FromStored>(&self, column: usize) -> Result<T, RouterError> {
        T::from_stored(Stored(self.row.get_ref(self.first + column)?)).ok_or_else(|| {
            let what = format!("a stored value is no {}", type_name::<T>());
            RouterError::Database(DbErr::Type(what))
        })
    }
}

impl<'a> Stored<'a> {
    fn integer(self) -> Option<i64> {
        self.0.as_i64().ok()
    }

    /// A text.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        self.0.as_str().ok()
    }
}

impl FromStored for i64 {
    fn from_stored(stored: Stored<'_>) -> Option<Self> {
        stored.integer()
    }
}

impl FromStored for i32 {
    fn from_stored(stored: Stored<'_>) -> Option<Self> {
        stored.integer()?.try_into().ok()
    }
}

impl FromStored for bool {
    fn from_stored(stored: Stored<'_>) -> Option<Self> {
        Some(stored.integer()? != 0)
    }
}

impl FromStored for String {
    fn from_stored(stored: Stored<'_>) -> Option<Self> {
        stored.text().map(str::to_owned)
    }
}

impl FromStored for NaiveDateTime {
    fn from_stored(stored: Stored<'_>) -> Option<Self> {
        moment::parse(stored.text()?)
    }
}

impl<T: FromStored> FromStored for Option<T> {
    fn from_stored(stored: Stored<'_>) -> Option<Self> {
        match stored.0 {
            ValueRef::Null => Some(None),
            _ => T::from_stored(stored).map(Some),
        }
    }
}
