//! What must hold for every input. Kept by the fuzz targets here, and by tests of the project,
//! which give the same functions the seeds and inputs made at random.

use std::time::{Duration, Instant};

use async_graphql::parser::{
    parse_query,
    types::{ExecutableDocument, Selection, SelectionSet},
};
use polls::{
    graphql::{Operation, Parameters, QueryLimits},
    http::parameters,
};

/// Far more than anything within the limits takes, and far less than what grows exponentially.
const SOON: Duration = Duration::from_secs(5);

/// Nothing panics. What is taken holds the parameters that were sent, and whatever they are, they
/// are refused or prepared soon.
pub fn parameters(data: &[u8]) {
    if let Ok(request) = parameters::from_json(data) {
        let sent: serde_json::Value = serde_json::from_slice(data).unwrap();
        assert_eq!(request.query.as_deref(), sent["query"].as_str());
        let names = sent["variables"].as_object().map_or(0, serde_json::Map::len);
        assert_eq!(request.variables.len(), names);
        soon(|| drop(Operation::parse(&QueryLimits::default(), request)));
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(request) = parameters::from_query(text)
    {
        soon(|| drop(Operation::parse(&QueryLimits::default(), request)));
    }
}

/// Nothing panics or takes long, whether the limits are as they come, tight, or as loose as they
/// can be set; and what passes is a document within them.
pub fn limits(text: &str) {
    for limits in [QueryLimits::default(), tight(), loose()] {
        let parameters = Parameters { query: Some(text.to_owned()), ..Parameters::default() };
        if soon(|| Operation::parse(&limits, parameters)).is_err() {
            continue;
        }
        assert!(text.len() <= limits.bytes);
        let document = parse_query(text).unwrap();
        let mut size = Size::default();
        for (_, operation) in document.operations.iter() {
            size.count(&document, &operation.node.selection_set.node, 1);
        }
        assert!(size.fields <= limits.fields, "{} fields in {text:?}", size.fields);
        assert!(size.depth <= limits.depth, "{} levels in {text:?}", size.depth);
        assert!(size.aliases <= limits.aliases, "{} aliases in {text:?}", size.aliases);
    }
}

fn tight() -> QueryLimits {
    QueryLimits {
        fields: 10,
        depth: 3,
        aliases: 1,
        directives: 0,
        complexity: 50,
        ..QueryLimits::default()
    }
}

fn loose() -> QueryLimits {
    QueryLimits {
        bytes: 16 * 1024 * 1024,
        tokens: 1_000_000,
        nesting: 500,
        fields: 100_000,
        depth: QueryLimits::MAX_DEPTH,
        aliases: 100_000,
        directives: 100_000,
        complexity: 100_000_000,
    }
}

fn soon<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    assert!(start.elapsed() < SOON, "took {:?}", start.elapsed());
    done
}

/// The size of a document, counted the simple way: by walking all of it, its fragments again at
/// each of their spreads. What passed the limits is small enough for that.
#[derive(Default)]
struct Size {
    fields: usize,
    depth: usize,
    aliases: usize,
}

impl Size {
    fn count(&mut self, document: &ExecutableDocument, set: &SelectionSet, depth: usize) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    self.fields += 1;
                    self.depth = self.depth.max(depth);
                    self.aliases += usize::from(field.node.alias.is_some());
                    self.count(document, &field.node.selection_set.node, depth + 1);
                }
                Selection::InlineFragment(inline) => {
                    self.count(document, &inline.node.selection_set.node, depth);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name) {
                        self.count(document, &fragment.node.selection_set.node, depth);
                    }
                }
            }
        }
    }
}
