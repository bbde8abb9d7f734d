//! What must be right about a request before its first resolver runs.

use std::collections::BTreeSet;

use async_graphql::{
    Request, ServerError,
    parser::{
        Error, parse_query,
        types::{
            DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
            SelectionSet,
        },
    },
};

use super::{
    cost,
    error::{ApiError, Code},
    limits::{self, QueryLimits},
};

/// The root fields that run without a token everywhere, and whatever token is sent.
const FREE_FIELDS: [&str; 5] = ["tenant", "login", "register", "logout", "__typename"];

/// A request that may be executed.
#[derive(Debug)]
pub struct Operation {
    /// What to execute, parsed.
    pub request: Request,
    /// What it does.
    pub kind: OperationType,
    /// Whether it asks only for what a bad token does not stand in the way of.
    pub ignores_token: bool,
}

/// Parses a request and checks its size and its operation.
///
/// # Errors
/// What is wrong with it; nothing was executed.
pub fn prepare(limits: &QueryLimits, mut request: Request) -> Result<Operation, Vec<ServerError>> {
    limits::check_text(&request.query, limits).map_err(server_error)?;
    let document = parse_query(&request.query).map_err(|error| match error {
        Error::RecursionLimitExceeded => server_error(limits::too_deep(limits)),
        error => vec![parse_failed(error.into())],
    })?;
    let operation = select(&document, request.operation_name.as_deref()).map_err(server_error)?;
    limits::check_document(&document, limits).map_err(server_error)?;
    cost::check(&document, operation, &request.variables, limits.complexity)
        .map_err(server_error)?;
    let kind = operation.ty;
    let ignores_token = root_fields(&document, &operation.selection_set.node)
        .is_subset(&BTreeSet::from(FREE_FIELDS));
    request.set_parsed_query(document);
    Ok(Operation { request, kind, ignores_token })
}

fn server_error(error: ApiError) -> Vec<ServerError> {
    vec![error.into_server_error()]
}

/// The longest piece of a query that an error message repeats, in bytes.
const MAX_ECHO: usize = 300;

/// The parser's message, which shows the place, but never all of a long line.
fn parse_failed(error: ServerError) -> ServerError {
    let mut message = error.message;
    if message.len() > MAX_ECHO {
        let end = (0..=MAX_ECHO).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
    let coded = ApiError::new(Code::ParseFailed, message).into_server_error();
    ServerError { locations: error.locations, ..coded }
}

/// The operation to execute (GraphQL specification, section 6.1, `GetOperation`).
pub(super) fn select<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Result<&'d OperationDefinition, ApiError> {
    let refuse = |message: &str| Err(ApiError::new(Code::ValidationFailed, message));
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(&operation.node),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations
            .values()
            .next()
            .map_or_else(|| refuse("The document has no operation."), |only| Ok(&only.node)),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name).map_or_else(
            || refuse("The document has no operation of the name in `operationName`."),
            |operation| Ok(&operation.node),
        ),
        (DocumentOperations::Single(_), Some(_)) => {
            refuse("The document has no operation of the name in `operationName`.")
        }
        (DocumentOperations::Multiple(_), None) => {
            refuse("The document has several operations; name one in `operationName`.")
        }
    }
}

/// The names of the fields that the root is asked for, through all fragments.
fn root_fields<'d>(document: &'d ExecutableDocument, root: &'d SelectionSet) -> BTreeSet<&'d str> {
    let mut names = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut sets = vec![root];
    while let Some(set) = sets.pop() {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    names.insert(field.node.name.node.as_str());
                }
                Selection::InlineFragment(inline) => sets.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if seen.insert(name.as_str())
                        && let Some(fragment) = document.fragments.get(name)
                    {
                        sets.push(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
    names
}
