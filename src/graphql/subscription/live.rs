//! A running subscription: news in, responses out (GraphQL specification, section 6.2.3.2).

use std::{fmt, future::poll_fn, sync::Arc, task::Poll};

use async_graphql::{Response, ServerError};
use futures::{StreamExt, stream::BoxStream};

use super::{
    gate::Gate,
    source::{Event, Source},
};
use crate::graphql::{
    context::RequestContext,
    error::{ApiError, Code},
    operation::Operation,
    schema::PollsSchema,
};

/// A running subscription. It waits without a scope, and resolves in one.
pub struct Live {
    responses: BoxStream<'static, Response>,
    gate: Arc<Gate>,
    source: Source,
    /// Whom it answers, as they were when it began.
    pub context: Arc<RequestContext>,
}

/// How a subscription began.
#[derive(Debug)]
pub enum Begun {
    /// It runs.
    Live(Box<Live>),
    /// It was not executed, for these reasons.
    Refused(Vec<ServerError>),
}

impl Live {
    /// Begins a subscription, in a scope.
    pub async fn begin(
        schema: &PollsSchema,
        operation: Operation,
        context: Arc<RequestContext>,
    ) -> Begun {
        let gate = Arc::new(Gate::default());
        let stream = schema.stream(operation, Arc::clone(&context), Arc::clone(&gate));
        let mut responses = match stream.await {
            Ok(responses) => responses,
            Err(errors) => return Begun::Refused(errors),
        };
        // It runs once its field has left a source; an answer before that is a refusal.
        let turns = &context.loaders.turns;
        let begun =
            poll_fn(|task| match turns.drive(task, |task| responses.poll_next_unpin(task)) {
                Poll::Ready(early) => Poll::Ready(Err(early)),
                Poll::Pending => {
                    gate.take_source().map_or(Poll::Pending, |source| Poll::Ready(Ok(source)))
                }
            });
        match begun.await {
            Ok(source) => Begun::Live(Box::new(Self { responses, gate, source, context })),
            Err(Some(response)) => Begun::Refused(response.errors),
            Err(None) => {
                let message = "The subscription selects no field.";
                let error = ApiError::new(Code::ValidationFailed, message);
                Begun::Refused(vec![error.into_server_error()])
            }
        }
    }

    /// Goes on as the same subscription begun anew, for the tenant and the viewer as they are now.
    /// What it waits for stays.
    pub fn renew(&mut self, fresh: Self) {
        self.responses = fresh.responses;
        self.gate = fresh.gate;
        self.context = fresh.context;
    }

    /// The next piece of news; none if there will be no more. Needs no scope, and nothing is lost
    /// when the wait is broken off.
    pub async fn wait(&mut self) -> Option<Event> {
        self.source.next().await
    }

    /// The response to a piece of news, in a scope.
    pub async fn resolve(&mut self, event: Event) -> Option<Response> {
        self.gate.let_in(event.0);
        let turns = &self.context.loaders.turns;
        poll_fn(|task| turns.drive(task, |task| self.responses.poll_next_unpin(task))).await
    }

    /// Whether all has been said.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.source.is_over()
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").finish_non_exhaustive()
    }
}
