//! Votes.

use async_graphql::{Context, ContextSelectionSet, ID, Object, Positioned, parser::types::Field};
use futures::try_join;

use super::{choice::Choice, poll::Poll, user::User};
use crate::{
    entity::vote,
    graphql::{
        connection::{PageArguments, connection, cursors},
        context::RequestContext,
        datetime::DateTime,
        error::{ApiError, ApiResult},
        id::{Kind, encode},
        in_place::{Fields, One, Plan, at_hand},
    },
    service::{self, page::Position},
};

/// One person's vote on a poll.
#[derive(Clone)]
pub(in crate::graphql) struct Vote(pub vote::Model);

impl From<vote::Model> for Vote {
    fn from(model: vote::Model) -> Self {
        Self(model)
    }
}

/// One person's vote on a poll.
#[Object]
impl Vote {
    /// The global id. It stays when the vote is changed.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> Result<ID, ApiError> {
        self.global_id(ctx)
    }

    /// The poll voted on.
    async fn poll(&self, ctx: &Context<'_>) -> Option<ApiResult<One<Poll>>> {
        let load = async {
            RequestContext::of(ctx)?.loaders.polls.require(self.0.poll_id).await.map(One::of)
        };
        Some(load.await)
    }

    /// The choice voted for.
    async fn choice(&self, ctx: &Context<'_>) -> Option<ApiResult<One<Choice>>> {
        let load = async {
            let loaders = &RequestContext::of(ctx)?.loaders;
            loaders.choices.require(self.0.choice_id).await.map(One::of)
        };
        Some(load.await)
    }

    /// Who voted.
    async fn voted_by(&self, ctx: &Context<'_>) -> Option<ApiResult<One<User>>> {
        Some(super::poll::user(ctx, self.0.voted_by_id).await)
    }

    /// When the vote was cast or last changed.
    fn voted_at(&self) -> DateTime {
        DateTime(self.0.voted_at)
    }
}

impl Vote {
    fn global_id(&self, ctx: &Context<'_>) -> Result<ID, ApiError> {
        Ok(encode(Kind::Vote, RequestContext::of(ctx)?.key(), self.0.id))
    }
}

impl Fields for Vote {
    at_hand!("id": global_id, "votedAt": voted_at);

    fn fetched<'a>(
        ctx: &ContextSelectionSet<'a>,
        field: &'a Positioned<Field>,
    ) -> Option<Plan<'a>> {
        match field.node.name.node.as_str() {
            "poll" => Plan::below::<Poll>(ctx, field),
            "choice" => Plan::below::<Choice>(ctx, field),
            "votedBy" => Plan::below::<User>(ctx, field),
            _ => None,
        }
    }

    async fn fetch(ctx: &ContextSelectionSet<'_>, votes: &[Self], plan: &Plan<'_>) -> Option<()> {
        let loaders = &RequestContext::of(ctx).ok()?.loaders;
        let rows = || votes.iter().map(|vote| &vote.0);
        let polls =
            loaders.polls.load_all_if(plan.fetches(&["poll"]), rows().map(|row| row.poll_id));
        let choices =
            loaders.choices.load_all_if(plan.fetches(&["choice"]), rows().map(|row| row.choice_id));
        let users = loaders
            .users
            .load_all_if(plan.fetches(&["votedBy"]), rows().map(|row| row.voted_by_id));
        try_join!(polls, choices, users).ok().map(drop)
    }

    fn write_fetched(&self, ctx: &Context<'_>, plan: &Plan<'_>, json: &mut Vec<u8>) -> Option<()> {
        let loaders = &RequestContext::of(ctx).ok()?.loaders;
        match ctx.item.node.name.node.as_str() {
            "poll" => plan.write(ctx, &Poll(loaders.polls.loaded(self.0.poll_id)?), json),
            "choice" => plan.write(ctx, &Choice(loaders.choices.loaded(self.0.choice_id)?), json),
            "votedBy" => {
                plan.write(ctx, &User::from(loaders.users.loaded(self.0.voted_by_id)?), json)
            }
            _ => None,
        }
    }
}

/// A page of the votes on a poll.
pub(super) async fn votes_of_poll(
    ctx: &Context<'_>,
    poll_id: i64,
    arguments: PageArguments,
) -> ApiResult<VoteConnection> {
    let request = RequestContext::of(ctx)?;
    let cursors = cursors(request, "votes-of-poll");
    let window = cursors.window(&arguments)?;
    let page = request.loaders.votes_of_poll.require((window, poll_id)).await?;
    Ok(VoteConnection::new(service::vote::on_poll(poll_id), cursors, window, page))
}

/// A page of the votes for a choice.
pub(super) async fn votes_of_choice(
    ctx: &Context<'_>,
    choice_id: i64,
    arguments: PageArguments,
) -> ApiResult<VoteConnection> {
    let request = RequestContext::of(ctx)?;
    let cursors = cursors(request, "votes-for-choice");
    let window = cursors.window(&arguments)?;
    let page = request.loaders.votes_of_choice.require((window, choice_id)).await?;
    Ok(VoteConnection::new(service::vote::for_choice(choice_id), cursors, window, page))
}

connection!(
    /// A page of votes.
    VoteConnection,
    /// A vote and its place in the list.
    VoteEdge,
    vote::Entity, Vote,
    |vote: &Vote, _order: &str| Position { moment: None, id: vote.0.id }
);
