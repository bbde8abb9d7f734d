//! The people of a tenant.

use sea_orm_migration::prelude::*;

use crate::columns::{id, index, moment, table};

/// The people of a tenant.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let user = table(manager, "user")
            .await?
            .col(id())
            .col(ColumnDef::new("username").string_len(150).not_null())
            .col(ColumnDef::new("username_key").string_len(320).not_null())
            .col(ColumnDef::new("email").string_len(254))
            .col(ColumnDef::new("password_hash").string_len(255))
            .col(ColumnDef::new("role").string_len(20).not_null())
            .col(ColumnDef::new("is_active").boolean().not_null())
            .col(moment(manager, "created_at").not_null())
            .to_owned();
        manager.create_table(user).await?;
        manager
            .create_index(index("user_username_key", "user", &["username_key"]).unique().to_owned())
            .await?;
        manager.create_index(index("user_role", "user", &["role", "is_active"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("user").to_owned()).await
    }
}
