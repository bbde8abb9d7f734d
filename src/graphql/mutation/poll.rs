//! Making, changing, closing and deleting polls.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use super::{all_valid, payload, payload_type};
use crate::{
    graphql::{
        context::RequestContext,
        datetime::DateTime,
        error::ApiResult,
        id::{self, Kind},
        in_place::One,
        object::Ballot,
        subscription::{poll_changed, poll_created},
    },
    service::{
        poll::{self, Change, NewPoll},
        text,
    },
};

/// A new poll.
#[derive(InputObject)]
struct CreatePollInput {
    /// What is asked: 1 to 100 characters after trimming.
    question: String,
    /// Two to fifty answers of 1 to 100 characters, no two alike.
    choices: Vec<String>,
    /// When voting ends: any moment to come; never without it.
    closes_at: Option<DateTime>,
    /// Whether votes can be read. Never changes.
    #[graphql(default_with = "Ballot::Open")]
    ballot: Ballot,
}

/// What changes of a poll.
#[derive(InputObject)]
struct UpdatePollInput {
    /// The poll.
    id: ID,
    /// A new question; only until somebody votes.
    question: Option<String>,
    /// When voting ends: left out, it stays; null, never.
    closes_at: MaybeUndefined<DateTime>,
}

/// Which poll closes.
#[derive(InputObject)]
struct ClosePollInput {
    /// The poll.
    id: ID,
}

/// Which poll goes.
#[derive(InputObject)]
struct DeletePollInput {
    /// The poll.
    id: ID,
}

payload_type!(
    /// What `createPoll` came to.
    CreatePollPayload {
    }
    /// The new poll.
    poll
);

payload_type!(
    /// What `updatePoll` came to.
    UpdatePollPayload {
    }
    /// The poll as it is now.
    poll
);

payload_type!(
    /// What `closePoll` came to.
    ClosePollPayload {
    }
    /// The poll as it is now.
    poll
);

payload_type!(
    /// What `deletePoll` came to.
    DeletePollPayload {
        /// The id that the poll had.
        deleted_poll_id: ID,
    }
);

#[derive(Debug, Default)]
pub(super) struct PollMutation;

#[Object]
impl PollMutation {
    /// Makes a poll.
    async fn create_poll(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The poll to make.")] input: CreatePollInput,
    ) -> Option<ApiResult<CreatePollPayload>> {
        let run = async {
            let request = RequestContext::of(ctx)?;
            request.begin_mutation()?;
            let actor = &request.require_viewer()?.user;
            let new = NewPoll {
                question: input.question,
                choices: input.choices,
                closes_at: input.closes_at.map(|moment| moment.0),
                ballot: input.ballot.into(),
            };
            let result = poll::create(actor, new).await;
            poll_created(ctx, &result);
            payload(request, result, |poll| CreatePollPayload {
                poll: Some(One::of(poll)),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }

    /// Changes a poll's question, until somebody votes, or the end of voting. For its creator
    /// and superusers.
    async fn update_poll(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdatePollInput,
    ) -> Option<ApiResult<UpdatePollPayload>> {
        let run = async {
            let request = RequestContext::of(ctx)?;
            request.begin_mutation()?;
            let actor = &request.require_viewer()?.user;
            let id = id::input(request, "id", &input.id, Kind::Poll)?;
            let question_error = input
                .question
                .as_deref()
                .and_then(|question| text::sentence(question, "question").err());
            let closes_at = match input.closes_at {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(moment) => Some(Some(moment.0)),
            };
            let closes_at_error = poll::check_closes_at(closes_at.flatten()).err();
            let result = match all_valid(id, [question_error, closes_at_error]) {
                Ok(id) => {
                    poll::update(actor, id, Change { question: input.question, closes_at }).await
                }
                Err(failure) => Err(failure),
            };
            poll_changed(ctx, &result, |poll| poll.id);
            payload(request, result, |poll| UpdatePollPayload {
                poll: Some(One::of(poll)),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }

    /// Ends voting now. For the poll's creator and superusers. A closed poll stays as it is.
    async fn close_poll(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which poll.")] input: ClosePollInput,
    ) -> Option<ApiResult<ClosePollPayload>> {
        let run = async {
            let request = RequestContext::of(ctx)?;
            request.begin_mutation()?;
            let actor = &request.require_viewer()?.user;
            let result = match all_valid(id::input(request, "id", &input.id, Kind::Poll)?, []) {
                Ok(id) => poll::close(actor, id).await,
                Err(failure) => Err(failure),
            };
            poll_changed(ctx, &result, |poll| poll.id);
            payload(request, result, |poll| ClosePollPayload {
                poll: Some(One::of(poll)),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }

    /// Deletes a poll with its choices and votes. For its creator and superusers.
    async fn delete_poll(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which poll.")] input: DeletePollInput,
    ) -> Option<ApiResult<DeletePollPayload>> {
        let run = async {
            let request = RequestContext::of(ctx)?;
            request.begin_mutation()?;
            let actor = &request.require_viewer()?.user;
            let result = match all_valid(id::input(request, "id", &input.id, Kind::Poll)?, []) {
                Ok(id) => poll::delete(actor, id).await.map(|()| id),
                Err(failure) => Err(failure),
            };
            poll_changed(ctx, &result, |id| *id);
            payload(request, result, |_| DeletePollPayload {
                deleted_poll_id: Some(input.id),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }
}
