//! What is selected of a type (GraphQL specification, section 6.3.2).

use async_graphql::{
    ContextBase, Name, Positioned, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
};

use super::Fields;

/// What is selected of the objects of one list, or of one object.
pub(super) struct Selected<'a>(pub Vec<SelectedField<'a>>);

/// A field of a selection, and whether it waits for its value.
#[derive(Clone, Copy)]
pub(super) struct SelectedField<'a> {
    pub field: &'a Positioned<Field>,
    pub waits: bool,
}

/// What the objects of one list look like, or one object.
#[derive(Clone)]
pub(super) struct Shape<'s> {
    pub fields: &'s [SelectedField<'s>],
    /// An object with all of the fields and no values yet. To copy it takes a fraction of what it
    /// takes to put the names into a map, for each object of a list.
    pub nulls: IndexMap<Name, Value>,
}

/// The field that every type has (section 4.4).
pub(super) const TYPENAME: &str = "__typename";
/// In larger selections, looking for keys that come twice would take longer than it saves.
const MAX_SELECTED: usize = 50;

impl<'a> Selected<'a> {
    /// The fields that are selected of a type, through all fragments (`CollectFields`; `@skip`
    /// and `@include` are gone by now). Nothing where a key comes twice, as such fields have to
    /// be merged, which the library does.
    pub(super) fn of<T: Fields>(
        ctx: &ContextBase<'a, impl Sized>,
        set: &'a SelectionSet,
    ) -> Option<Self> {
        let mut fields = Vec::with_capacity(set.items.len());
        let complete = collect::<T>(ctx, set, &mut fields);
        (complete && fields.len() <= MAX_SELECTED).then_some(Self(fields))
    }
}

impl<'s> Shape<'s> {
    pub(super) fn of(Selected(fields): &'s Selected<'_>) -> Self {
        let nulls = fields.iter().map(|field| (field.key().clone(), Value::Null)).collect();
        Self { fields, nulls }
    }
}

impl SelectedField<'_> {
    fn key(&self) -> &Name {
        &self.field.node.response_key().node
    }
}

fn collect<'a, T: Fields>(
    ctx: &ContextBase<'a, impl Sized>,
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

/// Whether a fragment on this type, or on an interface of it, applies
/// (`DoesFragmentTypeApply`).
fn applies<T: Fields>(ctx: &ContextBase<'_, impl Sized>, condition: &str) -> bool {
    let name = T::type_name();
    let interfaces = || ctx.schema_env.registry.implements.get(name.as_ref());
    name == condition || interfaces().is_some_and(|found| found.contains(condition))
}
