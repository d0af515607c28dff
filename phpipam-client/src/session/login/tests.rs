//! No error of a login shows a part of its body, whatever happened to the body.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use http::{HeaderMap, StatusCode};
use ipam_core::testing::{Mutation, leaked_part, renderings};
use proptest::prelude::*;

use super::*;
use crate::envelope::{Received, classify};

/// A token in the form that servers give out.
const CANARY: &str = "cAnArY-tOkEn_8Qz4Lx7Wv2b";

/// Every text that a program can make of an error, of a failed login by it, and of that in a provider.
fn shown(error: Error) -> String {
    let mut shown = renderings(&error);
    let wrapped = Error::LoginFailed(std::sync::Arc::new(error));
    shown.push_str(&renderings(&wrapped));
    shown.push_str(&renderings(&ipam_core::Error::from(wrapped)));
    shown
}

fn leaks(shown: &str) -> Option<&str> {
    leaked_part(CANARY, shown)
}

/// Returns the result of reading a login's response.
fn read(request: &ApiRequest, status: u16, body: &[u8], lenient: bool) -> Result<SecretString> {
    let headers = HeaderMap::new();
    let received = Received { status: StatusCode::from_u16(status).unwrap(), headers: &headers, body };
    token_of(&classify(request, &received, lenient)?.into_success(request)?)
}

fn login_request() -> ApiRequest {
    ApiRequest::new(Method::POST, Call::Login, Path::new("user")).unwrap()
}

fn bodies() -> Vec<String> {
    let envelope = |data: &str| format!(r#"{{"code":200,"success":true,"data":{data},"time":0.003}}"#);
    let login = format!(r#"{{"token":"{CANARY}","expires":"2026-11-22 14:47:47"}}"#);
    let good = envelope(&login);
    vec![
        format!("{good}<!-- proxy footer -->"),
        good[..good.len() - 20].to_owned(),
        good[..good.find("expires").unwrap()].to_owned(),
        format!("<br />\n<b>Warning</b>: token {CANARY} in <b>User.php</b><br />\n{good}"),
        format!("[{good}]"),
        envelope(&format!("[{login}]")),
        envelope(&format!("\"{CANARY}\"")),
        envelope(&format!("[\"{CANARY}\",\"x\"]")),
        envelope(&format!(r#"{{"token":{{"id":"{CANARY}"}}}}"#)),
        envelope(&format!(r#"{{"token":["{CANARY}"]}}"#)),
        envelope(&format!(r#"{{"{CANARY}":{{"token":1}},"expires":"{CANARY}"}}"#)),
        format!(r#"{{"code":500,"success":false,"message":"{CANARY}"}}"#),
        format!(r#"{{"code":500,"success":false,"message":{{"token":"{CANARY}"}}}}"#),
        format!("Fatal error: Allowed memory size of 1 exhausted {CANARY}"),
        format!("<div class='alert alert-danger'>{CANARY}</div>"),
        format!("{CANARY}"),
        login,
        good,
    ]
}

#[test]
fn no_login_that_cannot_be_read_shows_its_token() {
    for body in bodies() {
        for status in [200, 201, 400, 401, 409, 429, 500, 502, 503] {
            for lenient in [false, true] {
                if let Err(error) = read(&login_request(), status, body.as_bytes(), lenient) {
                    let shown = shown(error);
                    assert_eq!(leaks(&shown), None, "{status} {body}: {shown}");
                }
            }
        }
    }
}

#[test]
fn nor_does_any_other_call_for_users() {
    for path in ["user/", "user/all/", "USER/", "us%65r/token/", "user"] {
        let request = ApiRequest::raw(Method::GET, path).unwrap();
        for body in bodies() {
            if let Err(error) = read(&request, 200, body.as_bytes(), false) {
                let shown = shown(error);
                assert_eq!(leaks(&shown), None, "{path} {body}: {shown}");
            }
        }
    }
    assert!(!ApiRequest::raw(Method::GET, "users/").unwrap().is_secret());
}

#[test]
fn the_servers_known_words_are_shown() {
    let body = r#"{"code":500,"success":false,"message":"Invalid username or password","time":0.1}"#;
    let error = read(&login_request(), 500, body.as_bytes(), false).unwrap_err();
    assert_eq!(error.refusal_kind(), Some(RefusalKind::BadCredentials));
    assert!(error.to_string().contains("Invalid username or password"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_damage_to_a_login_shows_its_token(
        which in 0_usize..18,
        cut in prop::option::of(0_usize..200),
        at in 0_usize..200,
        inserted in "[\\[\\]{}\",:<>a \\\\\u{feff}é]{0,6}",
        wrap in 0_usize..6,
        status in prop::sample::select(vec![200_u16, 201, 204, 302, 400, 401, 403, 404, 409, 429, 500, 501, 502, 503, 504]),
        lenient: bool,
    ) {
        let text = Mutation::new(cut, at, inserted).apply(&bodies().swap_remove(which));
        let body = match wrap {
            0 => format!("[{text}]"),
            1 => format!("{text}<hr>footer"),
            2 => format!("<b>Notice</b>: x {text}"),
            3 => format!(r#"{{"code":200,"success":true,"data":{text}}}"#),
            4 => format!(r#"{{"code":200,"success":false,"message":{text}}}"#),
            _ => text,
        };
        if let Err(error) = read(&login_request(), status, body.as_bytes(), lenient) {
            let shown = shown(error);
            prop_assert_eq!(leaks(&shown), None, "{} {}: {}", status, body, shown);
        }
    }
}
