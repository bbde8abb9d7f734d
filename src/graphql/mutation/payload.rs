//! Payloads: what a use case came to, or why it did nothing.

use crate::{
    graphql::{
        context::RequestContext,
        error::{ApiError, ApiResult},
        object::{Poll, UserError},
    },
    service::{Failure, Refusal, Violation},
};

/// A payload: made from what succeeded, or from what was refused.
pub(super) trait Payload: Sized {
    /// With nothing but errors, and the poll concerned if the payload has one.
    fn refused(errors: Vec<UserError>, poll: Option<Poll>) -> Self;
}

/// The payload of a use case.
///
/// # Errors
/// What is no fault of the input.
pub(super) async fn payload<T, P: Payload>(
    request: &RequestContext,
    result: Result<T, Failure>,
    done: impl FnOnce(T) -> P,
) -> ApiResult<P> {
    match result {
        Ok(value) => Ok(done(value)),
        Err(Failure::Refused(Refusal { violations, poll_id })) => {
            let poll = match poll_id {
                Some(id) => request.loaders.polls.load(id).await?.map(Into::into),
                None => None,
            };
            Ok(P::refused(violations.into_iter().map(UserError::from).collect(), poll))
        }
        Err(failure) => Err(ApiError::from(failure)),
    }
}

/// The value, or a refusal together with what else is wrong with the input.
pub(super) fn all_valid<T>(
    value: Result<T, Violation>,
    others: impl IntoIterator<Item = Option<Violation>>,
) -> Result<T, Failure> {
    value.map_err(|violation| {
        let others = others.into_iter().flatten();
        std::iter::once(violation).chain(others).collect::<Vec<_>>().into()
    })
}

/// Defines a payload: its fields, nullable each, the poll concerned if it has one, and
/// `userErrors`.
macro_rules! payload_type {
    (
        $(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }
        $($(#[$poll_doc:meta])+ $poll:ident)?
    ) => {
        $(#[$doc])*
        #[derive(Default, async_graphql::SimpleObject)]
        pub(in crate::graphql) struct $name {
            $($(#[$field_doc])* $field: Option<$type>,)*
            $($(#[$poll_doc])+ $poll: Option<
                $crate::graphql::in_place::One<$crate::graphql::object::Poll>
            >,)?
            /// What is wrong with the input; empty if it was done.
            user_errors: Vec<$crate::graphql::object::UserError>,
        }

        impl super::payload::Payload for $name {
            fn refused(
                user_errors: Vec<$crate::graphql::object::UserError>,
                _poll: Option<$crate::graphql::object::Poll>,
            ) -> Self {
                Self {
                    $($field: None,)*
                    $($poll: _poll.map($crate::graphql::in_place::One),)?
                    user_errors,
                }
            }
        }
    };
}
pub(super) use payload_type;
