//! The schema, put together, and what runs on it. No I/O in here.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
};

use async_graphql::{
    Context, Data, Request, Response, SDLExportOptions, Schema, SchemaBuilder, SchemaEnv,
    ServerError, ValidationMode, Variables,
    parser::types::{ExecutableDocument, OperationType},
};
use futures::{FutureExt, stream::BoxStream};

use super::{
    attempts::Attempts,
    coerce,
    context::RequestContext,
    document::Documents,
    error::{ApiError, ApiResult, Code},
    extension::ValidateOnly,
    introspection::Policy,
    limits::QueryLimits,
    lone::Lone,
    mutation::Mutation,
    operation::{self, Operation},
    parameters::Parameters,
    persisted::Registered,
    query::Query,
    run::Executor,
    subscription::{Events, Gate, Subscription, one_root_field},
    turns::Turns,
};
use crate::{
    service::account::Accounts,
    tenancy::{Introspection, Scope, Tenant},
};

/// What resolvers share over all requests and tenants: nothing in it belongs to any of them.
#[derive(Debug)]
pub struct Services {
    /// Around passwords.
    pub accounts: Accounts,
    /// How often people may register, or fail to sign in.
    pub attempts: Attempts,
    /// Who may ask what the schema is, where nothing else is said for the tenant.
    pub introspection: Introspection,
    /// Who is told of changes; kept by tenant.
    pub events: Events,
}

impl Services {
    pub(super) fn of<'a>(ctx: &Context<'a>) -> ApiResult<&'a Arc<Self>> {
        ctx.data::<Arc<Self>>().map_err(|_| ApiError::internal("a schema without its services"))
    }
}

type Library = Schema<Query, Mutation, Subscription>;

/// The schema of this service, with the documents that it knows. Cheap to clone.
#[derive(Clone)]
pub struct PollsSchema(Arc<Inner>);

struct Inner {
    /// Validates documents, and executes none.
    validating: Library,
    /// Executes documents that passed and are not plain, and subscriptions. Without extensions:
    /// with any, the library takes twice as long for each field.
    executing: Library,
    /// Executes plain documents that passed.
    executor: Executor,
    types: SchemaEnv,
    documents: Documents,
    registered: Registered,
    /// Who may ask what the schema is, where nothing else is said for the tenant.
    introspection: Introspection,
}

/// The schema, ready to execute; nothing if the library does not tell its types.
#[must_use]
pub fn build(services: Arc<Services>) -> Option<PollsSchema> {
    let extension = ValidateOnly::default();
    let validating = builder().extension(extension.clone()).data(Arc::clone(&services)).finish();
    validating.execute("{ __typename }").now_or_never()?;
    let types = extension.types()?;
    Some(PollsSchema(Arc::new(Inner {
        validating,
        introspection: services.introspection,
        executing: builder().validation_mode(ValidationMode::Fast).data(services).finish(),
        executor: Executor::new(types.clone())?,
        types,
        documents: Documents::new(),
        registered: Registered::new(),
    })))
}

/// The schema in the schema definition language, as `schema.graphql` holds it.
#[must_use]
pub fn sdl() -> String {
    let schema = builder().finish();
    let sdl = schema.sdl_with_options(SDLExportOptions::new().include_specified_by());
    format!("{}\n", sdl.trim())
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    // The limits on size and depth are checked before, over memoised fragments: the library's
    // own checks of recursion would take exponential time.
    Schema::build(Query, Mutation::default(), Subscription)
        .limit_recursive_depth(QueryLimits::MAX_DEPTH)
}

impl PollsSchema {
    /// Finds the document of a request, parses it if it is new, and checks its size and its
    /// operation.
    ///
    /// # Errors
    /// What is wrong with it; nothing was executed.
    pub fn prepare(
        &self,
        limits: &QueryLimits,
        tenant: &Tenant,
        parameters: Parameters,
    ) -> Result<Operation, Vec<ServerError>> {
        operation::prepare(&self.0.documents, &self.0.registered, limits, tenant, parameters)
    }

    /// Executes a query or a mutation.
    ///
    /// # Errors
    /// What is wrong with its variables or its document; nothing was executed.
    pub async fn execute(
        &self,
        mut operation: Operation,
        context: Arc<RequestContext>,
    ) -> Result<Response, Vec<ServerError>> {
        let document = Arc::clone(&operation.document);
        let variables = self.validate(&mut operation, &document.parsed, &context).await?;
        let turns = Arc::clone(&context.loaders.turns);
        // A lone poll is one statement, which by itself is cheaper than in a transaction.
        let shared = operation.kind == OperationType::Query && document.lone != Some(Lone::Poll);
        if document.plain {
            let chosen = operation::select(&document.parsed, operation.name.as_deref())
                .map_err(|error| vec![error.into_server_error()])?;
            let mut data = Data::default();
            data.insert(context);
            let run = pin!(self.0.executor.run(&document.parsed, chosen, variables, data));
            return Ok(driven(&turns, shared, run).await);
        }
        let request = request(operation.name, variables, document.parsed.clone());
        // Boxed here and below: what is rare would make all executions larger.
        let mut run = Box::pin(self.0.executing.execute(request.data(context)));
        Ok(driven(&turns, shared, run.as_mut()).await)
    }

    /// Executes a subscription, whose news comes through the gate.
    ///
    /// # Errors
    /// What is wrong with its variables or its document; nothing was executed.
    pub(super) async fn stream(
        &self,
        mut operation: Operation,
        context: Arc<RequestContext>,
        gate: Arc<Gate>,
    ) -> Result<BoxStream<'static, Response>, Vec<ServerError>> {
        let document = operation.document.parsed.clone();
        let document = one_root_field(document, operation.name.as_deref())?;
        let variables = self.validate(&mut operation, &document, &context).await?;
        let request = request(operation.name, variables, document);
        Ok(self.0.executing.execute_stream(request.data(context).data(gate)))
    }

    /// Coerces all variables first, then validates a document that is new. Gives the variables.
    async fn validate(
        &self,
        operation: &mut Operation,
        parsed: &ExecutableDocument,
        context: &RequestContext,
    ) -> Result<Variables, Vec<ServerError>> {
        let given = std::mem::take(&mut operation.variables);
        let Operation { document, name, .. } = &*operation;
        let introspection = Policy::of(self.0.introspection, context);
        let variables = operation::select(parsed, name.as_deref())
            .and_then(|chosen| introspection.check(parsed, chosen).map(|()| chosen))
            .and_then(|chosen| coerce::variables(&self.0.types.registry, chosen, given))
            .map_err(|error| vec![error.into_server_error()])?;
        if !document.is_valid() {
            coerce::known_types(&self.0.types.registry, parsed)
                .map_err(|error| vec![error.into_server_error()])?;
            let question = request(name.clone(), variables.clone(), parsed.clone());
            let verdict = Box::pin(self.0.validating.execute(question)).await;
            if !verdict.errors.is_empty() {
                return Err(introspection.conceal(with_code(verdict.errors)));
            }
            if operation.kind != OperationType::Subscription {
                // The library looks at no argument whose variables are not given, nor at those of
                // operations that are not executed.
                if coerce::is_complete(parsed, &variables) {
                    document.set_valid();
                }
                self.0.documents.keep(document);
            }
        }
        if let Some(hash) = operation.register {
            self.0.registered.keep(&context.tenant.key, hash, &document.text);
        }
        Ok(variables)
    }
}

/// An execution that is polled in turns, each of them in one state of the rows if that is wanted.
/// It stays where it is: it may be large.
async fn driven<F: Future>(
    turns: &Arc<Turns>,
    in_one_snapshot: bool,
    mut execution: Pin<&mut F>,
) -> F::Output {
    poll_fn(|task| {
        let mut turn = || turns.drive(task, |task| execution.as_mut().poll(task));
        if in_one_snapshot { Scope::in_one_snapshot(turn) } else { turn() }
    })
    .await
}

/// What the library is asked.
fn request(name: Option<String>, variables: Variables, parsed: ExecutableDocument) -> Request {
    let mut request = Request::new(String::new()).variables(variables);
    request.operation_name = name;
    request.set_parsed_query(parsed);
    request
}

fn with_code(errors: Vec<ServerError>) -> Vec<ServerError> {
    let coded = |mut error: ServerError| {
        let extensions = error.extensions.get_or_insert_with(Default::default);
        if extensions.get("code").is_none() {
            extensions.set("code", Code::ValidationFailed.as_str());
        }
        error
    };
    errors.into_iter().map(coded).collect()
}
