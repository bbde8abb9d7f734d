//! Questions.

use sea_orm_migration::prelude::*;

use crate::columns::{cascade, id, index, moment, reference, table};

/// Questions.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let poll = table(manager, "poll")
            .await?
            .col(id())
            .col(ColumnDef::new("question").string_len(100).not_null())
            .col(ColumnDef::new("question_key").text().not_null())
            .col(ColumnDef::new("ballot").string_len(10).not_null())
            .col(reference("created_by_id"))
            .col(moment(manager, "pub_date").not_null())
            .col(moment(manager, "updated_at").not_null())
            .col(moment(manager, "closes_at"))
            .foreign_key(&mut cascade("poll_created_by", ("poll", "created_by_id"), "user"))
            .to_owned();
        manager.create_table(poll).await?;
        manager.create_index(index("poll_pub_date", "poll", &["pub_date", "id"])).await?;
        manager.create_index(index("poll_closes_at", "poll", &["closes_at", "id"])).await?;
        manager
            .create_index(index(
                "poll_creator_pub_date",
                "poll",
                &["created_by_id", "pub_date", "id"],
            ))
            .await?;
        manager
            .create_index(index(
                "poll_creator_closes_at",
                "poll",
                &["created_by_id", "closes_at", "id"],
            ))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("poll").to_owned()).await
    }
}
