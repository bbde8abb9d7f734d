//! Adding, changing and deleting the choices of a poll.

use async_graphql::{Context, ID, InputObject, Object};

use super::{all_valid, payload, payload_type};
use crate::{
    graphql::{
        context::RequestContext,
        error::ApiResult,
        id::{self, Kind},
        in_place::One,
        object::Choice,
        subscription::poll_changed,
    },
    service::{choice, text},
};

/// A new choice.
#[derive(InputObject)]
struct AddChoiceInput {
    /// The poll that gets it, as its last choice.
    poll_id: ID,
    /// 1 to 100 characters after trimming, unlike the poll's other choices.
    choice_text: String,
}

/// A new text for a choice.
#[derive(InputObject)]
struct UpdateChoiceInput {
    /// The choice.
    id: ID,
    /// 1 to 100 characters after trimming, unlike the poll's other choices.
    choice_text: String,
}

/// Which choice goes.
#[derive(InputObject)]
struct DeleteChoiceInput {
    /// The choice.
    id: ID,
}

payload_type!(
    /// What `addChoice` came to.
    AddChoicePayload {
        /// The new choice.
        choice: One<Choice>,
    }
    /// The poll as it is now.
    poll
);

payload_type!(
    /// What `updateChoice` came to.
    UpdateChoicePayload {
        /// The choice as it is now.
        choice: One<Choice>,
    }
);

payload_type!(
    /// What `deleteChoice` came to.
    DeleteChoicePayload {
        /// The id that the choice had.
        deleted_choice_id: ID,
    }
    /// The poll as it is now.
    poll
);

#[derive(Debug, Default)]
pub(super) struct ChoiceMutation;

#[Object]
impl ChoiceMutation {
    /// Adds a choice at the end of a poll. For the poll's creator and superusers.
    async fn add_choice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The choice to add.")] input: AddChoiceInput,
    ) -> Option<ApiResult<AddChoicePayload>> {
        let run = async {
            let request = RequestContext::of(ctx)?;
            request.begin_mutation()?;
            let actor = &request.require_viewer()?.user;
            let id = id::input(request, "pollId", &input.poll_id, Kind::Poll)?;
            let text_error = text::sentence(&input.choice_text, "choiceText").err();
            let result = match all_valid(id, [text_error]) {
                Ok(id) => choice::add(actor, id, &input.choice_text).await,
                Err(failure) => Err(failure),
            };
            poll_changed(ctx, &result, |(_, poll)| poll.id);
            payload(request, result, |(choice, poll)| AddChoicePayload {
                choice: Some(One::of(choice)),
                poll: Some(One::of(poll)),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }

    /// Changes a choice's text, until somebody votes. For the poll's creator and superusers.
    async fn update_choice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateChoiceInput,
    ) -> Option<ApiResult<UpdateChoicePayload>> {
        let run = async {
            let request = RequestContext::of(ctx)?;
            request.begin_mutation()?;
            let actor = &request.require_viewer()?.user;
            let id = id::input(request, "id", &input.id, Kind::Choice)?;
            let text_error = text::sentence(&input.choice_text, "choiceText").err();
            let result = match all_valid(id, [text_error]) {
                Ok(id) => choice::update(actor, id, &input.choice_text).await,
                Err(failure) => Err(failure),
            };
            poll_changed(ctx, &result, |choice| choice.poll_id);
            payload(request, result, |choice| UpdateChoicePayload {
                choice: Some(One::of(choice)),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }

    /// Deletes a choice, until somebody votes; two stay. For the poll's creator and superusers.
    async fn delete_choice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which choice.")] input: DeleteChoiceInput,
    ) -> Option<ApiResult<DeleteChoicePayload>> {
        let run = async {
            let request = RequestContext::of(ctx)?;
            request.begin_mutation()?;
            let actor = &request.require_viewer()?.user;
            let result = match all_valid(id::input(request, "id", &input.id, Kind::Choice)?, []) {
                Ok(id) => choice::delete(actor, id).await,
                Err(failure) => Err(failure),
            };
            poll_changed(ctx, &result, |poll| poll.id);
            payload(request, result, |poll| DeleteChoicePayload {
                deleted_choice_id: Some(input.id),
                poll: Some(One::of(poll)),
                user_errors: Vec::new(),
            })
            .await
        };
        Some(Box::pin(run).await)
    }
}
