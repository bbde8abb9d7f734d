//! A subscription has one root field (GraphQL specification, section 5.2.3.1). The library
//! looks for it among the operation's own fields only, so fragments around it are opened here.

use std::collections::BTreeSet;

use async_graphql::{
    Positioned, ServerError,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType,
        Selection, SelectionSet,
    },
};

use crate::graphql::error::{ApiError, Code};

/// The type that fragments at the root are on.
const ROOT: &str = "Subscription";

/// The document with its root field in its place.
///
/// # Errors
/// `GRAPHQL_VALIDATION_FAILED` for more than one, or none of the schema's own.
pub(in crate::graphql) fn one_root_field(
    mut document: ExecutableDocument,
    name: Option<&str>,
) -> Result<ExecutableDocument, Vec<ServerError>> {
    let Some(operation) = selected(&mut document.operations, name) else {
        return Ok(document);
    };
    if operation.ty != OperationType::Subscription {
        return Ok(document);
    }
    let mut set = operation.selection_set.node.clone();
    let mut opened = Opened::default();
    opened.add_all(&document, &set);
    refuse_several(&opened.fields)?;
    if opened.misfit {
        // Validation tells what is wrong with it.
        return Ok(document);
    }
    set.items = merged(opened.fields);
    if let Some(operation) = selected(&mut document.operations, name) {
        operation.selection_set.node = set;
    }
    let used = used_fragments(&document);
    // A fragment that only stood at the root is not used any more; others are left to validation.
    document
        .fragments
        .retain(|name, _| used.contains(name.as_str()) || !opened.names.contains(name.as_str()));
    Ok(document)
}

fn selected<'d>(
    operations: &'d mut DocumentOperations,
    name: Option<&str>,
) -> Option<&'d mut OperationDefinition> {
    let found = match operations {
        DocumentOperations::Single(only) => Some(only),
        DocumentOperations::Multiple(all) => match name {
            Some(name) => all.get_mut(name),
            None => all.values_mut().next(),
        },
    };
    found.map(|operation| &mut operation.node)
}

/// What stands at the root once all fragments there are opened.
#[derive(Default)]
struct Opened {
    fields: Vec<Positioned<Field>>,
    names: BTreeSet<String>,
    /// The fragments that are being opened, one inside the other.
    open: Vec<String>,
    /// A fragment that is unknown, or on another type.
    misfit: bool,
}

impl Opened {
    fn add_all(&mut self, document: &ExecutableDocument, set: &SelectionSet) {
        for item in &set.items {
            let before = self.fields.len();
            match &item.node {
                Selection::Field(field) => self.fields.push(field.clone()),
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref();
                    self.misfit |= on.is_some_and(|on| on.node.on.node != ROOT);
                    self.add_all(document, &inline.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    match document.fragments.get(name) {
                        Some(fragment) if fragment.node.type_condition.node.on.node == ROOT => {
                            self.names.insert(name.to_owned());
                            // A cycle ends here; that it is one, validation tells.
                            if !self.open.iter().any(|open| open == name) {
                                self.open.push(name.to_owned());
                                self.add_all(document, &fragment.node.selection_set.node);
                                self.open.pop();
                            }
                        }
                        _ => self.misfit = true,
                    }
                }
            }
            if !matches!(item.node, Selection::Field(_)) {
                for field in &mut self.fields[before..] {
                    field.node.directives.extend(item.node.directives().iter().cloned());
                }
            }
        }
    }
}

fn refuse_several(fields: &[Positioned<Field>]) -> Result<(), Vec<ServerError>> {
    let keys: BTreeSet<_> =
        fields.iter().map(|field| field.node.response_key().node.as_str()).collect();
    let own = fields.iter().all(|field| !field.node.name.node.starts_with("__"));
    if keys.len() <= 1 && own {
        return Ok(());
    }
    let message = "A subscription has exactly one field at its root; send one for each.";
    Err(vec![ApiError::new(Code::ValidationFailed, message).into_server_error()])
}

/// Fields that are the same asked twice are one, with all that is asked of it.
fn merged(fields: Vec<Positioned<Field>>) -> Vec<Positioned<Selection>> {
    let mut merged: Vec<Positioned<Field>> = Vec::new();
    for field in fields {
        let same = merged.iter_mut().find(|other| {
            other.node.name.node == field.node.name.node
                && other.node.arguments == field.node.arguments
                && other.node.directives.is_empty()
                && field.node.directives.is_empty()
        });
        match same {
            Some(other) => {
                let more = field.node.selection_set.node.items;
                other.node.selection_set.node.items.extend(more);
            }
            None => merged.push(field),
        }
    }
    let selection =
        |field: Positioned<Field>| Positioned::new(Selection::Field(field.clone()), field.pos);
    merged.into_iter().map(selection).collect()
}

/// The fragments that are spread anywhere but in themselves.
fn used_fragments(document: &ExecutableDocument) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let mut sets: Vec<&SelectionSet> = document
        .operations
        .iter()
        .map(|(_, operation)| &operation.node.selection_set.node)
        .collect();
    while let Some(set) = sets.pop() {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => sets.push(&field.node.selection_set.node),
                Selection::InlineFragment(inline) => sets.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    if used.insert(name.to_owned())
                        && let Some(fragment) = document.fragments.get(name)
                    {
                        sets.push(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
    used
}
