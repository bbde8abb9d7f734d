//! What must be right about a request before its first resolver runs.

use std::{collections::BTreeSet, sync::Arc};

use async_graphql::{
    ServerError, Variables,
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
    document::{Document, Documents},
    error::{ApiError, Code},
    limits::{self, QueryLimits, Size},
    lone::Lone,
    parameters::Parameters,
    persisted,
    wanted::Wanted,
};
use crate::tenancy::{Pass, Tenant};

/// The root fields that run without a token everywhere, and whatever token is sent.
const FREE_FIELDS: [&str; 5] = ["tenant", "login", "register", "logout", "__typename"];

/// A request that may be executed.
#[derive(Debug)]
pub struct Operation {
    /// What it does.
    pub kind: OperationType,
    /// Whether it asks only for what a bad token does not stand in the way of.
    pub ignores_token: bool,
    /// The right to run beside the tenant's other operations, once it has it.
    pub pass: Option<Pass>,
    pub(super) document: Arc<Document>,
    /// The operation to execute, where it was named.
    pub(super) name: Option<String>,
    pub(super) variables: Variables,
    /// The hash to keep the text by once it proves valid.
    pub(super) register: Option<persisted::Hash>,
}

impl Operation {
    /// Parses the text in the parameters, and checks its size and its operation. The request of a
    /// tenant goes through `PollsSchema::prepare`, which knows documents already.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(limits: &QueryLimits, parameters: Parameters) -> Result<Self, Vec<ServerError>> {
        let text = parameters.query.clone().unwrap_or_default();
        limits::check_length(&text, limits).map_err(server_error)?;
        of_document(Arc::new(parse(&text, limits)?), limits, parameters)
    }

    /// Whether the document is to be kept by its hash once it proves valid.
    #[must_use]
    pub const fn registers(&self) -> bool {
        self.register.is_some()
    }

    /// Whether all it does is to cast one vote, without looking at its poll, by a document that was
    /// validated before: then the vote can judge the token that it came with.
    #[must_use]
    pub fn is_lone_vote(&self) -> bool {
        self.document.lone == Some(Lone::Vote) && self.document.is_valid() && !self.registers()
    }

    /// The columns that its document asks for.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        self.document.wanted
    }

    /// What it takes to ask for it once more.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        Parameters {
            query: Some(self.document.text.as_ref().to_owned()),
            operation_name: self.name.clone(),
            variables: self.variables.clone(),
            ..Parameters::default()
        }
    }
}

/// Finds the document of a request, parses it if it is new, and checks its size and its
/// operation.
///
/// # Errors
/// What is wrong with it; nothing was executed.
pub(super) fn prepare(
    documents: &Documents,
    registered: &persisted::Registered,
    limits: &QueryLimits,
    tenant: &Tenant,
    parameters: Parameters,
) -> Result<Operation, Vec<ServerError>> {
    let found = persisted::find(registered, tenant, &parameters).map_err(server_error)?;
    let text = found.text.as_deref().or(parameters.query.as_deref()).unwrap_or_default();
    limits::check_length(text, limits).map_err(server_error)?;
    let document = match documents.get(text) {
        Some(document) => document,
        None => Arc::new(parse(text, limits)?),
    };
    let operation = of_document(document, limits, parameters)?;
    Ok(Operation { register: found.register, ..operation })
}

fn of_document(
    document: Arc<Document>,
    limits: &QueryLimits,
    parameters: Parameters,
) -> Result<Operation, Vec<ServerError>> {
    document.check(limits).map_err(server_error)?;
    let name = parameters.operation_name;
    let operation = select(&document.parsed, name.as_deref()).map_err(server_error)?;
    cost::check(&document.parsed, operation, &parameters.variables, limits.complexity)
        .map_err(server_error)?;
    let kind = operation.ty;
    let ignores_token = root_fields(&document.parsed, &operation.selection_set.node)
        .is_subset(&BTreeSet::from(FREE_FIELDS));
    Ok(Operation {
        kind,
        ignores_token,
        pass: None,
        document,
        name,
        variables: parameters.variables,
        register: None,
    })
}

fn parse(text: &str, limits: &QueryLimits) -> Result<Document, Vec<ServerError>> {
    let lexed = limits::lex(text);
    lexed.check(limits).map_err(server_error)?;
    let parsed = parse_query(text).map_err(|error| match error {
        Error::RecursionLimitExceeded => server_error(limits::too_deep(limits)),
        error => vec![parse_failed(error.into())],
    })?;
    let size = Size::of(&parsed);
    Ok(Document::new(text.into(), parsed, lexed, size))
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
