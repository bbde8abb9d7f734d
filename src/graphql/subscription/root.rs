//! What can be subscribed to.

use std::sync::Arc;

use async_graphql::{Context, ID, Subscription};
use futures::{StreamExt, stream::BoxStream};

use super::{
    gate::Gate,
    source::{News, Source},
};
use crate::{
    entity::{choice, poll},
    graphql::{
        context::RequestContext,
        error::{ApiError, ApiResult, Code},
        id::{self, Kind},
        in_place::Many,
        object::Poll,
        schema::Services,
    },
    tenancy::Ticket,
};

/// What can be followed as it changes.
#[derive(Debug)]
pub struct Subscription;

type Polls = BoxStream<'static, Option<ApiResult<Poll>>>;

/// What can be followed as it changes.
#[Subscription]
impl Subscription {
    /// A poll, at once and after each change of it, of its choices or of its votes, at most ten
    /// times a second. The last one comes when it closes. When it is deleted, or if there is no
    /// such poll, it is null with the error `NOT_FOUND`, and that is the end.
    async fn poll_results(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The poll's global id.")] poll_id: ID,
    ) -> Result<Polls, ApiError> {
        let request = RequestContext::of(ctx)?;
        request.require_reader()?;
        let id = id::argument(request, "pollId", &poll_id)?;
        // The id of something else is the id of no poll.
        let row = if id.kind == Kind::Poll { id.row } else { 0 };
        let ticket = Ticket::of_scope().map_err(|error| ApiError::internal(error.to_string()))?;
        let results = Services::of(ctx)?.events.watch_poll(&ticket, row);
        polls(ctx, Source::Results(results))
    }

    /// Each poll that is made from now on. Who reads slowly may miss some.
    async fn poll_created(&self, ctx: &Context<'_>) -> Result<Polls, ApiError> {
        let request = RequestContext::of(ctx)?;
        request.require_reader()?;
        let created = Services::of(ctx)?.events.watch_created(request.key());
        polls(ctx, Source::Created(created))
    }
}

fn polls(ctx: &Context<'_>, source: Source) -> ApiResult<Polls> {
    let gate = ctx.data::<Arc<Gate>>().map_err(|_| ApiError::internal("no gate"))?;
    let request = Arc::clone(RequestContext::of(ctx)?);
    let news = gate.install(source);
    Ok(news.then(move |news| present(Arc::clone(&request), news)).map(Some).boxed())
}

/// The poll that a piece of news is about. What is known of it is not read again.
async fn present(request: Arc<RequestContext>, news: News) -> ApiResult<Poll> {
    match news {
        News::Results(known) => {
            prime(&request, &known.poll, &known.choices);
            Ok(known.poll.clone().into())
        }
        News::Created(created) => {
            prime(&request, &created.poll, created.choices().await?);
            Ok(created.poll.clone().into())
        }
        News::Gone => Err(not_found()),
        News::Failed(error) => Err(error),
    }
}

/// Forgets what was loaded for the last piece of news.
fn prime(request: &RequestContext, poll: &poll::Model, choices: &[choice::Model]) {
    let loaders = &request.loaders;
    loaders.clear();
    loaders.polls.prime(poll.id, poll.clone());
    loaders.choices_of_poll.prime(poll.id, Many::of(choices.iter().cloned()));
}

fn not_found() -> ApiError {
    ApiError::new(Code::NotFound, "There is no such poll, or no longer.")
}
