//! Retry advice for the retry loop of `ipam-core`.

use std::time::Duration;

use ipam_core::{Operation, Outcome, Retry, RetryAdvice};

use super::Error;

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
            Self::Refused(mut refusal) => {
                refusal.outcome = Outcome::Unknown;
                Self::Refused(refusal)
            }
            Self::Http(error) => Self::Http(error.in_doubt()),
            // These variants say that nothing was done: true of the last attempt only, such as a login that failed
            // before the repetition was sent. The first attempt may have been carried out.
            other => Self::Http(other.into_core(Operation::Send).in_doubt()),
        }
    }

    fn given_up(self, attempts: u32) -> Self {
        match self {
            Self::Http(error) => Self::Http(error.given_up(attempts)),
            // Only the advice changes. The outcome stays, because the attempts that were made may have had an effect.
            Self::Refused(mut refusal) => {
                refusal.retry = Retry::Never;
                Self::Refused(refusal)
            }
            other => other,
        }
    }

    fn out_of_time(limit: Duration, outcome: Outcome, last: Option<Self>) -> Self {
        let error = ipam_core::Error::out_of_time(limit, outcome, None);
        Self::Http(match last {
            Some(last) => error.with_source(last),
            None => error,
        })
    }
}
