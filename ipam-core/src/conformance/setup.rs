//! Set-up that a case asks for, and the fixture that a harness returns.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;

use crate::{BlockId, DefineBlock, DefineRange, IpamProvider, RangeId, SpaceId};

/// Set-up of a case: the blocks and ranges that must exist before it begins.
///
/// Define blocks before ranges, and in the order of the lists: outer blocks come before inner ones. The ids are names
/// inside the case. If the server chooses ids itself, map each name to its id in the [`Fixture`].
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use ipam_core::conformance::Setup;
/// use ipam_core::{IpamProviderExt, MemoryProvider};
///
/// let setup = Setup::empty().block("campus", "10.20.0.0/16".parse()?).range("lan", "10.20.1.0/24".parse()?);
/// let fixture = setup.define(Arc::new(MemoryProvider::new())).await.map_err(|error| format!("{error:?}"))?;
/// let allocation = fixture.provider.allocate_one("lan", "vm-1").await?;
/// assert_eq!(allocation.address.to_string(), "10.20.1.1");
/// # Ok(())
/// # }
/// # futures_executor::block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Setup {
    /// Blocks, in the order to define them.
    pub blocks: Vec<DefineBlock>,
    /// Ranges, in the order to define them.
    pub ranges: Vec<DefineRange>,
}

impl Setup {
    /// Returns a set-up without blocks and ranges.
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

    /// Defines the blocks and ranges with the provider's own methods, and returns a fixture of the provider.
    ///
    /// # Errors
    /// [`NoFixture::Unfit`] if the provider fails with [`Unsupported`](crate::ErrorKind::Unsupported);
    /// [`NoFixture::Failed`] for any other error.
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

/// Reason why a harness returns no fixture for a set-up.
///
/// ```
/// use ipam_core::SpaceId;
/// use ipam_core::conformance::{NoFixture, Setup};
///
/// /// Refuses a set-up for a server that has no address spaces.
/// fn check(setup: &Setup) -> Result<(), NoFixture> {
///     match setup.ranges.iter().find(|range| range.space != SpaceId::default()) {
///         Some(range) => Err(NoFixture::Unfit(format!("the server has no address space {:?}", range.space))),
///         None => Ok(()),
///     }
/// }
///
/// let setup = Setup::empty().range("lan", "10.20.1.0/24".parse().unwrap());
/// assert_eq!(check(&setup), Ok(()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoFixture {
    /// The provider cannot have such a set-up (another order, a reservation, a second address space). The case is
    /// skipped with this reason.
    Unfit(String),
    /// Setting up went wrong. The case fails with this message.
    Failed(String),
}

impl NoFixture {
    fn from_define(error: crate::Error) -> Self {
        // A provider that can define ranges, but not this one, cannot run the case. Any other error is a defect.
        if error.is_unsupported() { Self::Unfit(error.to_string()) } else { Self::Failed(error.to_string()) }
    }
}

/// Provider with the set-up of a case, and the guard that cleans up after the case.
///
/// ```
/// use std::sync::Arc;
/// use ipam_core::conformance::Fixture;
/// # let provider = ipam_core::MemoryProvider::new();
/// # let second_connection = provider.clone();
/// # struct Server;
/// # let server = Server;
///
/// // The server numbers its ranges: the range "lan" of the set-up has the id 17 there.
/// let fixture = Fixture::new(Arc::new(provider))
///     .with_other(Arc::new(second_connection))
///     .with_range("lan", "17")
///     .with_guard(server);
/// assert_eq!(fixture.ranges["lan"].as_str(), "17");
/// ```
#[non_exhaustive]
pub struct Fixture {
    /// Provider under test.
    pub provider: Arc<dyn IpamProvider>,
    /// Further handles to the same state, such as second connections. Cases with several callers use all handles by
    /// turns. Empty by default: the callers then share [`provider`](Self::provider).
    pub others: Vec<Arc<dyn IpamProvider>>,
    /// Ids of the ranges by their names in the set-up. A name that is missing is its own id.
    pub ranges: BTreeMap<RangeId, RangeId>,
    /// Ids of the blocks by their names in the set-up. A name that is missing is its own id.
    pub blocks: BTreeMap<BlockId, BlockId>,
    /// Ids of the address spaces by their names in the set-up. A name that is missing is its own id.
    pub spaces: BTreeMap<SpaceId, SpaceId>,
    /// Value that is dropped after the case, such as a temporary directory or a server.
    ///
    /// It is the last field, so that the providers are dropped before what they use.
    pub guard: Box<dyn Any + Send + Sync>,
}

impl Fixture {
    /// Returns a fixture without further handles, mapped ids and guard.
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

    /// Sets the value that is dropped after the case. It replaces an earlier guard.
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

    /// Maps the name of a range in the set-up to its id.
    #[must_use]
    pub fn with_range(mut self, name: impl Into<RangeId>, id: impl Into<RangeId>) -> Self {
        self.ranges.insert(name.into(), id.into());
        self
    }

    /// Maps the name of a block in the set-up to its id.
    #[must_use]
    pub fn with_block(mut self, name: impl Into<BlockId>, id: impl Into<BlockId>) -> Self {
        self.blocks.insert(name.into(), id.into());
        self
    }

    /// Maps the name of an address space in the set-up to its id.
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
