//! CORS origins, in the form in which browsers send them (RFC 6454, section 6.2).

use url::Url;

/// The origin as a browser writes it, or what is wrong with it.
pub(super) fn normalise(text: &str) -> Result<String, &'static str> {
    if text == "*" {
        return Err("would let every page in; list the origins, e.g. https://app.example");
    }
    let Some((_, behind)) = text.split_once("://") else {
        return Err("is not an origin; write scheme://host[:port], e.g. https://app.example");
    };
    if behind.contains(['/', '?', '#', '\\']) {
        return Err("has a path; an origin ends after host and port, without a '/'");
    }
    if behind.contains('@') {
        return Err("has a user name; write scheme://host[:port]");
    }
    if behind.contains(['*', '{', '}']) {
        return Err("is a pattern; origins are compared whole, list each one");
    }
    let Ok(url) = Url::parse(text) else {
        return Err("is not an origin; write scheme://host[:port], e.g. https://app.example");
    };
    match (url.scheme(), url.host_str(), url.port()) {
        ("file" | "data" | "blob", _, _) | (_, None | Some(""), _) => {
            Err("is not an origin; write scheme://host[:port], e.g. https://app.example")
        }
        (scheme, Some(host), None) => Ok(format!("{scheme}://{}", host.to_ascii_lowercase())),
        (scheme, Some(host), Some(port)) => {
            Ok(format!("{scheme}://{}:{port}", host.to_ascii_lowercase()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn origins_take_the_form_that_browsers_send() {
        for (text, want) in [
            ("https://app.example", "https://app.example"),
            ("HTTPS://App.Example:443", "https://app.example"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:80", "http://[::1]"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(normalise(text).as_deref(), Ok(want));
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for bad in [
            "",
            "*",
            "null",
            "app.example",
            "https://",
            "https://a/",
            "https://a/b",
            "https://a?x",
            "https://u@a",
            "https://*.a",
            "https://a:99999",
            "file://x",
            "://a",
            "https://a b",
        ] {
            assert!(normalise(bad).is_err(), "{bad:?}");
        }
    }
}
