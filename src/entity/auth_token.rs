//! Tokens of signed-in people.

use sea_orm::entity::prelude::*;

/// One token. Only its hash is stored.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "auth_token")]
pub struct Model {
    /// The row's number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose it is.
    pub user_id: i64,
    /// SHA-256 of the token, in 64 hexadecimal digits. Unique.
    #[sea_orm(unique)]
    pub token_hash: String,
    /// When it was made, UTC.
    pub created_at: DateTime,
    /// When it ends, UTC.
    pub expires_at: DateTime,
    /// Whose it is.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: HasOne<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
