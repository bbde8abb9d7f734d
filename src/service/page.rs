//! Keyset pagination, forwards and backwards, over an order that never has ties.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use futures::future::BoxFuture;
use sea_orm::{
    ColumnTrait, Condition, Order as Direction, QueryFilter, QueryOrder, QuerySelect, Related,
    Select,
};

use super::error::Failure;
use crate::tenancy::{Columns, OfPage, PageTexts, TenantEntity, TenantRouter};

/// An order: by a moment if there is one, then by id. Rows without the moment come last,
/// whichever way it runs.
#[derive(Debug, Clone, Copy)]
pub struct Order<C> {
    moment: Option<C>,
    nullable: bool,
    id: C,
    descending: bool,
}

impl<C> Order<C> {
    /// By id alone.
    pub const fn by_id(id: C, descending: bool) -> Self {
        Self { moment: None, nullable: false, id, descending }
    }

    /// By a moment that every row has.
    pub const fn by_moment(moment: C, id: C, descending: bool) -> Self {
        Self { moment: Some(moment), nullable: false, id, descending }
    }

    /// By a moment that some rows lack.
    pub const fn by_nullable_moment(moment: C, id: C, descending: bool) -> Self {
        Self { moment: Some(moment), nullable: true, id, descending }
    }
}

/// Where a row stands in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The moment it is ordered by, if the order has one and the row too.
    pub moment: Option<NaiveDateTime>,
    /// Its number.
    pub id: i64,
}

/// Which rows are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// How many at most.
    pub limit: u64,
    /// Whether they are counted from the end.
    pub backward: bool,
    /// Only rows behind this.
    pub after: Option<Position>,
    /// Only rows before this.
    pub before: Option<Position>,
}

/// The rows of a window, in order.
#[derive(Debug, Clone)]
pub struct Page<M> {
    /// The rows.
    pub rows: Vec<M>,
    /// Whether the window goes on beyond the limit, in the direction of counting.
    pub more: bool,
}

/// A query in an order, to be read in pages.
#[derive(Debug, Clone)]
pub struct Listing<E: TenantEntity> {
    query: Select<E>,
    order: Order<E::Column>,
    /// Whether any number of rows may be looked at for a few.
    searches: bool,
    /// What is read of each.
    columns: Columns,
}

/// A run of rows that one index can walk: those with a moment, then those without.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Segment {
    All,
    WithMoment,
    WithoutMoment,
}

/// The same window of many listings, in one statement: one page for each parent. Only for orders
/// in which every row has its moment. The columns that are read have to be all that is looked at to
/// tell a row's parent and position.
///
/// # Errors
/// What the database answers.
pub async fn pages<E: TenantEntity>(
    parents: &[i64],
    window: Window,
    columns: Columns,
    listing_of: impl Fn(i64) -> Listing<E>,
    parent_of: impl Fn(&E::Model) -> i64,
    position_of: impl Fn(&E::Model) -> Position,
) -> Result<HashMap<i64, Page<E::Model>>, Failure> {
    let mut pages: HashMap<i64, Page<E::Model>> =
        parents.iter().map(|parent| (*parent, Page { rows: Vec::new(), more: false })).collect();
    if window.limit == 0 {
        return Ok(pages);
    }
    let query = |parent: &i64| {
        let listing = listing_of(*parent);
        let descending = listing.order.descending;
        (listing.segment(Segment::All, window, window.limit + 1), descending)
    };
    let (queries, descending): (Vec<_>, Vec<_>) = parents.iter().map(query).unzip();
    for row in TenantRouter::db_for_read::<E>()?.only(columns).all_of(queries).await? {
        if let Some(page) = pages.get_mut(&parent_of(&row)) {
            page.rows.push(row);
        }
    }
    let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
    for page in pages.values_mut() {
        page.rows.sort_by_key(&position_of);
        if descending.first() == Some(&true) {
            page.rows.reverse();
        }
        page.more = page.rows.len() > limit;
        if page.more && window.backward {
            page.rows.remove(0);
        }
        page.rows.truncate(limit);
    }
    Ok(pages)
}

impl<E: TenantEntity> Listing<E> {
    /// A listing of all rows of a query, which has no order and no limit of its own.
    #[must_use]
    pub const fn new(query: Select<E>, order: Order<E::Column>) -> Self {
        Self { query, order, searches: false, columns: Columns::ALL }
    }

    /// The same where no index leads to the rows of a page.
    #[must_use]
    pub fn searching(self, searches: bool) -> Self {
        Self { searches, ..self }
    }

    /// The same, of whose rows only these columns are read.
    #[must_use]
    pub fn only(self, columns: Columns) -> Self {
        Self { columns, ..self }
    }

    /// The rows of a window.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn page(&self, window: Window) -> Result<Page<E::Model>, Failure> {
        self.page_of(window, self.reading()).await
    }

    /// The same, each row with the one of another entity that it belongs to, and these columns of
    /// it. The texts, in
    /// ascending and in descending order, are for this listing alone; they are of use where it has
    /// no values and its rows all have their moment.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn page_with<F: TenantEntity>(
        &self,
        window: Window,
        other: F,
        of_other: Columns,
        texts: Option<&'static [PageTexts; 2]>,
    ) -> Result<Page<(E::Model, F::Model)>, Failure>
    where
        E: Related<F>,
    {
        let is_short = !self.searches;
        let kept = self.kept(window, texts).map(|texts| (texts, window.limit + 1));
        let columns = self.columns;
        let read = |query: Select<E>| async move {
            let reader = TenantRouter::db_for_read::<E>()?.only(columns).and_only(of_other);
            let query = || query.clone().find_both_related(other);
            Ok(reader.all_of_both(query, kept, is_short).await?)
        };
        self.page_of(window, read).await
    }

    /// The rows of another entity whose column points to those of a page, to be asked for beside
    /// the page: where there is a wait, one does for both. On a server they may see different
    /// states, so what is missing here may be there all the same. The texts are as for
    /// [`Self::page_with`]. Nothing where it would be a wait more, or without texts that fit.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn beside<F: TenantEntity>(
        &self,
        window: Window,
        rows: impl Fn() -> Select<F>,
        column: F::Column,
        columns: Columns,
        texts: Option<&'static [PageTexts; 2]>,
    ) -> Result<Option<Vec<F::Model>>, Failure> {
        let Some(texts) = self.kept(window, texts).filter(|_| window.limit > 0) else {
            return Ok(None);
        };
        let query = || OfPage {
            rows: rows(),
            column,
            page: self.segment(Segment::All, window, window.limit),
            key: self.order.id,
        };
        let reader = TenantRouter::db_for_read::<F>()?.only(columns);
        Ok(reader.beside(texts, window.limit, query).await?)
    }

    /// The texts for a window, where it has no values.
    fn kept(
        &self,
        window: Window,
        texts: Option<&'static [PageTexts; 2]>,
    ) -> Option<&'static PageTexts> {
        let descending = self.order.descending != window.backward;
        let is_plain = !self.order.nullable && window.after.is_none() && window.before.is_none();
        Some(&texts.filter(|_| is_plain)?[usize::from(descending)])
    }

    async fn page_of<R, F>(
        &self,
        window: Window,
        read: impl Fn(Select<E>) -> F,
    ) -> Result<Page<R>, Failure>
    where
        F: Future<Output = Result<Vec<R>, Failure>>,
    {
        if window.limit == 0 {
            return Ok(Page { rows: Vec::new(), more: false });
        }
        let mut rows = self.rows(Window { limit: window.limit + 1, ..window }, read).await?;
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        if window.backward {
            rows.reverse();
        }
        Ok(Page { rows, more })
    }

    /// How many rows there are in all.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn count(&self) -> Result<u64, Failure> {
        Ok(TenantRouter::db_for_read::<E>()?.count(self.query.clone()).await?)
    }

    /// Whether any row stands behind a position, or at it if `inclusive`.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn any_after(&self, at: Position, inclusive: bool) -> Result<bool, Failure> {
        let after = if inclusive { self.nudge(at, false) } else { at };
        self.any(Window { limit: 1, backward: false, after: Some(after), before: None }).await
    }

    /// Whether any row stands before a position, or at it if `inclusive`.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn any_before(&self, at: Position, inclusive: bool) -> Result<bool, Failure> {
        let before = if inclusive { self.nudge(at, true) } else { at };
        self.any(Window { limit: 1, backward: false, after: None, before: Some(before) }).await
    }

    /// Whether there is any row at all.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn any_row(&self) -> Result<bool, Failure> {
        Ok(TenantRouter::db_for_read::<E>()?.exists(self.query.clone()).await?)
    }

    async fn any(&self, window: Window) -> Result<bool, Failure> {
        Ok(!self.rows(window, self.reading()).await?.is_empty())
    }

    /// The position just behind a row (or just before it), which no row can have.
    fn nudge(&self, at: Position, behind: bool) -> Position {
        let step = if behind == self.order.descending { -1 } else { 1 };
        Position { id: at.id.saturating_add(step), ..at }
    }

    /// Up to `limit` rows, in the direction of counting.
    async fn rows<R, F>(
        &self,
        window: Window,
        read: impl Fn(Select<E>) -> F,
    ) -> Result<Vec<R>, Failure>
    where
        F: Future<Output = Result<Vec<R>, Failure>>,
    {
        let mut segments: Vec<Segment> = if self.order.nullable {
            vec![Segment::WithMoment, Segment::WithoutMoment]
        } else {
            vec![Segment::All]
        };
        if window.backward {
            segments.reverse();
        }
        let mut rows = Vec::new();
        for segment in segments {
            let missing = window.limit - rows.len() as u64;
            if missing > 0 && self.meets(segment, window) {
                rows.extend(read(self.segment(segment, window, missing)).await?);
            }
        }
        Ok(rows)
    }

    fn reading(
        &self,
    ) -> impl Fn(Select<E>) -> BoxFuture<'static, Result<Vec<E::Model>, Failure>> + use<E> {
        let (searches, columns) = (self.searches, self.columns);
        move |query| {
            let read = async move {
                let reader = TenantRouter::db_for_read::<E>()?.only(columns);
                Ok(if searches { reader.all(query).await? } else { reader.page(query).await? })
            };
            Box::pin(read)
        }
    }

    /// Whether a segment can have rows of the window.
    fn meets(&self, segment: Segment, window: Window) -> bool {
        let past = segment == Segment::WithMoment
            && window.after.is_some_and(|after| after.moment.is_none());
        let ahead = segment == Segment::WithoutMoment
            && window.before.is_some_and(|before| before.moment.is_some());
        !past && !ahead
    }

    /// The query of one segment, in the direction of counting.
    fn segment(&self, segment: Segment, window: Window, limit: u64) -> Select<E> {
        let order = &self.order;
        let mut query = self.query.clone();
        match (segment, order.moment) {
            (Segment::WithMoment, Some(moment)) => query = query.filter(moment.is_not_null()),
            (Segment::WithoutMoment, Some(moment)) => query = query.filter(moment.is_null()),
            _ => {}
        }
        let descending = order.descending != window.backward;
        let mut sort_moment = None;
        if segment != Segment::WithoutMoment {
            sort_moment = order.moment;
        }
        for (bound, follows) in [(window.after, true), (window.before, false)] {
            let Some(bound) = bound else { continue };
            // A bound in the other segment does not cut this one.
            if segment == Segment::WithoutMoment && bound.moment.is_some()
                || segment == Segment::WithMoment && bound.moment.is_none()
            {
                continue;
            }
            query = query.filter(self.beyond(sort_moment, bound, follows));
        }
        let direction = if descending { Direction::Desc } else { Direction::Asc };
        if let Some(moment) = sort_moment {
            query = query.order_by(moment, direction.clone());
        }
        query.order_by(order.id, direction).limit(limit)
    }

    /// `follows`: rows behind the bound in the listing's order; else rows before it. Written as
    /// a range on the moment, which an index can walk, and a filter on its ties.
    fn beyond(&self, moment: Option<E::Column>, bound: Position, follows: bool) -> Condition {
        let greater = follows != self.order.descending;
        let id = if greater { self.order.id.gt(bound.id) } else { self.order.id.lt(bound.id) };
        let (Some(column), Some(value)) = (moment, bound.moment) else {
            return Condition::all().add(id);
        };
        let (range, strict) = if greater {
            (column.gte(value), column.gt(value))
        } else {
            (column.lte(value), column.lt(value))
        };
        Condition::all().add(range).add(Condition::any().add(strict).add(id))
    }
}
