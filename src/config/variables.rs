//! `${VAR}` in the values of `tenants.yaml`.

use std::fmt::Write as _;

use thiserror::Error;

/// Looks a variable up. Given by the caller, so that tests need no process environment.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The environment of this process; an empty variable counts as unset.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place where `${VAR}` is looked up")]
pub fn process_variables(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum VariableError {
    #[error("the environment variable {0} is not set; set it, or write the value here")]
    Unset(String),
    #[error("`${{` starts a variable but none follows; write ${{NAME}}, or $$ for a dollar sign")]
    Malformed,
}

/// Replaces every `${NAME}` by the variable's value and `$$` by `$`. Any other `$` stays.
pub(super) fn expand(text: &str, variables: Variables<'_>) -> Result<String, VariableError> {
    expand_with(text, variables, |_, _, value| value)
}

/// As [`expand`], for the URL of a server: a value in the place of a user or password is taken
/// literally and percent-encoded, so that a secret with `@` or `/` in it can neither break the URL
/// nor move to a place where it would be shown.
pub(super) fn expand_url(text: &str, variables: Variables<'_>) -> Result<String, VariableError> {
    expand_with(text, variables, |before, after, value| {
        let in_authority = before.split_once("://").is_some_and(|(_, rest)| !rest.contains('/'));
        let in_userinfo = in_authority && after.split('/').next().is_some_and(|a| a.contains('@'));
        if in_userinfo { percent_encode(&value) } else { value }
    })
}

fn expand_with(
    text: &str,
    variables: Variables<'_>,
    place: impl Fn(&str, &str, String) -> String,
) -> Result<String, VariableError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        if let Some(after) = behind.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(name) = behind.strip_prefix('{') {
            let (name, after) = name.split_once('}').ok_or(VariableError::Malformed)?;
            if !is_name(name) {
                return Err(VariableError::Malformed);
            }
            let value = variables(name).filter(|value| !value.is_empty());
            let value = value.ok_or_else(|| VariableError::Unset(name.to_owned()))?;
            let value = place(&text[..text.len() - rest.len() + at], after, value);
            out.push_str(&value);
            rest = after;
        } else {
            out.push('$');
            rest = behind;
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(name: &str) -> Option<String> {
        match name {
            "PASSWORD" => Some("p@s/s:w%rd".to_owned()),
            "HOST" => Some("db1.example".to_owned()),
            "URL" => Some("postgres://app:p%40ss@db1/thor".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn dollars_and_variables_are_replaced() {
        assert_eq!(
            expand("a${HOST}b${HOST}", &variables).unwrap(),
            "adb1.exampleb".to_owned() + "db1.example"
        );
        assert_eq!(expand("US$ 5, $$, $${HOST}", &variables).unwrap(), "US$ 5, $, ${HOST}");
        assert_eq!(expand("", &variables).unwrap(), "");
    }

    #[test]
    fn an_unset_variable_is_named() {
        assert_eq!(expand("${NOPE}", &variables), Err(VariableError::Unset("NOPE".to_owned())));
        assert_eq!(expand("${EMPTY}", &variables), Err(VariableError::Unset("EMPTY".to_owned())));
    }

    #[test]
    fn broken_variables_are_refused() {
        for text in ["${", "${}", "${A", "${1A}", "${A-b}", "x${ A }"] {
            assert_eq!(expand(text, &variables), Err(VariableError::Malformed), "{text}");
        }
    }

    #[test]
    fn a_secret_is_encoded_only_where_the_user_stands() {
        let url = |text| expand_url(text, &variables).unwrap();
        assert_eq!(
            url("postgres://app:${PASSWORD}@${HOST}/thor"),
            "postgres://app:p%40s%2Fs%3Aw%25rd@db1.example/thor"
        );
        assert_eq!(url("${URL}"), "postgres://app:p%40ss@db1/thor");
        assert_eq!(url("mysql://${HOST}/${HOST}?x=a@b"), "mysql://db1.example/db1.example?x=a@b");
    }
}
