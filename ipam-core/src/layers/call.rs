//! Description of one call, for layers.

use std::fmt;

use crate::{
    Allocate, AllocateRange, ChangePosition, Deallocate, DeallocateRange, DefineBlock, DefineRange, Find, IpamProvider,
    ListBlocks, ListRanges, ListRecords, Operation, RangeId, RangeTarget, RemoveBlock, RemoveRange, RestoreRecords,
    Result, Sweep, Target, Update, UpdateBlock, UpdateRange,
};

/// Request of a call of [`IpamProvider`], by operation.
///
/// ```
/// use ipam_core::{Allocate, Operation};
/// use ipam_core::layers::Request;
///
/// let request = Allocate::one("vm-42", "lan");
/// let seen = Request::Allocate(&request);
/// assert_eq!(seen.operation(), Operation::Allocate);
/// assert_eq!(seen.ranges(), [&"lan".into()]);
/// assert!(!seen.is_repeatable(), "it has no key");
/// ```
// Borrowed and `Copy`: a layer only looks at the request, which may have thousands of lines or targets to copy.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Request<'a> {
    /// Call of [`Operation::Check`].
    Check,
    /// Call of [`Operation::ListRanges`].
    ListRanges(&'a ListRanges),
    /// Call of [`Operation::Allocate`].
    Allocate(&'a Allocate),
    /// Call of [`Operation::Deallocate`].
    Deallocate(&'a Deallocate),
    /// Call of [`Operation::Find`].
    Find(&'a Find),
    /// Call of [`Operation::PreviewAllocate`].
    PreviewAllocate(&'a Allocate),
    /// Call of [`Operation::Update`].
    Update(&'a Update),
    /// Call of [`Operation::Usage`].
    Usage(&'a [RangeId]),
    /// Call of [`Operation::DefineRange`].
    DefineRange(&'a DefineRange),
    /// Call of [`Operation::UpdateRange`].
    UpdateRange(&'a UpdateRange),
    /// Call of [`Operation::RemoveRange`].
    RemoveRange(&'a RemoveRange),
    /// Call of [`Operation::ListBlocks`].
    ListBlocks(&'a ListBlocks),
    /// Call of [`Operation::DefineBlock`].
    DefineBlock(&'a DefineBlock),
    /// Call of [`Operation::UpdateBlock`].
    UpdateBlock(&'a UpdateBlock),
    /// Call of [`Operation::RemoveBlock`].
    RemoveBlock(&'a RemoveBlock),
    /// Call of [`Operation::AllocateRange`].
    AllocateRange(&'a AllocateRange),
    /// Call of [`Operation::DeallocateRange`].
    DeallocateRange(&'a DeallocateRange),
    /// Call of [`Operation::Changes`]: position and limit.
    Changes(Option<&'a ChangePosition>, u32),
    /// Call of [`Operation::Sweep`].
    Sweep(&'a Sweep),
    /// Call of [`Operation::ListRecords`].
    ListRecords(&'a ListRecords),
    /// Call of [`Operation::RestoreRecords`].
    RestoreRecords(&'a RestoreRecords),
    /// Call of [`Operation::Close`].
    Close,
}

impl<'a> Request<'a> {
    /// Returns the operation.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Check => Operation::Check,
            Self::ListRanges(_) => Operation::ListRanges,
            Self::Allocate(_) => Operation::Allocate,
            Self::Deallocate(_) => Operation::Deallocate,
            Self::Find(_) => Operation::Find,
            Self::PreviewAllocate(_) => Operation::PreviewAllocate,
            Self::Update(_) => Operation::Update,
            Self::Usage(_) => Operation::Usage,
            Self::DefineRange(_) => Operation::DefineRange,
            Self::UpdateRange(_) => Operation::UpdateRange,
            Self::RemoveRange(_) => Operation::RemoveRange,
            Self::ListBlocks(_) => Operation::ListBlocks,
            Self::DefineBlock(_) => Operation::DefineBlock,
            Self::UpdateBlock(_) => Operation::UpdateBlock,
            Self::RemoveBlock(_) => Operation::RemoveBlock,
            Self::AllocateRange(_) => Operation::AllocateRange,
            Self::DeallocateRange(_) => Operation::DeallocateRange,
            Self::Changes(..) => Operation::Changes,
            Self::Sweep(_) => Operation::Sweep,
            Self::ListRecords(_) => Operation::ListRecords,
            Self::RestoreRecords(_) => Operation::RestoreRecords,
            Self::Close => Operation::Close,
        }
    }

    /// Returns true if the same request may be made again after an unknown outcome.
    ///
    /// | request | repeatable |
    /// | --- | --- |
    /// | `Allocate`, `AllocateRange` | with a key |
    /// | `DefineRange`, `DefineBlock` | no: after a first attempt that was carried out, it fails with `AlreadyExists` |
    /// | all others: reads, `Deallocate`, `DeallocateRange`, `Update…`, `Remove…`, `Sweep`,
    /// `RestoreRecords`, `Close` | yes |
    ///
    /// A repeat of these does not fail for being one, and has the same effect if nothing else happens in between. If
    /// another caller has written in between, a repeat meets the newer state: an update overwrites it, and a
    /// `Deallocate` by [address](crate::Target::Address) may hit a later allocation of the address. A
    /// [`Precondition`](crate::Precondition) prevents the latter. Allocation ids and keys that the caller does not use
    /// again are safe without one.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        match self {
            Self::Allocate(request) => request.key.is_some(),
            Self::AllocateRange(request) => request.key.is_some(),
            Self::DefineRange(_) | Self::DefineBlock(_) => false,
            // Updates set values and do not count, removals and deallocations succeed if there is nothing left to
            // remove. No `_`: a new operation has to be considered here.
            Self::Check
            | Self::ListRanges(_)
            | Self::Deallocate(_)
            | Self::Find(_)
            | Self::PreviewAllocate(_)
            | Self::Update(_)
            | Self::Usage(_)
            | Self::UpdateRange(_)
            | Self::RemoveRange(_)
            | Self::ListBlocks(_)
            | Self::UpdateBlock(_)
            | Self::RemoveBlock(_)
            | Self::DeallocateRange(_)
            | Self::Changes(..)
            | Self::Sweep(_)
            | Self::ListRecords(_)
            // What is there already is left alone.
            | Self::RestoreRecords(_)
            | Self::Close => true,
        }
    }

    /// Checks the request against the rules that hold in every state. A layer that refuses calls does so first, so that
    /// an invalid request fails in the same way through every layer.
    ///
    /// # Errors
    /// `InvalidInput` for the first rule that is broken; the message names the field, its value and the remedy.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::ListRanges(request) => request.page.validate(self.operation()),
            Self::ListBlocks(request) => request.page.validate(self.operation()),
            Self::Allocate(request) | Self::PreviewAllocate(request) => request.validate(),
            Self::Deallocate(request) => request.validate(),
            Self::Find(request) => request.validate(),
            Self::Update(request) => request.validate(),
            Self::DefineRange(request) => request.validate(),
            Self::UpdateRange(request) => request.validate(),
            Self::DefineBlock(request) => request.validate(),
            Self::UpdateBlock(request) => request.validate(),
            Self::AllocateRange(request) => request.validate(),
            Self::DeallocateRange(request) => request.validate(),
            Self::ListRecords(request) => request.page.validate(self.operation()),
            Self::RestoreRecords(request) => request.validate(),
            // Without rules of their own: an id that cannot exist is not found, or is free already.
            Self::Check
            | Self::Usage(_)
            | Self::RemoveRange(_)
            | Self::RemoveBlock(_)
            | Self::Changes(..)
            | Self::Sweep(_)
            | Self::Close => Ok(()),
        }
    }

    /// Returns the ranges that the request names, in its order; none if it names only allocations or keys.
    #[must_use]
    pub fn ranges(&self) -> Vec<&'a RangeId> {
        match *self {
            Self::ListRanges(request) => request.filter.ids.iter().collect(),
            Self::Allocate(request) | Self::PreviewAllocate(request) => {
                request.lines.iter().flat_map(|line| &line.ranges).collect()
            }
            Self::Deallocate(request) => {
                let named = |target: &'a Target| match target {
                    Target::Address { range, .. } => Some(range),
                    Target::Id(_) | Target::Key(_) => None,
                };
                request.targets.iter().filter_map(named).collect()
            }
            Self::Find(request) => request.range.iter().collect(),
            Self::Usage(ranges) => ranges.iter().collect(),
            Self::DefineRange(request) => vec![&request.id],
            Self::UpdateRange(request) => vec![&request.id],
            Self::RemoveRange(request) => vec![&request.id],
            Self::DeallocateRange(request) => match &request.target {
                RangeTarget::Id(range) => vec![range],
                RangeTarget::Key(_) => Vec::new(),
            },
            Self::Check
            | Self::Update(_)
            | Self::ListBlocks(_)
            | Self::DefineBlock(_)
            | Self::UpdateBlock(_)
            | Self::RemoveBlock(_)
            | Self::AllocateRange(_)
            | Self::Changes(..)
            | Self::Sweep(_)
            | Self::ListRecords(_)
            | Self::RestoreRecords(_)
            | Self::Close => Vec::new(),
        }
    }
}

/// Call on its way through a layer: the request, and the provider below.
///
/// See [`Intercept`](super::Intercept) for an example.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    request: Request<'a>,
    provider: &'a dyn IpamProvider,
}

impl<'a> Call<'a> {
    pub(super) const fn new(request: Request<'a>, provider: &'a dyn IpamProvider) -> Self {
        Self { request, provider }
    }

    /// Returns the operation.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.request.operation()
    }

    /// Returns the request.
    #[must_use]
    pub const fn request(&self) -> Request<'a> {
        self.request
    }

    /// Returns the provider below the layer, for calls that the layer makes itself, such as a look-up.
    #[must_use]
    pub const fn provider(&self) -> &'a dyn IpamProvider {
        self.provider
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Labels and owners may be personal data: a layer that logs a call shows operation and ranges only.
        f.debug_struct("Call")
            .field("operation", &self.operation())
            .field("ranges", &self.request.ranges())
            .finish_non_exhaustive()
    }
}
