//! What a case needs its provider to claim.

use crate::Capabilities;

/// One of the capabilities, by its field in [`Capabilities`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Need {
    /// [`Capabilities::preview`].
    Preview,
    /// [`Capabilities::update`].
    Update,
    /// [`Capabilities::usage`].
    Usage,
    /// [`Capabilities::define_ranges`].
    DefineRanges,
    /// [`Capabilities::blocks`].
    Blocks,
    /// [`Capabilities::define_blocks`].
    DefineBlocks,
    /// [`Capabilities::allocate_ranges`].
    AllocateRanges,
    /// [`Capabilities::changes`].
    Changes,
    /// [`Capabilities::sweep`].
    Sweep,
    /// [`Capabilities::contiguous`].
    Contiguous,
    /// [`Capabilities::expiry`].
    Expiry,
    /// [`Capabilities::policies`].
    Policies,
    /// [`Capabilities::tags`].
    Tags,
    /// [`Capabilities::durable`].
    Durable,
}

impl Need {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Preview,
        Self::Update,
        Self::Usage,
        Self::DefineRanges,
        Self::Blocks,
        Self::DefineBlocks,
        Self::AllocateRanges,
        Self::Changes,
        Self::Sweep,
        Self::Contiguous,
        Self::Expiry,
        Self::Policies,
        Self::Tags,
        Self::Durable,
    ];

    /// Whether a provider claims it.
    #[must_use]
    pub const fn claimed(self, by: &Capabilities) -> bool {
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
            Self::Contiguous => by.contiguous,
            Self::Expiry => by.expiry,
            Self::Policies => by.policies,
            Self::Tags => by.tags,
            Self::Durable => by.durable,
        }
    }
}
