//! One operation of a stream, from its beginning to its end, whatever the transport. It holds a
//! lease only while it reads.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{Response, ServerError, parser::types::OperationType};
use futures::FutureExt;
use tokio::sync::{mpsc, oneshot};

use super::{
    answer, authorize, concurrency,
    execute::{Outcome, execute},
    session::{Farewell, Session},
    tenant::refusal,
};
use crate::{
    graphql::{ApiError, Begun, Caller, Code, Event, Live, Operation, Parameters, RequestContext},
    service::token::Viewer,
    tenancy::Scope,
};

/// What an operation has to say.
#[derive(Debug)]
pub(super) enum Reply {
    /// A result, as JSON.
    Next(Arc<str>),
    /// It was not executed, or broke: errors as a JSON list. The last word.
    Error(String),
    /// That was all. The last word.
    Complete,
    /// The whole stream has to end.
    Expelled(Farewell),
}

/// Where an operation's replies go. Who is slow to take them makes the operation wait, not what
/// it listens to.
#[derive(Debug)]
pub(super) struct Outlet {
    /// Tells the operations of one connection apart.
    pub serial: u64,
    pub replies: mpsc::Sender<(u64, Reply)>,
    /// For who waits until a subscription listens, or is refused.
    pub begun: Option<oneshot::Sender<()>>,
}

impl Outlet {
    async fn say(&self, reply: Reply) -> Result<(), Stop> {
        self.replies.send((self.serial, reply)).await.map_err(|_| Stop::Unheard)
    }
}

/// Why an operation ends before its time.
enum Stop {
    Refused(Vec<ServerError>),
    Expelled(Farewell),
    /// Nobody listens any more.
    Unheard,
}

impl From<ServerError> for Stop {
    fn from(error: ServerError) -> Self {
        Self::Refused(vec![error])
    }
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        error.into_server_error().into()
    }
}

/// What is wrong with a request, or the operation that it asks for.
pub(super) fn ready(
    session: &Session,
    parameters: Parameters,
) -> Result<Operation, Vec<ServerError>> {
    let tenant = session.tenant().map_err(|error| vec![refusal(&error.into()).1])?;
    let limits = session.state.query_limits(&tenant);
    session.state.schema.prepare(&limits, &tenant, parameters)
}

/// Runs an operation to its end, and says so. A panic ends it alone.
pub(super) async fn run(session: Arc<Session>, operation: Operation, mut outlet: Outlet) {
    let work = contained(follow(&session, operation, &mut outlet)).await;
    let errors = |errors| Reply::Error(answer::errors_text(&session.request_id, errors));
    let last = match work {
        Some(Ok(())) => Reply::Complete,
        Some(Err(Stop::Refused(refused))) => errors(refused),
        Some(Err(Stop::Expelled(farewell))) => Reply::Expelled(farewell),
        Some(Err(Stop::Unheard)) => return,
        None => errors(vec![ApiError::internal("an operation panicked").into_server_error()]),
    };
    let _ = outlet.say(last).await;
}

/// What some work comes to; nothing if it panics.
async fn contained<T>(work: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

async fn follow(session: &Session, operation: Operation, outlet: &mut Outlet) -> Result<(), Stop> {
    let scope = session.scope().await?;
    if operation.kind != OperationType::Subscription {
        // Boxed here and below: what runs for a moment takes no room in what waits for hours.
        let outcome = scope.clone().run(Box::pin(once(session, &scope, operation))).await?;
        drop(scope);
        return match outcome {
            Outcome::Executed(response) => {
                let result = answer::result_text(&session.request_id, response);
                outlet.say(Reply::Next(result.into())).await
            }
            Outcome::Refused(_, errors) => Err(Stop::Refused(errors)),
        };
    }
    let replay = Replay::of(&operation);
    let beginning = Box::pin(async {
        let _turn = scope.turn().await;
        let viewer = scope.clone().run(authenticated(session, &scope, &operation)).await?;
        begin(session, &scope, operation, viewer).await
    });
    let mut live = tokio::select! {
        live = beginning => live?,
        () = outlet.replies.closed() => return Err(Stop::Unheard),
    };
    drop(scope);
    if let Some(begun) = outlet.begun.take() {
        // Who has gone does not wait.
        let _ = begun.send(());
    }
    while !live.is_over() {
        let event = tokio::select! {
            event = live.wait() => event,
            () = outlet.replies.closed() => return Err(Stop::Unheard),
        };
        let Some(event) = event else {
            // The tenant is gone, and the session is about to say so.
            tokio::time::sleep(Duration::from_secs(1)).await;
            return Err(unavailable().into());
        };
        let result = Box::pin(result_of(session, &mut live, event, &replay)).await?;
        outlet.say(Reply::Next(result)).await?;
    }
    Ok(())
}

/// A query or a mutation.
async fn once(session: &Session, scope: &Scope, operation: Operation) -> Result<Outcome, Stop> {
    let operation = concurrency::admit(scope, operation).await?;
    let viewer = authenticated(session, scope, &operation).await?;
    let caller = Caller::known(viewer, session.address);
    Ok(execute(&session.state, scope, operation, caller).await)
}

/// Who asks for a new operation, looked up anew, in a scope.
async fn authenticated(
    session: &Session,
    scope: &Scope,
    operation: &Operation,
) -> Result<Option<Viewer>, Stop> {
    authorize::viewer(scope, Ok(session.secret()), operation).await.map_err(|error| {
        if error.code() != Code::Unauthenticated {
            return error.into();
        }
        let error = error.into_server_error();
        let (code, message) = (Code::Unauthenticated.as_str(), error.message.clone());
        Stop::Expelled(Farewell { code, message, error })
    })
}

async fn begin(
    session: &Session,
    scope: &Scope,
    operation: Operation,
    viewer: Option<Viewer>,
) -> Result<Live, Stop> {
    let caller = Caller::known(viewer, session.address);
    let tenant = Arc::clone(scope.tenant());
    let context = Arc::new(RequestContext::new(tenant, caller, operation.wanted()));
    let begun = Live::begin(&session.state.schema, operation, context);
    match scope.clone().run(begun).await {
        Begun::Live(live) => Ok(*live),
        Begun::Refused(errors) => Err(Stop::Refused(errors)),
    }
}

/// The result of an event, as JSON. Callers without a token who ask the same share it.
async fn result_of(
    session: &Session,
    live: &mut Live,
    event: Event,
    replay: &Replay,
) -> Result<Arc<str>, Stop> {
    let same_tenant =
        || session.tenant().is_ok_and(|tenant| Arc::ptr_eq(&tenant, &live.context.tenant));
    let shared = if session.secret().is_none() && same_tenant() {
        event.shared(&replay.question)
    } else {
        None
    };
    let Some(shared) = shared else {
        let response = answer_event(session, live, event, replay).await?;
        return Ok(answer::result_text(&session.request_id, response).into());
    };
    let make = || async {
        let response = answer_event(session, live, event, replay).await.map_err(Unshared::Stop)?;
        let clean = response.errors.is_empty();
        let text: Arc<str> = answer::result_text(&session.request_id, response).into();
        // An error has the request id of whom it happened to.
        if clean { Ok(text) } else { Err(Unshared::Text(text)) }
    };
    match shared.get_or_try_init(make).await {
        Ok(text) => Ok(Arc::clone(text)),
        Err(Unshared::Text(text)) => Ok(text),
        Err(Unshared::Stop(stop)) => Err(stop),
    }
}

/// What is for one alone.
enum Unshared {
    Text(Arc<str>),
    Stop(Stop),
}

/// The response to an event, in a scope of its own. The tenant and the viewer are those of now;
/// where they have changed, the subscription begins anew for them.
async fn answer_event(
    session: &Session,
    live: &mut Live,
    event: Event,
    replay: &Replay,
) -> Result<Response, Stop> {
    let scope = session.scope().await?.reading_primary();
    // An event runs among the tenant's other operations; what waits for one holds no place.
    let _turn = scope.turn().await;
    let viewer = match scope.clone().run(session.viewer()).await? {
        Ok(viewer) => viewer,
        Err(rejected) => return Err(Stop::Expelled(Farewell::of_token(rejected))),
    };
    if !is_current(live, &scope, viewer.as_ref()) {
        let operation = ready(session, replay.parameters.clone()).map_err(Stop::Refused)?;
        live.renew(begin(session, &scope, operation, viewer).await?);
    }
    let limit = session.state.http_limits(scope.tenant()).request_time;
    let resolved = scope.run(live.resolve(event));
    match tokio::time::timeout(limit, resolved).await {
        Ok(Some(response)) => Ok(response),
        Ok(None) => Err(ApiError::internal("a subscription without a response").into()),
        Err(_) => Err(unavailable().into()),
    }
}

fn is_current(live: &Live, scope: &Scope, viewer: Option<&Viewer>) -> bool {
    let then = live.context.caller.viewer.as_ref();
    Arc::ptr_eq(&live.context.tenant, scope.tenant())
        && then.map(|then| &then.user) == viewer.map(|viewer| &viewer.user)
}

fn unavailable() -> ApiError {
    let message = "The tenant's database cannot be reached; try again later.";
    ApiError::new(Code::TenantUnavailable, message)
}

/// What it takes to send the same request once more.
struct Replay {
    parameters: Parameters,
    /// All of it in one: who asks the same has the same text here.
    question: Arc<str>,
}

impl Replay {
    fn of(operation: &Operation) -> Self {
        let parameters = operation.parameters();
        let Parameters { query, operation_name, variables, .. } = &parameters;
        let question = serde_json::json!([query, operation_name, variables]).to_string().into();
        Self { parameters, question }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_contained() {
        assert_eq!(contained(async { 1 }).await, Some(1));
        let panics = async {
            tokio::task::yield_now().await;
            panic!("as a resolver may");
        };
        assert_eq!(contained::<()>(panics).await, None);
    }
}
