//! The vote of one person. PostgreSQL takes less than half as long for it as for one vote in the
//! statement that is made for several.
//!
//! `seen` locks the poll, unless somebody else holds it, `cast` inserts the vote, unless the poll
//! is closed or there is one, and what remains raises the tally of a vote that was inserted.

use sea_orm::{
    Iterable,
    sea_query::{
        CommonTableExpression, Expr, ExprTrait, InsertStatement, LockBehavior, LockType, Query,
        SelectStatement, SubQueryStatement, UpdateStatement, WithClause, WithQuery,
    },
};

use super::{CAST, SEEN, insert, is_open};
use crate::{
    entity::{choice, poll, vote},
    tenancy::Part,
};

pub(super) fn statement() -> WithQuery {
    let mut parts = WithClause::new();
    for (name, mut part) in [
        (SEEN, CommonTableExpression::new().query(seen()).to_owned()),
        (CAST, CommonTableExpression::new().query(cast()).to_owned()),
    ] {
        parts.cte(part.table_name(name).to_owned());
    }
    parts.query(counted())
}

fn seen() -> SelectStatement {
    let its_poll = Query::select()
        .column(choice::Column::PollId)
        .from(choice::Entity)
        .and_where(Expr::col(choice::Column::Id).eq(Part::Of.value()))
        .to_owned();
    let its_poll = Expr::SubQuery(None, Box::new(SubQueryStatement::from(its_poll)));
    Query::select()
        .columns(poll::Column::iter())
        .from(poll::Entity)
        .and_where(Expr::col(poll::Column::Id).eq(its_poll))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned()
}

fn cast() -> InsertStatement {
    let vote = Query::select()
        .column(poll::Column::Id)
        .exprs([Part::Of, Part::By, Part::At].map(Part::value))
        .from(SEEN)
        .cond_where(is_open(SEEN, Part::At.value()))
        .to_owned();
    insert(vote, vote::Column::iter())
}

/// Gives the row of an outcome.
fn counted() -> UpdateStatement {
    let tally = choice::Column::VoteCount;
    let its_own = Expr::col((choice::Entity, choice::Column::Id))
        .eq(Expr::col((CAST, vote::Column::ChoiceId)));
    let asked = [vote::Column::VotedById, vote::Column::ChoiceId];
    let row = asked
        .map(|column| Expr::col((CAST, column)))
        .into_iter()
        .chain(poll::Column::iter().map(|column| Expr::col((SEEN, column))))
        .chain(vote::Column::iter().map(|column| Expr::col((CAST, column))))
        .chain(choice::Column::iter().map(|column| Expr::col((choice::Entity, column))))
        .chain([Expr::cust("TRUE")]);
    Query::update()
        .table(choice::Entity)
        .value(tally, Expr::col((choice::Entity, tally)).add(Expr::cust("1")))
        .from(CAST)
        .from(SEEN)
        .and_where(its_own)
        .returning(Query::returning().exprs(row))
        .to_owned()
}
