//! A vote in one statement, for databases that change rows in the course of a query.
//!
//! Its parts run one after the other, as each needs what the one before it found: `seen` locks the
//! poll, as every change of a poll or of a vote on it does first; `judged` looks at the clock once
//! the lock is had; `cast` inserts the vote, unless the poll is closed or there is one; `counted`
//! raises the tally by what was inserted.
//!
//! All parts see the rows as they were when the statement began, which may be before the lock was
//! had. What that leaves out is made up for by the database itself:
//! - The poll is read again once its lock is had, and so is the tally when it is raised.
//! - The unique index also knows votes that the statement does not see.
//! - A choice that is gone by then breaks the vote's foreign key, and so the whole statement.

use sea_orm::{
    EntityTrait, Iterable, Value,
    sea_query::{
        CommonTableExpression, Cond, Expr, ExprTrait, InsertStatement, JoinType, LockType,
        OnConflict, Query, SelectStatement, UpdateStatement, WithClause, WithQuery,
    },
};

use crate::{
    entity::{choice, poll, vote},
    tenancy::{FromRow, RouterError, StoredRow, Template},
};

const SEEN: &str = "seen";
const JUDGED: &str = "judged";
const CAST: &str = "cast_vote";
const COUNTED: &str = "counted";
const OPEN: &str = "is_open";

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

/// Casts a vote, of a voter, for a choice, at a moment, and answers with an [`Outcome`], or with
/// nothing where there is no such choice.
pub(super) static BALLOT: Template<3, WithQuery> =
    Template::new(|[voter_id, choice_id, now]| statement(&voter_id, &choice_id, &now));

fn statement(voter_id: &Value, choice_id: &Value, now: &Value) -> WithQuery {
    let mut outcome = Query::select();
    outcome.from(JUDGED).join(JoinType::LeftJoin, CAST, Expr::val(true)).join(
        JoinType::LeftJoin,
        COUNTED,
        Expr::val(true),
    );
    select::<poll::Entity>(&mut outcome, JUDGED);
    select::<vote::Entity>(&mut outcome, CAST);
    select::<choice::Entity>(&mut outcome, COUNTED);
    outcome.column((JUDGED, OPEN));
    let mut parts = WithClause::new();
    for (name, part) in [
        (SEEN, CommonTableExpression::new().query(seen(choice_id)).to_owned()),
        (JUDGED, CommonTableExpression::new().query(judged(now)).to_owned()),
        (CAST, CommonTableExpression::new().query(cast(voter_id, choice_id, now)).to_owned()),
        (COUNTED, CommonTableExpression::new().query(counted()).to_owned()),
    ] {
        let mut part = part;
        parts.cte(part.table_name(name).to_owned());
    }
    parts.query(outcome)
}

fn seen(choice_id: &Value) -> SelectStatement {
    Query::select()
        .columns(poll::Column::iter().map(|column| (poll::Entity, column)))
        .from(choice::Entity)
        .inner_join(
            poll::Entity,
            Expr::col((poll::Entity, poll::Column::Id))
                .eq(Expr::col((choice::Entity, choice::Column::PollId))),
        )
        .and_where(Expr::col((choice::Entity, choice::Column::Id)).eq(choice_id.clone()))
        .lock_with_tables(LockType::Update, [poll::Entity])
        .to_owned()
}

/// The lock may have been waited for beyond the poll's end, so the database's clock counts too. A
/// poll is closed also if its end is not after its last edit: whoever closes it sets both to the
/// same moment, and their clock may be ahead of both.
fn judged(now: &Value) -> SelectStatement {
    let closes_at = || Expr::col(poll::Column::ClosesAt);
    let open = Cond::any().add(closes_at().is_null()).add(
        Cond::all()
            .add(closes_at().gt(now.clone()))
            .add(closes_at().gt(Expr::cust("(clock_timestamp() AT TIME ZONE 'UTC')")))
            .add(closes_at().gt(Expr::col(poll::Column::UpdatedAt))),
    );
    Query::select().columns(poll::Column::iter()).expr_as(open, OPEN).from(SEEN).to_owned()
}

#[expect(clippy::expect_used, reason = "four columns, four values")]
fn cast(voter_id: &Value, choice_id: &Value, now: &Value) -> InsertStatement {
    use vote::Column::{ChoiceId, PollId, VotedAt, VotedById};
    let row = Query::select()
        .column(poll::Column::Id)
        .exprs([choice_id, voter_id, now].map(|value| Expr::val(value.clone())))
        .from(JUDGED)
        .and_where(Expr::col(OPEN))
        .to_owned();
    Query::insert()
        .into_table(vote::Entity)
        .columns([PollId, ChoiceId, VotedById, VotedAt])
        .select_from(row)
        .expect("as many values as columns")
        .on_conflict(OnConflict::columns([PollId, VotedById]).do_nothing().to_owned())
        .returning(Query::returning().columns(vote::Column::iter()))
        .to_owned()
}

fn counted() -> UpdateStatement {
    let voted_for = Query::select().column(vote::Column::ChoiceId).from(CAST).to_owned();
    let tally = choice::Column::VoteCount;
    Query::update()
        .table(choice::Entity)
        .value(tally, Expr::col(tally).add(1))
        .and_where(
            Expr::col(choice::Column::Id).eq(Expr::SubQuery(None, Box::new(voted_for.into()))),
        )
        .returning(Query::returning().columns(choice::Column::iter()))
        .to_owned()
}

/// All columns of an entity out of a part.
fn select<E: EntityTrait>(query: &mut SelectStatement, part: &'static str) {
    query.columns(E::Column::iter().map(|column| (part, column)));
}
