//! What of a request is kept in the log.

use serde_json::Value;

const REDACTED: &str = "REDACTED";

/// A header's value, unless it is a credential.
pub(super) fn header_value(name: &str, value: &[u8]) -> String {
    match name {
        "authorization" | "proxy-authorization" | "cookie" | "csp-auth-token" => REDACTED.to_owned(),
        _ => String::from_utf8_lossy(value).into_owned(),
    }
}

/// A path without the token that some calls have in it.
pub(super) fn path(path: &str) -> String {
    let Some((before, after)) = path.split_once("/tokens/") else { return path.to_owned() };
    let (token, rest) = match after.find('/') {
        Some(slash) => after.split_at(slash),
        None => (after, ""),
    };
    let token = if matches!(token, "principals" | "suiteToken" | "") { token } else { REDACTED };
    format!("{before}/tokens/{token}{rest}")
}

/// A body without secrets.
pub(super) fn body(body: &[u8]) -> String {
    if let Ok(mut value) = serde_json::from_slice::<Value>(body)
        && hide(&mut value)
    {
        return value.to_string();
    }
    String::from_utf8_lossy(body).into_owned()
}

/// Hides what is secret; says whether there was anything.
fn hide(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => {
            let secure = members.get("type").and_then(Value::as_str) == Some("secureString");
            members.iter_mut().fold(false, |found, (name, value)| {
                let name = name.to_ascii_lowercase();
                let secret = name.contains("password")
                    || name.contains("secret")
                    || name == "refreshtoken"
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
    fn secrets_are_not_kept() {
        let sent = br#"{"username":"tony","password":"hunter2","deep":[{"secretKey":"key"},{"type":"secureString","value":"v"}]}"#;
        let kept = body(sent);
        assert!(kept.contains("tony") && !kept.contains("hunter2") && !kept.contains("key\""), "{kept}");
        assert!(!kept.contains("\"v\""), "{kept}");
        assert_eq!(body(b"no json"), "no json");
        assert_eq!(path("/identity/api/tokens/abc%3D"), "/identity/api/tokens/REDACTED");
        assert_eq!(path("/identity/api/tokens/abc/securityContext"), "/identity/api/tokens/REDACTED/securityContext");
        assert_eq!(path("/identity/api/tokens/principals/tony"), "/identity/api/tokens/principals/tony");
        assert_eq!(header_value("authorization", b"Bearer x"), REDACTED);
    }
}
