//! Votes: one a person and poll, which the database itself holds.

use sea_orm_migration::prelude::*;

use crate::columns::{cascade, id, index, moment, reference, table};

/// Votes: one a person and poll, which the database itself holds.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let vote = table(manager, "vote")
            .await?
            .col(id())
            .col(reference("poll_id"))
            .col(reference("choice_id"))
            .col(reference("voted_by_id"))
            .col(moment(manager, "voted_at").not_null())
            .foreign_key(&mut cascade("vote_poll", ("vote", "poll_id"), "poll"))
            .foreign_key(&mut cascade("vote_choice", ("vote", "choice_id"), "choice"))
            .foreign_key(&mut cascade("vote_voted_by", ("vote", "voted_by_id"), "user"))
            .to_owned();
        manager.create_table(vote).await?;
        manager
            .create_index(
                index("vote_poll_voter", "vote", &["poll_id", "voted_by_id"]).unique().to_owned(),
            )
            .await?;
        manager.create_index(index("vote_poll_order", "vote", &["poll_id", "id"])).await?;
        manager.create_index(index("vote_choice_order", "vote", &["choice_id", "id"])).await?;
        manager.create_index(index("vote_voter", "vote", &["voted_by_id", "poll_id"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("vote").to_owned()).await
    }
}
