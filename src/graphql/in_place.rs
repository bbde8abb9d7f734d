//! Resolving objects and lists without a future for each field (GraphQL specification, sections
//! 6.3 and 6.4).
//!
//! The library puts every field of every object into a box of its own, polls all of them
//! together, and makes a map of each object. Most fields are at hand, though, and what most of the
//! others wait for can be fetched for a whole list: then it is written as JSON where it stands
//! ([`Plan`]). Where that does not do, the fields at hand are resolved one after the other, and
//! only those that wait for a loader are polled together. It rests on parts of the library that
//! its documentation hides, so its version is pinned.

mod fields;
mod leaf;
mod plan;
mod selected;

use std::{borrow::Cow, ops::Deref, sync::Arc};

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerError, ServerResult, Value,
    parser::types::Field, registry::Registry, resolver_utils::resolve_container,
};
use futures::future::{BoxFuture, try_join_all};

pub(super) use fields::{Fields, at_hand};
pub(super) use leaf::{Leaf, enum_leaf};
pub(super) use plan::Plan;
use selected::{Selected, SelectedField, Shape, TYPENAME};

/// One object.
pub(super) struct One<T>(pub T);

/// A list of objects. Cheap to clone, so that what a loader keeps is what is answered.
pub(super) struct Many<T>(Arc<Vec<T>>);

impl<T> One<T> {
    /// The object made of this row.
    pub(super) fn of(row: impl Into<T>) -> Self {
        Self(row.into())
    }
}

impl<T> Many<T> {
    /// Objects made of these rows.
    pub(super) fn of<M: Into<T>>(rows: impl IntoIterator<Item = M>) -> Self {
        Self(Arc::new(rows.into_iter().map(Into::into).collect()))
    }
}

impl<T> Clone for Many<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Deref for Many<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Fields> OutputType for One<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        // Boxed, as types of objects hold each other.
        let resolved: BoxFuture<'_, _> = Box::pin(one(ctx, &self.0));
        resolved.await
    }
}

impl<T: Fields> OutputType for Many<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let resolved: BoxFuture<'_, _> = Box::pin(list(ctx, self));
        resolved.await
    }
}

/// Resolves the object at the root of an operation. Boxed: it has room for the largest of its
/// fields, and an execution is moved several times before it begins.
pub(super) fn root<'a, T: Fields>(
    ctx: &'a ContextSelectionSet<'_>,
    root: &'a T,
) -> BoxFuture<'a, ServerResult<Value>> {
    let selected = Selected::of::<T>(ctx, &ctx.item.node);
    Box::pin(async move { object(ctx, root, selected.as_ref().map(Shape::of)).await })
}

async fn one<T: Fields>(ctx: &ContextSelectionSet<'_>, one: &T) -> ServerResult<Value> {
    let selected = Selected::of::<T>(ctx, &ctx.item.node);
    if let Some(plan) = selected.as_ref().and_then(|selected| Plan::of::<T>(ctx, selected))
        && let Some(written) = plan.one(ctx, one).await
    {
        return Ok(written);
    }
    object(ctx, one, selected.as_ref().map(Shape::of)).await
}

async fn list<T: Fields>(ctx: &ContextSelectionSet<'_>, items: &[T]) -> ServerResult<Value> {
    let selected = Selected::of::<T>(ctx, &ctx.item.node);
    if let Some(plan) = selected.as_ref().and_then(|selected| Plan::of::<T>(ctx, selected))
        && let Some(written) = plan.list(ctx, items).await
    {
        return Ok(written);
    }
    let shape = selected.as_ref().map(Shape::of);
    let shape = shape.as_ref();
    let waits = shape.is_none_or(|shape| shape.fields.iter().any(|field| field.waits));
    let items = items.iter().enumerate();
    if waits {
        // What waits for a loader waits with its siblings, so that they are one batch.
        let values = items.map(|(index, item)| -> BoxFuture<'_, _> {
            Box::pin(list_item(ctx, index, item, shape))
        });
        return Ok(Value::List(try_join_all(values).await?));
    }
    let mut values = Vec::with_capacity(items.len());
    for (index, item) in items {
        values.push(list_item(ctx, index, item, shape).await?);
    }
    Ok(Value::List(values))
}

async fn list_item<T: Fields>(
    ctx: &ContextSelectionSet<'_>,
    index: usize,
    item: &T,
    shape: Option<&Shape<'_>>,
) -> ServerResult<Value> {
    let ctx = ctx.with_index(index);
    object(&ctx, item, shape.cloned()).await.map_err(|error| with_path(&ctx, error))
}

async fn object<T: Fields>(
    ctx: &ContextSelectionSet<'_>,
    object: &T,
    shape: Option<Shape<'_>>,
) -> ServerResult<Value> {
    let Some(Shape { fields, nulls: mut values }) = shape else {
        return resolve_container(ctx, object).await;
    };
    let mut waiting: Vec<BoxFuture<'_, ServerResult<(usize, Value)>>> = Vec::new();
    for (index, SelectedField { field, waits }) in fields.iter().enumerate() {
        if *waits {
            waiting.push(Box::pin(async move {
                let ctx = ctx.with_field(field);
                Ok((index, object.resolve_field(&ctx).await?.unwrap_or_default()))
            }));
        } else if field.node.name.node == TYPENAME {
            values[index] = Value::String(T::type_name().into_owned());
        } else {
            let ctx = ctx.with_field(field);
            values[index] = object.resolve_field(&ctx).await?.unwrap_or_default();
        }
    }
    let loaded = match (waiting.pop(), waiting.is_empty()) {
        (None, _) => Vec::new(),
        (Some(only), true) => vec![only.await?],
        (Some(last), false) => {
            waiting.push(last);
            try_join_all(waiting).await?
        }
    };
    for (index, value) in loaded {
        values[index] = value;
    }
    Ok(Value::Object(values))
}

/// The path of an error that has none yet.
fn with_path(ctx: &ContextSelectionSet<'_>, error: ServerError) -> ServerError {
    if error.path.is_empty() { ctx.set_error_path(error) } else { error }
}
