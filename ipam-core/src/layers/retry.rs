//! Layer that repeats calls.

use super::runtime::needs_tokio;
use super::{Call, Intercept, Next, Reply};
use crate::{Result, Retrier, RetryConfig};

/// Retries of calls whose errors allow it. The default is three retries within a minute.
///
/// A call is repeated if nothing was applied ([`Retry::Safe`](crate::Retry::Safe)), or if the outcome is unknown and
/// the request [may be repeated](super::Request::is_repeatable): reads, deallocations, allocations with a key, and
/// others. Deallocations by address need a [`Precondition`](crate::Precondition), because a repeat may hit a later
/// allocation of the address. After the last attempt the advice is [`Retry::Never`](crate::Retry::Never), so that an
/// outer retry does not repeat all of it again. The [outcome](crate::Error::outcome) stays what it was.
///
/// Providers over HTTP repeat single HTTP requests themselves. This layer repeats whole calls, such as those that fail
/// because a store is busy. It needs a tokio runtime; outside of one, calls fail with
/// [`Config`](crate::ErrorKind::Config).
///
/// ```
/// use std::time::Duration;
/// use ipam_core::layers::{Layered, RetryLayer};
/// use ipam_core::{MemoryProvider, RetryConfig};
///
/// let ipam = Layered::new(MemoryProvider::new(), RetryLayer::new(RetryConfig::new(3, Duration::from_secs(30))));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetryLayer {
    config: RetryConfig,
}

impl RetryLayer {
    /// Makes a layer that repeats calls within the bounds of `config`.
    #[must_use]
    pub const fn new(config: RetryConfig) -> Self {
        Self { config }
    }
}

impl Intercept for RetryLayer {
    async fn around<T: Reply>(&self, call: &Call<'_>, next: &Next<'_, T>) -> Result<T> {
        needs_tokio(call)?;
        let retrier = Retrier::new(self.config)
            .with_idempotent(call.request().is_repeatable())
            .with_read(call.operation().is_read());
        retrier.run(|_| next.run()).await
    }
}
