//! Proves that every choice's tally is the number of its votes, and mends those that are not.

use sea_orm::{
    ColumnTrait, DatabaseExecutor, DbErr, EntityTrait, FromQueryResult, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::{
    entity::{choice, vote},
    tenancy::{DatabaseUrl, Maintenance},
};

/// What recounting showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recount {
    /// How many choices were counted.
    pub choices: u64,
    /// How many of them had a wrong tally, which is right now.
    pub repaired: usize,
}

#[derive(FromQueryResult)]
struct ChoiceId {
    id: i64,
}

/// Recounts one database, also while people vote in it.
pub(super) async fn run(url: &DatabaseUrl) -> Result<Recount, DbErr> {
    let open = Maintenance::open(url, false).await;
    let mut database = open.map_err(|error| DbErr::Custom(error.to_string()))?;
    database.lock().await?;
    let found = recount(&database.executor()).await;
    match found {
        Ok(found) => {
            database.finish().await?;
            Ok(found)
        }
        Err(error) => {
            // The first error is the one to tell.
            let _ = database.abandon().await;
            Err(error)
        }
    }
}

async fn recount(database: &DatabaseExecutor<'_>) -> Result<Recount, DbErr> {
    let choices = choice::Entity::find().count(database).await?;
    // One statement sees one moment, so a vote in the making does not look like a wrong tally.
    let votes = Query::select()
        .expr(Expr::col((vote::Entity, vote::Column::Id)).count())
        .from(vote::Entity)
        .and_where(
            Expr::col((vote::Entity, vote::Column::ChoiceId))
                .equals((choice::Entity, choice::Column::Id)),
        )
        .to_owned();
    let wrong = choice::Entity::find()
        .select_only()
        .column(choice::Column::Id)
        .filter(Expr::col((choice::Entity, choice::Column::VoteCount)).ne(votes))
        .order_by_asc(choice::Column::Id)
        .into_model::<ChoiceId>()
        .all(database)
        .await?;
    let mut repaired = 0;
    for ChoiceId { id } in wrong {
        repaired += usize::from(repair(database, id).await?);
    }
    Ok(Recount { choices, repaired })
}

/// Counts once more with the choice locked, so that nobody votes for it meanwhile.
async fn repair(database: &DatabaseExecutor<'_>, id: i64) -> Result<bool, DbErr> {
    let transaction = database.begin().await?;
    let locked = choice::Entity::find_by_id(id).lock_exclusive().one(&transaction).await?;
    let votes =
        vote::Entity::find().filter(vote::Column::ChoiceId.eq(id)).count(&transaction).await?;
    let votes = i64::try_from(votes).unwrap_or(i64::MAX);
    let is_wrong = locked.is_some_and(|choice| choice.vote_count != votes);
    if is_wrong {
        choice::Entity::update_many()
            .col_expr(choice::Column::VoteCount, Expr::value(votes))
            .filter(choice::Column::Id.eq(id))
            .exec(&transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(is_wrong)
}
