//! Answers as JSON.

use async_graphql::{ServerError, Value};

use crate::graphql::json_text as text;

/// Room for what most answers take.
const CAPACITY: usize = 4096;

/// The body of an answer (GraphQL specification, section 7.1). A request that was not executed
/// has no `data`, not even null.
///
/// # Errors
/// None that is known: what is written are texts and finite numbers.
pub fn body(errors: &[ServerError], data: Option<&Value>) -> serde_json::Result<Vec<u8>> {
    let mut json = Vec::with_capacity(CAPACITY);
    json.push(b'{');
    if !errors.is_empty() {
        json.extend_from_slice(b"\"errors\":");
        serde_json::to_writer(&mut json, errors)?;
    }
    if let Some(data) = data {
        json.extend_from_slice(if errors.is_empty() { b"\"data\":" } else { b",\"data\":" });
        value(&mut json, data)?;
    }
    json.push(b'}');
    Ok(json)
}

fn value(json: &mut Vec<u8>, data: &Value) -> serde_json::Result<()> {
    match data {
        Value::String(string) => text(json, string),
        Value::Enum(name) => text(json, name),
        Value::Null => json.extend_from_slice(b"null"),
        Value::Boolean(true) => json.extend_from_slice(b"true"),
        Value::Boolean(false) => json.extend_from_slice(b"false"),
        Value::List(items) => {
            json.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push(b',');
                }
                value(json, item)?;
            }
            json.push(b']');
        }
        Value::Object(fields) => {
            json.push(b'{');
            for (index, (name, field)) in fields.iter().enumerate() {
                if index > 0 {
                    json.push(b',');
                }
                text(json, name);
                json.push(b':');
                value(json, field)?;
            }
            json.push(b'}');
        }
        // What resolvers have written as JSON themselves.
        Value::Binary(written) => json.extend_from_slice(written),
        Value::Number(_) => serde_json::to_writer(json, data)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use async_graphql::{Name, indexmap::IndexMap};
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Boolean),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::String),
            "[\\x00-\\x7f]{0,40}".prop_map(Value::String),
            "[A-Z_]{1,10}".prop_map(|name| Value::Enum(Name::new(name))),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            let fields = prop::collection::vec(("[a-z_A-Z0-9]{1,8}", inner.clone()), 0..6);
            prop_oneof![
                prop::collection::vec(inner, 0..6).prop_map(Value::List),
                fields.prop_map(|fields| {
                    let named = fields.into_iter().map(|(name, value)| (Name::new(name), value));
                    Value::Object(named.collect::<IndexMap<_, _>>())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_what_serde_json_writes(data in values()) {
            let mut json = Vec::new();
            value(&mut json, &data).unwrap();
            prop_assert_eq!(json, serde_json::to_vec(&data).unwrap());
        }
    }

    #[test]
    fn errors_come_first_and_no_data_is_not_null() {
        let errors = [ServerError::new("a \"b\"", None)];
        let text = |errors: &[ServerError], data| String::from_utf8(body(errors, data).unwrap());
        assert_eq!(text(&[], Some(&Value::Null)).unwrap(), r#"{"data":null}"#);
        let error = r#"{"errors":[{"message":"a \"b\""}]"#;
        assert_eq!(text(&errors, None).unwrap(), format!("{error}}}"));
        assert_eq!(text(&errors, Some(&Value::Null)).unwrap(), format!(r#"{error},"data":null}}"#));
    }
}
