//! Votes of any number of people in one statement, for databases that change rows in the course
//! of a query.
//!
//! Its parts run one after the other, as each needs what the one before it found: `seen` locks the
//! polls, as every change of a poll or of a vote on it does first, and leaves out those that
//! somebody else holds; `judged` looks at the clock once the locks are had; `cast` inserts the
//! votes, unless the poll is closed or there is one; `counted` raises the tallies by what was
//! inserted, as `tallied` adds it up.
//!
//! All parts see the rows as they were when the statement began, which may be before the locks
//! were had. What that leaves out is made up for by the database itself:
//! - A poll is read again once its lock is had, and so is a tally when it is raised.
//! - The unique index also knows votes that the statement does not see.
//! - A choice that is gone by then breaks the vote's foreign key, and so the whole statement.

use sea_orm::{
    Iterable, Order,
    sea_query::{
        CommonTableExpression, Cond, Expr, ExprTrait, InsertStatement, JoinType, LockBehavior,
        LockType, OnConflict, Query, SelectStatement, UpdateStatement, WithClause, WithQuery,
    },
};

use crate::{
    entity::{choice, poll, vote},
    tenancy::{ArrayTemplate, FromRow, RouterError, StoredRow},
};

const ASKED: &str = "asked";
const VOTER: &str = "voter";
const CHOSEN: &str = "chosen";
const MOMENT: &str = "moment";
const SEEN: &str = "seen";
const JUDGED: &str = "judged";
const OPEN: &str = "is_open";
const CAST: &str = "cast_vote";
const TALLIED: &str = "tallied";
const VOTES: &str = "votes";
const COUNTED: &str = "counted";
/// Of a vote, from one.
const PLACE_AMONG_ITS_CHOICE: &str =
    r#"ROW_NUMBER() OVER (PARTITION BY "cast_vote"."choice_id" ORDER BY "cast_vote"."id")"#;

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
pub(super) static BALLOT: ArrayTemplate<WithQuery> = ArrayTemplate::new(|| {
    let mut parts = WithClause::new();
    for (name, mut part) in [
        (ASKED, CommonTableExpression::new().query(asked()).to_owned()),
        (SEEN, CommonTableExpression::new().query(seen()).to_owned()),
        (JUDGED, CommonTableExpression::new().query(judged()).to_owned()),
        (CAST, CommonTableExpression::new().query(cast()).to_owned()),
        (TALLIED, CommonTableExpression::new().query(tallied()).to_owned()),
        (COUNTED, CommonTableExpression::new().query(counted()).to_owned()),
    ] {
        parts.cte(part.table_name(name).to_owned());
    }
    parts.query(outcomes())
});

fn asked() -> SelectStatement {
    ArrayTemplate::<WithQuery>::asks([VOTER, CHOSEN, MOMENT])
}

/// In the order of their numbers, so that two statements never wait for each other's.
fn seen() -> SelectStatement {
    let chosen = Query::select().column(CHOSEN).from(ASKED).to_owned();
    let polls = Query::select()
        .column(choice::Column::PollId)
        .from(choice::Entity)
        .and_where(Expr::col(choice::Column::Id).in_subquery(chosen))
        .to_owned();
    Query::select()
        .columns(poll::Column::iter())
        .from(poll::Entity)
        .and_where(Expr::col(poll::Column::Id).in_subquery(polls))
        .order_by(poll::Column::Id, Order::Asc)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned()
}

/// The database's clock counts too, as others may have waited for the poll. A poll is closed also
/// if its end is not after its last edit: whoever closes it sets both to the same moment, and
/// their clock may be ahead of both.
fn judged() -> SelectStatement {
    let closes_at = || Expr::col((SEEN, poll::Column::ClosesAt));
    let open = Cond::any().add(closes_at().is_null()).add(
        Cond::all()
            .add(closes_at().gt(Expr::col((ASKED, MOMENT))))
            .add(closes_at().gt(Expr::cust("(clock_timestamp() AT TIME ZONE 'UTC')")))
            .add(closes_at().gt(Expr::col((SEEN, poll::Column::UpdatedAt)))),
    );
    let its_choice = Expr::col((choice::Entity, choice::Column::Id)).eq(Expr::col((ASKED, CHOSEN)));
    let its_poll =
        Expr::col((SEEN, poll::Column::Id)).eq(Expr::col((choice::Entity, choice::Column::PollId)));
    Query::select()
        .columns([VOTER, CHOSEN, MOMENT].map(|column| (ASKED, column)))
        .columns(poll::Column::iter().map(|column| (SEEN, column)))
        .expr_as(open, OPEN)
        .from(ASKED)
        .inner_join(choice::Entity, its_choice)
        .inner_join(SEEN, its_poll)
        .to_owned()
}

#[expect(clippy::expect_used, reason = "four columns, four values")]
fn cast() -> InsertStatement {
    use vote::Column::{ChoiceId, PollId, VotedAt, VotedById};
    let rows = Query::select()
        .column(poll::Column::Id)
        .columns([CHOSEN, VOTER, MOMENT])
        .from(JUDGED)
        .and_where(Expr::col(OPEN))
        .to_owned();
    Query::insert()
        .into_table(vote::Entity)
        .columns([PollId, ChoiceId, VotedById, VotedAt])
        .select_from(rows)
        .expect("as many values as columns")
        .on_conflict(OnConflict::columns([PollId, VotedById]).do_nothing().to_owned())
        .returning(Query::returning().columns(vote::Column::iter()))
        .to_owned()
}

fn tallied() -> SelectStatement {
    Query::select()
        .column(vote::Column::ChoiceId)
        .expr_as(Expr::cust("COUNT(*)"), VOTES)
        .from(CAST)
        .group_by_col(vote::Column::ChoiceId)
        .to_owned()
}

fn counted() -> UpdateStatement {
    let tally = choice::Column::VoteCount;
    let its_own = Expr::col((choice::Entity, choice::Column::Id))
        .eq(Expr::col((TALLIED, vote::Column::ChoiceId)));
    Query::update()
        .table(choice::Entity)
        .value(tally, Expr::col((choice::Entity, tally)).add(Expr::col((TALLIED, VOTES))))
        .from(TALLIED)
        .and_where(its_own)
        .returning(
            Query::returning().exprs(
                choice::Column::iter()
                    .map(|column| Expr::col((choice::Entity, column)))
                    .chain([Expr::col((TALLIED, VOTES))]),
            ),
        )
        .to_owned()
}

fn outcomes() -> SelectStatement {
    let its_vote = Expr::col((CAST, vote::Column::ChoiceId))
        .eq(Expr::col((JUDGED, CHOSEN)))
        .and(Expr::col((CAST, vote::Column::VotedById)).eq(Expr::col((JUDGED, VOTER))));
    let its_choice =
        Expr::col((COUNTED, choice::Column::Id)).eq(Expr::col((CAST, vote::Column::ChoiceId)));
    let mut outcomes = Query::select();
    outcomes
        .columns([VOTER, CHOSEN].map(|column| (JUDGED, column)))
        .columns(poll::Column::iter().map(|column| (JUDGED, column)))
        .columns(vote::Column::iter().map(|column| (CAST, column)));
    for column in choice::Column::iter() {
        let value = Expr::col((COUNTED, column));
        outcomes.expr(match column {
            // As if the votes had come one after the other.
            choice::Column::VoteCount => {
                value.sub(Expr::col((COUNTED, VOTES))).add(Expr::cust(PLACE_AMONG_ITS_CHOICE))
            }
            _ => value,
        });
    }
    outcomes
        .column((JUDGED, OPEN))
        .from(JUDGED)
        .join(JoinType::LeftJoin, CAST, its_vote)
        .join(JoinType::LeftJoin, COUNTED, its_choice)
        .to_owned()
}
