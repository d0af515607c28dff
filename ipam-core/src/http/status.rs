//! Retry advice from the status and headers of a response.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use crate::Retry;

/// Returns the retry advice for a status, for servers that follow RFC 9110 and RFC 6585.
///
/// | status | advice | [outcome](crate::Outcome) of a write | reason |
/// | --- | --- | --- | --- |
/// | 429 | [`Retry::Safe`] | `NotApplied` | the server refuses it before it looks at it |
/// | 408, 502, 503, 504 | [`Retry::IfIdempotent`] | `Unknown` | the request may have been passed on |
/// | 500, others above it | [`Retry::Never`] | `Unknown` | the application failed, and may have applied a part |
/// | all others | [`Retry::Never`] | `NotApplied` | the same request gets the same response |
///
/// [`Error::with_retry`](crate::Error::with_retry) sets the outcome of the first two rows. For the third one the client
/// of a write sets it itself with [`Error::with_outcome`](crate::Error::with_outcome), because `Never` keeps the
/// outcome of a new error, which is `NotApplied`.
///
/// A client of a server with other habits decides first. phpIPAM, for example, sends 503 if its API is disabled.
///
/// ```
/// use ipam_core::Retry;
/// use ipam_core::http::status_advice;
///
/// assert_eq!(status_advice(http::StatusCode::BAD_GATEWAY), Retry::IfIdempotent);
/// assert_eq!(status_advice(http::StatusCode::NOT_FOUND), Retry::Never);
/// ```
#[must_use]
pub fn status_advice(status: StatusCode) -> Retry {
    match status {
        // Rate limiters refuse a request before the application sees it.
        StatusCode::TOO_MANY_REQUESTS => Retry::Safe,
        StatusCode::REQUEST_TIMEOUT
        // Gateways send these also after they have passed the request on.
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Retry::IfIdempotent,
        // 500 too: it is an error of the application, which may have applied a part of the request.
        _ => Retry::Never,
    }
}

/// Longest wait that is taken from a header. A wrong number must not stop callers for years.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Returns the wait that a `Retry-After` header asks for, or `None` without a valid header (RFC 9110 §10.2.3).
///
/// The header has seconds or a date. A date counts from `now`; one in the past is no wait. The wait is at most one hour.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ipam_core::http::retry_after;
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert(http::header::RETRY_AFTER, "120".parse().unwrap());
/// assert_eq!(retry_after(&headers, SystemTime::now()), Some(Duration::from_secs(120)));
/// ```
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    // The date of HTTP is one of RFC 2822. RFC 9110 forbids servers to send its two obsolete forms, so they are not read.
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
