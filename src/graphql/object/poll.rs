//! Polls.

mod list;

use async_graphql::{
    Context, ContextSelectionSet, Enum, ID, Object, Positioned, parser::types::Field,
};
use futures::try_join;

use super::{
    choice::Choice,
    user::User,
    vote::{Vote, VoteConnection},
};
use crate::{
    entity::poll,
    graphql::{
        connection::{PageArguments, connection, int},
        context::{Person, RequestContext},
        datetime::DateTime,
        error::{ApiError, ApiResult},
        id::{Kind, encode},
        in_place::{Fields, Leaf, Many, One, Plan, at_hand, enum_leaf},
    },
    service::{
        page::Position,
        poll::{is_open, may_change},
    },
    tenancy::State,
};

pub(in crate::graphql) use list::{PollOrder, polls, polls_of_user};

/// A question put to the tenant's people.
#[derive(Clone)]
pub(in crate::graphql) struct Poll(pub poll::Model);

impl From<poll::Model> for Poll {
    fn from(model: poll::Model) -> Self {
        Self(model)
    }
}

/// Whether votes can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "poll::Ballot")]
pub(in crate::graphql) enum Ballot {
    /// Who voted for what can be read.
    Open,
    /// Only the tallies can be read, and one's own vote.
    Secret,
}

enum_leaf!(Ballot);

/// The fields that take a poll's choices.
const CHOICES: &[&str] = &["choices", "totalVotes"];

/// A question put to the tenant's people.
#[Object]
impl Poll {
    /// The global id.
    pub(super) async fn id(&self, ctx: &Context<'_>) -> Result<ID, ApiError> {
        self.global_id(ctx)
    }

    /// What is asked, 1 to 100 characters.
    fn question(&self) -> &str {
        &self.0.question
    }

    /// Whether votes can be read. Never changes.
    fn ballot(&self) -> Ballot {
        self.0.ballot.into()
    }

    /// Who made it.
    async fn created_by(&self, ctx: &Context<'_>) -> Option<ApiResult<One<User>>> {
        Some(user(ctx, self.0.created_by_id).await)
    }

    /// When it was made.
    fn pub_date(&self) -> DateTime {
        DateTime(self.0.pub_date)
    }

    /// When it or its choices were last edited. Votes do not count.
    fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// When voting ends or ended; null: never.
    fn closes_at(&self) -> Option<DateTime> {
        self.0.closes_at.map(DateTime)
    }

    /// Whether votes are taken now.
    fn is_open(&self) -> bool {
        is_open(&self.0)
    }

    /// The answers, in the order written.
    async fn choices(&self, ctx: &Context<'_>) -> ApiResult<Many<Choice>> {
        let loaders = &RequestContext::of(ctx)?.loaders;
        let choices = loaders.choices_of_poll.load(self.0.id).await?.unwrap_or_default();
        Ok(choices)
    }

    /// How many votes all choices have together.
    async fn total_votes(&self, ctx: &Context<'_>) -> ApiResult<i32> {
        let loaders = &RequestContext::of(ctx)?.loaders;
        let choices = loaders.choices_of_poll.load(self.0.id).await?.unwrap_or_default();
        Ok(total_votes(&choices))
    }

    /// One's own vote; null without one, and to callers without a token.
    async fn viewer_vote(&self, ctx: &Context<'_>) -> Option<ApiResult<One<Vote>>> {
        viewer_vote(ctx, self.0.id).await.map(|vote| vote.map(One)).transpose()
    }

    /// Whether `castVote` would take one's vote now.
    async fn viewer_can_vote(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        let request = RequestContext::of(ctx)?;
        let possible =
            request.viewer().is_some() && request.tenant.state == State::Active && is_open(&self.0);
        Ok(possible && viewer_vote(ctx, self.0.id).await?.is_none())
    }

    /// Whether one may change this poll: its creator and superusers may. Texts and choices stay
    /// as they are once somebody has voted.
    fn viewer_can_update(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        self.viewer_may_change(ctx)
    }

    /// Whether one may delete this poll: its creator and superusers may.
    fn viewer_can_delete(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        self.viewer_may_change(ctx)
    }

    /// The votes, in the order cast; null in a secret poll.
    async fn votes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only what stands behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what stands before this cursor.")] before: Option<String>,
    ) -> Option<ApiResult<VoteConnection>> {
        if self.0.ballot == poll::Ballot::Secret {
            return None;
        }
        let arguments = PageArguments { first, after, last, before };
        Some(super::vote::votes_of_poll(ctx, self.0.id, arguments).await)
    }
}

impl Fields for Poll {
    at_hand!(
        "id": global_id,
        "question": question,
        "ballot": ballot,
        "pubDate": pub_date,
        "updatedAt": updated_at,
        "closesAt": closes_at,
        "isOpen": is_open,
        "viewerCanUpdate": viewer_can_update,
        "viewerCanDelete": viewer_can_delete,
    );

    fn fetched<'a>(
        ctx: &ContextSelectionSet<'a>,
        field: &'a Positioned<Field>,
    ) -> Option<Plan<'a>> {
        match field.node.name.node.as_str() {
            "createdBy" => Plan::below::<User>(ctx, field),
            "choices" => Plan::below::<Choice>(ctx, field),
            "totalVotes" => Some(Plan::default()),
            _ => None,
        }
    }

    async fn fetch(ctx: &ContextSelectionSet<'_>, polls: &[Self], plan: &Plan<'_>) -> Option<()> {
        let loaders = &RequestContext::of(ctx).ok()?.loaders;
        let rows = || polls.iter().map(|poll| &poll.0);
        let creators = plan.fetches(&["createdBy"]);
        let creators = loaders.users.load_all_if(creators, rows().map(|row| row.created_by_id));
        let choices = plan.fetches(CHOICES);
        let choices = loaders.choices_of_poll.load_all_if(choices, rows().map(|row| row.id));
        try_join!(creators, choices).ok().map(drop)
    }

    fn write_fetched(&self, ctx: &Context<'_>, plan: &Plan<'_>, json: &mut Vec<u8>) -> Option<()> {
        let loaders = &RequestContext::of(ctx).ok()?.loaders;
        let choices = || loaders.choices_of_poll.loaded(self.0.id).unwrap_or_default();
        match ctx.item.node.name.node.as_str() {
            "createdBy" => {
                plan.write(ctx, &User::from(loaders.users.loaded(self.0.created_by_id)?), json)
            }
            "choices" => plan.write_list(ctx, &choices(), json),
            "totalVotes" => total_votes(&choices()).write(json),
            _ => None,
        }
    }
}

impl Poll {
    fn global_id(&self, ctx: &Context<'_>) -> Result<ID, ApiError> {
        Ok(encode(Kind::Poll, RequestContext::of(ctx)?.key(), self.0.id))
    }

    /// Whether a field that is a poll asks for its choices, so that they can come along with it.
    pub(in crate::graphql) fn wants_choices(ctx: &Context<'_>) -> bool {
        let asked = ctx.look_ahead();
        CHOICES.iter().any(|field| asked.field(field).exists())
    }

    fn viewer_may_change(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        let request = RequestContext::of(ctx)?;
        let may = |viewer: Person| may_change(&self.0, (viewer.id, viewer.role));
        Ok(request.viewer().is_some_and(may) && request.tenant.state == State::Active)
    }
}

fn total_votes(choices: &[Choice]) -> i32 {
    int(choices.iter().map(|choice| choice.0.vote_count).sum::<i64>())
}

/// Somebody whom a foreign key points to.
pub(super) async fn user(ctx: &Context<'_>, id: i64) -> ApiResult<One<User>> {
    Ok(One::of(RequestContext::of(ctx)?.loaders.users.require(id).await?))
}

/// One's own vote on a poll.
pub(super) async fn viewer_vote(ctx: &Context<'_>, poll_id: i64) -> ApiResult<Option<Vote>> {
    let request = RequestContext::of(ctx)?;
    let Some(Person { id, .. }) = request.viewer() else { return Ok(None) };
    Ok(request.loaders.votes_of_voter.load((id, poll_id)).await?.map(Vote::from))
}

connection!(
    /// A page of polls.
    PollConnection,
    /// A poll and its place in the list.
    PollEdge,
    poll::Entity, Poll,
    |Poll(row): &Poll, order: &str| Position {
        moment: if order.contains("closes_at") { row.closes_at } else { Some(row.pub_date) },
        id: row.id,
    }
);
