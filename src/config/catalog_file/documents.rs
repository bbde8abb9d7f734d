//! Trusted documents: which tenants run them, and the manifests they stand in.

use std::{collections::HashMap, path::Path, sync::Arc};

use serde_json::Value;

use super::reading::{Reading, Section};
use crate::tenancy::{DocumentPolicy, DocumentTexts, TrustedDocuments};

const MAX_PATH_CHARS: usize = 1000;
/// The largest manifest, in bytes.
const MAX_MANIFEST_BYTES: u64 = 64 * 1024 * 1024;

/// `trusted_documents`.
pub(super) fn policy(section: &Section<'_>, reading: &mut Reading<'_>) -> Option<DocumentPolicy> {
    let words = [
        ("off", DocumentPolicy::Off),
        ("allow", DocumentPolicy::Allow),
        ("require", DocumentPolicy::Require),
    ];
    section.get("trusted_documents").and_then(|field| reading.word(&field, &words))
}

/// `trusted_manifest`: a file, relative to the folder of the catalog.
pub(super) fn texts(
    section: &Section<'_>,
    reading: &mut Reading<'_>,
) -> Option<Arc<DocumentTexts>> {
    let field = section.get("trusted_manifest")?;
    let path = reading.text(&field, MAX_PATH_CHARS)?;
    let path = reading.folder.join(path);
    if let Some(known) = reading.manifests.get(&path) {
        return known.clone();
    }
    let texts = match read(&path) {
        Ok(texts) => Some(Arc::new(DocumentTexts::new(texts))),
        Err(problem) => {
            reading.add_at(&field, problem);
            None
        }
    };
    reading.manifests.insert(path, texts.clone());
    texts
}

/// A policy needs a manifest, unless it is `off`.
pub(super) fn trusted(
    policy: DocumentPolicy,
    texts: Option<Arc<DocumentTexts>>,
    section: &Section<'_>,
    reading: &mut Reading<'_>,
) -> TrustedDocuments {
    let has_manifest = texts.is_some() || section.get("trusted_manifest").is_some();
    if policy != DocumentPolicy::Off && !has_manifest {
        let field = section.path_of("trusted_documents");
        reading.add(section.at, &field, "needs a manifest; name its file in `trusted_manifest`");
    }
    TrustedDocuments::new(policy, texts.unwrap_or_default())
}

fn read(path: &Path) -> Result<HashMap<String, Arc<str>>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > MAX_MANIFEST_BYTES {
        return Err(format!("is over {MAX_MANIFEST_BYTES} bytes long; split the clients in it"));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let manifest: Value =
        serde_json::from_slice(&bytes).map_err(|error| format!("is no JSON: {error}"))?;
    parse(&manifest).ok_or_else(|| {
        "is no manifest; write an `apollo-persisted-query-manifest`, or a map of ids to texts"
            .to_owned()
    })
}

/// Apollo's manifest (`{"format": "apollo-persisted-query-manifest", "version": 1, "operations":
/// [{"id", "body", …}]}`), or a flat map of ids to texts, as Relay and graphql-codegen write it.
fn parse(manifest: &Value) -> Option<HashMap<String, Arc<str>>> {
    let map = manifest.as_object()?;
    let entry = |id: &Value, text: &Value| Some((id.as_str()?.to_owned(), text.as_str()?.into()));
    match map.get("format").and_then(Value::as_str) {
        Some("apollo-persisted-query-manifest") => {
            let operations = map.get("operations")?.as_array()?.iter();
            operations
                .map(|operation| entry(operation.get("id")?, operation.get("body")?))
                .collect()
        }
        _ => map.iter().map(|(id, text)| Some((id.clone(), text.as_str()?.into()))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_kinds_of_manifest_are_read() {
        let flat = parse(&json!({ "a": "{ b }", "format": "{ c }" })).unwrap();
        assert_eq!(&*flat["a"], "{ b }");
        assert_eq!(&*flat["format"], "{ c }");
        let apollo = json!({
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [{ "id": "1", "name": "A", "type": "query", "body": "query A { b }" }],
        });
        assert_eq!(&*parse(&apollo).unwrap()["1"], "query A { b }");
        for bad in [json!([]), json!({ "a": 1 }), json!({ "a": { "b": "c" } })] {
            assert!(parse(&bad).is_none(), "{bad}");
        }
    }
}
