//! One index for what two were there for: one vote a person and poll, and the votes of a person.
//! Every vote is written into each index, so one fewer is a page less to write.

use sea_orm_migration::prelude::*;

use crate::columns::index;

/// One index for what two were there for.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    // In both directions what holds the promise comes before what held it goes; and MySQL wants
    // an index for each foreign key at any time.

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let once = index("vote_once", "vote", &["voted_by_id", "poll_id"]).unique().to_owned();
        manager.create_index(once).await?;
        manager.drop_index(dropped("vote_voter")).await?;
        manager.drop_index(dropped("vote_poll_voter")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let once =
            index("vote_poll_voter", "vote", &["poll_id", "voted_by_id"]).unique().to_owned();
        manager.create_index(once).await?;
        manager.create_index(index("vote_voter", "vote", &["voted_by_id", "poll_id"])).await?;
        manager.drop_index(dropped("vote_once")).await
    }
}

fn dropped(name: &'static str) -> IndexDropStatement {
    Index::drop().name(name).table("vote").to_owned()
}
