//! Pages of polls.

use std::sync::Arc;

use async_graphql::{Context, Enum, InputObject};
use futures::try_join;

use super::{CHOICES, PollConnection};
use crate::{
    graphql::{
        connection::{PageArguments, cursors},
        context::RequestContext,
        error::ApiResult,
        loaders::poll_by_poll,
    },
    service::{
        self,
        page::Page,
        poll::{Filter, OrderField},
    },
};

/// What polls are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "OrderField")]
pub(in crate::graphql) enum PollOrderField {
    /// When they were made.
    PubDate,
    /// When voting ends; polls that never close come last.
    ClosesAt,
}

/// Which way an order runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(in crate::graphql) enum OrderDirection {
    /// The smallest first.
    Asc,
    /// The largest first.
    Desc,
}

/// An order of polls. Ties break by id.
#[derive(Debug, Clone, Copy, InputObject)]
pub(in crate::graphql) struct PollOrder {
    /// What to order by.
    field: PollOrderField,
    /// Which way.
    direction: OrderDirection,
}

impl Default for PollOrder {
    fn default() -> Self {
        Self::new(OrderField::PubDate, true)
    }
}

impl PollOrder {
    fn new(field: OrderField, descending: bool) -> Self {
        let direction = if descending { OrderDirection::Desc } else { OrderDirection::Asc };
        Self { field: field.into(), direction }
    }

    /// The order's name inside cursors.
    const fn name(self) -> &'static str {
        match (self.field, self.direction) {
            (PollOrderField::PubDate, OrderDirection::Asc) => "polls-pub_date-asc",
            (PollOrderField::PubDate, OrderDirection::Desc) => "polls-pub_date-desc",
            (PollOrderField::ClosesAt, OrderDirection::Asc) => "polls-closes_at-asc",
            (PollOrderField::ClosesAt, OrderDirection::Desc) => "polls-closes_at-desc",
        }
    }
}

/// A page of polls.
pub(in crate::graphql) async fn polls(
    ctx: &Context<'_>,
    filter: &Filter,
    order: PollOrder,
    arguments: PageArguments,
) -> ApiResult<PollConnection> {
    let descending = order.direction == OrderDirection::Desc;
    let request = RequestContext::of(ctx)?;
    let wanted = request.loaders.wanted;
    let listing = service::poll::listing(filter, order.field.into(), descending).only(wanted.poll);
    let cursors = cursors(request, order.name());
    let window = cursors.window(&arguments)?;
    let loaders = &request.loaders;
    let page = async {
        if !page_wants(ctx, &["createdBy"]) {
            return listing.page(window).await;
        }
        let page = service::poll::page_with_creators(filter, &listing, window, wanted.user).await?;
        let (rows, creators): (_, Vec<_>) = page.rows.into_iter().unzip();
        loaders.users.prime_all(creators.into_iter().map(|user| (user.id, Arc::new(user))));
        Ok(Page { rows, more: page.more })
    };
    let choices = async {
        if page_wants(ctx, CHOICES) {
            let choices =
                service::poll::choices_beside(filter, &listing, window, wanted.choice).await?;
            loaders.choices_of_poll.prime_all(poll_by_poll(choices));
        }
        Ok(())
    };
    let (page, ()) = try_join!(page, choices)?;
    Ok(PollConnection::new(listing, cursors, window, page))
}

/// Whether a field that is a page of polls asks for one of these fields of them, so that it can
/// come along.
fn page_wants(ctx: &Context<'_>, fields: &[&str]) -> bool {
    let asked = ctx.look_ahead();
    let polls = [asked.field("nodes"), asked.field("edges").field("node")];
    polls.iter().any(|polls| fields.iter().any(|field| polls.field(field).exists()))
}

/// A page of the polls that somebody made, newest first.
pub(in crate::graphql) async fn polls_of_user(
    ctx: &Context<'_>,
    user_id: i64,
    arguments: PageArguments,
) -> ApiResult<PollConnection> {
    let request = RequestContext::of(ctx)?;
    let cursors = cursors(request, PollOrder::default().name());
    let window = cursors.window(&arguments)?;
    let page = request.loaders.polls_of_user.require((window, user_id)).await?;
    Ok(PollConnection::new(service::poll::made_by(user_id), cursors, window, page))
}
