//! Check for paths that a server could read as another path.

/// Returns a remedy to show if a percent-encoded path is unsafe, or `None` if it is safe. The query is not checked.
///
/// A path is unsafe if a URL parser, a proxy or a web server may read it as another path:
/// - `.` and `..`, also as `%2e`, after an encoded slash or backslash, or before a `;`;
/// - control characters, also encoded: URL parsers drop tabs and line ends, so that `.` TAB `.` becomes `..`;
/// - backslashes, which some servers read as slashes;
/// - empty segments (`//`). One leading and one trailing slash are accepted.
///
/// ```
/// use ipam_core::http::path_problem;
///
/// assert_eq!(path_problem("subnets/8/addresses/?filter_by=id"), None);
/// assert_eq!(path_problem("subnets/%2e./user/"), Some("leave out \".\" and \"..\", also encoded ones"));
/// ```
#[must_use]
pub fn path_problem(path: &str) -> Option<&'static str> {
    // Checked with the query too: a parser drops a tab wherever it is.
    if path.chars().any(char::is_control) {
        return Some("leave out control characters");
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    if path.contains('\\') {
        return Some("leave out backslashes: they are read as slashes");
    }
    // Servers differ in whether they merge empty segments, so the path names different resources.
    if path.contains("//") {
        return Some("leave out empty segments (\"//\")");
    }
    // Decoded once, as RFC 3986 says. A server that decodes twice would read `%252e` as a dot; that is its own bug.
    let decoded = decoded(path.as_bytes());
    if decoded.iter().any(u8::is_ascii_control) {
        return Some("leave out control characters, also encoded ones");
    }
    // Tomcat and others cut path parameters off before they resolve dots: `..;x=1` is `..` there.
    let climbs = |segment: &[u8]| {
        let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        name == b"." || name == b".."
    };
    if decoded.split(|byte| matches!(byte, b'/' | b'\\')).any(climbs) {
        return Some("leave out \".\" and \"..\", also encoded ones");
    }
    None
}

/// Returns the bytes after percent-decoding. A `%` without two hexadecimal digits is kept.
fn decoded(text: &[u8]) -> Vec<u8> {
    let digit =
        |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (byte, digit(text.get(at + 1)), digit(text.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_that_climb_are_refused_in_every_spelling() {
        for bad in [
            "..",
            "../x",
            "a/../b",
            "a/..",
            ".",
            "a/./b",
            "%2e%2e/x",
            "a/%2E%2e",
            "a/.%2e/b",
            "a/%2e",
            "a\\..\\b",
            "a/..%2fb",
            "..%5cb",
            "a%2f..%2fb",
            "a/..;x=1/b",
            "a/.\t./b",
            "a/.\n./b",
            "\u{7f}",
            "a/\u{85}",
            "a/%00",
            "a/%0a/b",
            "a/%7F",
            "a//b",
            "//a",
            "a//",
            "a\\b",
        ] {
            assert!(path_problem(bad).is_some(), "{bad:?}");
        }
        for good in [
            "",
            "/",
            "a",
            "/a/b/",
            "a.b/..c/c../...",
            "a%2eb/",
            "a/?x=..//\\",
            "100%/x",
            "a/%zz",
            "addresses/search/::1/",
        ] {
            assert_eq!(path_problem(good), None, "{good:?}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_path_stays_below_the_base(path in "(\\.|%2e|%2E|/|%2f|;|a|%5c|\t){0,12}") {
            let base: url::Url = "https://h.example/base/".parse().unwrap();
            if path_problem(&path).is_none() {
                let joined = base.join(path.trim_start_matches('/')).unwrap();
                prop_assert!(joined.path().starts_with("/base/"), "{:?} -> {}", path, joined);
                prop_assert_eq!(joined.path().trim_start_matches("/base/"), path.trim_start_matches('/'));
            }
        }
    }
}
