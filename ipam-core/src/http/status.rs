//! What status and headers of a response say about sending the request again.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use crate::Retry;

/// What a status says in general, for servers that use it as RFC 9110 and RFC 6585 mean it.
///
/// 429 was not applied; the outcome of 408, 502, 503 and 504 is unknown; everything else gets the same response again.
#[must_use]
pub fn status_advice(status: StatusCode) -> Retry {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Retry::Safe,
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Retry::IfIdempotent,
        _ => Retry::Never,
    }
}

/// The longest wait that a server is believed.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// The wait that a `Retry-After` header asks for, in seconds or as a date (RFC 9110 §10.2.3); a date counts from `now`.
/// What cannot be read counts as absent, a date that has passed as no wait, more than an hour as an hour: a wrong number
/// must not keep callers away for years.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(SystemTime::from(at).duration_since(now).unwrap_or_default().min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn retry_after_comes_in_seconds_or_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + 784_111_777 * SECOND;
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, value.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(read("120"), Some(120 * SECOND));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60 * SECOND));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        for years in ["999999999", "18446744073709551615", "Sat, 06 Nov 2094 08:50:37 GMT"] {
            assert_eq!(read(years), Some(3600 * SECOND), "{years}");
        }
        for unreadable in ["soon", "-1", "", "1.5"] {
            assert_eq!(read(unreadable), None, "{unreadable}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn only_statuses_of_congestion_are_worth_another_try() {
        assert_eq!(status_advice(StatusCode::TOO_MANY_REQUESTS), Retry::Safe);
        assert_eq!(status_advice(StatusCode::BAD_GATEWAY), Retry::IfIdempotent);
        assert_eq!(status_advice(StatusCode::INTERNAL_SERVER_ERROR), Retry::Never);
        assert_eq!(status_advice(StatusCode::NOT_FOUND), Retry::Never);
    }
}
