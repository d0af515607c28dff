//! Redaction of the request log.
//!
//! A failed test prints the log, and a test may run against the program's real credentials. Tokens and passwords are replaced
//! before an entry is stored.

use serde_json::Value;

use super::Logged;

const REDACTED: &str = "REDACTED";

/// Replaces the secrets of an entry by `REDACTED`.
pub(super) fn redact(entry: &mut Logged) {
    entry.path = path(&entry.path);
    entry.body = body(&entry.body);
    // `Authorization` and cookies are redacted by the host; this header is the one that later releases use beside it.
    for (_, value) in entry.headers.iter_mut().filter(|(name, _)| name == "csp-auth-token") {
        REDACTED.clone_into(value);
    }
}

/// Returns a path without the token in it.
fn path(path: &str) -> String {
    // HEAD and DELETE of a token have the token itself in the path; see the call list of the identity service.
    let Some((before, after)) = path.split_once("/tokens/") else { return path.to_owned() };
    let (token, rest) = match after.find('/') {
        Some(slash) => after.split_at(slash),
        None => (after, ""),
    };
    let token = if matches!(token, "principals" | "suiteToken" | "") { token } else { REDACTED };
    format!("{before}/tokens/{token}{rest}")
}

/// Returns a body without the secrets in its JSON; any other text unchanged.
fn body(body: &str) -> String {
    if let Ok(mut value) = serde_json::from_str::<Value>(body)
        && hide(&mut value)
    {
        return value.to_string();
    }
    // The token call of VCF Automation 9 is a form.
    match body.split_once("refresh_token=") {
        Some((before, token)) => {
            let rest = token.find('&').map_or("", |end| token.split_at(end).1);
            format!("{before}refresh_token={REDACTED}{rest}")
        }
        None => body.to_owned(),
    }
}

/// Replaces secrets in a value. Returns true if there were any.
fn hide(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => {
            // A typed value carries its secret in `value`, below a name that says nothing.
            let secure = members.get("type").and_then(Value::as_str) == Some("secureString");
            members.iter_mut().fold(false, |found, (name, value)| {
                let name = name.to_ascii_lowercase();
                let secret = name.contains("password")
                    || name.contains("secret")
                    || matches!(name.as_str(), "refreshtoken" | "refresh_token" | "idtoken" | "privatekey")
                    || secure && name == "value";
                if secret && value.as_str().is_some_and(|text| !text.is_empty()) {
                    *value = REDACTED.into();
                    return true;
                }
                hide(value) || found
            })
        }
        Value::Array(items) => items.iter_mut().map(hide).filter(|found| *found).count() > 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_logged() {
        let sent = r#"{"username":"tony","password":"hunter2","deep":[{"secretKey":"key"},{"type":"secureString","value":"v"}]}"#;
        let kept = body(sent);
        assert!(kept.contains("tony") && !kept.contains("hunter2") && !kept.contains("key\""), "{kept}");
        assert!(!kept.contains("\"v\""), "{kept}");
        assert_eq!(body("no json"), "no json");
        assert!(
            !body(r#"{"refreshToken":"r1","idToken":"i1","integrationProperties":{"privateKey":"p1"}}"#)
                .contains("1\"")
        );
        assert_eq!(
            body("grant_type=refresh_token&refresh_token=r1&x=1"),
            "grant_type=refresh_token&refresh_token=REDACTED&x=1"
        );
        assert_eq!(path("/identity/api/tokens/abc%3D"), "/identity/api/tokens/REDACTED");
        assert_eq!(path("/identity/api/tokens/abc/securityContext"), "/identity/api/tokens/REDACTED/securityContext");
        assert_eq!(path("/identity/api/tokens/principals/tony"), "/identity/api/tokens/principals/tony");
        let mut entry = Logged::new("GET", "/iaas/api/about");
        entry.headers = vec![("csp-auth-token".to_owned(), "x".to_owned()), ("accept".to_owned(), "y".to_owned())];
        redact(&mut entry);
        assert_eq!((entry.header("csp-auth-token"), entry.header("accept")), (Some(REDACTED), Some("y")));
    }
}
