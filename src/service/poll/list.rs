//! Which polls to list, in which order, page by page.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use sea_orm::{
    ColumnTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait, Query},
};

use crate::{
    entity::{choice as choice_entity, poll, user, vote},
    service::{
        choice, clock,
        error::Failure,
        page::{self, Listing, Order, Page, Position, Window},
        people::contains,
    },
    tenancy::{Columns, PageTexts, TenantRouter},
};

/// Which polls are asked for; all of it must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Its question contains this folded text.
    pub search: Option<String>,
    /// Votes are taken now, or no longer.
    pub is_open: Option<Openness>,
    /// Made by this person.
    pub created_by: Option<i64>,
    /// This person (none: nobody) has voted on it, or has not.
    pub voted: Option<(Option<i64>, bool)>,
}

impl Filter {
    const fn is_empty(&self) -> bool {
        let Self { search, is_open, created_by, voted } = self;
        search.is_none() && is_open.is_none() && created_by.is_none() && voted.is_none()
    }
}

/// Whether votes are taken, at the moment at which this was made.
#[derive(Debug, Clone, Copy)]
pub struct Openness {
    open: bool,
    at: NaiveDateTime,
}

impl Openness {
    /// Now. What is made of it holds until the next poll closes, whichever that is.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn now(open: bool) -> Result<Self, Failure> {
        let at = clock::bare_now();
        if clock::is_noted() {
            let column = poll::Column::ClosesAt;
            let next = poll::Entity::rows().filter(column.gt(at)).order_by_asc(column);
            let next = TenantRouter::db_for_read::<poll::Entity>()?.one(next).await?;
            if let Some(closes_at) = next.and_then(|poll| poll.closes_at) {
                clock::holds_until(closes_at);
            }
        }
        Ok(Self { open, at })
    }
}

/// What polls are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderField {
    /// When they were made.
    PubDate,
    /// When voting ends; never comes last.
    ClosesAt,
}

/// The polls that match, in an order.
#[must_use]
pub fn listing(filter: &Filter, by: OrderField, descending: bool) -> Listing<poll::Entity> {
    let mut query = poll::Entity::rows();
    if let Some(search) = &filter.search {
        query = query.filter(Expr::col(poll::Column::QuestionKey).like(contains(search)));
    }
    if let Some(Openness { open, at }) = filter.is_open {
        let column = poll::Column::ClosesAt;
        let taken = column.is_null().or(column.gt(at));
        query = query.filter(if open { taken } else { column.lte(at) });
    }
    if let Some(user_id) = filter.created_by {
        query = query.filter(poll::Column::CreatedById.eq(user_id));
    }
    if let Some((voter, voted)) = filter.voted {
        let votes = Query::select()
            .expr(Expr::val(1))
            .from(vote::Entity)
            .and_where(
                vote::Column::PollId.into_expr().eq(Expr::col((poll::Entity, poll::Column::Id))),
            )
            .and_where(vote::Column::VotedById.eq(voter.unwrap_or(0)))
            .to_owned();
        let exists = Expr::exists(votes);
        query = query.filter(if voted { exists } else { exists.not() });
    }
    let id = poll::Column::Id;
    let order = match by {
        OrderField::PubDate => Order::by_moment(poll::Column::PubDate, id, descending),
        OrderField::ClosesAt => Order::by_nullable_moment(poll::Column::ClosesAt, id, descending),
    };
    Listing::new(query, order).searching(filter.search.is_some() || filter.voted.is_some())
}

/// A page of the polls that match, in an order, each with its creator, of whom these columns are
/// read.
///
/// # Errors
/// What the database answers.
pub async fn page_with_creators(
    filter: &Filter,
    listing: &Listing<poll::Entity>,
    window: Window,
    of_creators: Columns,
) -> Result<Page<(poll::Model, user::Model)>, Failure> {
    static TEXTS: [PageTexts; 2] = [const { PageTexts::new() }; 2];
    let texts = filter.is_empty().then_some(&TEXTS);
    listing.page_with(window, user::Entity, of_creators, texts).await
}

/// The choices of such a page's polls, each poll's in the order written, to be asked for beside the
/// page; see [`Listing::beside`]. These columns of them are read. A poll has all of its choices here
/// or none.
///
/// # Errors
/// What the database answers.
pub async fn choices_beside(
    filter: &Filter,
    listing: &Listing<poll::Entity>,
    window: Window,
    columns: Columns,
) -> Result<Vec<choice_entity::Model>, Failure> {
    static TEXTS: [PageTexts; 2] = [const { PageTexts::new() }; 2];
    let texts = filter.is_empty().then_some(&TEXTS);
    let (rows, column) = (choice_entity::Entity::rows, choice_entity::Column::PollId);
    let columns = choice::ordered(columns);
    let choices = listing.beside(window, rows, column, columns, texts).await?;
    Ok(choices.map(choice::in_order).unwrap_or_default())
}

/// The polls that somebody made, newest first.
#[must_use]
pub fn made_by(user_id: i64) -> Listing<poll::Entity> {
    let filter = Filter { created_by: Some(user_id), ..Filter::default() };
    listing(&filter, OrderField::PubDate, true)
}

/// The same page of the polls that each of these people made, in one statement, which reads these
/// columns.
///
/// # Errors
/// What the database answers.
pub async fn pages_made_by(
    user_ids: &[i64],
    window: Window,
    columns: Columns,
) -> Result<HashMap<i64, Page<poll::Model>>, Failure> {
    let position = |poll: &poll::Model| Position { moment: Some(poll.pub_date), id: poll.id };
    let columns = [poll::Column::CreatedById, poll::Column::PubDate]
        .into_iter()
        .fold(columns, |columns, column| columns.with(column as usize));
    page::pages(user_ids, window, columns, made_by, |poll| poll.created_by_id, position).await
}
