//! What an operation may cost: its fields, times the lengths of the pages that they are on.
//!
//! Estimated before execution, in time linear in the document: each fragment is looked at once.

use std::collections::HashMap;

use async_graphql::{
    Value as ConstValue, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};
use async_graphql_value::Value;

use super::{
    connection::{DEFAULT_PAGE, MAX_PAGE},
    error::ApiError,
};

/// The fields that answer in pages.
const PAGED: [&str; 3] = ["polls", "users", "votes"];
/// How many choices a poll is taken to have.
const CHOICES: usize = 4;

/// Refuses operations that may cost too much.
///
/// # Errors
/// `LIMIT_EXCEEDED`.
pub(super) fn check(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    max: usize,
) -> Result<(), ApiError> {
    let mut costs = Costs { document, operation, variables, known: HashMap::new() };
    let cost = costs.selection_set(&operation.selection_set.node);
    if cost <= max {
        return Ok(());
    }
    let message = format!(
        "The operation may cost {cost}, and at most {max} is allowed; ask for fewer fields or \
         shorter pages."
    );
    Err(ApiError::limit("complexity", max, message))
}

struct Costs<'d> {
    document: &'d ExecutableDocument,
    operation: &'d OperationDefinition,
    variables: &'d Variables,
    known: HashMap<&'d str, usize>,
}

impl<'d> Costs<'d> {
    fn selection_set(&mut self, set: &'d SelectionSet) -> usize {
        set.items.iter().fold(0_usize, |cost, item| cost.saturating_add(self.selection(&item.node)))
    }

    fn selection(&mut self, selection: &'d Selection) -> usize {
        match selection {
            Selection::Field(field) => {
                let children = self.selection_set(&field.node.selection_set.node);
                self.times(&field.node).saturating_mul(children).saturating_add(1)
            }
            Selection::InlineFragment(fragment) => {
                self.selection_set(&fragment.node.selection_set.node)
            }
            Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
        }
    }

    fn fragment(&mut self, name: &str) -> usize {
        if let Some(cost) = self.known.get(name) {
            return *cost;
        }
        let document = self.document;
        let Some((name, fragment)) = document.fragments.get_key_value(name) else { return 0 };
        self.known.insert(name.as_str(), 0);
        let cost = self.selection_set(&fragment.node.selection_set.node);
        self.known.insert(name.as_str(), cost);
        cost
    }

    /// How often a field's children are resolved.
    fn times(&self, field: &Field) -> usize {
        match field.name.node.as_str() {
            "choices" => CHOICES,
            "nodes" => field.get_argument("ids").map_or(1, |ids| self.length(&ids.node)),
            name if PAGED.contains(&name) => {
                let asked = ["first", "last"]
                    .into_iter()
                    .filter_map(|name| self.integer(&field.get_argument(name)?.node))
                    .max();
                let length = asked.unwrap_or(DEFAULT_PAGE.into()).clamp(0, MAX_PAGE.into());
                usize::try_from(length).unwrap_or(0)
            }
            _ => 1,
        }
    }

    fn integer(&self, value: &Value) -> Option<i64> {
        match value {
            Value::Number(number) => number.as_i64(),
            Value::Variable(name) => match self.variable(name)? {
                ConstValue::Number(number) => number.as_i64(),
                _ => None,
            },
            _ => None,
        }
    }

    fn length(&self, value: &Value) -> usize {
        match value {
            Value::List(items) => items.len(),
            Value::Variable(name) => match self.variable(name) {
                Some(ConstValue::List(items)) => items.len(),
                _ => 1,
            },
            _ => 1,
        }
    }

    fn variable(&self, name: &str) -> Option<&ConstValue> {
        self.variables.get(name).or_else(|| {
            let definitions = self.operation.variable_definitions.iter();
            let found = definitions.map(|found| &found.node).find(|found| found.name.node == name);
            found?.default_value.as_ref().map(|default| &default.node)
        })
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    fn cost(query: &str, variables: ConstValue) -> usize {
        let document = parse_query(query).unwrap();
        let operation = &document.operations.iter().next().unwrap().1.node;
        let variables = Variables::from_value(variables);
        let mut costs =
            Costs { document: &document, operation, variables: &variables, known: HashMap::new() };
        costs.selection_set(&operation.selection_set.node)
    }

    #[test]
    fn pages_multiply_what_is_on_them() {
        let none = || value!({});
        assert_eq!(cost("{ tenant { name } }", none()), 2);
        assert_eq!(cost("{ polls { nodes { id } } }", none()), 1 + 20 * 2);
        assert_eq!(cost("{ polls(first: 5) { nodes { id } } }", none()), 1 + 5 * 2);
        assert_eq!(cost("{ polls(last: 1000) { nodes { id } } }", none()), 1 + 100 * 2);
        let query = "query($n: Int = 3) { polls(first: $n) { nodes { id } } }";
        assert_eq!(cost(query, none()), 1 + 3 * 2);
        assert_eq!(cost(query, value!({ "n": 7 })), 1 + 7 * 2);
        assert_eq!(cost("query($n: Int) { polls(first: $n) { nodes { id } } }", none()), 41);
    }
}
