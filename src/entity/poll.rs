//! Questions.

use sea_orm::entity::prelude::*;

/// One question put to the tenant's people.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "poll")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// 1 to 100 characters.
    pub question: String,
    /// The question as it is searched: folded to lower case.
    #[sea_orm(column_type = "Text")]
    pub question_key: String,
    /// Whether votes can be read. Never changes.
    pub ballot: Ballot,
    /// Who made it.
    pub created_by_id: i64,
    /// When it was made, UTC.
    pub pub_date: DateTime,
    /// When it or its choices were last edited, UTC; votes do not count.
    pub updated_at: DateTime,
    /// When voting ends, UTC; none: never.
    pub closes_at: Option<DateTime>,
    /// Who made it.
    #[sea_orm(belongs_to, from = "created_by_id", to = "id", on_delete = "Cascade")]
    pub created_by: HasOne<super::user::Entity>,
    /// The answers.
    #[sea_orm(has_many)]
    pub choices: HasMany<super::choice::Entity>,
    /// The votes on all its answers.
    #[sea_orm(has_many)]
    pub votes: HasMany<super::vote::Entity>,
}

/// Whether votes can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(10))")]
pub enum Ballot {
    /// Who voted for what can be read.
    #[sea_orm(string_value = "open")]
    Open,
    /// Only the tallies, and one's own vote.
    #[sea_orm(string_value = "secret")]
    Secret,
}

impl ActiveModelBehavior for ActiveModel {}
