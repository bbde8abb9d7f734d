//! Votes.

use async_graphql::{Context, ID, Object};

use super::{choice::Choice, poll::Poll, user::User};
use crate::{
    entity::vote,
    graphql::{
        connection::{PageArguments, connection, cursors},
        context::RequestContext,
        datetime::DateTime,
        error::{ApiError, ApiResult},
        id::{Kind, encode},
        in_place::{Fields, One},
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
        Ok(encode(Kind::Vote, RequestContext::of(ctx)?.key(), self.0.id))
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
    async fn voted_at(&self) -> DateTime {
        DateTime(self.0.voted_at)
    }
}

impl Fields for Vote {
    const AT_HAND: &'static [&'static str] = &["id", "votedAt"];
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
