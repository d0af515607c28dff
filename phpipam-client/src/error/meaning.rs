//! Kind, retry advice, outcome and remedy of each error.

use std::time::Duration;

use ipam_core::{CertificateChain, ErrorKind, Outcome, Retry};

use super::{Error, Refusal, RefusalKind};

/// Error in the terms of `ipam-core`.
pub(super) struct Meaning<'a> {
    pub(super) kind: ErrorKind,
    pub(super) retry: Retry,
    pub(super) outcome: Outcome,
    pub(super) retry_after: Option<Duration>,
    pub(super) certificates: Option<&'a CertificateChain>,
    /// Remedy, where the message does not name one.
    pub(super) remedy: Option<&'static str>,
}

impl Meaning<'_> {
    /// Returns the meaning of an error that is not repeated and did nothing.
    fn new(kind: ErrorKind) -> Self {
        Self {
            kind,
            retry: Retry::Never,
            outcome: Outcome::NotApplied,
            retry_after: None,
            certificates: None,
            remedy: None,
        }
    }

    /// Replaces the outcome by `Unknown`: a write may have been carried out.
    fn unknown(self) -> Self {
        Self { outcome: Outcome::Unknown, ..self }
    }
}

impl Error {
    /// Returns the meaning of each error, in the only place that decides it.
    pub(super) fn meaning(&self) -> Meaning<'_> {
        match self {
            Self::Invalid { .. } => Meaning::new(ErrorKind::InvalidInput),
            Self::Http(error) => Meaning {
                retry: error.retry(),
                outcome: error.outcome(),
                retry_after: error.retry_after(),
                certificates: error.certificates(),
                ..Meaning::new(error.kind())
            },
            Self::Refused(refusal) => Meaning {
                retry: refusal.retry,
                outcome: refusal.outcome,
                retry_after: refusal.retry_after,
                remedy: remedy(refusal),
                ..Meaning::new(refusal.kind.kind())
            },
            // The server carried out the call, or began to: only its response cannot be read.
            Self::Decode(_) | Self::Row(_) | Self::PhpWarnings(_) | Self::NotOnlyJson(_) | Self::PhpFailed(_) => {
                Meaning::new(ErrorKind::Protocol).unknown()
            }
            // PHP died, before or after its write: nothing in the response tells (Q21).
            Self::EmptyBody(response) | Self::ServerExhausted(response) => Meaning {
                // Before 1.6 there is no search, so looking up a mark reads all addresses.
                remedy: (response.call == "GET addresses/all/").then_some(
                    "the server has more addresses than PHP's memory_limit holds; raise it, or update to phpIPAM 1.6, \
                     which searches in its database",
                ),
                ..Meaning::new(ErrorKind::Protocol).unknown()
            },
            // Something else than phpIPAM responded, so phpIPAM has not seen the call.
            Self::NotAnApi(_) => Meaning::new(ErrorKind::Protocol),
            // The call waits for the login, so it was not sent. Only a login that the server never saw may be tried
            // again.
            Self::LoginFailed(cause) => {
                let retry = match cause.as_ref() {
                    Self::Http(error) if error.retry() == Retry::Safe => Retry::Safe,
                    _ => Retry::Never,
                };
                Meaning { retry, outcome: Outcome::NotApplied, remedy: None, ..cause.meaning() }
            }
            Self::LoginPaused { cause, wait } => Meaning {
                retry: Retry::Never,
                outcome: Outcome::NotApplied,
                retry_after: *wait,
                remedy: None,
                ..cause.meaning()
            },
            // Not to be retried by a loop: each login is counted by the server, which blocks the host after 11 failures
            // (Q55).
            Self::TooManyLogins { wait } => {
                Meaning { retry_after: Some(*wait), ..Meaning::new(ErrorKind::RateLimited) }
            }
            // A part is applied, which neither of the two outcomes says. `Unknown` makes callers look first.
            Self::PartlyApplied { .. } => Meaning::new(ErrorKind::Conflict).unknown(),
        }
    }

    /// Returns the kind of error in the terms of `ipam-core`; see the [table](Error#kind-outcome-and-retry).
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.meaning().kind
    }

    /// Returns the advice about repeating the same call.
    ///
    /// The client repeats calls by itself, within [`ClientBuilder::with_retry`](crate::ClientBuilder::with_retry). The
    /// advice is the one that is left for the caller:
    ///
    /// | call | the client repeats it | advice to the caller |
    /// | --- | --- | --- |
    /// | read | if nothing was done, or the response was lost | `Never`; `IfIdempotent` if a stream breaks off |
    /// | change by id, deletion | if nothing was done, or the response was lost | `Never` |
    /// | creation, allocation, `resize`, `split` | only if nothing was done | `Never`; `IfIdempotent` if the response was lost |
    ///
    /// `Never` does not mean that nothing was done: after a response that cannot be read ([`Error::Decode`],
    /// [`Error::EmptyBody`] and others) the advice is `Never` and the [`outcome`](Self::outcome) is `Unknown`. Use
    /// [`may_have_been_done`](Self::may_have_been_done) to decide.
    ///
    /// `Safe` is left in two cases: a login that did not reach the server ([`Error::LoginFailed`]), and
    /// [`UserSession::login`](crate::controllers::UserSession::login), which sends a single attempt.
    ///
    /// A deletion may succeed with its response lost. Its repetition is then refused with kind
    /// [`NotFound`](RefusalKind::NotFound), and the outcome is [`Unknown`](Outcome::Unknown): the object is gone.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.meaning().retry
    }

    /// Returns what is known about the effect of the call; see the [table](Error#kind-outcome-and-retry).
    ///
    /// After [`Outcome::Unknown`] look at the server before the next attempt. Giving up on repetitions changes
    /// [`retry`](Self::retry) and leaves this as it is.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.meaning().outcome
    }

    /// Returns the time to wait before a repetition, where it is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.meaning().retry_after
    }

    /// Returns the certificates of a server that is not trusted, as the server sent them. A failed login has them too.
    #[must_use]
    pub fn certificates(&self) -> Option<&CertificateChain> {
        self.meaning().certificates
    }

    /// Returns the server's refusal, if the error is one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Returns the classification of the refusal, if the error is one.
    #[must_use]
    pub fn refusal_kind(&self) -> Option<RefusalKind> {
        self.refusal().map(|refusal| refusal.kind)
    }

    /// Returns true for a refusal of kind [`NotFound`](RefusalKind::NotFound): the object, its parent or an object that
    /// the call refers to does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.refusal_kind() == Some(RefusalKind::NotFound)
    }

    /// Returns true for a refusal of kind [`Conflict`](RefusalKind::Conflict): the address, name or number is in use.
    ///
    /// An overlap of subnets is [`Structural`](RefusalKind::Structural), and false here.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.refusal_kind() == Some(RefusalKind::Conflict)
    }

    /// Returns true for a refusal of kind [`Exhausted`](RefusalKind::Exhausted): nothing is free.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        matches!(self.refusal_kind(), Some(RefusalKind::Exhausted(_)))
    }

    /// Returns true for a refusal of kind [`Unsupported`](RefusalKind::Unsupported): this version of phpIPAM does not
    /// have the call.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        self.refusal_kind() == Some(RefusalKind::Unsupported)
    }

    /// Returns true if the server may have carried out the call although it failed: the outcome is
    /// [`Unknown`](Outcome::Unknown).
    #[must_use]
    pub fn may_have_been_done(&self) -> bool {
        self.outcome() == Outcome::Unknown
    }

    /// Returns true if the call was not sent, because the server was not reached or there is no token. Any other call
    /// would fail in the same way.
    pub(crate) fn is_about_session(&self) -> bool {
        matches!(self, Self::Http(_) | Self::LoginFailed(_) | Self::LoginPaused { .. } | Self::TooManyLogins { .. })
    }
}

/// Returns the remedy for a refusal.
fn remedy(refusal: &Refusal) -> Option<&'static str> {
    match refusal.kind {
        RefusalKind::Forbidden => Some("give the app read/write permission under Administration, API"),
        // The only refusal of this kind with a database's error in it: a required custom field without a value (Q73).
        RefusalKind::Config if refusal.message.contains("SQLSTATE") => Some(
            "the server requires this custom field: give it a value with the option set.NAME or, of subnets, range_set.NAME",
        ),
        _ => None,
    }
}
