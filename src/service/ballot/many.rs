//! Votes of several people in one statement.
//!
//! Its parts run one after the other, as each needs what the one before it found: `seen` locks the
//! polls, as every change of a poll or of a vote on it does first, and leaves out those that
//! somebody else holds; `judged` looks at the clock once the locks are had; `cast` inserts the
//! votes, unless the poll is closed or there is one; `counted` raises the tallies by what was
//! inserted, as `tallied` adds it up.

use sea_orm::{
    Iterable, Order,
    sea_query::{
        CommonTableExpression, Expr, ExprTrait, InsertStatement, JoinType, LockBehavior, LockType,
        Query, SelectStatement, UpdateStatement, WithClause, WithQuery,
    },
};

use super::{CAST, SEEN, insert, is_open};
use crate::{
    entity::{choice, poll, vote},
    tenancy::AskTemplate,
};

const ASKED: &str = "asked";
const VOTER: &str = "voter";
const CHOSEN: &str = "chosen";
const MOMENT: &str = "moment";
const JUDGED: &str = "judged";
const OPEN: &str = "is_open";
const TALLIED: &str = "tallied";
const COUNTED: &str = "counted";
const VOTES: &str = "votes";
/// Of a vote, from one.
const PLACE_AMONG_ITS_CHOICE: &str =
    r#"ROW_NUMBER() OVER (PARTITION BY "cast_vote"."choice_id" ORDER BY "cast_vote"."id")"#;

pub(super) fn statement() -> WithQuery {
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
}

fn asked() -> SelectStatement {
    AskTemplate::<WithQuery>::asks([VOTER, CHOSEN, MOMENT])
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

fn judged() -> SelectStatement {
    let its_choice = Expr::col((choice::Entity, choice::Column::Id)).eq(Expr::col((ASKED, CHOSEN)));
    let its_poll =
        Expr::col((SEEN, poll::Column::Id)).eq(Expr::col((choice::Entity, choice::Column::PollId)));
    Query::select()
        .columns([VOTER, CHOSEN, MOMENT].map(|column| (ASKED, column)))
        .columns(poll::Column::iter().map(|column| (SEEN, column)))
        .expr_as(is_open(SEEN, Expr::col((ASKED, MOMENT))), OPEN)
        .from(ASKED)
        .inner_join(choice::Entity, its_choice)
        .inner_join(SEEN, its_poll)
        .to_owned()
}

fn cast() -> InsertStatement {
    let votes = Query::select()
        .column(poll::Column::Id)
        .columns([CHOSEN, VOTER, MOMENT])
        .from(JUDGED)
        .and_where(Expr::col(OPEN))
        .to_owned();
    insert(votes, vote::Column::iter())
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
