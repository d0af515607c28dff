//! Description of one call, for layers.

use std::fmt;

use crate::{
    Allocate, AllocateRange, ChangePosition, Deallocate, DeallocateRange, DefineBlock, DefineRange, Find, IpamProvider,
    ListBlocks, ListRanges, Operation, RangeId, RangeTarget, RemoveBlock, RemoveRange, Result, Sweep, Target, Update,
    UpdateBlock, UpdateRange,
};

/// Request of a call, by operation.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Request<'a> {
    /// [`Operation::Check`].
    Check,
    /// [`Operation::ListRanges`].
    ListRanges(&'a ListRanges),
    /// [`Operation::Allocate`].
    Allocate(&'a Allocate),
    /// [`Operation::Deallocate`].
    Deallocate(&'a Deallocate),
    /// [`Operation::Find`].
    Find(&'a Find),
    /// [`Operation::PreviewAllocate`].
    PreviewAllocate(&'a Allocate),
    /// [`Operation::Update`].
    Update(&'a Update),
    /// [`Operation::Usage`].
    Usage(&'a [RangeId]),
    /// [`Operation::DefineRange`].
    DefineRange(&'a DefineRange),
    /// [`Operation::UpdateRange`].
    UpdateRange(&'a UpdateRange),
    /// [`Operation::RemoveRange`].
    RemoveRange(&'a RemoveRange),
    /// [`Operation::ListBlocks`].
    ListBlocks(&'a ListBlocks),
    /// [`Operation::DefineBlock`].
    DefineBlock(&'a DefineBlock),
    /// [`Operation::UpdateBlock`].
    UpdateBlock(&'a UpdateBlock),
    /// [`Operation::RemoveBlock`].
    RemoveBlock(&'a RemoveBlock),
    /// [`Operation::AllocateRange`].
    AllocateRange(&'a AllocateRange),
    /// [`Operation::DeallocateRange`].
    DeallocateRange(&'a DeallocateRange),
    /// [`Operation::Changes`]: position and limit.
    Changes(Option<&'a ChangePosition>, u32),
    /// [`Operation::Sweep`].
    Sweep(&'a Sweep),
    /// [`Operation::Close`].
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
            Self::Close => Operation::Close,
        }
    }

    /// Tells whether the same request may be made again when its outcome is unknown.
    ///
    /// An allocation may if it has a key. A definition may not: if the first attempt was carried out, the second one
    /// fails with `AlreadyExists`.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        match self {
            Self::Allocate(request) => request.key.is_some(),
            Self::AllocateRange(request) => request.key.is_some(),
            Self::DefineRange(_) | Self::DefineBlock(_) => false,
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
            | Self::Close => true,
        }
    }

    /// Checks what can be checked without a provider. A layer that refuses calls does this first, so that a request that
    /// no state can make right fails in the same way through every layer.
    ///
    /// # Errors
    /// `InvalidInput` that names the field, its value and the remedy.
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
            Self::Check
            | Self::Usage(_)
            | Self::RemoveRange(_)
            | Self::RemoveBlock(_)
            | Self::Changes(..)
            | Self::Sweep(_)
            | Self::Close => Ok(()),
        }
    }

    /// Returns the ranges that the request names, in its order; none where it names an allocation or a key only.
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
            | Self::Close => Vec::new(),
        }
    }
}

/// One call on its way through a layer.
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

    /// Returns the provider below the layer, for questions of the layer's own.
    #[must_use]
    pub const fn provider(&self) -> &'a dyn IpamProvider {
        self.provider
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Labels and owners are the callers' data; a layer that logs a call names operation and ranges.
        f.debug_struct("Call")
            .field("operation", &self.operation())
            .field("ranges", &self.request.ranges())
            .finish_non_exhaustive()
    }
}
