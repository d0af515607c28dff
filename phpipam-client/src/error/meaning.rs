//! What an error means to callers that know nothing of phpIPAM: kind, retry advice, outcome, remedy.

use std::time::Duration;

use ipam_core::{CertificateChain, ErrorKind, Outcome, Retry};

use super::{Error, Refusal, RefusalKind};

/// An error in the words of `ipam-core`.
pub(super) struct Meaning<'a> {
    pub(super) kind: ErrorKind,
    pub(super) retry: Retry,
    pub(super) outcome: Outcome,
    pub(super) retry_after: Option<Duration>,
    pub(super) certificates: Option<&'a CertificateChain>,
    /// What to do about it, where the message does not say so.
    pub(super) remedy: Option<&'static str>,
}

impl Meaning<'_> {
    /// Not to be repeated; nothing was done.
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

    /// The same where a write may have been carried out.
    fn unknown(self) -> Self {
        Self { outcome: Outcome::Unknown, ..self }
    }
}

impl Error {
    /// The one place that says what each error means.
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
            // The call was done, or begun: what came back of it cannot be read.
            Self::Decode(_) | Self::Row(_) | Self::PhpWarnings(_) | Self::NotOnlyJson(_) | Self::PhpFailed(_) => {
                Meaning::new(ErrorKind::Protocol).unknown()
            }
            Self::EmptyBody(response) | Self::ServerExhausted(response) => Meaning {
                // Looking a mark up reads all addresses where the server has no search.
                remedy: (response.call == "GET addresses/all/").then_some(
                    "the server has more addresses than PHP's memory_limit holds; raise it, or update to phpIPAM 1.6, \
                     which searches in its database",
                ),
                ..Meaning::new(ErrorKind::Protocol).unknown()
            },
            Self::NotAnApi(_) => Meaning::new(ErrorKind::Protocol),
            // The call waits for the login, so it was not sent. Only a login that the server never saw may be tried again.
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
            Self::TooManyLogins { wait } => {
                Meaning { retry_after: Some(*wait), ..Meaning::new(ErrorKind::RateLimited) }
            }
            Self::PartlyApplied { .. } => Meaning::new(ErrorKind::Conflict).unknown(),
        }
    }

    /// What it means to callers that know nothing of phpIPAM.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.meaning().kind
    }

    /// Whether the same call may be repeated.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.meaning().retry
    }

    /// What is known of the call. After [`Outcome::Unknown`] look before asking again. Repetitions that were given up
    /// change what [`retry`](Self::retry) says, and never this.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.meaning().outcome
    }

    /// How long to wait before a repetition, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.meaning().retry_after
    }

    /// The certificates of a server that is not trusted, as it sent them, also where the login met it first.
    #[must_use]
    pub fn certificates(&self) -> Option<&CertificateChain> {
        self.meaning().certificates
    }

    /// The server's refusal, if that is what it is.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// What the refusal means, if it is one.
    #[must_use]
    pub fn refusal_kind(&self) -> Option<RefusalKind> {
        self.refusal().map(|refusal| refusal.kind)
    }

    /// Whether the server said that something does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.refusal_kind() == Some(RefusalKind::NotFound)
    }

    /// Whether another caller was faster.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.refusal_kind() == Some(RefusalKind::Conflict)
    }

    /// Whether nothing is free.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        matches!(self.refusal_kind(), Some(RefusalKind::Exhausted(_)))
    }

    /// Whether this version of phpIPAM cannot do it.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        self.refusal_kind() == Some(RefusalKind::Unsupported)
    }

    /// Whether the server may have done what was asked, although the call failed: the outcome is
    /// [`Unknown`](Outcome::Unknown).
    #[must_use]
    pub fn may_have_been_done(&self) -> bool {
        self.outcome() == Outcome::Unknown
    }

    /// Whether the call was not made at all, because the server was not reached or there is no token: what it says about
    /// the server is true of every call.
    pub(crate) fn is_about_session(&self) -> bool {
        matches!(self, Self::Http(_) | Self::LoginFailed(_) | Self::LoginPaused { .. } | Self::TooManyLogins { .. })
    }
}

/// What to do about a refusal.
fn remedy(refusal: &Refusal) -> Option<&'static str> {
    match refusal.kind {
        RefusalKind::Forbidden => Some("give the app read/write permission under Administration, API"),
        RefusalKind::Config if refusal.message.contains("SQLSTATE") => Some(
            "the server requires this custom field: give it a value with the option set.NAME or, of subnets, range_set.NAME",
        ),
        _ => None,
    }
}
