//! Voting. One vote a person and poll, which the database holds; tallies change in the vote's
//! own transaction, so they are always exact.

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, Select, UpdateMany,
    sea_query::{Expr, ExprTrait},
};

use super::{
    ballot::{BALLOT, BALLOT_BY_TOKEN, Counted, Outcome},
    choice, clock,
    error::{Code, Failure},
    page::{self, Listing, Order, Page, Position, Window},
    poll, token,
};
use crate::{
    entity::{choice as choice_entity, poll::Model as Poll, user, vote},
    tenancy::{Ask, Columns, Template, TenantRouter},
};

/// Votes by number, of which these columns are read.
///
/// # Errors
/// What the database answers.
pub async fn by_ids(ids: Vec<i64>, columns: Columns) -> Result<Vec<vote::Model>, Failure> {
    all(vote::Entity::find().filter(vote::Column::Id.is_in(ids)), columns).await
}

/// One person's votes on these polls; these columns and the poll's number are read.
///
/// # Errors
/// What the database answers.
pub async fn of_voter(
    voter_id: i64,
    poll_ids: Vec<i64>,
    columns: Columns,
) -> Result<Vec<vote::Model>, Failure> {
    let query = vote::Entity::find()
        .filter(vote::Column::PollId.is_in(poll_ids))
        .filter(vote::Column::VotedById.eq(voter_id));
    all(query, columns.with(vote::Column::PollId as usize)).await
}

async fn all(query: Select<vote::Entity>, columns: Columns) -> Result<Vec<vote::Model>, Failure> {
    Ok(TenantRouter::db_for_read::<vote::Entity>()?.only(columns).all(query).await?)
}

/// The same page of the votes on each of these polls, in one statement, which reads these columns.
///
/// # Errors
/// What the database answers.
pub async fn pages_of_polls(
    poll_ids: &[i64],
    window: Window,
    columns: Columns,
) -> Result<HashMap<i64, Page<vote::Model>>, Failure> {
    let columns = columns.with(vote::Column::PollId as usize);
    page::pages(poll_ids, window, columns, on_poll, |vote| vote.poll_id, position).await
}

/// The same page of the votes for each of these choices, in one statement, which reads these
/// columns.
///
/// # Errors
/// What the database answers.
pub async fn pages_of_choices(
    choice_ids: &[i64],
    window: Window,
    columns: Columns,
) -> Result<HashMap<i64, Page<vote::Model>>, Failure> {
    let columns = columns.with(vote::Column::ChoiceId as usize);
    page::pages(choice_ids, window, columns, for_choice, |vote| vote.choice_id, position).await
}

fn position(vote: &vote::Model) -> Position {
    Position { moment: None, id: vote.id }
}

/// The votes on a poll, in the order cast.
#[must_use]
pub fn on_poll(poll_id: i64) -> Listing<vote::Entity> {
    listing(vote::Column::PollId, poll_id)
}

/// The votes for a choice, in the order cast.
#[must_use]
pub fn for_choice(choice_id: i64) -> Listing<vote::Entity> {
    listing(vote::Column::ChoiceId, choice_id)
}

fn listing(column: vote::Column, id: i64) -> Listing<vote::Entity> {
    let query = vote::Entity::find().filter(column.eq(id));
    Listing::new(query, Order::by_id(vote::Column::Id, false))
}

/// A vote that was cast.
#[derive(Debug)]
pub struct Cast {
    /// The vote.
    pub vote: vote::Model,
    /// The poll voted on, where it was read.
    pub poll: Option<Poll>,
    /// The choice with its new tally, where the database told it by the way.
    pub choice: Option<choice_entity::Model>,
}

/// Votes for a choice.
///
/// # Errors
/// [`Code::NotFound`], [`Code::PollClosed`], [`Code::AlreadyVoted`].
pub async fn cast(voter: &user::Model, choice_id: i64) -> Result<Cast, Failure> {
    let ask = Ask { by: voter.id, of: choice_id, at: clock::now() };
    match TenantRouter::together(&BALLOT, ask).await {
        Ok(Some(outcome)) => judge(outcome),
        // There is no such choice, somebody holds its poll, or a choice of the same statement went
        // while it ran: the transaction tells, and waits. Boxed, as it is rare there and large.
        Ok(None) => Box::pin(cast_in_steps(voter, choice_id)).await,
        Err(error) if error.is_foreign_key_violation() || error.is_busy() => {
            Box::pin(cast_in_steps(voter, choice_id)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Votes for a choice with a token that nobody has looked up yet, where the database judges both
/// in one statement and nobody else's vote is under way. Where nothing comes back, nothing was
/// done, unless the connection broke: what is wrong, [`token::authenticate`] and [`cast`] tell.
///
/// # Errors
/// What the database answers.
pub async fn cast_by_token(secret: &str, choice_id: i64) -> Result<Option<Cast>, Failure> {
    let Some(hash) = token::stored(secret) else { return Ok(None) };
    let now = clock::now();
    let values = [hash.into(), choice_id.into(), now.into()];
    match TenantRouter::at_once(&BALLOT_BY_TOKEN, values).await {
        Ok(counted) => Ok(counted.map(|counted: Counted| {
            let (vote, choice) = counted.models(choice_id, now);
            Cast { vote, poll: None, choice: Some(choice) }
        })),
        // The choice went while it ran.
        Err(error) if error.is_foreign_key_violation() || error.is_busy() => Ok(None),
        // Most likely the connection was cut while nothing went over it, which the look-up of the
        // token mends. If the vote was cast after all, it is told that it was.
        Err(error) if error.is_unreachable() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn judge(Outcome { poll, is_open, vote, choice }: Outcome) -> Result<Cast, Failure> {
    match vote {
        Some(vote) => Ok(Cast { vote, poll: Some(poll), choice }),
        None if is_open => Err(already_voted(poll.id)),
        None => Err(closed(&poll, "choiceId")),
    }
}

async fn cast_in_steps(voter: &user::Model, choice_id: i64) -> Result<Cast, Failure> {
    TenantRouter::transaction(async {
        let poll = lock(choice_id).await?;
        let choice = count(choice_id, 1).await?;
        let row = vote::ActiveModel {
            poll_id: Set(poll.id),
            choice_id: Set(choice_id),
            voted_by_id: Set(voter.id),
            voted_at: Set(clock::now()),
            ..Default::default()
        };
        let inserted = TenantRouter::db_for_write::<vote::Entity>()?.insert(row).await;
        let vote = inserted.map_err(|error| {
            if error.is_unique_violation() { already_voted(poll.id) } else { error.into() }
        })?;
        Ok(Cast { vote, poll: Some(poll), choice })
    })
    .await
}

/// Moves one's vote to another choice of the same poll; the vote stays the same one.
///
/// # Errors
/// [`Code::NotFound`], [`Code::PollClosed`], [`Code::NotVoted`].
pub async fn change(voter: &user::Model, choice_id: i64) -> Result<(vote::Model, Poll), Failure> {
    TenantRouter::transaction(async {
        let poll = lock(choice_id).await?;
        let vote = of_voter(voter.id, vec![poll.id], Columns::ALL).await?.pop();
        let vote = vote.ok_or_else(|| not_voted("choiceId").about(poll.id))?;
        if vote.choice_id == choice_id {
            return Ok((vote, poll));
        }
        // First, as it finds out whether the choice is still there.
        count(choice_id, 1).await?;
        let voted_at = clock::now();
        let query = vote::Entity::update_many()
            .col_expr(vote::Column::ChoiceId, Expr::value(choice_id))
            .col_expr(vote::Column::VotedAt, Expr::value(voted_at))
            .filter(vote::Column::Id.eq(vote.id));
        TenantRouter::db_for_write::<vote::Entity>()?.update(query).await?;
        count(vote.choice_id, -1).await?;
        Ok((vote::Model { choice_id, voted_at, ..vote }, poll))
    })
    .await
}

/// Takes one's vote back. Gives the number that it had.
///
/// # Errors
/// [`Code::NotFound`], [`Code::PollClosed`], [`Code::NotVoted`].
pub async fn retract(voter: &user::Model, poll_id: i64) -> Result<(i64, Poll), Failure> {
    TenantRouter::transaction(async {
        let poll = poll::lock(poll_id).await?.ok_or_else(|| poll::not_found("pollId"))?;
        refuse_if_closed(&poll, "pollId")?;
        let vote = of_voter(voter.id, vec![poll.id], Columns::ALL).await?.pop();
        let vote = vote.ok_or_else(|| not_voted("pollId").about(poll.id))?;
        let query = vote::Entity::delete_many().filter(vote::Column::Id.eq(vote.id));
        TenantRouter::db_for_write::<vote::Entity>()?.delete(query).await?;
        count(vote.choice_id, -1).await?;
        Ok((vote.id, poll))
    })
    .await
}

/// A choice's poll, which is locked: votes on one poll come one after the other, so none waits
/// for another's row in the opposite order. Should the choice go before the lock is had, [`count`]
/// finds none.
async fn lock(choice_id: i64) -> Result<Poll, Failure> {
    let poll = poll::lock_of_choice(choice_id).await?;
    let poll = poll.ok_or_else(|| choice::not_found("choiceId"))?;
    refuse_if_closed(&poll, "choiceId")?;
    Ok(poll)
}

/// Changes a tally, and tells the choice with it where the database does. A choice that went in
/// the meantime takes the whole vote back.
async fn count(choice_id: i64, by: i64) -> Result<Option<choice_entity::Model>, Failure> {
    let writer = TenantRouter::db_for_write::<choice_entity::Entity>()?;
    let (found, mut rows) =
        writer.update_returning(&COUNTED, [by.into(), choice_id.into()]).await?;
    if found == 1 { Ok(rows.pop()) } else { Err(choice::not_found("choiceId")) }
}

static COUNTED: Template<2, UpdateMany<choice_entity::Entity>> =
    Template::new(|[by, choice_id]| {
        let column = choice_entity::Column::VoteCount;
        choice_entity::Entity::update_many()
            .col_expr(column, Expr::col(column).add(by))
            .filter(choice_entity::Column::Id.eq(choice_id))
    });

fn refuse_if_closed(poll: &Poll, field: &str) -> Result<(), Failure> {
    if poll::is_open(poll) { Ok(()) } else { Err(closed(poll, field)) }
}

fn closed(poll: &Poll, field: &str) -> Failure {
    Failure::refused(Code::PollClosed, field, "Voting on this poll has ended.").about(poll.id)
}

fn already_voted(poll_id: i64) -> Failure {
    let message = "You have voted on this poll already; change or retract that vote.";
    Failure::refused(Code::AlreadyVoted, "choiceId", message).about(poll_id)
}

fn not_voted(field: &str) -> Failure {
    Failure::refused(Code::NotVoted, field, "You have not voted on this poll.")
}
