//! Errors of a login show no part of the body, however the body is damaged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use ipam_core::http::TokenError;
use ipam_core::testing::{Mutation, leaked_part, renderings};
use proptest::prelude::*;

use super::*;
use crate::error::ServerError;

/// Token in the form of real ones.
const CANARY: &str = "eyJhbGciOiJSUzI1NiJ9.CaNaRyTbEcW3lOGe9.sIgNaTuRe";

fn reply(body: &[u8]) -> Reply {
    Reply {
        operation: "POST /iaas/api/login".to_owned(),
        status: 200,
        location: None,
        content_type: None,
        date: None,
        body: body.to_vec(),
        upload_offset: None,
        secret: true,
    }
}

/// Every text that a program can print of the errors that a body can cause.
fn shown(body: &[u8]) -> String {
    let read: [Option<Error>; 2] = [access_token(&reply(body)).err(), reply(body).json::<IssuedToken>().err()];
    let refused = [400, 401, 403, 404, 500].map(|status| {
        let error = Error::Server(Box::new(ServerError::withheld("POST /iaas/api/login", status, None, body)));
        explained(error, WRONG_TOKEN, ErrorKind::Unauthenticated)
    });
    let mut shown = String::new();
    for error in read.into_iter().flatten().chain(refused) {
        shown.push_str(&renderings(&error));
        shown.push_str(&renderings(&Error::Login(TokenError::Refused(Arc::new(error)))));
    }
    shown
}

fn bodies() -> [String; 7] {
    [
        format!(r#"{{"tokenType":"Bearer","token":"{CANARY}"}}"#),
        format!(r#"{{"refresh_token":"{CANARY}","id_token":"{CANARY}"}}"#),
        format!(r#"{{"cspAuthToken":"{CANARY}"}}"#),
        format!(r#"{{"timestamp":1,"status":"400 BAD_REQUEST","error":"{CANARY}","serverMessage":"{CANARY}"}}"#),
        format!(r#"{{"message":"{CANARY}","statusCode":400,"errorCode":7,"serverErrorId":"{CANARY}"}}"#),
        format!("<html><h1>{CANARY}</h1></html>"),
        CANARY.to_owned(),
    ]
}

#[test]
fn no_login_that_is_refused_or_unreadable_shows_its_token() {
    for body in bodies() {
        let shown = shown(body.as_bytes());
        assert_eq!(leaked_part(CANARY, &shown), None, "{body}: {shown}");
    }
}

#[test]
fn a_token_has_the_lifetime_that_it_or_the_response_states() {
    let lifetime = |body: &str| format!("{:?}", access_token(&reply(body.as_bytes())).unwrap());
    assert!(lifetime(r#"{"access_token":"opaque","expires_in":"3600"}"#).contains("Some(3600s)"));
    // {"exp":1}: a token that has expired by the server's clock is used until the server rejects it.
    assert!(lifetime(r#"{"token":"e30.eyJleHAiOjF9.x"}"#).contains("lifetime: None"));
    assert!(lifetime(r#"{"token":"opaque","expires_in":-1}"#).contains("lifetime: None"));
    assert!(access_token(&reply(br#"{"token":"","tokenType":"Bearer"}"#)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]
    #[test]
    fn no_damaged_login_shows_its_token(
        which in 0_usize..7,
        cut in prop::option::of(0_usize..120),
        at in 0_usize..120,
        inserted in "[\\[\\]{}\",:<>a \\\\é]{0,6}",
    ) {
        let text = Mutation::new(cut, at, inserted).apply(&bodies()[which]);
        let shown = shown(text.as_bytes());
        prop_assert_eq!(leaked_part(CANARY, &shown), None, "{}: {}", text, shown);
    }
}
