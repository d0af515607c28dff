//! Capabilities of a provider, and the result of its check.

use std::borrow::Cow;

/// Capabilities of a provider: the optional operations, and what a request may contain.
///
/// An operation or a part of a request without its capability fails with
/// [`Unsupported`](crate::ErrorKind::Unsupported). `allocate`, `deallocate`, `find`, `list_ranges`, `check` and `close`
/// are not listed: every provider has them.
///
/// ```
/// use ipam_core::{Capabilities, IpamProvider, MemoryProvider};
///
/// let ipam = MemoryProvider::new();
/// if ipam.capabilities().usage {
///     // ask for the usage
/// }
/// assert!(ipam.capabilities().expiry && !ipam.capabilities().durable);
///
/// // The author of a provider starts from one of two ends.
/// let mut mine = Capabilities::minimal("mine");
/// mine.usage = true;
/// assert!(mine.usage && !mine.update);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Capabilities {
    /// Name of the provider in messages, such as "memory" or "phpIPAM".
    pub provider: Cow<'static, str>,
    /// True if [`preview_allocate`](crate::IpamProvider::preview_allocate) is supported.
    pub preview: bool,
    /// True if [`update`](crate::IpamProvider::update) is supported.
    pub update: bool,
    /// True if [`usage`](crate::IpamProvider::usage) is supported.
    pub usage: bool,
    /// True if [`define_range`](crate::IpamProvider::define_range), `update_range` and `remove_range` are supported.
    pub define_ranges: bool,
    /// True if [`list_blocks`](crate::IpamProvider::list_blocks) is supported.
    pub blocks: bool,
    /// True if [`define_block`](crate::IpamProvider::define_block), `update_block` and `remove_block` are supported.
    pub define_blocks: bool,
    /// True if [`allocate_range`](crate::IpamProvider::allocate_range) and `deallocate_range` are supported.
    pub allocate_ranges: bool,
    /// True if [`changes`](crate::IpamProvider::changes) is supported.
    pub changes: bool,
    /// True if [`sweep`](crate::IpamProvider::sweep) is supported.
    pub sweep: bool,
    /// True if [`list_records`](crate::IpamProvider::list_records) is supported.
    pub list_records: bool,
    /// True if [`restore_records`](crate::IpamProvider::restore_records) is supported.
    pub restore_records: bool,
    /// True if lines may ask for [`Placement::Contiguous`](crate::Placement) and
    /// [`Placement::Aligned`](crate::Placement).
    pub contiguous: bool,
    /// True if allocations may have an expiry.
    pub expiry: bool,
    /// True if ranges may have a quarantine, or an [order](crate::Order) other than first-free.
    pub policies: bool,
    /// True if allocations may have tags.
    pub tags: bool,
    /// True if acknowledged allocations survive the end of the process and a power cut.
    pub durable: bool,
    /// True if of several concurrent calls that deallocate an allocation exactly one reports that it freed it. If false,
    /// several may report it. The allocation is deallocated in any case, and no later one is.
    pub exclusive_deallocate: bool,
}

impl Capabilities {
    /// Returns the capabilities of a provider with the required methods only. The one that is true,
    /// [`exclusive_deallocate`](Self::exclusive_deallocate), is part of a required method; only a provider whose server
    /// does not tell which of two calls came first lacks it.
    pub fn minimal(provider: impl Into<Cow<'static, str>>) -> Self {
        // All fields are written out here and below, so that a new capability has to be decided on in both.
        Self {
            provider: provider.into(),
            preview: false,
            update: false,
            usage: false,
            define_ranges: false,
            blocks: false,
            define_blocks: false,
            allocate_ranges: false,
            changes: false,
            sweep: false,
            list_records: false,
            restore_records: false,
            contiguous: false,
            expiry: false,
            policies: false,
            tags: false,
            durable: false,
            exclusive_deallocate: true,
        }
    }

    /// Returns all capabilities.
    pub fn full(provider: impl Into<Cow<'static, str>>) -> Self {
        Self {
            provider: provider.into(),
            preview: true,
            update: true,
            usage: true,
            define_ranges: true,
            blocks: true,
            define_blocks: true,
            allocate_ranges: true,
            changes: true,
            sweep: true,
            list_records: true,
            restore_records: true,
            contiguous: true,
            expiry: true,
            policies: true,
            tags: true,
            durable: true,
            exclusive_deallocate: true,
        }
    }
}

/// Result of a successful [`check`](crate::IpamProvider::check): the version, and warnings.
///
/// ```
/// use ipam_core::Health;
///
/// let health = Health::new().with_version("1.7.3").with_warning("the certificate expires in 5 days");
/// assert_eq!(health.version.as_deref(), Some("1.7.3"));
/// assert_eq!(health.warnings.len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Health {
    /// Version of the server or the store, as it calls itself.
    pub version: Option<String>,
    /// Sentences for people about what does not stop the provider from working, but should be looked at.
    pub warnings: Vec<String>,
}

impl Health {
    /// Makes a result without version and warnings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the version.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Adds a warning.
    #[must_use]
    pub fn with_warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }
}
