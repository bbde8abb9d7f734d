//! Votes in one statement, for databases that change rows in the course of a query: of one person,
//! or of several.
//!
//! All parts of it see the rows as they were when the statement began, which may be before the locks
//! were had. What that leaves out is made up for by the database itself:
//! - A poll is read again once its lock is had, and so is a tally when it is raised.
//! - The unique index also knows votes that the statement does not see.
//! - A choice that is gone by then breaks the vote's foreign key, and so the whole statement.

mod alone;
mod by_token;
mod many;

pub(super) use by_token::{BALLOT_BY_TOKEN, Counted};

use sea_orm::{
    Iterable,
    sea_query::{
        Cond, Expr, ExprTrait, InsertStatement, IntoIden, OnConflict, Query, SelectStatement,
        WithQuery,
    },
};

use crate::{
    entity::{choice, poll, vote},
    tenancy::{AskTemplate, FromRow, RouterError, StoredRow},
};

const SEEN: &str = "seen";
const CAST: &str = "cast_vote";

/// What became of a vote.
#[derive(Debug)]
pub(super) struct Outcome {
    /// As it is under the lock.
    pub poll: poll::Model,
    /// Whether it took votes.
    pub is_open: bool,
    /// None if it was closed, or there was one already.
    pub vote: Option<vote::Model>,
    /// With its new tally, if there is a new vote.
    pub choice: Option<choice::Model>,
}

/// A row has the poll's columns, those of the vote and those of the choice, and whether the poll
/// is open.
impl FromRow for Outcome {
    fn from_row(row: &StoredRow<'_>) -> Result<Self, RouterError> {
        let vote = poll::Column::iter().count();
        let choice = vote + vote::Column::iter().count();
        let is_open = choice + choice::Column::iter().count();
        Ok(Self {
            poll: poll::Model::from_row(row)?,
            vote: row.model_at(vote)?,
            choice: row.model_at(choice)?,
            is_open: row.get(is_open)?,
        })
    }
}

/// Casts votes: of a voter, for a choice, at a moment. Each is answered with an [`Outcome`], or
/// with nothing where there is no such choice, or its poll is locked.
pub(super) static BALLOT: AskTemplate<WithQuery> =
    AskTemplate::new(many::statement, alone::statement);

/// Whether a poll, under this name, takes votes at a moment. The database's clock counts too, as
/// others may have waited for the poll. A poll is closed also if its end is not after its last
/// edit: whoever closes it sets both to the same moment, and their clock may be ahead of both.
fn is_open(poll: impl IntoIden, at: Expr) -> Cond {
    let poll = poll.into_iden();
    let closes_at = || Expr::col((poll.clone(), poll::Column::ClosesAt));
    Cond::any().add(closes_at().is_null()).add(
        Cond::all()
            .add(closes_at().gt(at))
            .add(closes_at().gt(Expr::cust("(clock_timestamp() AT TIME ZONE 'UTC')")))
            .add(closes_at().gt(Expr::col((poll.clone(), poll::Column::UpdatedAt)))),
    )
}

/// Inserts votes where there is none: rows of poll, choice, voter and moment. Tells these columns of
/// those that it inserts.
#[expect(clippy::expect_used, reason = "four columns, four values")]
fn insert(votes: SelectStatement, told: impl IntoIterator<Item = vote::Column>) -> InsertStatement {
    use vote::Column::{ChoiceId, PollId, VotedAt, VotedById};
    Query::insert()
        .into_table(vote::Entity)
        .columns([PollId, ChoiceId, VotedById, VotedAt])
        .select_from(votes)
        .expect("as many values as columns")
        .on_conflict(OnConflict::columns([PollId, VotedById]).do_nothing().to_owned())
        .returning(Query::returning().columns(told))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, StatementBuilder, Value};

    use super::*;

    fn values(statement: &WithQuery) -> Vec<Value> {
        StatementBuilder::build(statement, &DbBackend::Postgres).values.unwrap().0
    }

    #[test]
    fn the_only_values_are_what_is_asked() {
        let ask = [0, 1, 2].map(|part| Value::BigInt(Some(part)));
        assert_eq!(values(&many::statement()), ask);
        let alone = values(&alone::statement());
        assert!(alone.iter().all(|value| ask.contains(value)), "{alone:?}");
    }
}
