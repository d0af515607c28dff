//! Layer that ends calls which take too long.

use std::time::Duration;

use super::runtime::needs_tokio;
use super::{Call, Intercept, Next, Reply};
use crate::{Error, ErrorKind, Result, Retry};

/// Time limit of each call.
///
/// A call that takes longer is dropped, and fails with [`Timeout`](ErrorKind::Timeout). The provider stays usable and
/// its promises hold, but the outcome of this call depends on the request:
///
/// - a read changed nothing ([`Retry::Safe`]);
/// - a write may have been carried out ([`Retry::IfIdempotent`]): repeat it with its key, or look the key up;
/// - an allocation without a key that was carried out is undone by the provider.
///
/// The limit includes the waits of layers inside, such as the one of a [`LimitLayer`](super::LimitLayer); set its
/// [`with_max_wait`](super::LimitLayer::with_max_wait) shorter.
///
/// Put it inside a [`RetryLayer`](super::RetryLayer) to limit each attempt, outside to limit all attempts together. It
/// needs a tokio runtime; outside of one, calls fail with [`Config`](ErrorKind::Config).
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> ipam_core::Result<()> {
/// use std::time::Duration;
/// use ipam_core::layers::{Layered, TimeoutLayer};
/// use ipam_core::{IpamProvider, ListRanges, MemoryProvider};
///
/// let ipam = Layered::new(MemoryProvider::new(), TimeoutLayer::new(Duration::from_secs(10)));
/// assert!(ipam.list_ranges(&ListRanges::all()).await?.items.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeoutLayer {
    limit: Duration,
}

impl TimeoutLayer {
    /// Makes a layer that ends each call after `limit`.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl Intercept for TimeoutLayer {
    async fn around<T: Reply>(&self, call: &Call<'_>, next: &Next<'_, T>) -> Result<T> {
        needs_tokio(call)?;
        tokio::time::timeout(self.limit, next.run()).await.unwrap_or_else(|_| {
            // Dropping the future stops waiting, and not the server: a write may still be carried out.
            let advice = if call.operation().is_read() { Retry::Safe } else { Retry::IfIdempotent };
            let message =
                format!("the call took longer than {:?}; raise the limit, or look for what is slow", self.limit);
            Err(Error::new(ErrorKind::Timeout, call.operation(), message).with_retry(advice))
        })
    }
}
