//! The parameters of a GraphQL request (GraphQL over HTTP, section "Request Parameters").

use async_graphql::{Request, Variables};
use serde_json::{Map, Value};

/// The parameters of a JSON body.
///
/// # Errors
/// One sentence on what is malformed.
pub(super) fn from_json(body: &[u8]) -> Result<Request, String> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| format!("The body is no JSON: {error}."))?;
    match value {
        Value::Object(map) => from_map(map),
        Value::Array(_) => Err("Batches are not supported; send one operation a request.".into()),
        _ => Err("The body must be a JSON object with a `query`.".into()),
    }
}

/// The parameters of a URL's query: `query`, `operationName`, and `variables` and `extensions` as
/// JSON texts.
///
/// # Errors
/// One sentence on what is malformed.
pub(super) fn from_query(query: &str) -> Result<Request, String> {
    let mut map = Map::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = match name.as_ref() {
            "query" | "operationName" => Value::String(value.into_owned()),
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

fn from_map(mut map: Map<String, Value>) -> Result<Request, String> {
    let query = match map.remove("query") {
        Some(Value::String(query)) => query,
        None | Some(Value::Null) if persisted(&map) => String::new(),
        None => return Err("`query` is missing.".into()),
        Some(_) => return Err("`query` must be a string.".into()),
    };
    let mut request = Request::new(query);
    request.operation_name = match map.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
        Some(_) => return Err("`operationName` must be a string.".into()),
    };
    match map.remove("variables") {
        None | Some(Value::Null) => {}
        Some(variables @ Value::Object(_)) => request.variables = Variables::from_json(variables),
        Some(_) => return Err("`variables` must be an object.".into()),
    }
    match map.remove("extensions") {
        None | Some(Value::Null) => {}
        Some(Value::Object(extensions)) => {
            for (name, value) in extensions {
                let value = async_graphql::Value::from_json(value)
                    .map_err(|_| "`extensions` cannot be read.".to_owned())?;
                request.extensions.insert(name, value);
            }
        }
        Some(_) => return Err("`extensions` must be an object.".into()),
    }
    Ok(request)
}

/// Whether the request names a stored document instead of sending one.
fn persisted(map: &Map<String, Value>) -> bool {
    map.get("extensions").and_then(|extensions| extensions.get("persistedQuery")).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_url_has_the_same_parameters_as_a_body() {
        let request =
            from_query("query=%7Ba%7D&variables=%7B%22a%22%3A1%7D&operationName=A").unwrap();
        assert_eq!(request.query, "{a}");
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
