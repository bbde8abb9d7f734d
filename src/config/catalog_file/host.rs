//! Host names as they are compared: lower case, no port, no trailing dot.

use std::net::Ipv4Addr;

const MAX_HOST_LEN: usize = 253;
const MAX_LABEL_LEN: usize = 63;

/// The host in the form in which it is compared, or what is wrong with it.
pub(super) fn normalise(text: &str) -> Result<String, &'static str> {
    if text.contains("://") || text.contains('/') {
        return Err("is not a host; write it without scheme and path, e.g. polls.example");
    }
    if text.contains(':') {
        return Err("is not a host; write it without a port, hosts are compared without one");
    }
    if text.contains('*') || text.contains("{tenant}") {
        return Err("is a pattern; patterns belong in `resolve`, here stand exact hosts");
    }
    let host = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    if !host.is_ascii() {
        return Err("has other than ASCII letters; write it in its ASCII form (xn--…)");
    }
    if host.len() > MAX_HOST_LEN || !host.split('.').all(is_label) {
        return Err("is not a host; write labels of letters, digits and '-' with dots between");
    }
    let numeric = host.rsplit('.').next().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
    if numeric && host.parse::<Ipv4Addr>().is_err() {
        return Err("is neither a host nor an IPv4 address; write one of them");
    }
    Ok(host)
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_LEN).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn hosts_are_lowered_and_lose_their_trailing_dot() {
        assert_eq!(normalise("Polls.Hogwarts.Example.").unwrap(), "polls.hogwarts.example");
        assert_eq!(normalise("localhost").unwrap(), "localhost");
        assert_eq!(normalise("127.0.0.1").unwrap(), "127.0.0.1");
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let long = format!("{}.example", "x".repeat(64));
        for bad in [
            "",
            ".",
            "a..b",
            "-a.b",
            "a-.b",
            "a_b",
            "a b",
            "http://a",
            "a/b",
            "a:80",
            "[::1]",
            "*.a",
            "{tenant}.a",
            "é.example",
            "1.2.3",
            "300.1.1.1",
            "a..",
            &long,
        ] {
            assert!(normalise(bad).is_err(), "{bad:?}");
        }
    }
}
