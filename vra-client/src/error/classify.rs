//! Classification of an error: kind, retry advice, outcome, wait and certificates; and the conversion into an error of
//! the core.

use std::time::Duration;

use ipam_core::http::TokenError;
use ipam_core::{CertificateChain, ErrorKind, Operation, Outcome, Retry, RetryAdvice};

use super::{Error, WaitReason};

/// Meaning of an error, independent of the server.
struct Classification<'a> {
    kind: ErrorKind,
    retry: Retry,
    outcome: Outcome,
    retry_after: Option<Duration>,
    certificates: Option<&'a CertificateChain>,
}

impl Classification<'_> {
    fn new(kind: ErrorKind, retry: Retry, outcome: Outcome) -> Self {
        Self { kind, retry, outcome, retry_after: None, certificates: None }
    }
}

impl Error {
    /// Classifies the error. The match has no wildcard, so that a new variant cannot be forgotten.
    fn classify(&self) -> Classification<'_> {
        match self {
            // An ambiguous name is the caller's to resolve, by an id, as an invalid value is.
            Self::InvalidInput { .. } | Self::Ambiguous { .. } => {
                Classification::new(ErrorKind::InvalidInput, Retry::Never, Outcome::NotApplied)
            }
            Self::NoSuchName { .. } => Classification::new(ErrorKind::NotFound, Retry::Never, Outcome::NotApplied),
            Self::Transport { source, .. } => Classification {
                kind: source.kind(),
                retry: source.retry(),
                outcome: source.outcome(),
                retry_after: source.retry_after(),
                certificates: source.certificates(),
            },
            Self::Login(TokenError::Refused(cause)) => {
                let login = cause.classify_login();
                // The call itself was not sent, so it may be repeated even if the login may not: a repetition logs in
                // anew, within the limits of the token policy.
                let retry = if login.retry == Retry::Never { Retry::Never } else { Retry::Safe };
                Classification { retry, outcome: Outcome::NotApplied, ..login }
            }
            // Never: the pause is there to keep callers from trying again; `retry_after` says when it ends.
            Self::Login(TokenError::Paused { error: cause, wait }) => {
                let retry_after = *wait;
                Classification {
                    retry: Retry::Never,
                    outcome: Outcome::NotApplied,
                    retry_after,
                    ..cause.classify_login()
                }
            }
            Self::Login(TokenError::TooManyLogins { wait }) => Classification {
                retry_after: Some(*wait),
                ..Classification::new(ErrorKind::RateLimited, Retry::Never, Outcome::NotApplied)
            },
            Self::Server(error) => Classification {
                retry_after: error.retry_after,
                ..Classification::new(error.kind(), error.retry, error.outcome)
            },
            // The status was a success: the call was carried out, and a repetition would do it twice.
            Self::Decode(_) => Classification::new(ErrorKind::Protocol, Retry::Never, Outcome::Unknown),
            Self::UnexpectedLink { .. } => Classification::new(ErrorKind::Protocol, Retry::Never, Outcome::NotApplied),
            // A list only reads, and rows that moved between two pages may be found by the next attempt.
            Self::Truncated { .. } => Classification::new(ErrorKind::Protocol, Retry::Safe, Outcome::NotApplied),
            // Not retried: a second update would read the damaged object and keep the damage.
            Self::Lost { .. } => Classification::new(ErrorKind::Protocol, Retry::Never, Outcome::Unknown),
            // The request was submitted before the wait and goes on at the server, whatever ended the wait.
            Self::Wait(wait) => match &wait.reason {
                WaitReason::Deadline => Classification::new(ErrorKind::Timeout, Retry::IfIdempotent, Outcome::Unknown),
                // The server decided against the request; the caller has to change something first.
                WaitReason::Failed => Classification::new(ErrorKind::Conflict, Retry::Never, Outcome::Unknown),
                WaitReason::UnknownState => Classification::new(ErrorKind::Protocol, Retry::Never, Outcome::Unknown),
                WaitReason::Call(cause) => Classification { outcome: Outcome::Unknown, ..cause.classify() },
            },
        }
    }

    /// Classifies the error of a login. The caller's call was not sent, and its arguments are not what was refused.
    fn classify_login(&self) -> Classification<'_> {
        let login = self.classify();
        let kind = match self {
            Self::Server(error) => match (error.login, error.status) {
                (Some(kind), _) => kind,
                // Version 8 and OAuth refuse a password or a refresh token with 400, as others do with 401.
                (None, 400) => ErrorKind::Unauthenticated,
                // The URL leads to another server: `NotFound` would say that the object of the call does not exist.
                (None, 404 | 405) => ErrorKind::Config,
                (None, _) => login.kind,
            },
            _ => login.kind,
        };
        Classification { kind, ..login }
    }

    /// Returns the meaning of the error, in words that do not depend on this server.
    ///
    /// [`ErrorKind`] is shared with crates for address management, so its text speaks of ranges and allocations. Read
    /// "object" for them here. Of its kinds, this crate returns those of the [table of variants](Self) and of the
    /// [table of statuses](super::ServerError::kind), and for `Transport` those of a connection, such as
    /// `Unavailable`, `Timeout` and `Untrusted`.
    ///
    /// ```
    /// use vra_client::{ErrorKind, Outcome, Retry};
    /// use vra_client::v7::Client;
    ///
    /// # fn main() {
    /// let error = Client::builder("https://vra.example").with_password("tony", "…", "qe").build().unwrap_err();
    /// assert_eq!((error.kind(), error.retry()), (ErrorKind::InvalidInput, Retry::Never));
    /// assert_eq!(error.outcome(), Outcome::NotApplied);
    /// # }
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.classify().kind
    }

    /// Returns whether and when the same call may be repeated.
    ///
    /// `IfIdempotent` allows it for calls whose [`is_repeatable`](crate::request::ApiRequest::is_repeatable) is true.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.classify().retry
    }

    /// Returns whether the call may have been carried out although it failed.
    ///
    /// It does not depend on [`retry`](Self::retry): after the client gives up on repetitions, the outcome stays as it
    /// is. The [table of variants](Self) has the outcome of each, and what to do after `Unknown`.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.classify().outcome
    }

    /// Returns the time to wait before a repetition, if the server or a login pause sets one.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.classify().retry_after
    }

    /// Returns the certificates of a server that is not trusted, as it sent them, also if the login met it first.
    #[must_use]
    pub fn certificates(&self) -> Option<&CertificateChain> {
        self.classify().certificates
    }
}

impl RetryAdvice for Error {
    fn retry(&self) -> Retry {
        Self::retry(self)
    }

    fn retry_after(&self) -> Option<Duration> {
        Self::retry_after(self)
    }

    fn outcome(&self) -> Outcome {
        Self::outcome(self)
    }

    fn in_doubt(self) -> Self {
        if Self::outcome(&self) == Outcome::Unknown {
            return self;
        }
        match self {
            Self::Server(mut error) => {
                error.outcome = Outcome::Unknown;
                Self::Server(error)
            }
            Self::Transport { operation, source } => Self::Transport { operation, source: source.in_doubt() },
            // Of these the variant says that nothing was done, as a login that failed before the repetition was sent.
            other => Self::Transport { operation: String::new(), source: ipam_core::Error::from(other).in_doubt() },
        }
    }

    fn given_up(self, attempts: u32) -> Self {
        match self {
            Self::Transport { operation, source } => Self::Transport { operation, source: source.given_up(attempts) },
            Self::Server(mut error) => {
                // Only the advice changes. What is known of the call stays.
                error.retry = Retry::Never;
                Self::Server(error)
            }
            other => other,
        }
    }

    fn out_of_time(limit: Duration, outcome: Outcome, last: Option<Self>) -> Self {
        let source = ipam_core::Error::out_of_time(limit, outcome, None);
        let source = match last {
            Some(last) => source.with_source(last),
            None => source,
        };
        // The caller knows the operation's name and fills it in.
        Self::Transport { operation: String::new(), source }
    }
}

impl From<Error> for ipam_core::Error {
    fn from(error: Error) -> Self {
        let Classification { kind, retry, outcome, retry_after, certificates } = error.classify();
        let certificates = certificates.cloned();
        // The message is copied, so that it shows even where only the outermost error is printed.
        let mut mapped = Self::new(kind, Operation::Send, error.to_string()).with_retry(retry).with_outcome(outcome);
        if let Some(wait) = retry_after {
            mapped = mapped.with_retry_after(wait);
        }
        if let Some(chain) = certificates {
            mapped = mapped.with_certificates(chain);
        }
        mapped.with_source(error)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use std::sync::Arc;

    use super::*;
    use crate::error::{ServerError, WaitError, decode};

    const SECOND: Duration = Duration::from_secs(1);

    fn transport(kind: ErrorKind, retry: Retry) -> Error {
        let source = ipam_core::Error::new(kind, Operation::Send, "no").with_retry(retry);
        Error::Transport { operation: "GET /x".into(), source }
    }

    fn server(status: u16, code: Option<i64>) -> Error {
        let body = code.map(|code| format!(r#"{{"errors":[{{"code":{code}}}]}}"#)).unwrap_or_default();
        Error::Server(Box::new(ServerError::new("POST /x", status, None, body.as_bytes())))
    }

    fn refused_login(status: u16, kind: ErrorKind) -> Error {
        let mut error = ServerError::new("POST /x", status, None, b"");
        error.login = Some(kind);
        Error::Server(Box::new(error))
    }

    fn wait(reason: WaitReason) -> Error {
        Error::Wait(Box::new(WaitError {
            operation: "GET /x".into(),
            reason,
            last_state: None,
            details: None,
            last: None,
            waited: SECOND,
            polls: 1,
        }))
    }

    fn login(cause: Error) -> Error {
        Error::Login(TokenError::Refused(Arc::new(cause)))
    }

    fn paused(cause: Error, wait: Option<Duration>) -> Error {
        Error::Login(TokenError::Paused { error: Arc::new(cause), wait })
    }

    #[test]
    fn every_variant_has_a_kind_advice_and_an_outcome() {
        use ErrorKind as K;
        use Outcome::{NotApplied, Unknown};
        use Retry::{IfIdempotent, Never, Safe};

        let (name, what, operation) = (String::from("n"), "item", String::from("GET /x"));
        let (operation2, operation3, operation4) = (operation.clone(), operation.clone(), operation.clone());
        let (origin, configured) = (String::from("https://a"), String::from("https://b"));
        for (error, expected) in [
            (Error::invalid("f", "v", "e"), (K::InvalidInput, Never, NotApplied)),
            (transport(K::Unavailable, Safe), (K::Unavailable, Safe, NotApplied)),
            (transport(K::Unavailable, IfIdempotent), (K::Unavailable, IfIdempotent, Unknown)),
            (transport(K::Untrusted, Never), (K::Untrusted, Never, NotApplied)),
            (login(server(401, None)), (K::Unauthenticated, Never, NotApplied)),
            (login(server(400, None)), (K::Unauthenticated, Never, NotApplied)),
            (login(server(403, None)), (K::PermissionDenied, Never, NotApplied)),
            (login(refused_login(403, K::Unauthenticated)), (K::Unauthenticated, Never, NotApplied)),
            (login(refused_login(400, K::PermissionDenied)), (K::PermissionDenied, Never, NotApplied)),
            (login(server(404, None)), (K::Config, Never, NotApplied)),
            (paused(server(405, None), None), (K::Config, Never, NotApplied)),
            (login(Error::invalid("f", "v", "e")), (K::InvalidInput, Never, NotApplied)),
            (paused(server(400, None), None), (K::Unauthenticated, Never, NotApplied)),
            (login(server(503, None)), (K::Unavailable, Safe, NotApplied)),
            (login(transport(K::Timeout, IfIdempotent)), (K::Timeout, Safe, NotApplied)),
            (paused(server(503, None), None), (K::Unavailable, Never, NotApplied)),
            (Error::Login(TokenError::TooManyLogins { wait: SECOND }), (K::RateLimited, Never, NotApplied)),
            (server(400, None), (K::InvalidInput, Never, NotApplied)),
            (server(400, Some(20111)), (K::NotFound, Never, NotApplied)),
            (server(400, Some(12017)), (K::PermissionDenied, Never, NotApplied)),
            (server(400, Some(12005)), (K::InvalidInput, Never, NotApplied)),
            (server(401, None), (K::Unauthenticated, Never, NotApplied)),
            (server(403, None), (K::PermissionDenied, Never, NotApplied)),
            (server(404, None), (K::NotFound, Never, NotApplied)),
            (server(405, None), (K::Protocol, Never, NotApplied)),
            (server(408, None), (K::Timeout, Never, Unknown)),
            (server(409, None), (K::Conflict, Never, NotApplied)),
            (server(429, None), (K::RateLimited, Safe, NotApplied)),
            (server(500, None), (K::Unavailable, Never, Unknown)),
            (server(503, None), (K::Unavailable, IfIdempotent, Unknown)),
            (server(303, None), (K::Protocol, Never, Unknown)),
            (decode::<u8>("GET /x", 200, b"[]").unwrap_err(), (K::Protocol, Never, Unknown)),
            (Error::UnexpectedLink { operation, origin, configured }, (K::Protocol, Never, NotApplied)),
            (
                Error::Truncated { operation: operation2, expected: 2, received: 1, repeated: 0 },
                (K::Protocol, Safe, NotApplied),
            ),
            (Error::Lost { operation: operation3, what: "ranges", before: 2, after: 1 }, (K::Protocol, Never, Unknown)),
            (wait(WaitReason::Deadline), (K::Timeout, IfIdempotent, Unknown)),
            (wait(WaitReason::Failed), (K::Conflict, Never, Unknown)),
            (wait(WaitReason::UnknownState), (K::Protocol, Never, Unknown)),
            (wait(WaitReason::Call(Box::new(server(404, None)))), (K::NotFound, Never, Unknown)),
            (Error::NoSuchName { operation: operation4, what, name: name.clone() }, (K::NotFound, Never, NotApplied)),
            (
                Error::Ambiguous { operation: "GET /x".into(), what, name, count: 2 },
                (K::InvalidInput, Never, NotApplied),
            ),
        ] {
            assert_eq!((error.kind(), error.retry(), error.outcome()), expected, "{error:?}");
            let text = error.to_string();
            let mapped = ipam_core::Error::from(error);
            assert_eq!((mapped.kind(), mapped.retry(), mapped.outcome()), expected, "{text}");
            assert!(mapped.to_string().contains(&text), "{mapped}");
        }
    }

    /// A login says nothing about the object of the call, nor about what the user may do with it.
    #[test]
    fn a_refused_login_is_not_taken_for_a_refused_call() {
        for status in [404, 405] {
            assert!(!login(server(status, None)).is_not_found() && !paused(server(status, None), None).is_not_found());
        }
        let expired = login(refused_login(403, ErrorKind::Unauthenticated));
        assert!(expired.is_unauthenticated() && !expired.is_permission_denied());
        assert!(login(server(400, None)).is_unauthenticated());
        let call = |status| wait(WaitReason::Call(Box::new(server(status, None))));
        assert!(call(404).is_not_found() && call(403).is_permission_denied() && call(401).is_unauthenticated());
    }

    #[test]
    fn giving_up_keeps_the_outcome() {
        for error in [server(503, None), transport(ErrorKind::Timeout, Retry::IfIdempotent)] {
            let given_up = error.given_up(3);
            assert_eq!((given_up.retry(), given_up.outcome()), (Retry::Never, Outcome::Unknown), "{given_up:?}");
        }
        let refused = transport(ErrorKind::Unavailable, Retry::Safe).given_up(3);
        assert_eq!((refused.retry(), refused.outcome()), (Retry::Never, Outcome::NotApplied));
    }

    #[test]
    fn running_out_of_time_means_the_same_as_in_the_core() {
        let core = ipam_core::Error::out_of_time(SECOND, Outcome::Unknown, None);
        let last = server(503, None);
        let error = Error::out_of_time(SECOND, Outcome::Unknown, Some(last));
        assert_eq!((error.kind(), error.retry(), error.outcome()), (core.kind(), core.retry(), core.outcome()));
        assert_eq!(error.outcome(), Outcome::Unknown);
        let Error::Transport { source, .. } = &error else { panic!("{error:?}") };
        assert!(std::error::Error::source(source).unwrap().to_string().contains("503"), "{error:?}");
    }

    #[test]
    fn waits_and_certificates_survive_a_failed_login() {
        let error = login(Error::Server(Box::new(ServerError::new("POST /x", 429, Some(SECOND), b""))));
        assert_eq!(error.retry_after(), Some(SECOND));
        assert_eq!(paused(server(503, None), Some(2 * SECOND)).retry_after(), Some(2 * SECOND));
        let chain = CertificateChain::from_pem("-----BEGIN CERTIFICATE-----");
        let untrusted = || {
            let source =
                ipam_core::Error::new(ErrorKind::Untrusted, Operation::Send, "no").with_certificates(chain.clone());
            Error::Transport { operation: "POST /x".into(), source }
        };
        for error in [untrusted(), login(untrusted()), paused(untrusted(), None)] {
            let error = ipam_core::Error::from(error);
            assert_eq!((error.kind(), error.certificates()), (ErrorKind::Untrusted, Some(&chain)));
        }
    }
}
