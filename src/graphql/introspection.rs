//! Who may ask what the schema is (GraphQL specification, section 4.2). Whoever may not gets an
//! error before anything runs, and no name of the schema by way of a suggestion.

use std::collections::BTreeSet;

use async_graphql::{
    ServerError,
    parser::types::{ExecutableDocument, OperationDefinition, Selection},
};

use super::{
    context::RequestContext,
    error::{ApiError, ApiResult, Code},
};
use crate::{entity::user::Role, tenancy::Introspection};

/// The fields of the root that tell of the schema. `__typename` is for everybody.
const FIELDS: [&str; 2] = ["__schema", "__type"];

/// What stands before the names that validation suggests; no name of a document has blanks in it.
const SUGGESTION: &str = " Did you mean ";

/// What one caller may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// All of it.
    Open,
    /// None of it, for this reason.
    Closed(Introspection),
}

impl Policy {
    /// For the caller of a request, at a tenant that may have a word of its own.
    pub(super) fn of(of_all: Introspection, request: &RequestContext) -> Self {
        match request.tenant.introspection.unwrap_or(of_all) {
            Introspection::On => Self::Open,
            Introspection::Superusers
                if request.viewer().is_some_and(|viewer| viewer.role == Role::Superuser) =>
            {
                Self::Open
            }
            closed => Self::Closed(closed),
        }
    }

    /// Refuses an operation that asks what it may not.
    ///
    /// # Errors
    /// `FORBIDDEN`, with `INTROSPECTION_DISABLED` as its reason.
    pub(super) fn check(
        self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) -> ApiResult<()> {
        let Self::Closed(why) = self else { return Ok(()) };
        if !introspects(document, operation) {
            return Ok(());
        }
        let message = match why {
            Introspection::Superusers => "Only superusers may introspect the schema here.",
            _ => "Introspection is switched off here.",
        };
        Err(ApiError::new(Code::Forbidden, message).with("reason", "INTROSPECTION_DISABLED"))
    }

    /// The errors of validation as this caller may see them.
    pub(super) fn conceal(self, mut errors: Vec<ServerError>) -> Vec<ServerError> {
        if self != Self::Open {
            for error in &mut errors {
                if let Some(at) = error.message.rfind(SUGGESTION) {
                    error.message.truncate(at);
                }
            }
        }
        errors
    }
}

/// Whether the root is asked for the schema, through whatever fragments; each is looked at once.
fn introspects(document: &ExecutableDocument, operation: &OperationDefinition) -> bool {
    let mut seen = BTreeSet::new();
    let mut sets = vec![&operation.selection_set.node];
    while let Some(set) = sets.pop() {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) if FIELDS.contains(&field.node.name.node.as_str()) => {
                    return true;
                }
                Selection::Field(_) => {}
                Selection::InlineFragment(inline) => sets.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    if seen.insert(name)
                        && let Some(fragment) = document.fragments.get(name)
                    {
                        sets.push(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn asks(query: &str) -> bool {
        let document = parse_query(query).unwrap();
        let operation = &document.operations.iter().next().unwrap().1.node;
        introspects(&document, operation)
    }

    #[test]
    fn the_schema_is_asked_for_at_the_root_alone() {
        assert!(asks("{ __schema { types { name } } }"));
        assert!(asks("{ a: __type(name: \"Poll\") { name } }"));
        assert!(asks("{ tenant { key } ... { ... on Query { __schema { types { name } } } } }"));
        assert!(asks(
            "{ ...A } fragment A on Query { ...B } fragment B on Query { __schema { a } }"
        ));
        assert!(!asks("{ __typename tenant { __typename } }"));
        assert!(!asks("{ ...A } fragment A on Query { ...A __typename }"));
    }
}
