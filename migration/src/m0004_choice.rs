//! The answers of a poll, each with its tally, which is kept in the transaction of every vote.

use sea_orm_migration::prelude::*;

use crate::columns::{cascade, id, index, reference, table};

/// The answers of a poll, each with its tally, which is kept in the transaction of every vote.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let choice = table(manager, "choice")
            .await?
            .col(id())
            .col(reference("poll_id"))
            .col(ColumnDef::new("position").integer().not_null())
            .col(ColumnDef::new("choice_text").string_len(100).not_null())
            .col(ColumnDef::new("vote_count").big_integer().not_null().default(0))
            .foreign_key(&mut cascade("choice_poll", ("choice", "poll_id"), "poll"))
            .to_owned();
        manager.create_table(choice).await?;
        manager
            .create_index(
                index("choice_poll_position", "choice", &["poll_id", "position"])
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                index("choice_poll_text", "choice", &["poll_id", "choice_text"])
                    .unique()
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("choice").to_owned()).await
    }
}
