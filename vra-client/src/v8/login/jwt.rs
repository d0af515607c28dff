//! Time of expiry of a JSON Web Token.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::v8::base64;

/// Returns the time at which a token expires, as it says itself. [`None`] if it is no JWT or does not say.
///
/// The signature is not verified: the server does that, and here the time only decides when to log in again.
pub(super) fn expiry(token: &str) -> Option<SystemTime> {
    let payload = base64::decode(token.split('.').nth(1)?)?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    let exp = claims.get("exp")?;
    // RFC 7519 allows a fraction of a second.
    let since = match exp.as_u64() {
        Some(seconds) => Duration::from_secs(seconds),
        None => Duration::try_from_secs_f64(exp.as_f64()?).ok()?,
    };
    SystemTime::UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_read_without_the_signature() {
        let at = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        // {"exp":1700000000} and {"exp":1.5e9,"x":"ÿ?"}
        assert_eq!(expiry("e30.eyJleHAiOjE3MDAwMDAwMDB9.sig"), at(1_700_000_000));
        assert_eq!(expiry("e30.eyJleHAiOjEuNWU5LCJ4Ijoiw78_In0"), at(1_500_000_000));
    }

    #[test]
    fn other_tokens_have_no_time() {
        // "x", {"exp":-1}, {"exp":"1"}, {} and text that is no base64
        for token in ["", "opaque", "a.Ing.c", "a.eyJleHAiOi0xfQ.c", "a.eyJleHAiOiIxIn0.c", "a.e30.c", "a.%%.c"] {
            assert_eq!(expiry(token), None, "{token}");
        }
        // {"exp":18446744073709551615}: the end of time does not overflow.
        let _ = expiry("a.eyJleHAiOjE4NDQ2NzQ0MDczNzA5NTUxNjE1fQ.c");
    }
}
