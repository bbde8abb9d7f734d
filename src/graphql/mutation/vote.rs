//! Voting.

use async_graphql::{Context, ID, InputObject, Object};

use super::{all_valid, payload, payload_type};
use crate::{
    graphql::{
        context::RequestContext,
        error::ApiResult,
        id::{self, Kind, encode},
        in_place::One,
        object::Vote,
        subscription::poll_changed,
    },
    service::{
        Failure,
        vote::{self, Cast},
    },
};

/// What to vote for.
#[derive(InputObject)]
struct CastVoteInput {
    /// The choice; the poll follows from it.
    choice_id: ID,
}

/// What to vote for instead.
#[derive(InputObject)]
struct ChangeVoteInput {
    /// Another choice of the same poll.
    choice_id: ID,
}

/// Which vote to take back.
#[derive(InputObject)]
struct RetractVoteInput {
    /// The poll voted on.
    poll_id: ID,
}

payload_type!(
    /// What `castVote` came to.
    CastVotePayload {
        /// The new vote; null if none was cast.
        vote: One<Vote>,
    }
    /// The poll as it is now, also on `ALREADY_VOTED` and `POLL_CLOSED`, so that a page
    /// that ran ahead can repair itself.
    poll
);

payload_type!(
    /// What `changeVote` came to.
    ChangeVotePayload {
        /// The same vote, for the other choice now; null if nothing changed.
        vote: One<Vote>,
    }
    /// The poll as it is now.
    poll
);

payload_type!(
    /// What `retractVote` came to.
    RetractVotePayload {
        /// The id that the vote had.
        deleted_vote_id: ID,
    }
    /// The poll as it is now.
    poll
);

/// The field that casts a vote.
pub(in crate::graphql) const CAST_VOTE: &str = "castVote";

/// Casts the vote of whoever is signed in, or of whoever has the token that the request came with
/// if nobody has looked it up: together with that, if the database can.
async fn cast(request: &RequestContext, choice_id: i64) -> ApiResult<Result<Cast, Failure>> {
    if let Some(claim) = &request.caller.claim
        && let Some(cast) = vote::cast_by_token(claim.secret(), choice_id).await?
    {
        claim.proven(cast.vote.voted_by_id);
        return Ok(Ok(cast));
    }
    let voter = &request.require_voter().await?.user;
    Ok(vote::cast(voter, choice_id).await)
}

#[derive(Debug, Default)]
pub(super) struct VoteMutation;

#[Object]
impl VoteMutation {
    /// Votes for a choice: once a person and poll.
    async fn cast_vote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to vote for.")] input: CastVoteInput,
    ) -> Option<ApiResult<CastVotePayload>> {
        let run = async {
            let request = RequestContext::of(ctx)?;
            request.begin_mutation()?;
            if request.caller.claim.is_none() {
                request.require_viewer()?;
            }
            let id = id::input(request, "choiceId", &input.choice_id, Kind::Choice)?;
            let result = match all_valid(id, []) {
                Ok(id) => cast(request, id).await?,
                Err(failure) => Err(failure),
            };
            poll_changed(ctx, &result, |cast| cast.vote.poll_id);
            payload(request, result, |Cast { vote, poll, choice }| {
                let loaders = &request.loaders;
                if let Some(poll) = &poll {
                    loaders.polls.prime(poll.id, poll.clone());
                }
                if let Some(choice) = choice {
                    loaders.choices.prime(choice.id, choice);
                }
                CastVotePayload {
                    vote: Some(One::of(vote)),
                    poll: poll.map(One::of),
                    user_errors: Vec::new(),
                }
            })
            .await
        };
        Some(Box::pin(run).await)
    }

    /// Moves one's vote to another choice of the same poll, while it is open.
    async fn change_vote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to vote for instead.")] input: ChangeVoteInput,
    ) -> Option<ApiResult<ChangeVotePayload>> {
        let run = async {
            let request = RequestContext::of(ctx)?;
            request.begin_mutation()?;
            let voter = &request.require_viewer()?.user;
            let id = id::input(request, "choiceId", &input.choice_id, Kind::Choice)?;
            let result = match all_valid(id, []) {
                Ok(id) => vote::change(voter, id).await,
                Err(failure) => Err(failure),
            };
            poll_changed(ctx, &result, |(_, poll)| poll.id);
            payload(request, result, |(vote, poll)| ChangeVotePayload {
                vote: Some(One::of(vote)),
                poll: Some(One::of(poll)),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }

    /// Takes one's vote back, while the poll is open.
    async fn retract_vote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which vote.")] input: RetractVoteInput,
    ) -> Option<ApiResult<RetractVotePayload>> {
        let run = async {
            let request = RequestContext::of(ctx)?;
            request.begin_mutation()?;
            let voter = &request.require_viewer()?.user;
            let id = id::input(request, "pollId", &input.poll_id, Kind::Poll)?;
            let result = match all_valid(id, []) {
                Ok(id) => vote::retract(voter, id).await,
                Err(failure) => Err(failure),
            };
            poll_changed(ctx, &result, |(_, poll)| poll.id);
            payload(request, result, |(vote_id, poll)| RetractVotePayload {
                deleted_vote_id: Some(encode(Kind::Vote, &request.tenant.key, vote_id)),
                poll: Some(One::of(poll)),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }
}
