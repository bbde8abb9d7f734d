//! The parameters of a GraphQL request (GraphQL over HTTP, section "Request Parameters").

use async_graphql::Variables;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{graphql::Parameters, tenancy::block_in_place};

/// The parameters of a JSON body.
///
/// # Errors
/// One sentence on what is malformed.
pub fn from_json(body: &[u8]) -> Result<Parameters, String> {
    let value: Value = read_json(body).map_err(|error| format!("The body is no JSON: {error}."))?;
    match value {
        Value::Object(map) => from_map(map),
        Value::Array(_) => Err("Batches are not supported; send one operation a request.".into()),
        _ => Err("The body must be a JSON object with a `query`.".into()),
    }
}

/// From how many bytes on JSON is read where it holds nobody up: it takes a millisecond for each
/// megabyte, about, for which all others on this thread would wait.
const LARGE: usize = 64 * 1024;

/// Reads JSON of any size.
///
/// # Errors
/// When it is none.
pub(super) fn read_json<T: DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    let read = || serde_json::from_slice(text);
    if text.len() < LARGE { read() } else { block_in_place(read) }
}

/// The parameters of a URL's query: `query`, `documentId`, `operationName`, and `variables` and `extensions` as
/// JSON texts.
///
/// # Errors
/// One sentence on what is malformed.
pub fn from_query(query: &str) -> Result<Parameters, String> {
    let mut map = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = match name.as_ref() {
            "query" | "documentId" | "operationName" => Value::String(value.into_owned()),
            "variables" | "extensions" if value.is_empty() => Value::Null,
            "variables" | "extensions" => serde_json::from_str(&value)
                .map_err(|error| format!("`{name}` is no JSON: {error}."))?,
            _ => continue,
        };
        if map.insert(name.clone().into_owned(), value).is_some() {
            return Err(format!("`{name}` is given twice."));
        }
    }
    from_map(map)
}

/// The parameters of a JSON object.
///
/// # Errors
/// One sentence on what is malformed.
pub(super) fn from_map(mut map: Map<String, Value>) -> Result<Parameters, String> {
    let query = text(&mut map, "query")?;
    let document_id = text(&mut map, "documentId")?;
    let operation_name = text(&mut map, "operationName")?.filter(|name| !name.is_empty());
    let variables = match map.remove("variables") {
        None | Some(Value::Null) => Variables::default(),
        Some(variables @ Value::Object(_)) => Variables::from_json(variables),
        Some(_) => return Err("`variables` must be an object.".into()),
    };
    let persisted_hash = match map.remove("extensions") {
        None | Some(Value::Null) => None,
        Some(Value::Object(mut extensions)) => persisted_hash(extensions.remove("persistedQuery"))?,
        Some(_) => return Err("`extensions` must be an object.".into()),
    };
    if query.is_none() && document_id.is_none() && persisted_hash.is_none() {
        return Err("`query` is missing.".into());
    }
    Ok(Parameters { query, document_id, persisted_hash, operation_name, variables })
}

fn text(map: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match map.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{name}` must be a string.")),
    }
}

/// The hash in Apollo's `extensions.persistedQuery`.
fn persisted_hash(given: Option<Value>) -> Result<Option<String>, String> {
    match given {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(mut persisted)) => {
            if persisted.get("version").is_some_and(|version| *version != 1) {
                return Err("`extensions.persistedQuery.version` must be 1.".into());
            }
            text(&mut persisted, "sha256Hash")?
                .ok_or_else(|| "`extensions.persistedQuery.sha256Hash` is missing.".to_owned())
                .map(Some)
        }
        Some(_) => Err("`extensions.persistedQuery` must be an object.".into()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_url_has_the_same_parameters_as_a_body() {
        let request =
            from_query("query=%7Ba%7D&variables=%7B%22a%22%3A1%7D&operationName=A").unwrap();
        assert_eq!(request.query.as_deref(), Some("{a}"));
        assert_eq!(request.operation_name.as_deref(), Some("A"));
        assert_eq!(request.variables.len(), 1);
        for bad in ["", "query=a&query=b", "query=a&variables=x", "query=a&variables=[]"] {
            assert!(from_query(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn malformed_bodies_are_told_why() {
        for bad in [
            "",
            "1",
            "[]",
            "{}",
            r#"{"query":1}"#,
            r#"{"query":"a","variables":[]}"#,
            r#"{"query":"a","operationName":1}"#,
            r#"{"query":"a","extensions":1}"#,
            r#"{"documentId":1}"#,
            r#"{"extensions":{"persistedQuery":{"version":1}}}"#,
            r#"{"extensions":{"persistedQuery":{"version":2,"sha256Hash":"a"}}}"#,
        ] {
            assert!(from_json(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(body in proptest::collection::vec(any::<u8>(), 0..200), query in ".{0,200}") {
            let _ = from_json(&body);
            let _ = from_query(&query);
        }
    }
}
