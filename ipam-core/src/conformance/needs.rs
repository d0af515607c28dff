//! Capabilities that cases need.

use crate::Capabilities;

/// Capability that a case needs, named after the field of [`Capabilities`].
///
/// ```
/// use ipam_core::IpamProvider;
/// use ipam_core::conformance::Need;
///
/// let can = ipam_core::MemoryProvider::new().capabilities();
/// assert!(Need::Expiry.declared(&can));
/// assert!(!Need::Durable.declared(&can));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Need {
    /// Capability [`Capabilities::preview`].
    Preview,
    /// Capability [`Capabilities::update`].
    Update,
    /// Capability [`Capabilities::usage`].
    Usage,
    /// Capability [`Capabilities::define_ranges`].
    DefineRanges,
    /// Capability [`Capabilities::blocks`].
    Blocks,
    /// Capability [`Capabilities::define_blocks`].
    DefineBlocks,
    /// Capability [`Capabilities::allocate_ranges`].
    AllocateRanges,
    /// Capability [`Capabilities::changes`].
    Changes,
    /// Capability [`Capabilities::sweep`].
    Sweep,
    /// Capability [`Capabilities::list_records`].
    ListRecords,
    /// Capability [`Capabilities::restore_records`].
    RestoreRecords,
    /// Capability [`Capabilities::contiguous`].
    Contiguous,
    /// Capability [`Capabilities::expiry`].
    Expiry,
    /// Capability [`Capabilities::policies`].
    Policies,
    /// Capability [`Capabilities::tags`].
    Tags,
    /// Capability [`Capabilities::durable`].
    Durable,
}

impl Need {
    /// All variants, in the order of the enumeration.
    // A capability that is missing here is never checked to be refused.
    pub const ALL: [Self; 16] = [
        Self::Preview,
        Self::Update,
        Self::Usage,
        Self::DefineRanges,
        Self::Blocks,
        Self::DefineBlocks,
        Self::AllocateRanges,
        Self::Changes,
        Self::Sweep,
        Self::ListRecords,
        Self::RestoreRecords,
        Self::Contiguous,
        Self::Expiry,
        Self::Policies,
        Self::Tags,
        Self::Durable,
    ];

    /// Returns true if these capabilities declare it.
    #[must_use]
    pub const fn declared(self, by: &Capabilities) -> bool {
        match self {
            Self::Preview => by.preview,
            Self::Update => by.update,
            Self::Usage => by.usage,
            Self::DefineRanges => by.define_ranges,
            Self::Blocks => by.blocks,
            Self::DefineBlocks => by.define_blocks,
            Self::AllocateRanges => by.allocate_ranges,
            Self::Changes => by.changes,
            Self::Sweep => by.sweep,
            Self::ListRecords => by.list_records,
            Self::RestoreRecords => by.restore_records,
            Self::Contiguous => by.contiguous,
            Self::Expiry => by.expiry,
            Self::Policies => by.policies,
            Self::Tags => by.tags,
            Self::Durable => by.durable,
        }
    }
}
