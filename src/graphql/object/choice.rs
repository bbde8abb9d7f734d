//! The answers of a poll.

use async_graphql::{Context, ID, Object};

use super::{
    poll::{Poll, viewer_vote},
    vote::VoteConnection,
};
use crate::{
    entity::{choice, poll},
    graphql::{
        connection::{PageArguments, int},
        context::RequestContext,
        error::{ApiError, ApiResult},
        id::{Kind, encode},
        in_place::{Fields, One, at_hand},
    },
};

/// One answer of a poll.
pub(in crate::graphql) struct Choice(pub choice::Model);

impl From<choice::Model> for Choice {
    fn from(model: choice::Model) -> Self {
        Self(model)
    }
}

/// One answer of a poll.
#[Object]
impl Choice {
    /// The global id.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> Result<ID, ApiError> {
        self.global_id(ctx)
    }

    /// The poll it answers.
    async fn poll(&self, ctx: &Context<'_>) -> Option<ApiResult<One<Poll>>> {
        Some(self.load_poll(ctx).await.map(One::of))
    }

    /// The answer, 1 to 100 characters.
    fn choice_text(&self) -> &str {
        &self.0.choice_text
    }

    /// How many votes it has: exact, and as cheap for ten million as for ten.
    fn vote_count(&self) -> i32 {
        int(self.0.vote_count)
    }

    /// Whether one's own vote is for this choice.
    async fn viewer_has_voted(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        let vote = viewer_vote(ctx, self.0.poll_id).await?;
        Ok(vote.is_some_and(|vote| vote.0.choice_id == self.0.id))
    }

    /// The votes for it, in the order cast; null in a secret poll.
    async fn votes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only what stands behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what stands before this cursor.")] before: Option<String>,
    ) -> Option<ApiResult<VoteConnection>> {
        let ballot = match self.load_poll(ctx).await {
            Ok(poll) => poll.ballot,
            Err(error) => return Some(Err(error)),
        };
        if ballot == poll::Ballot::Secret {
            return None;
        }
        let arguments = PageArguments { first, after, last, before };
        Some(super::vote::votes_of_choice(ctx, self.0.id, arguments).await)
    }
}

impl Fields for Choice {
    at_hand!("id": global_id, "choiceText": choice_text, "voteCount": vote_count);
}

impl Choice {
    fn global_id(&self, ctx: &Context<'_>) -> Result<ID, ApiError> {
        Ok(encode(Kind::Choice, RequestContext::of(ctx)?.key(), self.0.id))
    }

    async fn load_poll(&self, ctx: &Context<'_>) -> ApiResult<poll::Model> {
        RequestContext::of(ctx)?.loaders.polls.require(self.0.poll_id).await
    }
}
