//! What an object type tells of its fields.

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Positioned, parser::types::Field,
};

use super::Plan;

/// An object type whose fields are known to be at hand or not.
pub(in crate::graphql) trait Fields: ContainerType + Sized + Sync {
    /// The fields that wait for no loader. All others are taken to wait, so one that is forgotten
    /// costs time, and not a statement for each item of a list.
    const AT_HAND: &'static [&'static str];

    /// Writes the field of this context, which is at hand. Nothing comes back, here and below,
    /// where it cannot be written, as it is an error: then it has to be resolved.
    fn write(&self, ctx: &Context<'_>, json: &mut Vec<u8>) -> Option<()>;

    /// What is to be written of a field that [`Fields::fetch`] brings to hand, if it is one.
    fn fetched<'a>(
        _ctx: &ContextSelectionSet<'a>,
        _field: &'a Positioned<Field>,
    ) -> Option<Plan<'a>> {
        None
    }

    /// Fetches what the fields in this plan wait for, for all of these objects at once.
    fn fetch(
        _ctx: &ContextSelectionSet<'_>,
        _objects: &[Self],
        _plan: &Plan<'_>,
    ) -> impl Future<Output = Option<()>> + Send {
        std::future::ready(Some(()))
    }

    /// Writes the field of this context, which was fetched.
    fn write_fetched(
        &self,
        _ctx: &Context<'_>,
        _plan: &Plan<'_>,
        _json: &mut Vec<u8>,
    ) -> Option<()> {
        None
    }
}

/// Names the fields of a type that are at hand, each with its resolver.
macro_rules! at_hand {
    ($($name:literal: $resolver:ident),* $(,)?) => {
        const AT_HAND: &'static [&'static str] = &[$($name),*];

        fn write(&self, ctx: &async_graphql::Context<'_>, _json: &mut Vec<u8>) -> Option<()> {
            match ctx.item.node.name.node.as_str() {
                $($name => $crate::graphql::in_place::Leaf::write(&self.$resolver(ctx), _json),)*
                _ => None,
            }
        }
    };
}
pub(in crate::graphql) use at_hand;
