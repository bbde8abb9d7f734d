//! What must hold for every request, tried on the seeds of the fuzz targets and on documents made
//! at random. `fuzz/` tries the same for as long as one likes.

use std::path::Path;

use proptest::prelude::*;

#[path = "../../fuzz/properties.rs"]
mod properties;

fn seeds(of: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(of);
    let files = std::fs::read_dir(folder).unwrap();
    let seeds: Vec<_> = files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(seeds.len() > 5, "the seeds of {of} are missing");
    seeds
}

#[test]
fn the_seeds_hold() {
    for seed in seeds("parameters") {
        properties::parameters(&seed);
    }
    for seed in seeds("limits") {
        properties::limits(&String::from_utf8(seed).unwrap());
    }
}

/// Pieces of which documents are made, and with which they are broken.
const PIECES: &str = "{|}|(|)|[|]|...|... on Query |...A |...B |...C |query |mutation |fragment A on \
    Query |fragment B on Query |fragment C on Poll |a |a: b |polls(first: 100) |nodes |$x|($x: \
    [Int!]! = 1) |: |= |! |1 |-1.5e3 |\"|\"\"\"|\\|\\\"\"\"|\"x\" |@include(if: true) |@a |# |\n|\
    \u{feff}|é|\0|null |true |, ";

fn soup() -> impl Strategy<Value = String> {
    let pieces: Vec<&str> = PIECES.split('|').collect();
    let pieces = prop::collection::vec(prop::sample::select(pieces), 0..60);
    pieces.prop_map(|pieces| pieces.concat())
}

/// Documents that parse: selections inside selections, spreads of three fragments.
fn document() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["a ", "b: a ", "...A ", "...B ", "...C ", "...Nobody "]);
    let selection = leaf.prop_map(str::to_owned).prop_recursive(8, 60, 4, |inner| {
        let head =
            prop::sample::select(vec!["a ", "b: polls(first: 9) ", "... ", "... @skip(if: true) "]);
        (head, prop::collection::vec(inner, 1..4))
            .prop_map(|(head, inner)| format!("{head}{{ {} }} ", inner.concat()))
    });
    let set = || prop::collection::vec(selection.clone(), 1..4).prop_map(|items| items.concat());
    (set(), set(), set(), set()).prop_map(|(root, a, b, c)| {
        format!(
            "{{ {root} }} fragment A on Query {{ {a} }} fragment B on Query {{ {b} }} \
             fragment C on Query {{ {c} }}"
        )
    })
}

proptest! {
    #[test]
    fn no_body_and_no_url_does_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        properties::parameters(&bytes);
    }

    #[test]
    fn no_document_in_a_body_does_harm(query in soup(), name in ".{0,9}") {
        let body = serde_json::json!({ "query": query, "operationName": name });
        properties::parameters(body.to_string().as_bytes());
    }

    #[test]
    fn no_text_passes_that_is_past_a_limit(text in soup()) {
        properties::limits(&text);
    }

    #[test]
    fn no_document_passes_that_is_past_a_limit(document in document()) {
        properties::limits(&document);
    }
}
