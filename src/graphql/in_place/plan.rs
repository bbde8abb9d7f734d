//! Objects and lists written as JSON where they stand.
//!
//! A map for each object, with a value for each field, costs more than all else that is done for
//! a list. Where all of a selection is at hand, or is once a loader was asked for the whole list,
//! it is written down at once, and handed on as [`Value::Binary`], which no scalar of this schema
//! makes and no request can send. Whoever writes the answer copies it as it is.

use async_graphql::{ContextBase, ContextSelectionSet, Positioned, Value, parser::types::Field};

use super::{Fields, Selected, SelectedField, TYPENAME};
use crate::graphql::json;

/// How to write what is selected of a type.
#[derive(Default)]
pub(in crate::graphql) struct Plan<'a>(Vec<Planned<'a>>);

/// A field to write.
struct Planned<'a> {
    field: &'a Positioned<Field>,
    /// What is below it, where it has to be fetched; nothing where it is at hand.
    fetched: Option<Plan<'a>>,
}

impl<'a> Plan<'a> {
    /// Nothing where a field is selected that can only be resolved.
    pub(super) fn of<T: Fields>(
        ctx: &ContextSelectionSet<'a>,
        Selected(fields): &Selected<'a>,
    ) -> Option<Self> {
        let planned = |&SelectedField { field, waits }: &SelectedField<'a>| {
            let fetched = if waits { Some(T::fetched(ctx, field)?) } else { None };
            Some(Planned { field, fetched })
        };
        fields.iter().map(planned).collect::<Option<_>>().map(Self)
    }

    /// What is selected below a field that has this type; nothing where not all of it is at hand.
    pub(in crate::graphql) fn below<T: Fields>(
        ctx: &ContextSelectionSet<'a>,
        field: &'a Positioned<Field>,
    ) -> Option<Self> {
        let Selected(fields) = Selected::of::<T>(ctx, &field.node.selection_set.node)?;
        let at_hand = |&SelectedField { field, waits }: &SelectedField<'a>| {
            (!waits).then_some(Planned { field, fetched: None })
        };
        fields.iter().map(at_hand).collect::<Option<_>>().map(Self)
    }

    /// Whether any of these fields has to be fetched.
    pub(in crate::graphql) fn fetches(&self, names: &[&str]) -> bool {
        let mut fetched = self.0.iter().filter(|planned| planned.fetched.is_some());
        fetched.any(|planned| names.contains(&planned.field.node.name.node.as_str()))
    }

    /// All objects of a list.
    pub(super) async fn list<T: Fields>(
        &self,
        ctx: &ContextSelectionSet<'_>,
        objects: &[T],
    ) -> Option<Value> {
        T::fetch(ctx, objects, self).await?;
        let mut json = Vec::with_capacity(objects.len() * self.usual_size());
        self.write_list(ctx, objects, &mut json)?;
        Some(Value::Binary(json.into()))
    }

    /// One object.
    pub(super) async fn one<T: Fields>(
        &self,
        ctx: &ContextSelectionSet<'_>,
        object: &T,
    ) -> Option<Value> {
        T::fetch(ctx, std::slice::from_ref(object), self).await?;
        let mut json = Vec::with_capacity(self.usual_size());
        self.write(ctx, object, &mut json)?;
        Some(Value::Binary(json.into()))
    }

    /// Writes the objects of a list.
    pub(in crate::graphql) fn write_list<T: Fields>(
        &self,
        ctx: &ContextBase<'_, impl Sized>,
        objects: &[T],
        json: &mut Vec<u8>,
    ) -> Option<()> {
        json.push(b'[');
        for (index, object) in objects.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            self.write(ctx, object, json)?;
        }
        json.push(b']');
        Some(())
    }

    /// Writes an object.
    pub(in crate::graphql) fn write<T: Fields>(
        &self,
        ctx: &ContextBase<'_, impl Sized>,
        object: &T,
        json: &mut Vec<u8>,
    ) -> Option<()> {
        json.push(b'{');
        for (index, Planned { field, fetched }) in self.0.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            json::name(json, &field.node.response_key().node);
            json.push(b':');
            if field.node.name.node == TYPENAME {
                json::name(json, &T::type_name());
                continue;
            }
            let ctx = ctx.with_field(field);
            match fetched {
                Some(plan) => object.write_fetched(&ctx, plan, json)?,
                None => object.write(&ctx, json)?,
            }
        }
        json.push(b'}');
        Some(())
    }

    /// Room for what most objects of this plan take, in bytes.
    fn usual_size(&self) -> usize {
        let below = self.0.iter().filter_map(|planned| planned.fetched.as_ref());
        USUAL_FIELD * self.0.len() + below.map(|plan| USUAL_LIST * plan.usual_size()).sum::<usize>()
    }
}

/// In bytes, with its name.
const USUAL_FIELD: usize = 40;
/// How many objects are below another.
const USUAL_LIST: usize = 4;

#[cfg(test)]
mod tests {
    use async_graphql::{Context, EmptyMutation, EmptySubscription, Object, Response, Schema};
    use futures::FutureExt;

    use crate::graphql::in_place::{Many, One, at_hand};

    use super::*;

    /// A number, its double, which is fetched, and its half, which has to be resolved.
    #[derive(Debug)]
    struct Number(i32);

    #[Object]
    impl Number {
        fn value(&self) -> i32 {
            self.0
        }

        async fn double(&self) -> i32 {
            self.0 * 2
        }

        async fn half(&self) -> Result<i32, &'static str> {
            if self.0 % 2 == 0 { Ok(self.0 / 2) } else { Err("odd") }
        }
    }

    impl Fields for Number {
        at_hand!("value": value);

        fn fetched<'a>(
            _: &ContextSelectionSet<'a>,
            field: &'a Positioned<Field>,
        ) -> Option<Plan<'a>> {
            (field.node.name.node == "double").then(Plan::default)
        }

        /// There is nothing to fetch for seven.
        async fn fetch(
            _: &ContextSelectionSet<'_>,
            numbers: &[Self],
            plan: &Plan<'_>,
        ) -> Option<()> {
            let missing = plan.fetches(&["double"]) && numbers.iter().any(|number| number.0 == 7);
            (!missing).then_some(())
        }

        fn write_fetched(&self, _: &Context<'_>, _: &Plan<'_>, json: &mut Vec<u8>) -> Option<()> {
            serde_json::to_writer(json, &(self.0 * 2)).ok()
        }
    }

    struct Query;

    #[Object]
    impl Query {
        async fn some(&self, numbers: Vec<i32>) -> Many<Number> {
            Many(std::sync::Arc::new(numbers.into_iter().map(Number).collect()))
        }

        async fn one(&self, number: i32) -> One<Number> {
            One(Number(number))
        }
    }

    fn asked(query: &str) -> Response {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        schema.execute(query).now_or_never().unwrap()
    }

    fn written(query: &str) -> Option<String> {
        let Value::Object(data) = asked(query).data else { return None };
        let Some((_, Value::Binary(json))) = data.first() else { return None };
        Some(String::from_utf8(json.to_vec()).unwrap())
    }

    #[test]
    fn what_is_at_hand_or_fetched_is_written() {
        for (query, json) in [
            ("{ some(numbers: [1, 2]) { value } }", r#"[{"value":1},{"value":2}]"#),
            ("{ some(numbers: []) { value } }", "[]"),
            (
                "{ some(numbers: [3]) { a: double ... { __typename } ...B } } \
                 fragment B on Number { value }",
                r#"[{"a":6,"__typename":"Number","value":3}]"#,
            ),
            ("{ one(number: -4) { double value } }", r#"{"double":-8,"value":-4}"#),
        ] {
            assert_eq!(written(query).as_deref(), Some(json), "{query}");
        }
    }

    #[test]
    fn all_else_is_resolved() {
        for (query, json) in [
            ("{ one(number: 2) { value half } }", r#"{"one":{"value":2,"half":1}}"#),
            ("{ one(number: 1) { value value } }", r#"{"one":{"value":1}}"#),
            ("{ some(numbers: [6, 7]) { double } }", r#"{"some":[{"double":12},{"double":14}]}"#),
        ] {
            assert_eq!(written(query), None, "{query}");
            let response = asked(query);
            assert!(response.errors.is_empty(), "{query}: {:?}", response.errors);
            assert_eq!(serde_json::to_string(&response.data).unwrap(), json);
        }
        let refused = asked("{ some(numbers: [2, 3]) { half } }");
        assert_eq!(refused.errors[0].message, "odd");
    }
}
