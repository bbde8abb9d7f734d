//! The people of a tenant.

use sea_orm::entity::prelude::*;

/// One person.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The name as its owner writes it: NFKC, 1 to 150 characters.
    pub username: String,
    /// The name as it is compared: folded to lower case. Unique.
    #[sea_orm(unique)]
    pub username_key: String,
    /// At most 254 characters.
    pub email: Option<String>,
    /// An argon2id hash in PHC form; none: no password fits.
    pub password_hash: Option<String>,
    /// What this person may do.
    pub role: Role,
    /// Whether this person can sign in.
    pub is_active: bool,
    /// When the account was made, UTC.
    pub created_at: DateTime,
    /// The polls this person made.
    #[sea_orm(has_many)]
    pub polls: HasMany<super::poll::Entity>,
    /// The votes this person cast.
    #[sea_orm(has_many)]
    pub votes: HasMany<super::vote::Entity>,
    /// The tokens this person holds.
    #[sea_orm(has_many)]
    pub tokens: HasMany<super::auth_token::Entity>,
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(20))")]
pub enum Role {
    /// Vote and make polls.
    #[sea_orm(string_value = "user")]
    User,
    /// Also manage all polls and people of the tenant.
    #[sea_orm(string_value = "superuser")]
    Superuser,
}

impl ActiveModelBehavior for ActiveModel {}
