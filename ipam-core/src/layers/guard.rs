//! Layer that refuses writes.

use super::{Call, Intercept, Next, Reply, Request};
use crate::{Capabilities, Error, ErrorKind, Result};

/// Guard against changes: reads pass, writes are refused before anything happens.
///
/// `allocate` and `deallocate` fail with [`PermissionDenied`](ErrorKind::PermissionDenied). The optional writes are
/// removed from the [capabilities](Capabilities) and fail with [`Unsupported`](ErrorKind::Unsupported). `close` passes.
///
/// ```
/// use ipam_core::layers::{GuardLayer, Layered};
/// use ipam_core::{DefineRange, ErrorKind, IpamProvider, IpamProviderExt, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// let guarded = Layered::new(ipam, GuardLayer::dry_run());
/// let refused = guarded.allocate_one("lan", "vm-42").await.unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
/// assert!(refused.message().contains("would take 192.0.2.1"), "{refused}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardLayer {
    dry_run: bool,
}

impl GuardLayer {
    /// Makes a guard that refuses writes.
    ///
    /// ```
    /// use ipam_core::layers::{GuardLayer, Layered};
    /// use ipam_core::{Deallocate, ErrorKind, IpamProvider, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = Layered::new(MemoryProvider::new(), GuardLayer::read_only());
    /// let refused = ipam.deallocate(&Deallocate::key("vm-42/nic-0")).await.unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
    /// # });
    /// ```
    #[must_use]
    pub const fn read_only() -> Self {
        Self { dry_run: false }
    }

    /// Makes a guard that refuses writes and reports the addresses that an allocation would have taken, if the provider
    /// has the capability `preview`. An allocation that would fail anyway fails with the error of the provider.
    #[must_use]
    pub const fn dry_run() -> Self {
        Self { dry_run: true }
    }

    async fn refusal(self, call: &Call<'_>) -> Error {
        let denied = |message: String| Error::new(ErrorKind::PermissionDenied, call.operation(), message);
        if !self.dry_run {
            return denied("the provider was opened for reading only; nothing was changed".to_owned());
        }
        match call.request() {
            Request::Allocate(request) if call.provider().capabilities().preview => {
                // The preview fails as the allocation would: a dry run should show that.
                match call.provider().preview_allocate(request).await {
                    Ok(preview) => denied(format!("dry run: would take {}", listed(&preview.lines))),
                    Err(error) => error.with_operation(call.operation()),
                }
            }
            _ => denied("dry run: nothing was changed".to_owned()),
        }
    }
}

/// Lists the first addresses, and the number of the others.
// A request may ask for 65 536 addresses, and a message must not have as many.
fn listed(lines: &[Vec<crate::Candidate>]) -> String {
    const SHOWN: usize = 16;
    let mut addresses = lines.iter().flatten().map(|candidate| candidate.address.to_string());
    let mut text = addresses.by_ref().take(SHOWN).collect::<Vec<_>>().join(", ");
    match addresses.count() {
        0 => {}
        more => text.push_str(&format!(" and {more} more")),
    }
    text
}

impl Intercept for GuardLayer {
    async fn around<T: Reply>(&self, call: &Call<'_>, next: &Next<'_, T>) -> Result<T> {
        match call.request() {
            // Every provider has these two, so that `Unsupported` would be wrong. Invalid requests still fail as
            // invalid.
            Request::Allocate(_) | Request::Deallocate(_) => {
                call.request().validate()?;
                Err(self.refusal(call).await)
            }
            _ if call.operation().is_read() => next.run().await,
            _ => Err(Error::unsupported(call.operation(), call.provider().capabilities().provider)
                .with_context("because", "the provider was opened for reading only")),
        }
    }

    fn capabilities(&self, mut below: Capabilities) -> Capabilities {
        // What reads stays: preview, usage, blocks, changes and records work below this layer.
        below.update = false;
        below.define_ranges = false;
        below.define_blocks = false;
        below.allocate_ranges = false;
        below.sweep = false;
        below.restore_records = false;
        below
    }
}
