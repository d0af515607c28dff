//! Layer that ends calls which take too long.

use std::time::Duration;

use super::runtime::needs_tokio;
use super::{Call, Intercept, Next, Reply};
use crate::{Error, ErrorKind, Result, Retry};

/// Time limit of each call.
///
/// A call that takes longer is dropped, which is safe for every provider, and fails with
/// [`Timeout`](ErrorKind::Timeout). Whether a write was carried out is then unknown; a read changed nothing.
///
/// Put it inside a [`RetryLayer`](super::RetryLayer) to limit each attempt, outside to limit all attempts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeoutLayer {
    limit: Duration,
}

impl TimeoutLayer {
    /// A layer that gives each call `limit`.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl Intercept for TimeoutLayer {
    async fn around<T: Reply>(&self, call: &Call<'_>, next: &Next<'_, T>) -> Result<T> {
        needs_tokio(call)?;
        tokio::time::timeout(self.limit, next.run()).await.unwrap_or_else(|_| {
            let advice = if call.operation().is_read() { Retry::Safe } else { Retry::IfIdempotent };
            let message =
                format!("the call took longer than {:?}; raise the limit, or look for what is slow", self.limit);
            Err(Error::new(ErrorKind::Timeout, call.operation(), message).with_retry(advice))
        })
    }
}
