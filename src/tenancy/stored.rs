//! What a database holds as the types of a model's fields.
//!
//! SeaORM's own way to a model leads over one of its values and a part of an active model for
//! each column; that took longer than SQLite did to find the rows.

use std::{any::type_name, sync::OnceLock};

use chrono::NaiveDateTime;
use sea_orm::DbErr;

use super::{Columns, RouterError, moment};

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
    pub(super) sql: String,
    /// The columns whose values it takes.
    pub(super) columns: Vec<usize>,
}

/// A type that a stored value can be read as.
pub trait FromStored: Sized {
    /// The value; none if what is stored does not fit.
    fn from_stored(stored: Stored<'_>) -> Option<Self>;
}

/// The values of one row, as its driver has them.
pub(super) trait Values {
    /// The value in a column, told by its place.
    fn value(&self, column: usize) -> Result<Stored<'_>, RouterError>;
}

/// One row of an answer.
#[derive(Clone, Copy)]
pub struct StoredRow<'a> {
    row: &'a dyn Values,
    /// Where the model's columns begin.
    first: usize,
    /// Which of them the row has.
    columns: Columns,
}

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stored<'a> {
    /// Nothing.
    Null,
    /// It was not asked for.
    Unread,
    /// A number of any size.
    Integer(i64),
    /// A text.
    Text(&'a str),
    /// True or false, where the database has a type for it.
    Boolean(bool),
    /// A moment, where the database has a type for it.
    Moment(NaiveDateTime),
    /// What no field of a model is made of.
    Other,
}

impl<'a> StoredRow<'a> {
    pub(super) const fn new(row: &'a dyn Values) -> Self {
        Self { row, first: 0, columns: Columns::ALL }
    }

    /// The same row, which has only these columns.
    pub(super) const fn only(self, columns: Columns) -> Self {
        Self { columns, ..self }
    }

    /// The value of a column, told by its place.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn get<T: FromStored>(&self, column: usize) -> Result<T, RouterError> {
        let stored = match self.columns.place(column) {
            Some(place) => self.row.value(self.first + place)?,
            None => Stored::Unread,
        };
        T::from_stored(stored).ok_or_else(|| {
            let what = format!("a stored value is no {}", type_name::<T>());
            RouterError::Database(DbErr::Type(what))
        })
    }

    /// A model whose columns begin at this one; nothing where a join found no row for it, which
    /// its first column tells.
    ///
    /// # Errors
    /// When the row holds what does not fit.
    pub fn model_at<M: FromRow>(&self, column: usize) -> Result<Option<M>, RouterError> {
        match self.row.value(self.first + column)? {
            Stored::Null => Ok(None),
            _ => M::from_row(&self.at(column)).map(Some),
        }
    }

    /// What begins at this column.
    pub(super) const fn at(&self, column: usize) -> Self {
        Self { row: self.row, first: self.first + column, columns: Columns::ALL }
    }
}

impl std::fmt::Debug for StoredRow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredRow").field("first", &self.first).finish_non_exhaustive()
    }
}

impl FromStored for i64 {
    fn from_stored(stored: Stored<'_>) -> Option<Self> {
        match stored {
            Stored::Integer(number) => Some(number),
            Stored::Unread => Some(0),
            _ => None,
        }
    }
}

impl FromStored for i32 {
    fn from_stored(stored: Stored<'_>) -> Option<Self> {
        i64::from_stored(stored)?.try_into().ok()
    }
}

impl FromStored for bool {
    fn from_stored(stored: Stored<'_>) -> Option<Self> {
        match stored {
            Stored::Boolean(value) => Some(value),
            Stored::Integer(number) => Some(number != 0),
            Stored::Unread => Some(false),
            _ => None,
        }
    }
}

impl FromStored for String {
    fn from_stored(stored: Stored<'_>) -> Option<Self> {
        match stored {
            Stored::Text(text) => Some(text.to_owned()),
            Stored::Unread => Some(Self::new()),
            _ => None,
        }
    }
}

impl FromStored for NaiveDateTime {
    fn from_stored(stored: Stored<'_>) -> Option<Self> {
        match stored {
            Stored::Moment(moment) => Some(moment),
            Stored::Text(text) => moment::parse(text),
            Stored::Unread => Some(Self::default()),
            _ => None,
        }
    }
}

impl<T: FromStored> FromStored for Option<T> {
    fn from_stored(stored: Stored<'_>) -> Option<Self> {
        match stored {
            Stored::Null | Stored::Unread => Some(None),
            _ => T::from_stored(stored).map(Some),
        }
    }
}
