//! The vote of whoever sent a token that nobody has looked up yet.
//!
//! To look a token up is a statement of its own, which takes a third of a vote's time where many
//! databases take turns. Here one look at the rows judges both, so that no time passes in between.
//! There is a row only if all is well: what is wrong otherwise, the look-up of
//! the token and [`super::BALLOT`] tell. Superusers are left to those as well: they are shown more
//! than others, and this does not tell them apart.

use chrono::NaiveDateTime;
use sea_orm::{
    ColumnTrait, Value,
    sea_query::{
        CommonTableExpression, Expr, ExprTrait, LockBehavior, LockType, Query, SelectStatement,
        UpdateStatement, WithClause, WithQuery,
    },
};

use super::{CAST, insert, is_open};
use crate::{
    entity::{auth_token, choice, poll, user, vote},
    tenancy::{FromRow, RouterError, StoredRow, Template},
};

/// What nobody knows of a vote and of its choice before it is cast. Each column more takes the
/// database a hundredth of a vote's time, and the caller has brought the choice and the moment.
#[derive(Debug)]
pub(in crate::service) struct Counted {
    vote_id: i64,
    poll_id: i64,
    voter_id: i64,
    choice_text: String,
    vote_count: i64,
}

impl Counted {
    /// The vote, and the choice with its new tally but without its position.
    pub fn models(self, choice_id: i64, voted_at: NaiveDateTime) -> (vote::Model, choice::Model) {
        let Self { vote_id: id, poll_id, voter_id: voted_by_id, choice_text, vote_count } = self;
        (
            vote::Model { id, poll_id, choice_id, voted_by_id, voted_at },
            choice::Model { id: choice_id, poll_id, position: 0, choice_text, vote_count },
        )
    }
}

impl FromRow for Counted {
    fn from_row(row: &StoredRow<'_>) -> Result<Self, RouterError> {
        Ok(Self {
            vote_id: row.get(0)?,
            poll_id: row.get(1)?,
            voter_id: row.get(2)?,
            choice_text: row.get(3)?,
            vote_count: row.get(4)?,
        })
    }
}

/// Casts the vote of whoever has a token with this hash, for a choice, at a moment.
pub(in crate::service) static BALLOT_BY_TOKEN: Template<3, WithQuery> =
    Template::new(|[hash, choice_id, at]| {
        use vote::Column::{ChoiceId, Id, PollId, VotedById};
        let told = [Id, PollId, ChoiceId, VotedById];
        let cast = insert(voter_and_poll(hash, choice_id, at), told);
        let mut parts = WithClause::new();
        parts.cte(CommonTableExpression::new().query(cast).table_name(CAST).to_owned());
        parts.query(counted())
    });

/// Locks the poll, unless somebody else does, who may be ending it.
fn voter_and_poll(hash: Value, choice_id: Value, at: Value) -> SelectStatement {
    let its_owner = Expr::col((auth_token::Entity, auth_token::Column::UserId))
        .equals((user::Entity, user::Column::Id));
    let its_poll = Expr::col((choice::Entity, choice::Column::PollId))
        .equals((poll::Entity, poll::Column::Id));
    Query::select()
        .column((poll::Entity, poll::Column::Id))
        .column((choice::Entity, choice::Column::Id))
        .column((user::Entity, user::Column::Id))
        .expr(Expr::val(at.clone()))
        .from(auth_token::Entity)
        .inner_join(user::Entity, its_owner)
        .inner_join(choice::Entity, choice::Column::Id.eq(choice_id))
        .inner_join(poll::Entity, its_poll)
        .and_where(auth_token::Column::TokenHash.eq(hash))
        .and_where(auth_token::Column::ExpiresAt.gt(at.clone()))
        .and_where(user::Column::IsActive.into_expr())
        .and_where(user::Column::Role.eq(user::Role::User))
        .cond_where(is_open(poll::Entity, Expr::val(at)))
        .lock_with_tables_behavior(LockType::Update, [poll::Entity], LockBehavior::SkipLocked)
        .to_owned()
}

fn counted() -> UpdateStatement {
    let tally = choice::Column::VoteCount;
    let its_own =
        Expr::col((choice::Entity, choice::Column::Id)).equals((CAST, vote::Column::ChoiceId));
    let votes = [vote::Column::Id, vote::Column::PollId, vote::Column::VotedById];
    let votes = votes.map(|column| Expr::col((CAST, column)));
    let choices = [choice::Column::ChoiceText, tally];
    let choices = choices.map(|column| Expr::col((choice::Entity, column)));
    Query::update()
        .table(choice::Entity)
        .value(tally, Expr::col((choice::Entity, tally)).add(Expr::cust("1")))
        .from(CAST)
        .and_where(its_own)
        .returning(Query::returning().exprs(votes.into_iter().chain(choices)))
        .to_owned()
}
