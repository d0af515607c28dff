//! Errors of a login show no part of the body, however the body is damaged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use ipam_core::http::TokenError;
use ipam_core::testing::{Mutation, leaked_part, renderings};
use proptest::prelude::*;

use super::*;
use crate::call::RawResponse;
use crate::error::ServerError;

/// Token in the form of real ones.
const CANARY: &str = "MTQ4OTcyCaNaRyTbEcW3lOGe9";

/// Every text that a program can print of an error, and of a login that failed with it.
fn shown(error: Error) -> String {
    let mut shown = renderings(&error);
    let login = Error::Login(TokenError::Refused(Arc::new(error)));
    shown.push_str(&renderings(&login));
    shown.push_str(&renderings(&ipam_core::Error::from(login)));
    shown
}

fn leaks(shown: &str) -> Option<&'static str> {
    leaked_part(CANARY, shown)
}

/// Errors that a body can cause: as a login, as a raw call, as a refusal.
fn errors(body: &[u8]) -> Vec<Error> {
    let reply = || Reply {
        operation: "POST /identity/api/tokens".to_owned(),
        status: 200,
        location: None,
        content_type: None,
        date: None,
        body: body.to_vec(),
        upload_offset: None,
        secret: true,
    };
    let raw = RawResponse::read(reply());
    let mut errors: Vec<Error> =
        [fresh_token(&reply()).err(), raw.json::<IssuedToken>().err(), raw.json::<Vec<u8>>().err()]
            .into_iter()
            .flatten()
            .collect();
    let refused = [400, 401, 403, 500, 502]
        .map(|status| Error::Server(Box::new(ServerError::withheld("POST /identity/api/tokens", status, None, body))));
    errors.extend(refused);
    errors
}

fn bodies() -> Vec<String> {
    let login = format!(r#"{{"expires":"2099-01-01T00:00:00.000Z","id":"{CANARY}","tenant":"qe"}}"#);
    vec![
        format!("{login}<!-- footer -->"),
        login[..login.len() - 8].to_owned(),
        format!("Warning: {login}"),
        format!("[{login}]"),
        format!(r#"{{"id":{{"value":"{CANARY}"}}}}"#),
        format!(r#"{{"id":["{CANARY}"],"tenant":{{}}}}"#),
        format!(r#"{{"{CANARY}":1,"expires":{{"{CANARY}":2}}}}"#),
        format!(
            r#"{{"errors":[{{"code":90135,"message":"{CANARY}","systemMessage":"{CANARY}","source":"{CANARY}"}}]}}"#
        ),
        format!(r#"{{"message":"{CANARY}"}}"#),
        format!("<html><h1>{CANARY}</h1></html>"),
        format!("\"{CANARY}\""),
        CANARY.to_owned(),
        login,
    ]
}

#[test]
fn no_unreadable_login_shows_its_token() {
    for body in bodies() {
        for error in errors(body.as_bytes()) {
            let shown = shown(error);
            assert_eq!(leaks(&shown), None, "{body}: {shown}");
        }
    }
    let refused = ServerError::withheld("POST /x", 400, None, br#"{"errors":[{"code":90135,"message":"no"}]}"#);
    assert_eq!((refused.code(), refused.to_string()), (Some(90135), "POST /x: status 400: [90135]".to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_damaged_login_shows_its_token(
        which in 0_usize..13,
        cut in prop::option::of(0_usize..120),
        at in 0_usize..120,
        inserted in "[\\[\\]{}\",:<>a \\\\é]{0,6}",
        wrap in 0_usize..5,
    ) {
        let text = Mutation::new(cut, at, inserted).apply(&bodies().swap_remove(which));
        let body = match wrap {
            0 => format!("[{text}]"),
            1 => format!("{text}<hr>footer"),
            2 => format!(r#"{{"id":{text}}}"#),
            3 => format!(r#"{{"errors":{text}}}"#),
            _ => text,
        };
        for error in errors(body.as_bytes()) {
            let shown = shown(error);
            prop_assert_eq!(leaks(&shown), None, "{}: {}", body, shown);
        }
    }
}
