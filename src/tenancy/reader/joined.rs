//! Rows of two entities in one statement.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use sea_orm::{
    ConnectionTrait, DbBackend, EntityTrait, Iterable, QuerySelect, QueryTrait, SelectTwoMany,
    SelectTwoRequired, Value,
};

use super::{Reader, TenantEntity};
use crate::tenancy::{
    Columns, FromRow, KeyTemplate, PageTexts, RouterError, StoredRow, Template, columns::narrow,
    sqlite, template::Text,
};

type Model<E> = <E as EntityTrait>::Model;
/// The group of a row, by number, and what the row tells anew.
type Grouped<E, F> = (usize, Option<Model<E>>, Option<Model<F>>);

impl Reader {
    /// The first row of a query over two entities, which `find_both_related` makes.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn one_of_both<const N: usize, E: TenantEntity, F: TenantEntity>(
        &self,
        template: &Template<N, SelectTwoRequired<E, F>>,
        values: [Value; N],
    ) -> Result<Option<(E::Model, F::Model)>, RouterError> {
        let first = |query: SelectTwoRequired<E, F>| query.limit(1).into_query();
        if let Some(place) = self.0.in_place() {
            let text = template.text(values, first);
            let all = [Columns::ALL; 2];
            let found = place.run(|sqlite| sqlite::each(sqlite, &text, both::<E, F>(all)));
            return Ok(self.0.watch_in_place(found)?.pop());
        }
        let text = || Some(template.postgres_text(values.clone(), first).into());
        match Box::pin(self.0.piped(text, both::<E, F>([Columns::ALL; 2]))).await? {
            Some(mut rows) => Ok(rows.pop()),
            None => Ok(Box::pin(template.query(values).limit(1).one(self)).await?),
        }
    }

    /// All rows of such a query; whether it is short is as for [`Reader::page`]. If it has no
    /// value but its limit, its text can be kept.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn all_of_both<E: TenantEntity, F: TenantEntity>(
        &self,
        query: impl Fn() -> SelectTwoRequired<E, F>,
        kept: Option<(&'static PageTexts, u64)>,
        is_short: bool,
    ) -> Result<Vec<(E::Model, F::Model)>, RouterError> {
        let text = |backend| match kept {
            Some((texts, limit)) => texts.text(backend, limit, || query().into_query()),
            None => Text::on(backend, &query().into_query()),
        };
        if let Some(place) = self.0.in_place() {
            let (text, columns) = self.narrow_both::<E, F>(text(DbBackend::Sqlite));
            let found = place.run(|sqlite| sqlite::each(sqlite, &text, both::<E, F>(columns)));
            return self.0.watch_in_place(found);
        }
        if is_short && self.0.pipeline().is_some() {
            let (text, columns) = self.narrow_both::<E, F>(text(DbBackend::Postgres));
            let piped = self.0.piped(|| Some(text.into()), both::<E, F>(columns));
            if let Some(rows) = Box::pin(piped).await? {
                return Ok(rows);
            }
        }
        if self.is_whole() {
            return Ok(Box::pin(query().all(self)).await?);
        }
        let text = Text::on(self.get_database_backend(), &query().into_query());
        let (text, columns) = self.narrow_both::<E, F>(text);
        Box::pin(self.rows_pooled(text, both::<E, F>(columns))).await
    }

    /// The rows of a query by numbers, each with all of another entity's that belong to it, as
    /// `find_with_related` joins them, in no order.
    ///
    /// # Errors
    /// What the database answers.
    pub async fn all_with_many<E: TenantEntity, F: TenantEntity>(
        &self,
        template: &KeyTemplate<SelectTwoMany<E, F>>,
        keys: Vec<i64>,
    ) -> Result<Vec<(E::Model, Vec<F::Model>)>, RouterError> {
        if let Some(place) = self.0.in_place() {
            let (text, columns) = self.narrow_both::<E, F>(template.text(keys));
            let found = place.run(|sqlite| sqlite::each(sqlite, &text, grouped::<E, F>(columns)));
            return Ok(groups::<E, F>(self.0.watch_in_place(found)?));
        }
        // To sort some rows takes PostgreSQL longer than to find them.
        let unordered = |query: SelectTwoMany<E, F>| {
            let mut query = query.into_query();
            query.clear_order_by();
            query
        };
        if self.0.pipeline().is_some()
            && let Some((sql, params)) = template.array_text(&keys, unordered)
        {
            let (text, columns) = self.narrow_both::<E, F>(Text { sql, values: Vec::new() });
            let piped = self.0.piped(|| Some((text.sql, params)), grouped::<E, F>(columns));
            if let Some(rows) = Box::pin(piped).await? {
                return Ok(groups::<E, F>(rows));
            }
        }
        if self.is_whole() {
            return Ok(Box::pin(template.query(keys).all(self)).await?);
        }
        let text = Text::on(self.get_database_backend(), &template.query(keys).into_query());
        let (text, columns) = self.narrow_both::<E, F>(text);
        let rows = Box::pin(self.rows_pooled(text, grouped::<E, F>(columns))).await?;
        Ok(groups::<E, F>(rows))
    }

    /// A text of a query for all columns of two entities, and which of them it reads now.
    fn narrow_both<'t, E: TenantEntity, F: TenantEntity>(
        &self,
        text: Text<'t>,
    ) -> (Text<'t>, [Columns; 2]) {
        let width = E::Column::iter().count();
        let total = width + F::Column::iter().count();
        let (sql, columns) = narrow(text.sql, self.1, width, total);
        (Text { sql, ..text }, columns)
    }
}

/// A row has columns of `E` and behind them those of `F`.
fn both<E: TenantEntity, F: TenantEntity>(
    [first, second]: [Columns; 2],
) -> impl Fn(&StoredRow<'_>) -> Result<(E::Model, F::Model), RouterError> {
    let width = first.among(E::Column::iter().count());
    move |row| {
        let other = F::Model::from_row(&row.at(width).only(second))?;
        Ok((E::Model::from_row(&row.only(first))?, other))
    }
}

/// The first row of each group tells its `E`, which the others repeat.
fn grouped<E: TenantEntity, F: TenantEntity>(
    [first, second]: [Columns; 2],
) -> impl FnMut(&StoredRow<'_>) -> Result<Grouped<E, F>, RouterError> {
    let width = first.among(E::Column::iter().count());
    let mut groups: HashMap<i64, usize, RandomState> = HashMap::default();
    move |row| {
        let next = groups.len();
        let group = *groups.entry(row.get(0)?).or_insert(next);
        let one = (group == next).then(|| E::Model::from_row(&row.only(first))).transpose()?;
        // A key that is null: there is none.
        let is_there = row.at(width).get::<Option<i64>>(0)?.is_some();
        let other =
            is_there.then(|| F::Model::from_row(&row.at(width).only(second))).transpose()?;
        Ok((group, one, other))
    }
}

fn groups<E: TenantEntity, F: TenantEntity>(
    rows: Vec<Grouped<E, F>>,
) -> Vec<(Model<E>, Vec<Model<F>>)> {
    let mut groups: Vec<(Model<E>, Vec<Model<F>>)> = Vec::new();
    for (group, one, other) in rows {
        groups.extend(one.map(|one| (one, Vec::new())));
        if let Some((_, many)) = groups.get_mut(group) {
            many.extend(other);
        }
    }
    groups
}
