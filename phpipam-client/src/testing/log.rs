//! What of a request is kept in the log.

/// Whether a header's value may be kept.
pub(super) fn redacted(name: &str) -> bool {
    matches!(name, "authorization" | "proxy-authorization" | "cookie" | "token" | "phpipam-token")
}
