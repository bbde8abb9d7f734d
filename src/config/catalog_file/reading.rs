//! Walking the tree: each helper notes what is wrong and gives back what could be read.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::config::{
    CatalogError, ConfigError, Variables, variables,
    yaml::{Key, Node, Position, Value},
};
use crate::tenancy::DocumentTexts;

/// One reading of one file: what its values may use, and what was found wrong so far.
pub(super) struct Reading<'a> {
    file: Arc<str>,
    /// Where relative SQLite paths start.
    pub folder: PathBuf,
    pub variables: Variables<'a>,
    errors: Vec<ConfigError>,
    /// The manifests that were read, for all tenants that name the same one.
    pub manifests: HashMap<PathBuf, Option<Arc<DocumentTexts>>>,
}

/// A value and its path in the file.
pub(super) struct Field<'n> {
    pub path: String,
    pub node: &'n Node,
}

/// A map whose keys are known beforehand.
pub(super) struct Section<'n> {
    pub at: Position,
    path: String,
    entries: &'n [(Key, Node)],
}

impl<'a> Reading<'a> {
    pub fn new(file: &str, folder: &Path, variables: Variables<'a>) -> Self {
        Self {
            file: file.into(),
            folder: folder.to_owned(),
            variables,
            errors: Vec::new(),
            manifests: HashMap::new(),
        }
    }

    pub fn add(&mut self, at: Position, field: &str, problem: impl Into<String>) {
        self.errors.push(ConfigError {
            file: Arc::clone(&self.file),
            line: at.line,
            column: at.column,
            field: if field.is_empty() { "(whole file)".to_owned() } else { field.to_owned() },
            problem: problem.into(),
        });
    }

    pub fn add_at(&mut self, field: &Field<'_>, problem: impl Into<String>) {
        self.add(field.node.at, &field.path, problem);
    }

    /// How many errors there are so far.
    pub fn errors(&self) -> usize {
        self.errors.len()
    }

    /// The result, when nothing was wrong.
    pub fn finish<T>(mut self, result: Option<T>) -> Result<T, CatalogError> {
        self.errors.sort_by_key(|error| (error.line, error.column));
        self.errors.dedup();
        match result {
            Some(result) if self.errors.is_empty() => Ok(result),
            _ => Err(CatalogError::Invalid(self.errors)),
        }
    }

    /// A text as it stands in the file, before variables: for words that are compared.
    pub fn raw<'n>(&mut self, field: &Field<'n>) -> Option<&'n str> {
        match &field.node.value {
            Value::Text(text) => return Some(text),
            Value::Null => self.add_at(field, "is empty; give a value, or leave the line out"),
            Value::List(_) => self.add_at(field, "is a list; write one text"),
            Value::Map(_) => self.add_at(field, "is a map; write one text"),
        }
        None
    }

    /// A text with its variables replaced, in which every character can be printed.
    pub fn text(&mut self, field: &Field<'_>, max_chars: usize) -> Option<String> {
        let raw = self.raw(field)?;
        let text = match variables::expand(raw, self.variables) {
            Ok(text) => text,
            Err(error) => {
                self.add_at(field, error.to_string());
                return None;
            }
        };
        if text.trim().is_empty() {
            self.add_at(field, "is blank; give a value, or leave the line out");
        } else if text.chars().any(char::is_control) {
            self.add_at(field, "has control characters in it; write it on one line without tabs");
        } else if text.chars().count() > max_chars {
            self.add_at(field, format!("is over {max_chars} characters long; shorten it"));
        } else {
            return Some(text.trim().to_owned());
        }
        None
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, field: &Field<'_>, words: &[(&str, T)]) -> Option<T> {
        let raw = self.raw(field)?;
        let found = words.iter().find(|(word, _)| *word == raw);
        if found.is_none() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let shown: String = raw.chars().take(40).collect();
            self.add_at(field, format!("cannot be {shown:?}; write {}", words.join(" or ")));
        }
        found.map(|(_, value)| *value)
    }

    /// The items of a list; nothing counts as an empty one.
    pub fn list<'n>(&mut self, field: &Field<'n>) -> Vec<Field<'n>> {
        match &field.node.value {
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, node)| Field { path: format!("{}[{index}]", field.path), node })
                .collect(),
            Value::Null => Vec::new(),
            Value::Text(_) | Value::Map(_) => {
                self.add_at(field, "is not a list; write [one, two], or a line `- one` for each");
                Vec::new()
            }
        }
    }
}

impl<'n> Section<'n> {
    /// Opens a map, and notes unknown and repeated keys. Nothing counts as an empty map, except
    /// for the file itself.
    pub fn open(
        node: &'n Node,
        path: &str,
        known: &[&str],
        reading: &mut Reading<'_>,
    ) -> Option<Self> {
        let entries: &[(Key, Node)] = match &node.value {
            Value::Map(entries) => entries,
            Value::Null if !path.is_empty() => &[],
            Value::Null => {
                reading.add(node.at, path, "is empty; it needs `resolve:` and `tenants:`");
                return None;
            }
            Value::Text(_) | Value::List(_) => {
                let problem = format!("is not a map; it has the fields {}", known.join(", "));
                reading.add(node.at, path, problem);
                return None;
            }
        };
        let mut seen = HashSet::new();
        for (key, _) in entries {
            let child = join(path, &key.text);
            if !known.contains(&&*key.text) {
                let known = known.join(", ");
                reading.add(key.at, &child, format!("is unknown; the fields here are {known}"));
            } else if !seen.insert(&*key.text) {
                reading.add(key.at, &child, "is there twice; remove one");
            }
        }
        Some(Self { at: node.at, path: path.to_owned(), entries })
    }

    /// The entries of a map with keys of any name, each once; a repeated one is noted.
    pub fn open_any(
        field: &Field<'n>,
        reading: &mut Reading<'_>,
    ) -> Option<Vec<(&'n Key, Field<'n>)>> {
        let entries: &[(Key, Node)] = match &field.node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            Value::Text(_) | Value::List(_) => {
                reading.add_at(field, "is not a map; write a line `KEY:` for each");
                return None;
            }
        };
        let mut seen = HashSet::new();
        let mut found = Vec::with_capacity(entries.len());
        for (key, node) in entries {
            let path = join(&field.path, &key.text);
            if seen.insert(&*key.text) {
                found.push((key, Field { path, node }));
            } else {
                reading.add(key.at, &path, "is there twice; remove one");
            }
        }
        Some(found)
    }

    /// The path of a field, whether it is there or not.
    pub fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }

    pub fn get(&self, name: &str) -> Option<Field<'n>> {
        let (_, node) = self.entries.iter().find(|(key, _)| &*key.text == name)?;
        Some(Field { path: join(&self.path, name), node })
    }
}

fn join(path: &str, key: &str) -> String {
    let plain = key.chars().all(|c| c.is_alphanumeric() || "-_".contains(c)) && !key.is_empty();
    let key = if plain && key.len() <= 100 {
        key.to_owned()
    } else {
        format!("{:?}", key.chars().take(100).collect::<String>())
    };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
