//! What a provider can do, and how it is.

use std::borrow::Cow;

/// What a provider can do. Ask before calling; the rest answers
/// [`Unsupported`](crate::ErrorKind::Unsupported).
///
/// `allocate`, `deallocate`, `find`, `list_ranges`, `check` and `close` are not listed: every provider can.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Capabilities {
    /// The provider's name in messages, such as "memory" or "phpIPAM".
    pub provider: Cow<'static, str>,
    /// [`preview_allocate`](crate::IpamProvider::preview_allocate).
    pub preview: bool,
    /// [`update`](crate::IpamProvider::update).
    pub update: bool,
    /// [`usage`](crate::IpamProvider::usage).
    pub usage: bool,
    /// [`define_range`](crate::IpamProvider::define_range), `update_range` and `remove_range`.
    pub define_ranges: bool,
    /// [`list_blocks`](crate::IpamProvider::list_blocks).
    pub blocks: bool,
    /// [`define_block`](crate::IpamProvider::define_block), `update_block` and `remove_block`.
    pub define_blocks: bool,
    /// [`allocate_range`](crate::IpamProvider::allocate_range) and `deallocate_range`.
    pub allocate_ranges: bool,
    /// [`changes`](crate::IpamProvider::changes).
    pub changes: bool,
    /// [`sweep`](crate::IpamProvider::sweep).
    pub sweep: bool,
    /// Lines of [`Placement::Contiguous`](crate::Placement) and [`Placement::Aligned`](crate::Placement).
    pub contiguous: bool,
    /// Allocations that end by themselves.
    pub expiry: bool,
    /// Addresses that rest after they were given back, and the orders other than first-free.
    pub policies: bool,
    /// Tags on allocations.
    pub tags: bool,
    /// Whether what was acknowledged survives the end of the process and a power cut.
    pub durable: bool,
}

impl Capabilities {
    /// A provider that can do what every provider must, and no more.
    pub fn minimal(provider: impl Into<Cow<'static, str>>) -> Self {
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
            contiguous: false,
            expiry: false,
            policies: false,
            tags: false,
            durable: false,
        }
    }

    /// A provider that can do everything.
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
            contiguous: true,
            expiry: true,
            policies: true,
            tags: true,
            durable: true,
        }
    }
}

/// What [`check`](crate::IpamProvider::check) found: reachable, credentials accepted, and what else there is to say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Health {
    /// The version of the server or the store, as it calls itself.
    pub version: Option<String>,
    /// What does not stop the provider from working, but should be known. Sentences for people.
    pub warnings: Vec<String>,
}

impl Health {
    /// All is well.
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
