//! Rows as models: which field of a model stands in which column.

use std::sync::OnceLock;

use sea_orm::{ActiveEnum, Iterable};

use crate::{
    entity::{auth_token, choice, poll, user, vote},
    tenancy::{FromRow, FromStored, InsertText, RouterError, Stored, StoredRow, TenantModel},
};

/// A row has the columns of its entity in their order, so a column's number is its place.
macro_rules! from_row {
    ($entity:ident { $($field:ident: $column:ident),* $(,)? }) => {
        impl FromRow for $entity::Model {
            fn from_row(row: &StoredRow<'_>) -> Result<Self, RouterError> {
                Ok(Self { $($field: row.get($entity::Column::$column as usize)?),* })
            }
        }

        impl TenantModel for $entity::Model {
            fn insert_text() -> &'static OnceLock<Option<InsertText>> {
                static TEXT: OnceLock<Option<InsertText>> = OnceLock::new();
                &TEXT
            }
        }
    };
}

from_row!(auth_token {
    id: Id,
    user_id: UserId,
    token_hash: TokenHash,
    created_at: CreatedAt,
    expires_at: ExpiresAt,
});

from_row!(choice {
    id: Id,
    poll_id: PollId,
    position: Position,
    choice_text: ChoiceText,
    vote_count: VoteCount,
});

from_row!(poll {
    id: Id,
    question: Question,
    question_key: QuestionKey,
    ballot: Ballot,
    created_by_id: CreatedById,
    pub_date: PubDate,
    updated_at: UpdatedAt,
    closes_at: ClosesAt,
});

from_row!(user {
    id: Id,
    username: Username,
    username_key: UsernameKey,
    email: Email,
    password_hash: PasswordHash,
    role: Role,
    is_active: IsActive,
    created_at: CreatedAt,
});

from_row!(vote {
    id: Id,
    poll_id: PollId,
    choice_id: ChoiceId,
    voted_by_id: VotedById,
    voted_at: VotedAt,
});

macro_rules! from_stored {
    ($($one_of:ty),*) => {$(
        impl FromStored for $one_of {
            fn from_stored(stored: Stored<'_>) -> Option<Self> {
                if stored == Stored::Unread {
                    return Self::iter().next();
                }
                Self::try_from_value(&String::from_stored(stored)?).ok()
            }
        }
    )*};
}

from_stored!(poll::Ballot, user::Role);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_column_is_its_place_in_what_is_selected() {
        macro_rules! in_order {
            ($($entity:ident),*) => {$(
                for (place, column) in $entity::Column::iter().enumerate() {
                    assert_eq!(column as usize, place, "{column:?}");
                }
            )*};
        }
        in_order!(auth_token, choice, poll, user, vote);
    }
}
