//! Objects and lists written as JSON where they stand.
//!
//! A map for each object, with a value for each field, costs more than all else that is done for
//! a list. Where all of a selection is at hand, or is once a loader was asked for the whole list,
//! it is written down at once, and handed on as [`Value::Binary`], which no scalar of this schema
//! makes and no request can send. Whoever writes the answer copies it as it is.

use async_graphql::{
    Context, ContextSelectionSet, Positioned, Value,
    parser::types::{Field, SelectionSet},
};

use super::{Fields, Selected, SelectedField, TYPENAME};
use crate::graphql::{context::RequestContext, json};

/// How to write what is selected of a type.
#[derive(Default)]
pub(in crate::graphql) struct Plan<'a>(Vec<Planned<'a>>);

/// A field to write.
struct Planned<'a> {
    field: &'a Positioned<Field>,
    /// What is below it, where it has to be fetched; nothing where it is at hand.
    fetched: Option<Plan<'a>>,
}

impl<'a> Plan<'a> {
    /// Nothing where a field is selected that can only be resolved.
    pub(super) fn of<T: Fields>(selected: &Selected<'a>) -> Option<Self> {
        todo!()
    }
}
