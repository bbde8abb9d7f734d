//! YAML text into a tree of texts, lists and maps that remembers where each was written.
//!
//! Scalars stay texts: a tenant called `no` or `007` is neither a boolean nor a number, and which
//! words mean true is the business of the field that wants one.

use std::{collections::HashMap, rc::Rc};

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

/// Where something stands in the file; both counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    pub(super) const START: Self = Self { line: 1, column: 1 };

    fn of(span: &Span) -> Self {
        Self { line: span.start.line(), column: span.start.col() + 1 }
    }
}

/// A value and where it was written; for an alias, where the alias stands. Cheap to clone, so that
/// aliases of aliases cannot blow up.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub at: Position,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Nothing, `~` or `null`, unquoted.
    Null,
    Text(Rc<str>),
    List(Rc<[Node]>),
    Map(Rc<[(Key, Node)]>),
}

#[derive(Debug)]
pub(super) struct Key {
    pub at: Position,
    pub text: Rc<str>,
}

/// Why a text is not one YAML document of such values.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub at: Position,
    pub problem: String,
}

impl From<ScanError> for SyntaxError {
    fn from(error: ScanError) -> Self {
        let at = Position { line: error.marker().line().max(1), column: error.marker().col() + 1 };
        Self { at, problem: format!("this is not YAML: {}", error.info()) }
    }
}

/// Reads a text that holds exactly one document.
pub(super) fn read(source: &str) -> Result<Node, SyntaxError> {
    let mut composer = Composer { events: Parser::new_from_str(source), anchors: HashMap::new() };
    composer.document()
}

struct Composer<'s> {
    events: Parser<'s, StrInput<'s>>,
    /// Finished nodes by the id that the parser gave their anchor.
    anchors: HashMap<usize, Node>,
}

impl<'s> Composer<'s> {
    fn document(&mut self) -> Result<Node, SyntaxError> {
        let mut root = None;
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd, _) => {}
                (Event::StreamEnd, _) => {
                    let nothing = Node { at: Position::START, value: Value::Null };
                    return Ok(root.unwrap_or(nothing));
                }
                (_, span) if root.is_some() => {
                    return Err(refused(&span, "a second document; keep one `---` at most"));
                }
                (event, span) => root = Some(self.node(event, &span)?),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'s>, Span), SyntaxError> {
        loop {
            match self.events.next_event() {
                Some(Ok((Event::Comment(..), _))) => {}
                Some(next) => return Ok(next?),
                None => {
                    let problem = "the text ends too early".to_owned();
                    return Err(SyntaxError { at: Position::START, problem });
                }
            }
        }
    }

    fn node(&mut self, event: Event<'s>, span: &Span) -> Result<Node, SyntaxError> {
        let at = Position::of(span);
        if event.tag().is_some_and(|tag| !tag.is_yaml_core_schema()) {
            return Err(refused(span, "tags mean nothing here; remove the `!…`"));
        }
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, _) => (anchor, scalar(&text, style)),
            Event::SequenceStart(_, anchor, _) => (anchor, Value::List(self.list()?)),
            Event::MappingStart(_, anchor, _) => (anchor, Value::Map(self.map()?)),
            Event::Alias(id) => match self.anchors.get(&id) {
                Some(node) => (0, node.value.clone()),
                None => return Err(refused(span, "this alias contains itself; write it out")),
            },
            _ => return Err(refused(span, "a value is missing here")),
        };
        let node = Node { at, value };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self) -> Result<Rc<[Node]>, SyntaxError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items.into()),
                (event, span) => items.push(self.node(event, &span)?),
            }
        }
    }

    fn map(&mut self) -> Result<Rc<[(Key, Node)]>, SyntaxError> {
        let mut entries = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => return Ok(entries.into()),
                (Event::Scalar(text, ..), span) => {
                    Key { at: Position::of(&span), text: text.as_ref().into() }
                }
                (_, span) => return Err(refused(&span, "a key is a single word; write it out")),
            };
            let (event, span) = self.next()?;
            let value = self.node(event, &span)?;
            entries.push((key, value));
        }
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    let is_null =
        style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL");
    if is_null { Value::Null } else { Value::Text(text.into()) }
}

fn refused(span: &Span, problem: &str) -> SyntaxError {
    SyntaxError { at: Position::of(span), problem: problem.to_owned() }
}
