//! Names of operations, as errors, logs and metrics show them.

use std::fmt;

/// Operation that an [`Error`](crate::Error) or a layer names.
///
/// There is one per method of [`IpamProvider`](crate::IpamProvider) that does I/O ([`Operation::METHODS`]), and a few
/// for work around a provider. Its text is the name of the method.
///
/// ```
/// use ipam_core::Operation;
///
/// assert_eq!(Operation::ListRanges.to_string(), "list_ranges");
/// assert!(Operation::ListRanges.is_read() && !Operation::Allocate.is_read());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// [`check`](crate::IpamProvider::check).
    Check,
    /// [`list_ranges`](crate::IpamProvider::list_ranges).
    ListRanges,
    /// [`allocate`](crate::IpamProvider::allocate).
    Allocate,
    /// [`deallocate`](crate::IpamProvider::deallocate).
    Deallocate,
    /// [`find`](crate::IpamProvider::find).
    Find,
    /// [`preview_allocate`](crate::IpamProvider::preview_allocate).
    PreviewAllocate,
    /// [`update`](crate::IpamProvider::update).
    Update,
    /// [`usage`](crate::IpamProvider::usage).
    Usage,
    /// [`define_range`](crate::IpamProvider::define_range).
    DefineRange,
    /// [`update_range`](crate::IpamProvider::update_range).
    UpdateRange,
    /// [`remove_range`](crate::IpamProvider::remove_range).
    RemoveRange,
    /// [`list_blocks`](crate::IpamProvider::list_blocks).
    ListBlocks,
    /// [`define_block`](crate::IpamProvider::define_block).
    DefineBlock,
    /// [`update_block`](crate::IpamProvider::update_block).
    UpdateBlock,
    /// [`remove_block`](crate::IpamProvider::remove_block).
    RemoveBlock,
    /// [`allocate_range`](crate::IpamProvider::allocate_range).
    AllocateRange,
    /// [`deallocate_range`](crate::IpamProvider::deallocate_range).
    DeallocateRange,
    /// [`changes`](crate::IpamProvider::changes).
    Changes,
    /// [`sweep`](crate::IpamProvider::sweep).
    Sweep,
    /// [`list_records`](crate::IpamProvider::list_records).
    ListRecords,
    /// [`restore_records`](crate::IpamProvider::restore_records).
    RestoreRecords,
    /// [`close`](crate::IpamProvider::close).
    Close,
    /// Opening a provider or a store, with all that is probed on the way.
    Open,
    /// Checking a store for damage.
    CheckStore,
    /// Copying a store while it is in use.
    Backup,
    /// Replacing a store by a backup.
    Restore,
    /// Building a client, a layer or a registry from its configuration.
    Configure,
    /// Reading, checking or importing an address plan.
    Import,
    /// Writing a provider as an address plan.
    Export,
    /// Comparing two providers.
    Diff,
    /// Moving the contents of a provider to another one.
    Migrate,
    /// Logging in to a server.
    Login,
    /// An HTTP request outside a provider, by a client of its own.
    Send,
    /// Subnet calculation without a provider ([`net`](crate::net)).
    Calculate,
}

impl Operation {
    /// Operations of the trait, in the order of its methods.
    pub const METHODS: [Self; 22] = [
        Self::Check,
        Self::ListRanges,
        Self::Allocate,
        Self::Deallocate,
        Self::Find,
        Self::PreviewAllocate,
        Self::Update,
        Self::Usage,
        Self::DefineRange,
        Self::UpdateRange,
        Self::RemoveRange,
        Self::ListBlocks,
        Self::DefineBlock,
        Self::UpdateBlock,
        Self::RemoveBlock,
        Self::AllocateRange,
        Self::DeallocateRange,
        Self::Changes,
        Self::Sweep,
        Self::ListRecords,
        Self::RestoreRecords,
        Self::Close,
    ];

    /// Returns the name of the method, such as `"list_ranges"`.
    #[must_use]
    // The names of the methods where there is one, so that a message leads to the docs. They are also labels of
    // metrics, and stay.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::ListRanges => "list_ranges",
            Self::Allocate => "allocate",
            Self::Deallocate => "deallocate",
            Self::Find => "find",
            Self::PreviewAllocate => "preview_allocate",
            Self::Update => "update",
            Self::Usage => "usage",
            Self::DefineRange => "define_range",
            Self::UpdateRange => "update_range",
            Self::RemoveRange => "remove_range",
            Self::ListBlocks => "list_blocks",
            Self::DefineBlock => "define_block",
            Self::UpdateBlock => "update_block",
            Self::RemoveBlock => "remove_block",
            Self::AllocateRange => "allocate_range",
            Self::DeallocateRange => "deallocate_range",
            Self::Changes => "changes",
            Self::Sweep => "sweep",
            Self::ListRecords => "list_records",
            Self::RestoreRecords => "restore_records",
            Self::Close => "close",
            Self::Open => "open",
            Self::CheckStore => "check_store",
            Self::Backup => "backup_to",
            Self::Restore => "restore",
            Self::Configure => "configure",
            Self::Import => "import",
            Self::Export => "export",
            Self::Diff => "diff",
            Self::Migrate => "migrate",
            Self::Login => "log in",
            Self::Send => "send",
            Self::Calculate => "calculate",
        }
    }

    /// Returns true if the operation only reads: it changes nothing in the store or on the server.
    ///
    /// `Close`, `Open`, `CheckStore`, `Backup`, `Configure`, `Login`, `Export`, `Diff` and `Calculate` count as reads,
    /// because they change no address. `Send` does not: its method and path decide.
    #[must_use]
    // No `_` in the match: an operation that is added and writes must not pass for a read by default.
    pub const fn is_read(self) -> bool {
        match self {
            Self::Check
            | Self::ListRanges
            | Self::Find
            | Self::PreviewAllocate
            | Self::Usage
            | Self::ListBlocks
            | Self::Changes
            | Self::ListRecords
            // These change no address. A layer that guards against writes has to let them pass.
            | Self::Close
            | Self::Open
            | Self::CheckStore
            | Self::Backup
            | Self::Configure
            | Self::Login
            | Self::Export
            | Self::Diff
            | Self::Calculate => true,
            Self::Allocate
            | Self::Deallocate
            | Self::Update
            | Self::DefineRange
            | Self::UpdateRange
            | Self::RemoveRange
            | Self::DefineBlock
            | Self::UpdateBlock
            | Self::RemoveBlock
            | Self::AllocateRange
            | Self::DeallocateRange
            | Self::Sweep
            | Self::RestoreRecords
            | Self::Restore
            | Self::Import
            | Self::Migrate
            // A request of a client's own may be of any method: treated as a write, it is never repeated by mistake.
            | Self::Send => false,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
