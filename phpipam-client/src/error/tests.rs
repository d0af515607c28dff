//! One case per kind of error: what it means, here and to callers of `ipam-core`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use ipam_core::{CertificateChain, ErrorKind, Operation, Outcome, Retry, RetryAdvice as _};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn http(kind: ErrorKind, retry: Retry) -> ipam_core::Error {
    ipam_core::Error::new(kind, Operation::Send, "x").with_retry(retry)
}

fn refused(kind: RefusalKind, retry: Retry) -> Error {
    Error::Refused(Box::new(Refusal::new(kind, "PATCH x/".to_owned(), 500, "no".to_owned()).with_retry(retry)))
}

fn unexpected() -> Box<UnexpectedResponse> {
    let (call, excerpt) = ("GET x/".to_owned(), "<b>Warning</b>: y".to_owned());
    Box::new(UnexpectedResponse { call, status: 200, content_type: None, excerpt, hint: "look" })
}

fn decode() -> Box<DecodeError> {
    let (path, reason, excerpt) = ("data".to_owned(), "no".to_owned(), String::new());
    Box::new(DecodeError { call: "GET x/".to_owned(), status: 200, path, reason, excerpt })
}

fn row() -> Box<RowError> {
    let (path, reason, excerpt) = ("subnetId".to_owned(), "no id".to_owned(), String::new());
    Box::new(RowError { call: "GET x/".to_owned(), row: 7, path, reason, excerpt })
}

/// Every variant, and what it means. The match makes the compiler ask for a case when a variant is added.
fn cases() -> Vec<(Error, ErrorKind, Retry, Outcome, Option<Duration>)> {
    use ErrorKind as K;
    use Outcome::{NotApplied, Unknown};
    use Retry::{IfIdempotent, Never, Safe};
    let unreached = || Arc::new(Error::Http(http(K::Unavailable, Safe)));
    let lost = || Arc::new(Error::Http(http(K::Timeout, IfIdempotent)));
    let wrong = || Arc::new(refused(RefusalKind::BadCredentials, Never));
    let partly = Error::PartlyApplied { call: "PATCH x/".to_owned(), fields: vec!["note".to_owned()] };
    let cases = vec![
        (Error::invalid("mask", 0, "give more"), K::InvalidInput, Never, NotApplied, None),
        (Error::Http(http(K::Unavailable, Safe)), K::Unavailable, Safe, NotApplied, None),
        (Error::Http(http(K::Timeout, IfIdempotent)), K::Timeout, IfIdempotent, Unknown, None),
        (Error::Http(http(K::Config, Never)), K::Config, Never, NotApplied, None),
        (refused(RefusalKind::Busy, Safe), K::Busy, Safe, NotApplied, None),
        (refused(RefusalKind::Unavailable, IfIdempotent), K::Unavailable, IfIdempotent, Unknown, None),
        (refused(RefusalKind::Unavailable, Safe), K::Unavailable, Safe, NotApplied, None),
        (refused(RefusalKind::Server, Never), K::Protocol, Never, Unknown, None),
        (Error::Decode(decode()), K::Protocol, Never, Unknown, None),
        (Error::Row(row()), K::Protocol, Never, Unknown, None),
        (Error::NotAnApi(unexpected()), K::Protocol, Never, NotApplied, None),
        (Error::PhpWarnings(unexpected()), K::Protocol, Never, Unknown, None),
        (Error::NotOnlyJson(unexpected()), K::Protocol, Never, Unknown, None),
        (Error::PhpFailed(unexpected()), K::Protocol, Never, Unknown, None),
        (Error::EmptyBody(unexpected()), K::Protocol, Never, Unknown, None),
        (Error::ServerExhausted(unexpected()), K::Protocol, Never, Unknown, None),
        (Error::LoginFailed(unreached()), K::Unavailable, Safe, NotApplied, None),
        (Error::LoginFailed(lost()), K::Timeout, Never, NotApplied, None),
        (Error::LoginFailed(wrong()), K::Unauthenticated, Never, NotApplied, None),
        (Error::LoginPaused { cause: wrong(), wait: None }, K::Unauthenticated, Never, NotApplied, None),
        (Error::LoginPaused { cause: lost(), wait: Some(SECOND) }, K::Timeout, Never, NotApplied, Some(SECOND)),
        (Error::TooManyLogins { wait: SECOND }, K::RateLimited, Never, NotApplied, Some(SECOND)),
        (partly, K::Conflict, Never, Unknown, None),
    ];
    let covered = |error: &Error| match error {
        Error::Invalid { .. } => 0,
        Error::Http(_) => 1,
        Error::Refused(_) => 2,
        Error::Decode(_) => 3,
        Error::Row(_) => 4,
        Error::NotAnApi(_) => 5,
        Error::PhpWarnings(_) => 6,
        Error::NotOnlyJson(_) => 7,
        Error::PhpFailed(_) => 8,
        Error::EmptyBody(_) => 9,
        Error::ServerExhausted(_) => 10,
        Error::LoginFailed(_) => 11,
        Error::LoginPaused { .. } => 12,
        Error::TooManyLogins { .. } => 13,
        Error::PartlyApplied { .. } => 14,
    };
    let variants: std::collections::BTreeSet<u8> = cases.iter().map(|(error, ..)| covered(error)).collect();
    assert_eq!(variants, (0..15).collect(), "each variant has a case");
    cases
}

#[test]
fn every_error_says_what_it_means() {
    for (error, kind, retry, outcome, wait) in cases() {
        assert_eq!((error.kind(), error.retry(), error.outcome(), error.retry_after()), (kind, retry, outcome, wait));
        assert_eq!(error.may_have_been_done(), outcome == Outcome::Unknown, "{error:?}");
    }
}

#[test]
fn every_error_means_the_same_to_callers_of_ipam_core() {
    for (error, kind, retry, outcome, wait) in cases() {
        let text = error.to_string();
        let core = error.into_core(Operation::Allocate);
        assert_eq!((core.kind(), core.retry(), core.outcome(), core.retry_after()), (kind, retry, outcome, wait));
        assert_eq!(core.operation(), Operation::Allocate);
        assert!(text.contains(core.message()), "{core}: {text}");
    }
}

#[test]
fn giving_up_ends_repetitions_and_keeps_the_outcome() {
    for (error, _, _, outcome, wait) in cases() {
        let error = error.given_up(3);
        // A login is the session's to repeat, and never the loop's.
        if !matches!(error, Error::LoginFailed(_)) {
            assert_eq!(error.retry(), Retry::Never, "{error:?}");
        }
        assert_eq!((error.outcome(), error.retry_after()), (outcome, wait), "{error:?}");
        let core = ipam_core::Error::from(error);
        assert_eq!(core.outcome(), outcome, "{core:?}");
    }
}

#[test]
fn running_out_of_time_leaves_the_outcome_unknown() {
    for last in [None, Some(refused(RefusalKind::Busy, Retry::Safe))] {
        let has_cause = last.is_some();
        let error = Error::out_of_time(SECOND, Outcome::Unknown, last);
        assert_eq!(
            (error.kind(), error.retry(), error.outcome()),
            (ErrorKind::Timeout, Retry::Never, Outcome::Unknown)
        );
        assert_eq!(std::error::Error::source(&error).is_some(), has_cause);
    }
}

#[test]
fn every_refusal_has_a_kind_and_an_outcome() {
    use ErrorKind as K;
    use RefusalKind as R;
    for (refusal, kind, outcome) in [
        (R::NotFound, K::NotFound, Outcome::NotApplied),
        (R::Exhausted(Shortage::Full), K::Exhausted, Outcome::NotApplied),
        (R::Conflict, K::Conflict, Outcome::NotApplied),
        (R::Structural, K::Conflict, Outcome::NotApplied),
        (R::Invalid, K::InvalidInput, Outcome::NotApplied),
        (R::Unauthorized, K::Unauthenticated, Outcome::NotApplied),
        (R::Forbidden, K::PermissionDenied, Outcome::NotApplied),
        (R::BadCredentials, K::Unauthenticated, Outcome::NotApplied),
        (R::LockedOut, K::RateLimited, Outcome::NotApplied),
        (R::Busy, K::Busy, Outcome::NotApplied),
        (R::Config, K::Config, Outcome::NotApplied),
        (R::Unsupported, K::Unsupported, Outcome::NotApplied),
        (R::RateLimited, K::RateLimited, Outcome::NotApplied),
        (R::Unavailable, K::Unavailable, Outcome::Unknown),
        (R::Server, K::Protocol, Outcome::Unknown),
    ] {
        let error = refused(refusal, Retry::Never);
        assert_eq!((error.kind(), error.outcome()), (kind, outcome), "{refusal:?}");
    }
}

#[test]
fn a_refusal_that_callers_can_end_comes_with_a_remedy() {
    let remedy = |kind, message: &str| {
        let refusal = Refusal::new(kind, "POST x/".to_owned(), 500, message.to_owned());
        Error::Refused(Box::new(refusal)).into_core(Operation::Allocate).context("remedy").map(str::to_owned)
    };
    assert!(remedy(RefusalKind::Forbidden, "no").unwrap().contains("read/write"));
    assert!(remedy(RefusalKind::Config, "SQLSTATE[HY000] 1364").unwrap().contains("set.NAME"));
    assert_eq!(remedy(RefusalKind::Config, "SSL required"), None);
}

#[test]
fn the_chain_of_an_untrusted_server_survives_a_failed_login() {
    let chain = CertificateChain::from_pem("-----BEGIN CERTIFICATE-----");
    let met = || http(ErrorKind::Untrusted, Retry::Never).with_certificates(chain.clone());
    for error in [
        Error::Http(met()),
        Error::LoginFailed(Arc::new(Error::Http(met()))),
        Error::LoginPaused { cause: Arc::new(Error::Http(met())), wait: None },
    ] {
        let error = ipam_core::Error::from(error);
        assert_eq!((error.kind(), error.certificates().unwrap()), (ErrorKind::Untrusted, &chain));
    }
}
