//! Adds a tenant to the text of `tenants.yaml` and leaves every other byte as it was: comments,
//! blank lines, indentation, line ends.

use std::fmt::Write as _;

use thiserror::Error;

use super::yaml::{self, Key, Node, Value};
use crate::tenancy::{Catalog, TenantKey};

/// What a new tenant's entry says; nothing said means the defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewTenant {
    /// Its name for people, written literally: a `$` in it stays one.
    pub name: Option<String>,
    /// Exact extra hosts.
    pub hosts: Vec<String>,
    /// Its database, written as given: `${VAR}` in it stays a variable.
    pub database: Option<String>,
}

/// Why an entry was not added. The file is left for a person to edit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EditError {
    /// The key stands in the file already.
    #[error("there is a tenant {0} already")]
    Exists(TenantKey),
    /// The text is not written in a way in which an entry can be added.
    #[error("{0}; add the tenant by hand, or write `tenants:` with one `KEY:` a line below it")]
    Style(&'static str),
}

/// The text with the tenant as the last entry of `tenants:`. The caller checks that the result
/// parses to the old catalog plus this tenant ([`adds_only`]) before using it.
///
/// # Errors
/// [`EditError`]; the text is not changed then.
pub fn append_tenant(
    source: &str,
    key: &TenantKey,
    entry: &NewTenant,
) -> Result<String, EditError> {
    let place = find_place(source, key)?;
    let rendered = render(key, entry, &place);
    let mut result = String::with_capacity(source.len() + rendered.len() + 2);
    let (before, after) = source.split_at(place.offset);
    result.push_str(before);
    if before.ends_with('\n') {
        result.push_str(&rendered);
    } else {
        // The file lacks its last line end, and keeps lacking it.
        result.push_str(place.newline);
        result.push_str(rendered.trim_end());
    }
    result.push_str(after);
    Ok(result)
}

/// Whether a catalog is another one plus this tenant and nothing else.
#[must_use]
pub fn adds_only(old: &Catalog, new: &Catalog, key: &TenantKey) -> bool {
    let others = |catalog: &Catalog| {
        let mut tenants = catalog.tenants.clone();
        tenants.swap_remove(key);
        tenants
    };
    old.strategies == new.strategies
        && old.trust_proxy == new.trust_proxy
        && !old.tenants.contains_key(key)
        && new.tenants.contains_key(key)
        && others(old) == others(new)
}

/// Where an entry goes, and how the file writes its own.
struct Place {
    /// In bytes; at the start of a line, or at the end of a text without a last line end.
    offset: usize,
    newline: &'static str,
    /// Blanks before a tenant's key.
    indent: usize,
    /// Blanks more before what stands below it.
    step: usize,
}

fn find_place(source: &str, key: &TenantKey) -> Result<Place, EditError> {
    let newline = line_end(source)?;
    let root = yaml::read(source).map_err(|_| EditError::Style("the file is not valid YAML"))?;
    let Value::Map(top) = &root.value else {
        return Err(EditError::Style("the file is not a map"));
    };
    let Some((tenants, value)) = top.iter().find(|(name, _)| &*name.text == "tenants") else {
        return Err(EditError::Style("the file has no `tenants:`"));
    };
    let lines: Vec<&str> = source.split_inclusive('\n').collect();
    if !stands_alone(lines[tenants.at.line - 1], tenants.at.column - 1) {
        return Err(EditError::Style("`tenants:` has something behind it on its line"));
    }
    let outer = tenants.at.column - 1;
    let indent = entry_indent(value, key)?.unwrap_or(outer + 2);
    if indent <= outer {
        return Err(EditError::Style("the tenants are not indented below `tenants:`"));
    }
    let next = top.iter().map(|(name, _)| name.at.line).filter(|line| *line > tenants.at.line);
    let end = next.min().map_or(lines.len(), |line| line - 1);
    let body = &lines[tenants.at.line..end];
    if body.iter().map(|line| line.trim()).any(|line| line.starts_with('{')) {
        return Err(EditError::Style("`tenants:` is written in braces"));
    }
    // Comments at the depth of the tenants stay with the tenant above them.
    let least = if matches!(value.value, Value::Null) { outer + 1 } else { indent };
    let belongs = |line: &&str| !line.trim().is_empty() && indentation(line) >= least;
    let last = body.iter().rposition(belongs).map_or(0, |index| index + 1);
    let offset = lines[..tenants.at.line + last].iter().map(|line| line.len()).sum();
    Ok(Place { offset, newline, indent, step: indent - outer })
}

/// How deep the tenants stand; nothing when there is none yet.
fn entry_indent(value: &Node, key: &TenantKey) -> Result<Option<usize>, EditError> {
    let entries: &[(Key, Node)] = match &value.value {
        Value::Map(entries) => entries,
        Value::Null => &[],
        _ => return Err(EditError::Style("`tenants:` is not a map")),
    };
    if entries.iter().any(|(name, _)| &*name.text == key.as_str()) {
        return Err(EditError::Exists(key.clone()));
    }
    Ok(entries.first().map(|(name, _)| name.at.column - 1))
}

fn line_end(source: &str) -> Result<&'static str, EditError> {
    let windows = source.matches("\r\n").count();
    if source.matches('\r').count() != windows {
        return Err(EditError::Style("the file has line ends of an old Macintosh"));
    }
    let all = source.matches('\n').count();
    Ok(if windows * 2 > all { "\r\n" } else { "\n" })
}

/// Whether a line has nothing but a comment behind the key that starts in this column.
fn stands_alone(line: &str, column: usize) -> bool {
    let rest: String = line.chars().skip(column).collect();
    let behind = ["tenants", "\"tenants\"", "'tenants'"]
        .iter()
        .find_map(|key| rest.strip_prefix(key)?.trim_start().strip_prefix(':'));
    behind.is_some_and(|behind| {
        behind.trim().is_empty()
            || (behind.starts_with([' ', '\t']) && behind.trim_start().starts_with('#'))
    })
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn render(key: &TenantKey, entry: &NewTenant, place: &Place) -> String {
    let newline = place.newline;
    let inner = place.indent + place.step;
    let mut out = format!("{:1$}{2}:", "", place.indent, quote_key(key));
    let mut line = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{newline}{:inner$}{name}: {value}", "");
    };
    if let Some(name) = &entry.name {
        line("name", &quote(&name.replace('$', "$$")));
    }
    if !entry.hosts.is_empty() {
        let hosts: Vec<String> = entry.hosts.iter().map(|host| quote(host)).collect();
        line("hosts", &format!("[{}]", hosts.join(", ")));
    }
    if let Some(database) = &entry.database {
        line("database", &quote(database));
    }
    if *entry == NewTenant::default() {
        out.push_str(" {}");
    }
    out + newline
}

/// A key as it is, but in quotes where another YAML reader would not take it for a text.
fn quote_key(key: &TenantKey) -> String {
    let key = key.as_str();
    let word = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&key);
    if word || !key.starts_with(|c: char| c.is_ascii_lowercase()) {
        format!("\"{key}\"")
    } else {
        key.to_owned()
    }
}

/// A text in double quotes: a JSON string is a YAML one.
fn quote(text: &str) -> String {
    let plain = text.chars().next().is_some_and(|c| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ')
        && !["True", "False", "Null", "Yes", "No", "On", "Off", "Y", "N"]
            .iter()
            .any(|word| word.eq_ignore_ascii_case(text))
        && !text.ends_with(' ');
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
#[path = "tenants_edit_tests.rs"]
mod tests;
