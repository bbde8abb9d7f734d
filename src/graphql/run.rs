//! Executes operations that passed validation (GraphQL specification, section 6).
//!
//! The library's own way in goes through its rules once more, and through layers for extensions
//! that are not there: a sixth of the time that one poll with its choices takes. What has
//! directives or asks for the schema still takes that way. This one rests on parts of the library
//! that its documentation hides, so its version is pinned.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_graphql::{
    Context, Data, EmptyMutation, EmptySubscription, IntrospectionMode, Object, Pos, Positioned,
    QueryEnv, QueryEnvInner, Response, Schema, SchemaEnv, ServerResult, Value, Variables,
    extensions::Extensions,
    parser::types::{
        ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
    },
    resolver_utils::resolve_container_serial,
};
use futures::FutureExt;

use super::{in_place, mutation::Mutation, query::Query};

/// The fields of the root that the library resolves.
const LIBRARYS: [&str; 2] = ["__schema", "__type"];

/// Whether a document can be executed here: it has no directives and does not ask for the schema.
pub(super) fn is_plain(document: &ExecutableDocument) -> bool {
    let of_operation = |operation: &OperationDefinition| {
        let variables = &operation.variable_definitions;
        operation.directives.is_empty()
            && variables.iter().all(|variable| variable.node.directives.is_empty())
            && is_plain_set(&operation.selection_set.node)
    };
    let fragments = || document.fragments.values().map(|fragment| &fragment.node);
    document.operations.iter().all(|(_, operation)| of_operation(&operation.node))
        && fragments().all(|fragment| {
            fragment.directives.is_empty() && is_plain_set(&fragment.selection_set.node)
        })
}

fn is_plain_set(set: &SelectionSet) -> bool {
    set.items.iter().all(|item| match &item.node {
        Selection::Field(field) => {
            let field = &field.node;
            field.directives.is_empty()
                && !LIBRARYS.contains(&field.name.node.as_str())
                && is_plain_set(&field.selection_set.node)
        }
        Selection::FragmentSpread(spread) => spread.node.directives.is_empty(),
        Selection::InlineFragment(inline) => {
            inline.node.directives.is_empty() && is_plain_set(&inline.node.selection_set.node)
        }
    })
}

/// Executes queries and mutations.
pub(super) struct Executor {
    schema: SchemaEnv,
    /// None, in the form that the library wants.
    extensions: Extensions,
    mutation: Mutation,
    session_data: Arc<Data>,
}

impl Executor {
    /// For the schema with these types and this data; nothing if the library does not give away
    /// what it takes.
    pub(super) fn new(schema: SchemaEnv) -> Option<Self> {
        let extensions = no_extensions()?;
        let session_data = Arc::default();
        Some(Self { schema, extensions, mutation: Mutation::default(), session_data })
    }

    /// Executes a query or a mutation of a document that is valid and plain, with variables that
    /// are coerced and data for its resolvers.
    pub(super) async fn run(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        variables: Variables,
        data: Data,
    ) -> Response {
        let query = QueryEnv::new(QueryEnvInner {
            extensions: self.extensions.clone(),
            variables,
            operation_name: None,
            operation: Positioned::new(head_of(operation), Pos::default()),
            fragments: document.fragments.clone(),
            uploads: Vec::new(),
            session_data: Arc::clone(&self.session_data),
            query_data: Arc::new(data),
            http_headers: Mutex::default(),
            introspection_mode: IntrospectionMode::Enabled,
            errors: Mutex::default(),
        });
        let mut response = match self.resolve(&query, operation).await {
            Ok(value) => Response::new(value),
            Err(error) => Response::from_errors(vec![error]),
        };
        let mut errors = query.errors.lock().unwrap_or_else(PoisonError::into_inner);
        response.errors.append(&mut errors);
        response
    }

    async fn resolve(
        &self,
        query: &QueryEnv,
        operation: &OperationDefinition,
    ) -> ServerResult<Value> {
        let root = query.create_context(&self.schema, None, &operation.selection_set, None);
        match operation.ty {
            OperationType::Mutation => resolve_container_serial(&root, &self.mutation).await,
            // Subscriptions never come here.
            _ => in_place::root(&root, &Query).await,
        }
    }
}

/// What resolvers are shown of an operation: its variables. Its selections are where the
/// execution is; to copy them for each request would take longer than many of the fields.
fn head_of(operation: &OperationDefinition) -> OperationDefinition {
    OperationDefinition {
        ty: operation.ty,
        variable_definitions: operation.variable_definitions.clone(),
        directives: Vec::new(),
        selection_set: Positioned::default(),
    }
}

/// Keeps what the library shows to resolvers.
struct Probe(Arc<OnceLock<Extensions>>);

/// Asked once, when the schema is made.
#[Object]
impl Probe {
    async fn extensions(&self, ctx: &Context<'_>) -> bool {
        self.0.set(ctx.query_env.extensions.clone()).is_ok()
    }
}

fn no_extensions() -> Option<Extensions> {
    let slot = Arc::new(OnceLock::new());
    let schema = Schema::new(Probe(Arc::clone(&slot)), EmptyMutation, EmptySubscription);
    schema.execute("{ extensions }").now_or_never()?;
    slot.get().cloned()
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn directives_and_the_schema_are_left_to_the_library() {
        let plain = |text| is_plain(&parse_query(text).unwrap());
        assert!(plain("query($id: ID!) { poll(id: $id) { ...A } } fragment A on Poll { id }"));
        assert!(plain("{ __typename a: polls { nodes { __typename ... on Poll { id } } } }"));
        for text in [
            "{ __schema { types { name } } }",
            "{ ... { a: __type(name: \"A\") { name } } }",
            "query @a { tenant { key } }",
            "query($a: Int @a) { tenant { key } }",
            "{ tenant { key @skip(if: true) } }",
            "{ ... @skip(if: true) { tenant { key } } }",
            "{ ...A @include(if: false) } fragment A on Query { tenant { key } }",
            "{ ...A } fragment A on Query { tenant { key @skip(if: true) } }",
            "{ ...A } fragment A on Query @a { tenant { key } }",
            "query A { tenant { key } } query B { __schema { types { name } } }",
        ] {
            assert!(!plain(text), "{text}");
        }
    }
}
