//! How large a document may be. All of it is checked in time linear in the document, before
//! anything else looks at it.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::error::{ApiError, Code};

/// The bounds of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryLimits {
    /// Bytes of the document.
    pub bytes: usize,
    /// Tokens of the document.
    pub tokens: usize,
    /// Brackets open at once in the document.
    pub nesting: usize,
    /// Fields after all fragments are expanded.
    pub fields: usize,
    /// Selection sets inside each other after all fragments are expanded.
    pub depth: usize,
    /// Aliases after all fragments are expanded.
    pub aliases: usize,
    /// Directives after all fragments are expanded.
    pub directives: usize,
    /// The estimated cost: fields times the lengths of their pages.
    pub complexity: usize,
}

impl QueryLimits {
    /// The deepest that any configuration allows.
    pub const MAX_DEPTH: usize = 64;
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self {
            bytes: 65_536,
            tokens: 10_000,
            nesting: 200,
            fields: 2_000,
            depth: 25,
            aliases: 100,
            directives: 50,
            complexity: 20_000,
        }
    }
}

/// Refuses texts that are too long to be looked at.
///
/// # Errors
/// `LIMIT_EXCEEDED`.
pub(super) fn check_length(text: &str, limits: &QueryLimits) -> Result<(), ApiError> {
    exceeds("query_bytes", limits.bytes, text.len(), "bytes")
}

impl Lexed {
    /// Refuses texts that are too large to be parsed.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED`; `GRAPHQL_PARSE_FAILED` for what cannot be counted.
    pub(super) fn check(self, limits: &QueryLimits) -> Result<(), ApiError> {
        if self.unterminated {
            let message = "The document has a block string without an end.";
            return Err(ApiError::new(Code::ParseFailed, message));
        }
        exceeds("tokens", limits.tokens, self.tokens, "tokens")?;
        exceeds("nesting", limits.nesting, self.nesting, "brackets inside each other")
    }
}

impl Size {
    /// What a document expands to.
    pub(super) fn of(document: &ExecutableDocument) -> Self {
        let mut counter = Counter { document, known: HashMap::new(), open: 0 };
        let mut size = Self::default();
        // Validation walks all operations, whichever is to be executed.
        for (_, operation) in document.operations.iter() {
            size.add(counter.selection_set(&operation.node.selection_set.node));
            size.directives = size.directives.saturating_add(operation.node.directives.len());
        }
        // Fragments that nothing uses are validated too.
        for name in document.fragments.keys() {
            let unused = counter.fragment(name);
            size.fields = size.fields.max(unused.fields);
            size.depth = size.depth.max(unused.depth);
            size.aliases = size.aliases.max(unused.aliases);
            size.directives = size.directives.max(unused.directives);
        }
        size
    }

    /// Refuses documents that expand to too much.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED`.
    pub(super) fn check(self, limits: &QueryLimits) -> Result<(), ApiError> {
        exceeds("fields", limits.fields, self.fields, "fields")?;
        exceeds("depth", limits.depth, self.depth, "levels")?;
        exceeds("aliases", limits.aliases, self.aliases, "aliases")?;
        exceeds("directives", limits.directives, self.directives, "directives")
    }
}

/// For documents whose selection sets are nested deeper than the parser goes.
pub(super) fn too_deep(limits: &QueryLimits) -> ApiError {
    exceeds("depth", limits.depth, usize::MAX, "levels")
        .err()
        .unwrap_or_else(|| ApiError::bad_input("The document is nested too deep."))
}

fn exceeds(limit: &'static str, max: usize, size: usize, what: &str) -> Result<(), ApiError> {
    if size <= max {
        return Ok(());
    }
    let message = format!("The document has more than the {max} {what} that are allowed.");
    Err(ApiError::limit(limit, max, message))
}

/// How large a text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lexed {
    pub tokens: usize,
    nesting: usize,
    /// A block string never ends. The parser would take its three quotes for an empty string and
    /// a quote, and read on where this has stopped.
    unterminated: bool,
}

/// Counts tokens as the GraphQL specification lexes them (October 2021, section 2.1), near
/// enough for a bound: malformed texts are left to the parser.
pub(super) fn lex(text: &str) -> Lexed {
    let bytes = text.as_bytes();
    let mut lexed = Lexed::default();
    let (mut open, mut at) = (0_usize, 0);
    while at < bytes.len() {
        let byte = bytes[at];
        let start = at;
        at += 1;
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => continue,
            b'#' => {
                at = skip_while(bytes, at, |byte| byte != b'\n' && byte != b'\r');
                continue;
            }
            b'"' => match string_end(bytes, start) {
                Some(end) => at = end,
                None => return Lexed { unterminated: true, ..lexed },
            },
            b'{' | b'[' | b'(' => {
                open += 1;
                lexed.nesting = lexed.nesting.max(open);
            }
            b'}' | b']' | b')' => open = open.saturating_sub(1),
            // A spread is three dots, whatever stands behind them.
            b'.' if bytes[start..].starts_with(b"...") => at = start + 3,
            b'-' | b'0'..=b'9' => {
                at = skip_while(bytes, at, |byte| byte.is_ascii_alphanumeric() || byte == b'.');
            }
            b'_' | b'A'..=b'Z' | b'a'..=b'z' => {
                at = skip_while(bytes, at, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
            }
            _ => {}
        }
        lexed.tokens += 1;
    }
    lexed
}

fn skip_while(bytes: &[u8], from: usize, keep: impl Fn(u8) -> bool) -> usize {
    let length = bytes[from..].iter().take_while(|byte| keep(**byte)).count();
    from + length
}

/// Where the string or block string that starts here ends; nothing for a block string without
/// an end.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let block = bytes[start..].starts_with(b"\"\"\"");
    let mut at = start + if block { 3 } else { 1 };
    while at < bytes.len() {
        let rest = &bytes[at..];
        if block && rest.starts_with(b"\"\"\"") {
            return Some(at + 3);
        }
        if block && rest.starts_with(b"\\\"\"\"") {
            at += 4;
            continue;
        }
        match rest[0] {
            b'"' | b'\n' | b'\r' if !block => return Some(at + 1),
            b'\\' if !block => at += 2,
            _ => at += 1,
        }
    }
    (!block).then_some(bytes.len())
}

/// How large a document is after all fragments are expanded.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    fields: usize,
    depth: usize,
    aliases: usize,
    directives: usize,
    /// Selection sets inside each other, those of fragments too.
    height: usize,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.depth = self.depth.max(other.depth);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.height = self.height.max(other.height);
    }
}

/// Sizes selection sets, each fragment once, however often it is spread.
struct Counter<'d> {
    document: &'d ExecutableDocument,
    known: HashMap<&'d str, Size>,
    /// How many selection sets are being looked at, one inside the other.
    open: usize,
}

impl<'d> Counter<'d> {
    fn selection_set(&mut self, set: &'d SelectionSet) -> Size {
        let mut size = Size::default();
        // Nothing deeper is executed, and the stack of those who walk it has an end.
        if self.open > QueryLimits::MAX_DEPTH + 1 {
            return Size { depth: usize::MAX, ..size };
        }
        self.open += 1;
        for item in &set.items {
            size.add(self.selection(&item.node));
        }
        self.open -= 1;
        size.height += 1;
        if size.height > QueryLimits::MAX_DEPTH + 2 {
            size.depth = usize::MAX;
        }
        size
    }

    fn selection(&mut self, selection: &'d Selection) -> Size {
        let mut size = match selection {
            Selection::Field(field) => {
                let mut size = self.selection_set(&field.node.selection_set.node);
                size.fields = size.fields.saturating_add(1);
                size.depth = size.depth.saturating_add(1);
                size.aliases = size.aliases.saturating_add(usize::from(field.node.alias.is_some()));
                size
            }
            Selection::InlineFragment(fragment) => {
                self.selection_set(&fragment.node.selection_set.node)
            }
            Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
        };
        size.directives = size.directives.saturating_add(selection.directives().len());
        size
    }

    fn fragment(&mut self, name: &str) -> Size {
        if let Some(size) = self.known.get(name) {
            return *size;
        }
        let document = self.document;
        let Some((name, fragment)) = document.fragments.get_key_value(name) else {
            // Counted like a field, so that spreads of nothing do not multiply unseen.
            return Size { fields: 1, ..Size::default() };
        };
        // Met again inside itself, a fragment is deeper than any bound.
        self.known.insert(name.as_str(), Size { depth: usize::MAX, ..Size::default() });
        let mut size = self.selection_set(&fragment.node.selection_set.node);
        size.directives = size.directives.saturating_add(fragment.node.directives.len());
        self.known.insert(name.as_str(), size);
        size
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn refused(query: &str) -> bool {
        let document = parse_query(query).unwrap();
        Size::of(&document).check(&QueryLimits::default()).is_err()
    }

    fn counted(tokens: usize, nesting: usize) -> Lexed {
        Lexed { tokens, nesting, unterminated: false }
    }

    #[test]
    fn tokens_and_nesting_are_counted_as_the_grammar_has_them() {
        assert_eq!(lex("{ a(b: \"}{ \\\" #\") # c {\n }"), counted(8, 2));
        assert_eq!(lex("{ a(b: \"\"\"x \\\"\"\" \" y\"\"\") }"), counted(8, 2));
        assert_eq!(lex("\"unterminated"), counted(1, 0));
        assert_eq!(lex("[[["), counted(3, 3));
        assert_eq!(lex("{a...b...b... on C{d}}"), counted(13, 2));
        assert_eq!(lex("-1.5e3 $x_1"), counted(3, 0));
    }

    #[test]
    fn a_fragment_bomb_is_counted_in_linear_time() {
        let levels: String = (0..30)
            .map(|level| format!("fragment F{level} on Query {{ ...F{0} ...F{0} }}\n", level + 1))
            .collect();
        assert!(refused(&format!("{{ ...F0 }} {levels} fragment F30 on Query {{ __typename }}")));
    }

    #[test]
    fn a_block_string_without_an_end_hides_nothing() {
        let query = format!("{{ tenant(a: \"\"\"x\" {}", "[".repeat(30_000));
        let refused = lex(&query).check(&QueryLimits::default()).unwrap_err();
        assert_eq!(refused.code(), Code::ParseFailed);
    }

    #[test]
    fn spreads_of_a_missing_fragment_multiply_too() {
        let levels: String = (0..30)
            .map(|level| format!("fragment F{level} on Query {{ ...F{0} ...F{0} }}\n", level + 1))
            .collect();
        assert!(refused(&format!("{{ ...F0 }} {levels}")));
    }

    #[test]
    fn a_long_chain_of_fragments_is_refused_whichever_end_is_seen_first() {
        let chain = |from: usize, to: usize| -> String {
            let link = |at| format!("fragment F{at} on Query {{ ...F{} }}\n", at + 1);
            (from..to).map(link).collect()
        };
        let end = |at: usize| format!("fragment F{at} on Query {{ __typename }}\n");
        assert!(!refused(&format!("{{ ...F0 }} {} {}", chain(0, 60), end(60))));
        assert!(refused(&format!("{{ ...F0 }} {} {}", chain(0, 5_000), end(5_000))));
        let operations: String =
            (0..100).map(|at| format!("query Q{at} {{ ...F{} }}\n", at * 50)).collect();
        assert!(refused(&format!("{operations} {} {}", chain(0, 5_000), end(5_000))));
    }

    #[test]
    fn operations_that_are_not_executed_count_too() {
        let fields = "__typename ".repeat(1_500);
        let one = format!("query A {{ {fields} }}");
        assert!(!refused(&one));
        assert!(refused(&format!("{one} query B {{ {fields} }}")));
    }

    #[test]
    fn cycles_end_and_are_refused() {
        assert!(refused("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"));
    }
}
