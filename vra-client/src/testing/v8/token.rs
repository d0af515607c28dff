//! Tokens of the server.

use std::time::{Duration, SystemTime};

use serde_json::json;

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
    let head = json!({"alg": "RS256", "typ": "JWT"});
    // The number makes two tokens of the same second different.
    let claims = json!({"sub": user, "exp": exp, "jti": number.to_string()});
    format!("{}.{}.c2lnbmF0dXJl", encode(head.to_string().as_bytes(), URL), encode(claims.to_string().as_bytes(), URL))
}

/// Alphabet of tokens, without padding.
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Returns base64 of the standard alphabet, with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = encode(bytes, STANDARD);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

fn encode(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte));
        // Three bytes are four characters; the last group may be shorter.
        let group = group << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let index = usize::try_from(group >> (18 - 6 * place) & 0x3f).unwrap_or(0);
            text.extend(alphabet.get(index).map(|byte| char::from(*byte)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("9.0.0.0", "OS4wLjAuMA==")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        let token = jwt(1, "tony", SystemTime::UNIX_EPOCH + Duration::from_secs(9));
        assert!(token.contains(&encode(br#"{"sub":"tony","exp":9,"jti":"1"}"#, URL)), "{token}");
    }
}
