//! Handle of the provider.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ipam_core::{
    Allocate, Allocated, Allocation, Capabilities, Deallocate, Deallocated, Find, Health, IpamProvider, ListRanges,
    Operation, Page, Preview, Range, RangeId, Result, Usage,
};

use super::config::VraConfig;
use super::inner::{Inner, NAME, failed};
use super::{allocate, deallocate};
use crate::v8::{Client, RELEASE_PERIOD_MINUTES};

/// vRealize Automation 8 as an IPAM: its own IP ranges. A clone is another handle.
///
/// The [module's documentation](super) has an example.
#[derive(Debug, Clone)]
pub struct VraProvider {
    inner: Arc<Inner>,
}

impl VraProvider {
    /// Makes a provider, and reads the release time of the server.
    ///
    /// # Errors
    /// The [errors of a call](crate::v8::Call#errors) as errors of `ipam-core`, if the server cannot be reached or refuses
    /// the login.
    pub async fn connect(client: Client, config: VraConfig) -> Result<Self> {
        // Half an hour is the documented default; a user without the right to read settings gets that.
        const DEFAULT: Duration = Duration::from_secs(30 * 60);
        let read = client.configuration_property(RELEASE_PERIOD_MINUTES).await;
        let wait = match read {
            Ok(property) => {
                let minutes = property.value.as_deref().and_then(|value| value.trim().parse::<u64>().ok());
                minutes.map_or(DEFAULT, |minutes| Duration::from_secs(minutes.saturating_mul(60)))
            }
            Err(error) if error.is_not_found() || error.is_permission_denied() => DEFAULT,
            Err(error) => return Err(failed(Operation::Open)(error)),
        };
        Ok(Self { inner: Arc::new(Inner::new(client, config, wait)) })
    }
}

#[async_trait]
impl IpamProvider for VraProvider {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::minimal(NAME);
        // The server keeps what it acknowledged, and the description holds the tags.
        (capabilities.durable, capabilities.tags, capabilities.contiguous) = (true, true, true);
        (capabilities.usage, capabilities.preview) = (true, true);
        capabilities
    }

    async fn check(&self) -> Result<Health> {
        self.inner.check().await
    }

    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        self.inner.list_ranges(request).await
    }

    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        allocate::allocate(&self.inner, request).await
    }

    fn validate_allocate(&self, request: &Allocate) -> Result<()> {
        allocate::check(Operation::Allocate, request)
    }

    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        deallocate::deallocate(&self.inner, request).await
    }

    async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        self.inner.find(request).await
    }

    async fn preview_allocate(&self, request: &Allocate) -> Result<Preview> {
        allocate::preview(&self.inner, request).await
    }

    async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        self.inner.usage(ranges).await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await;
        Ok(())
    }
}
