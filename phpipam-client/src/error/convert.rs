//! Conversions from the errors of other modules, and into the error of `ipam-core`.

use ipam_core::Operation;
use ipam_core::http::TokenError;

use super::Error;
use crate::wire::InvalidValue;

impl From<InvalidValue> for Error {
    fn from(InvalidValue { field, value, remedy }: InvalidValue) -> Self {
        Self::Invalid { field, value, remedy }
    }
}

impl From<TokenError<Self>> for Error {
    fn from(error: TokenError<Self>) -> Self {
        match error {
            TokenError::Refused(cause) => Self::LoginFailed(cause),
            TokenError::Paused { error, wait } => Self::LoginPaused { cause: error, wait },
            TokenError::TooManyLogins { wait } => Self::TooManyLogins { wait },
        }
    }
}

impl From<Error> for ipam_core::Error {
    fn from(error: Error) -> Self {
        match error {
            // Already an error of `ipam-core`. Wrapped, its operation would be lost and its message told twice.
            Error::Http(error) => error,
            error => error.into_core(Operation::Send),
        }
    }
}

impl Error {
    /// Returns the error of a provider's operation. All it says comes from [`Meaning`](super::meaning::Meaning).
    pub(crate) fn into_core(self, operation: Operation) -> ipam_core::Error {
        let meaning = self.meaning();
        let (kind, retry, outcome) = (meaning.kind, meaning.retry, meaning.outcome);
        let (retry_after, remedy) = (meaning.retry_after, meaning.remedy);
        let certificates = meaning.certificates.cloned();
        if let Self::Http(error) = self {
            return error.with_operation(operation);
        }
        let mut core = ipam_core::Error::new(kind, operation, self.to_string())
            .with_retry(retry)
            .with_outcome(outcome)
            .with_source(self);
        if let Some(wait) = retry_after {
            core = core.with_retry_after(wait);
        }
        if let Some(chain) = certificates {
            core = core.with_certificates(chain);
        }
        match remedy {
            Some(remedy) => core.with_context("remedy", remedy),
            None => core,
        }
    }
}
