//! Resolving objects and lists without a future for each field (GraphQL specification, sections
//! 6.3 and 6.4).
//!
//! The library puts every field of every object into a box of its own and polls all of them
//! together. Most fields are at hand, though: these are resolved here one after the other, where
//! they stand, and only those that wait for a loader are polled together. It rests on parts of
//! the library that its documentation hides, so its version is pinned.

use std::{borrow::Cow, ops::Deref, sync::Arc};

use async_graphql::{
    ContainerType, ContextSelectionSet, Name, OutputType, Positioned, ServerError, ServerResult,
    Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
    registry::Registry,
    resolver_utils::resolve_container,
};
use futures::future::{BoxFuture, try_join_all};

/// An object type whose fields are known to be at hand or not.
pub(super) trait Fields: ContainerType {
    /// The fields that wait for no loader. All others are taken to wait, so one that is forgotten
    /// costs time, and not a statement for each item of a list.
    const AT_HAND: &'static [&'static str];
}

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
        let resolved: BoxFuture<'_, _> = Box::pin(async move {
            let selected = Selected::of::<T>(ctx);
            object(ctx, &self.0, selected).await
        });
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

/// Resolves the object at the root of an operation.
pub(super) async fn root<T: Fields>(
    ctx: &ContextSelectionSet<'_>,
    root: &T,
) -> ServerResult<Value> {
    let selected = Selected::of::<T>(ctx);
    object(ctx, root, selected).await
}

async fn list<T: Fields>(ctx: &ContextSelectionSet<'_>, items: &[T]) -> ServerResult<Value> {
    let selected = Selected::of::<T>(ctx);
    let selected = selected.as_ref();
    let waits = selected.is_none_or(|selected| selected.fields.iter().any(|field| field.waits));
    let items = items.iter().enumerate();
    if waits {
        // What waits for a loader waits with its siblings, so that they are one batch.
        let values = items.map(|(index, item)| -> BoxFuture<'_, _> {
            Box::pin(list_item(ctx, index, item, selected))
        });
        return Ok(Value::List(try_join_all(values).await?));
    }
    let mut values = Vec::with_capacity(items.len());
    for (index, item) in items {
        values.push(list_item(ctx, index, item, selected).await?);
    }
    Ok(Value::List(values))
}

async fn list_item<T: Fields>(
    ctx: &ContextSelectionSet<'_>,
    index: usize,
    item: &T,
    selected: Option<&Selected<'_>>,
) -> ServerResult<Value> {
    let ctx = ctx.with_index(index);
    object(&ctx, item, selected.cloned()).await.map_err(|error| with_path(&ctx, error))
}

async fn object<T: Fields>(
    ctx: &ContextSelectionSet<'_>,
    object: &T,
    selected: Option<Selected<'_>>,
) -> ServerResult<Value> {
    let Some(Selected { fields, nulls: mut values }) = selected else {
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

/// What is selected of the objects of one list, or of one object.
#[derive(Clone)]
struct Selected<'a> {
    fields: Arc<[SelectedField<'a>]>,
    /// An object with all of the fields and no values yet. To copy it takes a fraction of what it
    /// takes to put the names into a map, for each object of a list.
    nulls: IndexMap<Name, Value>,
}

/// A field of a selection, and whether its value is at hand.
struct SelectedField<'a> {
    field: &'a Positioned<Field>,
    waits: bool,
}

/// The field that every type has (section 4.4).
const TYPENAME: &str = "__typename";
/// In larger selections, looking for keys that come twice would take longer than it saves.
const MAX_SELECTED: usize = 50;

impl<'a> Selected<'a> {
    /// The fields that are selected of a type, through all fragments (section 6.3.2,
    /// `CollectFields`; `@skip` and `@include` are gone by now). Nothing where a key comes twice,
    /// as such fields have to be merged, which the library does.
    fn of<T: Fields>(ctx: &ContextSelectionSet<'a>) -> Option<Self> {
        let mut fields = Vec::with_capacity(ctx.item.node.items.len());
        let complete = collect::<T>(ctx, &ctx.item.node, &mut fields);
        (complete && fields.len() <= MAX_SELECTED).then(|| {
            let nulls = fields.iter().map(|field| (field.key().clone(), Value::Null)).collect();
            Self { fields: fields.into(), nulls }
        })
    }
}

impl SelectedField<'_> {
    fn key(&self) -> &Name {
        &self.field.node.response_key().node
    }
}

fn collect<'a, T: Fields>(
    ctx: &ContextSelectionSet<'a>,
    set: &'a SelectionSet,
    collected: &mut Vec<SelectedField<'a>>,
) -> bool {
    set.items.iter().all(|item| {
        let (condition, set) = match &item.node {
            Selection::Field(field) => {
                let name = field.node.name.node.as_str();
                let waits = name != TYPENAME && !T::AT_HAND.contains(&name);
                let selected = SelectedField { field, waits };
                let fresh = collected.iter().all(|other| other.key() != selected.key());
                collected.push(selected);
                return fresh && field.node.directives.is_empty();
            }
            Selection::InlineFragment(inline) => {
                (inline.node.type_condition.as_ref(), &inline.node.selection_set.node)
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let Some(fragment) = ctx.query_env.fragments.get(name) else { return false };
                (Some(&fragment.node.type_condition), &fragment.node.selection_set.node)
            }
        };
        let applies = condition.is_none_or(|on| applies::<T>(ctx, on.node.on.node.as_str()));
        !applies || collect::<T>(ctx, set, collected)
    })
}

/// Whether a fragment on this type, or on an interface of it, applies (section 6.3.2,
/// `DoesFragmentTypeApply`).
fn applies<T: Fields>(ctx: &ContextSelectionSet<'_>, condition: &str) -> bool {
    let name = T::type_name();
    let interfaces = || ctx.schema_env.registry.implements.get(name.as_ref());
    name == condition || interfaces().is_some_and(|found| found.contains(condition))
}
