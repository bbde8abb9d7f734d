//! The rules for what people write.

use unicode_normalization::UnicodeNormalization;

use super::error::{Code, Violation};

/// The longest question and choice, in characters (Unicode scalar values): the `max_length` of
/// the Django book's models.
pub const MAX_TEXT: usize = 100;
/// The longest username, in characters.
pub const MAX_USERNAME: usize = 150;
/// The longest e-mail address, in characters (RFC 5321, section 4.5.3.1.3).
pub const MAX_EMAIL: usize = 254;
/// The longest search, in characters.
pub const MAX_SEARCH: usize = 100;
/// Bounds of a password, in characters.
pub const PASSWORD: std::ops::RangeInclusive<usize> = 8..=128;

/// How text is compared where case shall not matter: compatibility-composed (NFKC), lower case.
#[must_use]
pub fn fold(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase().nfkc().collect()
}

/// A question or the text of a choice: trimmed, 1 to [`MAX_TEXT`] characters, no control
/// characters.
///
/// # Errors
/// [`Code::Blank`], [`Code::TooLong`] or [`Code::Invalid`].
pub fn sentence(text: &str, field: &str) -> Result<String, Violation> {
    let text = text.trim();
    if has_control(text) {
        return Err(control(field));
    }
    match text.chars().count() {
        0 => Err(Violation::new(Code::Blank, field, "Write something here.")),
        length if length > MAX_TEXT => Err(too_long(field, MAX_TEXT, length)),
        _ => Ok(text.to_owned()),
    }
}

/// A username: trimmed, composed (NFKC), 1 to [`MAX_USERNAME`] letters, digits and `@.+-_`, as
/// in Django.
///
/// # Errors
/// [`Code::Blank`], [`Code::TooLong`] or [`Code::Invalid`].
pub fn username(text: &str) -> Result<String, Violation> {
    let field = "username";
    let name: String = text.trim().nfkc().collect();
    match name.chars().count() {
        0 => return Err(Violation::new(Code::Blank, field, "Choose a username.")),
        length if length > MAX_USERNAME => return Err(too_long(field, MAX_USERNAME, length)),
        _ => {}
    }
    let allowed = |c: char| {
        c.is_alphanumeric()
            || "@.+-_".contains(c)
            || unicode_normalization::char::is_combining_mark(c)
    };
    if name.chars().all(allowed) {
        Ok(name)
    } else {
        let message = "A username has letters, digits and @ . + - _ only.";
        Err(Violation::new(Code::Invalid, field, message))
    }
}

/// An e-mail address: one `@` with something on both sides and no blanks. Only a message that
/// arrives proves more. Blank is the same as none.
///
/// # Errors
/// [`Code::TooLong`] or [`Code::Invalid`].
pub fn email(text: Option<&str>) -> Result<Option<String>, Violation> {
    let field = "email";
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let length = text.chars().count();
    if length > MAX_EMAIL {
        return Err(too_long(field, MAX_EMAIL, length));
    }
    let valid = !has_control(text)
        && !text.contains(char::is_whitespace)
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        });
    if valid {
        Ok(Some(text.to_owned()))
    } else {
        Err(Violation::new(Code::Invalid, field, "This is no e-mail address."))
    }
}

/// A new password: within [`PASSWORD`], no control characters, taken as it is.
///
/// # Errors
/// [`Code::TooShort`], [`Code::TooLong`] or [`Code::Invalid`].
pub fn password(text: &str, field: &str) -> Result<(), Violation> {
    if has_control(text) {
        return Err(control(field));
    }
    let length = text.chars().count();
    if length < *PASSWORD.start() {
        let message = format!("A password has at least {} characters.", PASSWORD.start());
        Err(Violation::new(Code::TooShort, field, message))
    } else if length > *PASSWORD.end() {
        Err(too_long(field, *PASSWORD.end(), length))
    } else {
        Ok(())
    }
}

/// A text to look for, folded as what it is compared with; blank is the same as none.
///
/// # Errors
/// [`Code::TooLong`] or [`Code::Invalid`].
pub fn search(text: &str) -> Result<Option<String>, Violation> {
    let text = text.trim();
    if has_control(text) {
        return Err(control("search"));
    }
    let length = text.chars().count();
    if length > MAX_SEARCH {
        return Err(too_long("search", MAX_SEARCH, length));
    }
    Ok(Some(fold(text)).filter(|text| !text.is_empty()))
}

/// Whether a text has control characters (Unicode `Cc`, NUL among them), which no field takes:
/// PostgreSQL cannot store NUL, and nobody can see the others.
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn control(field: &str) -> Violation {
    Violation::new(Code::Invalid, field, "Control characters are not allowed here.")
}

fn too_long(field: &str, max: usize, length: usize) -> Violation {
    let message = format!("At most {max} characters are allowed here; these are {length}.");
    Violation::new(Code::TooLong, field, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_then_measured_in_characters() {
        assert_eq!(sentence("  Tea? ", "question").unwrap(), "Tea?");
        assert_eq!(sentence(" \u{a0}", "question").unwrap_err().code, Code::Blank);
        assert!(sentence(&"é".repeat(100), "question").is_ok());
        assert_eq!(sentence(&"é".repeat(101), "question").unwrap_err().code, Code::TooLong);
        assert_eq!(sentence("a\0b", "question").unwrap_err().code, Code::Invalid);
    }

    #[test]
    fn usernames_keep_accents_and_lose_outer_blanks() {
        assert_eq!(username(" alicé ").unwrap(), "alicé");
        assert_eq!(username("a b").unwrap_err().code, Code::Invalid);
        assert_eq!(fold("ALICÉ"), fold("alicé"));
        assert_ne!(fold("alice"), fold("alicé"));
    }

    #[test]
    fn email_is_optional_and_has_two_sides() {
        assert_eq!(email(Some(" ")).unwrap(), None);
        assert_eq!(email(Some("a@b")).unwrap().as_deref(), Some("a@b"));
        for bad in ["a", "@b", "a@", "a@b@c", "a b@c", "a@.b"] {
            assert_eq!(email(Some(bad)).unwrap_err().code, Code::Invalid, "{bad}");
        }
    }
}
