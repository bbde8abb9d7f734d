//! The answers of a poll.

use sea_orm::entity::prelude::*;

/// One answer.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "choice")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The poll it answers.
    pub poll_id: i64,
    /// Its place among the poll's choices, ascending, unique in the poll.
    pub position: i32,
    /// 1 to 100 characters, unique in the poll.
    pub choice_text: String,
    /// How many votes it has: kept in the transaction of every vote, so always exact.
    pub vote_count: i64,
    /// The poll it answers.
    #[sea_orm(belongs_to, from = "poll_id", to = "id", on_delete = "Cascade")]
    pub poll: HasOne<super::poll::Entity>,
    /// The votes for it.
    #[sea_orm(has_many)]
    pub votes: HasMany<super::vote::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
