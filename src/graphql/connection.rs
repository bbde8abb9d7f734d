//! Relay connections (GraphQL Cursor Connections Specification) over keyset pages.

use std::sync::Arc;

use async_graphql::SimpleObject;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::DateTime;

use super::{
    context::RequestContext,
    error::{ApiError, ApiResult},
};
use crate::{
    service::page::{Listing, Position, Window},
    tenancy::{TenantEntity, TenantKey},
};

/// The longest page.
pub(super) const MAX_PAGE: i32 = 100;
/// The page without `first` and `last`.
pub(super) const DEFAULT_PAGE: i32 = 20;

/// The paging arguments of a field.
#[derive(Debug, Default)]
pub(super) struct PageArguments {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

/// Writes and reads cursors of one order in one tenant. Others' are refused.
#[derive(Debug, Clone)]
pub(super) struct Cursors {
    /// What is listed, and in which order.
    pub order: &'static str,
    pub tenant: TenantKey,
}

impl Cursors {
    pub(super) fn encode(&self, position: Position) -> String {
        let moment = position
            .moment
            .map_or_else(|| "-".to_owned(), |at| at.and_utc().timestamp_micros().to_string());
        let text = format!("{}:{}:{moment}:{}", self.order, self.tenant, position.id);
        BASE64_URL_SAFE_NO_PAD.encode(text)
    }

    fn decode(&self, argument: &str, cursor: &str) -> ApiResult<Position> {
        self.position(cursor).ok_or_else(|| {
            ApiError::bad_input(format!(
                "`{argument}` is no cursor of this list in this order; take one from its edges."
            ))
        })
    }

    fn position(&self, cursor: &str) -> Option<Position> {
        if cursor.len() > 256 {
            return None;
        }
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let mut parts = text.splitn(4, ':');
        if parts.next()? != self.order || parts.next()? != self.tenant.as_str() {
            return None;
        }
        let moment = match parts.next()? {
            "-" => None,
            micros => Some(DateTime::from_timestamp_micros(micros.parse().ok()?)?.naive_utc()),
        };
        Some(Position { moment, id: parts.next()?.parse().ok()? })
    }

    /// The rows that the arguments ask for.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for both of `first` and `last`, a length out of range, a foreign cursor.
    pub(super) fn window(&self, arguments: &PageArguments) -> ApiResult<Window> {
        let (length, backward) = match (arguments.first, arguments.last) {
            (Some(_), Some(_)) => {
                return Err(ApiError::bad_input("Give `first` or `last`, not both."));
            }
            (None, Some(last)) => (last, true),
            (first, None) => (first.unwrap_or(DEFAULT_PAGE), false),
        };
        let limit = u64::try_from(length).ok().filter(|_| length <= MAX_PAGE).ok_or_else(|| {
            let name = if backward { "last" } else { "first" };
            ApiError::bad_input(format!("`{name}` is {length}; it goes from 0 to {MAX_PAGE}."))
        })?;
        let position = |argument: &str, cursor: &Option<String>| {
            cursor.as_deref().map(|cursor| self.decode(argument, cursor)).transpose()
        };
        let after = position("after", &arguments.after)?;
        let before = position("before", &arguments.before)?;
        Ok(Window { limit, backward, after, before })
    }
}

/// Where a page ends and whether there is more.
#[derive(Debug, SimpleObject)]
pub(super) struct PageInfo {
    /// Whether anything stands behind this page's end, exactly, in both directions of paging.
    has_next_page: bool,
    /// Whether anything stands before this page's start, exactly, in both directions of paging.
    has_previous_page: bool,
    /// The cursor of the first edge.
    start_cursor: Option<String>,
    /// The cursor of the last edge.
    end_cursor: Option<String>,
}

/// What a connection knows to tell its page info.
pub(super) struct Extent {
    pub window: Window,
    pub more: bool,
    pub start: Option<Position>,
    pub end: Option<Position>,
}

impl PageInfo {
    /// Asks the database only for what the page itself does not tell.
    pub(super) async fn of<E: TenantEntity>(
        listing: &Listing<E>,
        extent: &Extent,
        cursors: &Cursors,
    ) -> ApiResult<Self> {
        let (has_next_page, has_previous_page) = match (extent.start, extent.end) {
            (Some(start), Some(end)) => around(listing, extent, start, end).await?,
            _ => around_nothing(listing, extent.window).await?,
        };
        Ok(Self {
            has_next_page,
            has_previous_page,
            start_cursor: extent.start.map(|start| cursors.encode(start)),
            end_cursor: extent.end.map(|end| cursors.encode(end)),
        })
    }
}

async fn around<E: TenantEntity>(
    listing: &Listing<E>,
    extent: &Extent,
    start: Position,
    end: Position,
) -> ApiResult<(bool, bool)> {
    let window = extent.window;
    let next = (!window.backward && extent.more)
        || (window.before.is_some() && listing.any_after(end, false).await?);
    let previous = (window.backward && extent.more)
        || (window.after.is_some() && listing.any_before(start, false).await?);
    Ok((next, previous))
}

/// A page without rows stands right behind `after`, else right before `before`, else at the end
/// from which it counts.
async fn around_nothing<E: TenantEntity>(
    listing: &Listing<E>,
    window: Window,
) -> ApiResult<(bool, bool)> {
    Ok(match (window.after, window.before) {
        (Some(after), _) => {
            (listing.any_after(after, false).await?, listing.any_before(after, true).await?)
        }
        (None, Some(before)) => {
            (listing.any_after(before, true).await?, listing.any_before(before, false).await?)
        }
        (None, None) if window.limit > 0 => (false, false),
        (None, None) => {
            let any = listing.any_row().await?;
            (any && !window.backward, any && window.backward)
        }
    })
}

/// Shared by all connections: what the field's page is made from.
pub(super) fn cursors(request: &Arc<RequestContext>, order: &'static str) -> Cursors {
    Cursors { order, tenant: request.key().clone() }
}

/// A count as GraphQL's 32-bit `Int`.
pub(super) fn int(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}

/// Defines a connection, its edge and its page, for one entity.
macro_rules! connection {
    (
        $(#[$doc:meta])* $connection:ident, $(#[$edge_doc:meta])* $edge:ident,
        $entity:ty, $node:ident, $position:expr
    ) => {
        $(#[$doc])*
        pub(in crate::graphql) struct $connection {
            listing: $crate::service::page::Listing<$entity>,
            nodes: $crate::graphql::in_place::Many<$node>,
            window: $crate::service::page::Window,
            more: bool,
            cursors: $crate::graphql::connection::Cursors,
        }

        $(#[$edge_doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(in crate::graphql) struct $edge {
            /// Where the node stands in the list: for `after` and `before`.
            cursor: String,
            /// The node.
            node: $crate::graphql::in_place::One<$node>,
        }

        impl $connection {
            /// A page of a listing.
            pub(in crate::graphql) fn new(
                listing: $crate::service::page::Listing<$entity>,
                cursors: $crate::graphql::connection::Cursors,
                window: $crate::service::page::Window,
                page: $crate::service::page::Page<
                    <$entity as sea_orm::EntityTrait>::Model,
                >,
            ) -> Self {
                let nodes = $crate::graphql::in_place::Many::of(page.rows);
                Self { listing, nodes, window, more: page.more, cursors }
            }

            fn position(&self, node: &$node) -> $crate::service::page::Position {
                ($position)(node, self.cursors.order)
            }
        }

        $(#[$doc])*
        #[async_graphql::Object]
        impl $connection {
            /// The page's nodes, each with its cursor.
            async fn edges(&self) -> Vec<$edge> {
                let edge = |node: &$node| $edge {
                    cursor: self.cursors.encode(self.position(node)),
                    node: $crate::graphql::in_place::One(node.clone()),
                };
                self.nodes.iter().map(edge).collect()
            }

            /// The page's nodes.
            async fn nodes(&self) -> &$crate::graphql::in_place::Many<$node> {
                &self.nodes
            }

            /// Where the page ends and whether there is more.
            async fn page_info(
                &self,
            ) -> $crate::graphql::error::ApiResult<$crate::graphql::connection::PageInfo> {
                let extent = $crate::graphql::connection::Extent {
                    window: self.window,
                    more: self.more,
                    start: self.nodes.first().map(|node| self.position(node)),
                    end: self.nodes.last().map(|node| self.position(node)),
                };
                $crate::graphql::connection::PageInfo::of(&self.listing, &extent, &self.cursors)
                    .await
            }

            /// How many there are on all pages together. Counted only when asked for.
            async fn total_count(&self) -> $crate::graphql::error::ApiResult<i32> {
                Ok($crate::graphql::connection::int(self.listing.count().await?))
            }
        }
    };
}
pub(super) use connection;
