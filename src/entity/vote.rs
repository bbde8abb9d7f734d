//! Votes: one a person and poll.

use sea_orm::entity::prelude::*;

/// One person's vote on one poll.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "vote")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The poll voted on.
    pub poll_id: i64,
    /// The choice voted for.
    pub choice_id: i64,
    /// Who voted.
    pub voted_by_id: i64,
    /// When the vote was cast or last changed, UTC.
    pub voted_at: DateTime,
    /// The poll voted on.
    #[sea_orm(belongs_to, from = "poll_id", to = "id", on_delete = "Cascade")]
    pub poll: HasOne<super::poll::Entity>,
    /// The choice voted for.
    #[sea_orm(belongs_to, from = "choice_id", to = "id", on_delete = "Cascade")]
    pub choice: HasOne<super::choice::Entity>,
    /// Who voted.
    #[sea_orm(belongs_to, from = "voted_by_id", to = "id", on_delete = "Cascade")]
    pub voted_by: HasOne<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
