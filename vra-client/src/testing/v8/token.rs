//! Tokens of the server.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Token that was issued.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) value: String,
    pub(super) user: String,
    pub(super) ends: SystemTime,
}

/// Returns a JSON Web Token of this number, with its end in `exp`. The signature is none.
pub(super) fn jwt(number: u64, user: &str, ends: SystemTime) -> String {
    let exp = ends.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let part = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
    // The number makes two tokens of the same second different.
    let claims = json!({"sub": user, "exp": exp, "jti": number.to_string()});
    format!("{}.{}.c2lnbmF0dXJl", part(json!({"alg": "RS256", "typ": "JWT"})), part(claims))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_user_and_its_end() {
        let token = jwt(1, "tony", SystemTime::UNIX_EPOCH + Duration::from_secs(9));
        let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"tony","exp":9,"jti":"1"}"#);
        assert_eq!(token.split('.').nth(1), Some(claims.as_str()));
    }
}
