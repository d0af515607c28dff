//! Decoding of responses, with errors that name the JSON path.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Error;
use super::decode_error::DecodeError;
use super::excerpt::{EXCERPT, WITHHELD, bounded, text_excerpt, value_excerpt};

/// Decodes a response. An error names the JSON path of the value that does not fit.
pub(crate) fn decode<T: DeserializeOwned>(operation: &str, status: u16, body: &[u8]) -> Result<T, Error> {
    // Typed and in one pass: `untagged` or `flatten` would buffer the value and lose the path.
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let problem = match serde_path_to_error::deserialize(&mut deserializer) {
        // Text behind the JSON, such as a footer that a proxy adds, is an error: the body may be cut or mixed.
        Ok(value) => match deserializer.end() {
            Ok(()) => return Ok(value),
            Err(error) => (".".to_owned(), error.to_string(), text_excerpt(body)),
        },
        Err(error) => {
            let path = error.path().to_string();
            // The body is decoded once more, and only after a failure: the typed decoder does not keep the value.
            let excerpt = match serde_json::from_slice::<Value>(body) {
                Ok(value) => value_excerpt(&value, error.path()),
                Err(_) => text_excerpt(body),
            };
            if is_page(body) {
                // A proxy or the product itself shows its login page with a success status.
                let message =
                    "it is an HTML page, such as a login page, and not JSON; check the URL of the server".into();
                return Err(Error::Decode(Box::new(DecodeError {
                    operation: operation.to_owned(),
                    status,
                    path,
                    message,
                    excerpt,
                })));
            }
            let message = error.into_inner().to_string();
            // A single object in place of a list is decoded in two steps, so its path is in the message.
            match message.strip_prefix("at ").and_then(|rest| rest.split_once(": ")) {
                Some((inner, message)) if path == "." => (inner.to_owned(), message.to_owned(), excerpt),
                _ => (path, message, excerpt),
            }
        }
    };
    let (path, message, excerpt) = problem;
    // The message can quote a whole value of the body.
    let message = bounded(&message, EXCERPT);
    Err(Error::Decode(Box::new(DecodeError { operation: operation.to_owned(), status, path, message, excerpt })))
}

/// Returns true if a body is an HTML page, or XML.
fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

/// Makes the error for a response that may hold a token and cannot be decoded.
///
/// It repeats no part of the response, not even the JSON path: a key of the path may be a part of the token.
pub(crate) fn withheld(operation: &str, status: u16, body: &[u8]) -> Error {
    let message = match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
        Ok(_) => "the JSON has no token where a login has one",
        Err(_) if is_page(body) => {
            "it is an HTML page, such as a login page, and not JSON; check the URL of the server"
        }
        Err(_) => "it is not JSON, or has text around it",
    };
    Error::Decode(Box::new(DecodeError {
        operation: operation.to_owned(),
        status,
        path: ".".to_owned(),
        message: message.to_owned(),
        excerpt: WITHHELD.to_owned(),
    }))
}

/// Makes the error for a response that can be decoded and lacks a required part.
pub(crate) fn lacking(operation: &str, status: u16, body: &[u8], message: &str) -> Error {
    Error::Decode(Box::new(DecodeError {
        operation: operation.to_owned(),
        status,
        path: ".".to_owned(),
        message: message.to_owned(),
        excerpt: text_excerpt(body),
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Row {
        #[allow(dead_code, reason = "only decoded")]
        version: i64,
    }

    #[derive(Debug, Deserialize)]
    struct List {
        #[allow(dead_code, reason = "only decoded")]
        content: Vec<Row>,
    }

    fn failure(body: &str) -> DecodeError {
        match decode::<List>("GET /rows", 200, body.as_bytes()) {
            Err(Error::Decode(error)) => *error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_path_and_the_value_are_named() {
        let error = failure(r#"{"content":[{"version":1},{"version":{"a":1,"password":"hunter2"}}]}"#);
        assert_eq!(error.path, "content[1].version");
        assert!(error.excerpt.contains("\"a\": 1"), "{}", error.excerpt);
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn text_that_is_not_json_is_quoted_cut_and_redacted() {
        assert_eq!(failure("<html>\n <b>busy</b>").excerpt, "\"<html> <b>busy</b>\"");
        assert_eq!(failure("").excerpt, "nothing");
        assert!(failure(&"x ".repeat(500)).excerpt.len() < 220);
        let error = failure(r#"{"content":[], "password":"hunter2", "#);
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let error = failure(r#"{"content":[]} "trailing""#);
        assert!(error.message.contains("trailing"), "{error}");
    }
}
