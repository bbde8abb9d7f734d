//! Tokens of signed-in people, stored as SHA-256 hashes only.

use sea_orm_migration::prelude::*;

use crate::columns::{cascade, id, index, moment, reference, table};

/// Tokens of signed-in people, stored as SHA-256 hashes only.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let token = table(manager, "auth_token")
            .await?
            .col(id())
            .col(reference("user_id"))
            .col(ColumnDef::new("token_hash").string_len(64).not_null())
            .col(moment(manager, "created_at").not_null())
            .col(moment(manager, "expires_at").not_null())
            .foreign_key(&mut cascade("auth_token_user", ("auth_token", "user_id"), "user"))
            .to_owned();
        manager.create_table(token).await?;
        manager
            .create_index(
                index("auth_token_hash", "auth_token", &["token_hash"]).unique().to_owned(),
            )
            .await?;
        manager
            .create_index(index("auth_token_user_expiry", "auth_token", &["user_id", "expires_at"]))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("auth_token").to_owned()).await
    }
}
