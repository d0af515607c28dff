//! What a case starts with, and what a harness makes of it.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;

use crate::{BlockId, DefineBlock, DefineRange, IpamProvider, RangeId, SpaceId};

/// The blocks and ranges a case needs before it begins. Blocks come before ranges, outer blocks before inner ones.
///
/// Their ids are names inside the case. A harness over a server that makes ids itself says in the [`Fixture`] what each
/// name became.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Setup {
    /// The blocks, in the order to define them.
    pub blocks: Vec<DefineBlock>,
    /// The ranges, in the order to define them.
    pub ranges: Vec<DefineRange>,
}

impl Setup {
    /// Nothing at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds a range over the usable addresses of `net`.
    #[must_use]
    pub fn range(self, id: &str, net: IpNet) -> Self {
        self.with_range(DefineRange::new(id, net))
    }

    /// Adds a range.
    #[must_use]
    pub fn with_range(mut self, range: DefineRange) -> Self {
        self.ranges.push(range);
        self
    }

    /// Adds a block over `net`.
    #[must_use]
    pub fn block(self, id: &str, net: IpNet) -> Self {
        self.with_block(DefineBlock::new(id, net))
    }

    /// Adds a block.
    #[must_use]
    pub fn with_block(mut self, block: DefineBlock) -> Self {
        self.blocks.push(block);
        self
    }

    /// Defines everything through the provider itself: what a harness calls whose provider can.
    ///
    /// # Errors
    /// [`NoFixture::Failed`] if the provider refuses, [`NoFixture::Unfit`] if it says that it cannot.
    pub async fn define(&self, provider: Arc<dyn IpamProvider>) -> Result<Fixture, NoFixture> {
        for block in &self.blocks {
            provider.define_block(block).await.map_err(NoFixture::from_define)?;
        }
        for range in &self.ranges {
            provider.define_range(range).await.map_err(NoFixture::from_define)?;
        }
        Ok(Fixture::new(provider))
    }
}

/// Why a harness has no fixture for a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoFixture {
    /// The provider cannot have such a plan (another order, a reservation, a second address space): the case is
    /// skipped, and this says why.
    Unfit(String),
    /// Setting up went wrong: the case fails.
    Failed(String),
}

impl NoFixture {
    fn from_define(error: crate::Error) -> Self {
        if error.is_unsupported() { Self::Unfit(error.to_string()) } else { Self::Failed(error.to_string()) }
    }
}

/// A provider that holds what a plan asked for and nothing else, until it is dropped.
#[non_exhaustive]
pub struct Fixture {
    /// The provider under test.
    pub provider: Arc<dyn IpamProvider>,
    /// Further handles to the same state, such as a second connection or another process's view. Cases with several
    /// callers use them by turns.
    pub others: Vec<Arc<dyn IpamProvider>>,
    /// What the range names of the plan became; a name that is missing stayed as it is.
    pub ranges: BTreeMap<RangeId, RangeId>,
    /// What the block names became.
    pub blocks: BTreeMap<BlockId, BlockId>,
    /// What the names of the address spaces became.
    pub spaces: BTreeMap<SpaceId, SpaceId>,
    /// Kept until the case is over: a directory, a server, whatever has to be cleaned up.
    pub guard: Box<dyn Any + Send + Sync>,
}

impl Fixture {
    /// A fixture whose names are those of the plan and that leaves nothing to clean up.
    pub fn new(provider: Arc<dyn IpamProvider>) -> Self {
        Self {
            provider,
            others: Vec::new(),
            ranges: BTreeMap::new(),
            blocks: BTreeMap::new(),
            spaces: BTreeMap::new(),
            guard: Box::new(()),
        }
    }

    /// Keeps `guard` until the case is over.
    #[must_use]
    pub fn with_guard(mut self, guard: impl Any + Send + Sync) -> Self {
        self.guard = Box::new(guard);
        self
    }

    /// Adds a handle to the same state.
    #[must_use]
    pub fn with_other(mut self, other: Arc<dyn IpamProvider>) -> Self {
        self.others.push(other);
        self
    }

    /// Says what a range name of the plan became.
    #[must_use]
    pub fn with_range(mut self, name: impl Into<RangeId>, id: impl Into<RangeId>) -> Self {
        self.ranges.insert(name.into(), id.into());
        self
    }

    /// Says what a block name of the plan became.
    #[must_use]
    pub fn with_block(mut self, name: impl Into<BlockId>, id: impl Into<BlockId>) -> Self {
        self.blocks.insert(name.into(), id.into());
        self
    }

    /// Says what the name of an address space became.
    #[must_use]
    pub fn with_space(mut self, name: impl Into<SpaceId>, id: impl Into<SpaceId>) -> Self {
        self.spaces.insert(name.into(), id.into());
        self
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture")
            .field("provider", &self.provider)
            .field("others", &self.others.len())
            .field("ranges", &self.ranges)
            .field("blocks", &self.blocks)
            .field("spaces", &self.spaces)
            .finish_non_exhaustive()
    }
}
