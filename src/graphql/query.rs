//! The root of queries.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};

use super::{
    connection::{PageArguments, cursors},
    context::RequestContext,
    error::{ApiError, ApiResult},
    id::{self, Kind},
    in_place::{Fields, One, at_hand},
    object::{
        Node, Poll, PollConnection, PollOrder, Tenant, User, UserConnection, load_node, polls,
    },
};
use crate::service::{
    self, Violation,
    poll::{Filter, Openness},
};

/// How many ids `nodes` takes.
const MAX_NODES: usize = 100;

/// What can be asked.
#[derive(Debug)]
pub struct Query;

/// Which polls to list. All of it must hold.
#[derive(Debug, Default, InputObject)]
pub(super) struct PollFilter {
    /// The question contains this text, whatever its case; at most 100 characters.
    search: Option<String>,
    /// Votes are taken now (true) or no longer (false).
    is_open: Option<bool>,
    /// Made by this person.
    created_by: Option<ID>,
    /// One has voted on it (true) or has not (false). Without a token one has voted on nothing.
    viewer_has_voted: Option<bool>,
}

impl PollFilter {
    async fn resolve(self, request: &RequestContext) -> ApiResult<Filter> {
        let created_by = match &self.created_by {
            // A well-formed id of something else is the id of nobody, who made no polls.
            Some(id) => {
                let id = id::argument(request, "createdBy", id)?;
                Some(if id.kind == Kind::User { id.row } else { 0 })
            }
            None => None,
        };
        let viewer_id = request.viewer().map(|viewer| viewer.id);
        let is_open = match self.is_open {
            Some(open) => Some(Openness::now(open).await?),
            None => None,
        };
        Ok(Filter {
            search: search(self.search.as_deref())?,
            is_open,
            created_by,
            voted: self.viewer_has_voted.map(|voted| (viewer_id, voted)),
        })
    }
}

fn search(text: Option<&str>) -> ApiResult<Option<String>> {
    let refused = |violation: Violation| {
        ApiError::bad_input(format!("`search` is refused: {}", violation.message))
    };
    text.map_or(Ok(None), |text| service::text::search(text).map_err(refused))
}

/// What can be asked.
#[Object]
impl Query {
    /// The tenant that the request is for.
    async fn tenant(&self) -> Tenant {
        Tenant
    }

    /// Whoever sent the token; null without one.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<ApiResult<User>> {
        let viewer = || {
            let request = RequestContext::of(ctx)?;
            request.require_reader()?;
            Ok(request.caller.viewer.as_ref().map(|viewer| User::from(viewer.user.clone())))
        };
        viewer().transpose()
    }

    /// Whatever has this global id; null if nothing has.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A global id.")] id: ID,
    ) -> Option<ApiResult<Node>> {
        node(ctx, &id).await.transpose()
    }

    /// Whatever has these global ids, in their order; null where nothing has.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 100 global ids.")] ids: Vec<ID>,
    ) -> ApiResult<Vec<Option<ApiResult<Node>>>> {
        if ids.len() > MAX_NODES {
            let message = format!("`ids` has {} ids; at most {MAX_NODES} are taken.", ids.len());
            return Err(ApiError::bad_input(message));
        }
        let node = |id| async move { node(ctx, id).await.transpose() };
        Ok(futures::future::join_all(ids.iter().map(node)).await)
    }

    /// The poll with this global id; null if there is none.
    async fn poll(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The poll's global id.")] id: ID,
    ) -> Option<ApiResult<One<Poll>>> {
        let load = async {
            let request = reader(ctx)?;
            let id = id::argument(request, "id", &id)?;
            if id.kind != Kind::Poll {
                return Ok(None);
            }
            let loaders = &request.loaders;
            if !Poll::wants_choices(ctx) {
                return Ok(loaders.polls.load(id.row).await?.map(One::of));
            }
            let found = loaders.whole_polls.load(id.row).await?;
            Ok(found.map(|(poll, choices)| {
                loaders.choices_of_poll.prime(poll.id, choices);
                One::of(poll)
            }))
        };
        load.await.transpose()
    }

    /// The tenant's polls, newest first unless asked otherwise.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn polls(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only what stands behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what stands before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which polls; all without it.")] filter: Option<PollFilter>,
        #[graphql(desc = "In which order.", default_with = "PollOrder::default()")]
        order_by: PollOrder,
    ) -> Option<ApiResult<PollConnection>> {
        let load = async {
            let filter = filter.unwrap_or_default().resolve(reader(ctx)?).await?;
            polls(ctx, &filter, order_by, PageArguments { first, after, last, before }).await
        };
        Some(load.await)
    }

    /// The tenant's people, oldest account first. For superusers.
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only what stands behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what stands before this cursor.")] before: Option<String>,
        #[graphql(desc = "The username contains this text, whatever its case.")] search: Option<
            String,
        >,
    ) -> Option<ApiResult<UserConnection>> {
        let load = async {
            let request = RequestContext::of(ctx)?;
            request.require_superuser()?;
            let listing = service::people::listing(self::search(search.as_deref())?.as_deref())
                .only(request.loaders.wanted.user);
            let arguments = PageArguments { first, after, last, before };
            let cursors = cursors(request, "users");
            let window = cursors.window(&arguments)?;
            let page = listing.page(window).await?;
            Ok(UserConnection::new(listing, cursors, window, page))
        };
        Some(load.await)
    }
}

impl Fields for Query {
    // What stands below them may wait.
    at_hand!();
}

async fn node(ctx: &Context<'_>, id: &ID) -> ApiResult<Option<Node>> {
    let request = RequestContext::of(ctx)?;
    let id = id::argument(request, "id", id)?;
    load_node(request, &id).await
}

/// The request, if its caller may read.
fn reader<'a>(ctx: &Context<'a>) -> ApiResult<&'a Arc<RequestContext>> {
    let request = RequestContext::of(ctx)?;
    request.require_reader()?;
    Ok(request)
}
