//! Requests about blocks, and about ranges that are allocated from blocks.

use ipnet::IpNet;

use super::{Precondition, setters};
use crate::{AllocationKey, BlockId, NetworkInfo, Owner, Patch, Properties, RangeId, RangePolicy, SpaceId, Tags};

/// Request to define a block.
///
/// ```
/// use ipam_core::{AllocateRange, DefineBlock, IpamProvider, MemoryProvider, NetworkInfo};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// let network = NetworkInfo::default().with_dns_servers([[10, 0, 0, 53].into()]);
/// let block = DefineBlock::new("campus", "10.0.0.0/8".parse()?).with_name("Campus").with_network(network);
/// ipam.define_block(&block).await?;
/// let child = ipam.allocate_range(&AllocateRange::prefix_len("tenant-7", "campus", 26)).await?;
/// assert_eq!(child.range.network.dns_servers.len(), 1, "taken over from the block");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DefineBlock {
    /// Id, unique in the provider.
    pub id: BlockId,
    /// Address space; [`SpaceId::DEFAULT`] by default.
    #[cfg_attr(feature = "serde", serde(default))]
    pub space: SpaceId,
    /// Name for people; the id if empty.
    #[cfg_attr(feature = "serde", serde(default))]
    pub name: String,
    /// Description for people.
    #[cfg_attr(feature = "serde", serde(default))]
    pub description: Option<String>,
    /// Prefix, without host bits.
    pub net: IpNet,
    /// DNS servers, domains and VLAN that a range allocated from the block starts with.
    ///
    /// A gateway is invalid here: no two ranges can have the same one.
    #[cfg_attr(feature = "serde", serde(default))]
    pub network: NetworkInfo,
    /// Tags.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tags: Tags,
    /// Free-form properties.
    #[cfg_attr(feature = "serde", serde(default))]
    pub properties: Properties,
}

impl DefineBlock {
    /// Makes a request for a block of the prefix `net`.
    pub fn new(id: impl Into<BlockId>, net: IpNet) -> Self {
        Self {
            id: id.into(),
            space: SpaceId::default(),
            // Empty, and not a copy of the id: a caller that changes `id` afterwards would leave the old text as name.
            // Providers store the id where the name is empty.
            name: String::new(),
            description: None,
            net,
            network: NetworkInfo::default(),
            tags: Tags::new(),
            properties: Properties::new(),
        }
    }

    setters! {
        /// Sets the address space.
        with_space => space: SpaceId;
        /// Sets the name for people.
        with_name => name: String;
        /// Sets the description; `None` for none.
        with_description => description: Option<String>;
        /// Sets DNS servers, domains and VLAN of ranges allocated from the block.
        with_network => network: NetworkInfo;
        /// Sets the tags.
        with_tags => tags: Tags;
        /// Sets the properties.
        with_properties => properties: Properties;
    }
}

/// Request to change a block. A field that is not set stays as it is; prefix and address space never change.
///
/// ```
/// use ipam_core::{DefineBlock, IpamProvider, MemoryProvider, Patch, UpdateBlock};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_block(&DefineBlock::new("campus", "10.0.0.0/8".parse()?)).await?;
/// let block = ipam.update_block(&UpdateBlock::new("campus").with_name("Main campus")).await?;
/// assert_eq!(block.name, "Main campus");
/// let block = ipam.update_block(&UpdateBlock::new("campus").with_name(Patch::Clear)).await?;
/// assert_eq!(block.name, "campus", "the id");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct UpdateBlock {
    /// Block to change.
    pub id: BlockId,
    /// Change to the name for people; clearing makes it the id.
    #[cfg_attr(feature = "serde", serde(default))]
    pub name: Patch<String>,
    /// Change to the description.
    #[cfg_attr(feature = "serde", serde(default))]
    pub description: Patch<String>,
    /// Change to DNS servers, domains and VLAN of later ranges; the new value replaces all of them.
    #[cfg_attr(feature = "serde", serde(default))]
    pub network: Patch<NetworkInfo>,
    /// Change to the tags; the new ones replace all.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tags: Patch<Tags>,
    /// Change to the properties; the new ones replace all.
    #[cfg_attr(feature = "serde", serde(default))]
    pub properties: Patch<Properties>,
}

impl UpdateBlock {
    /// Makes a request for the block `id` that changes nothing yet.
    pub fn new(id: impl Into<BlockId>) -> Self {
        Self {
            id: id.into(),
            name: Patch::Keep,
            description: Patch::Keep,
            network: Patch::Keep,
            tags: Patch::Keep,
            properties: Patch::Keep,
        }
    }

    setters! {
        /// Changes the name for people.
        with_name => name: Patch<String>;
        /// Changes the description. `None` keeps it; [`Patch::Clear`] clears it.
        with_description => description: Patch<String>;
        /// Changes DNS servers, domains and VLAN of later ranges, all at once.
        with_network => network: Patch<NetworkInfo>;
        /// Changes the tags; the new ones replace all.
        with_tags => tags: Patch<Tags>;
        /// Changes the properties; the new ones replace all.
        with_properties => properties: Patch<Properties>;
    }
}

/// Request to remove a block. Ranges inside it stay; they belong to the next larger block then, or to none.
///
/// ```
/// use ipam_core::{DefineBlock, IpamProvider, MemoryProvider, RemoveBlock};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_block(&DefineBlock::new("campus", "10.0.0.0/8".parse()?)).await?;
/// assert!(ipam.remove_block(&RemoveBlock::new("campus")).await?.is_some());
/// assert!(ipam.remove_block(&RemoveBlock::new("campus")).await?.is_none(), "repeatable");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RemoveBlock {
    /// Block to remove.
    pub id: BlockId,
}

impl RemoveBlock {
    /// Makes a request to remove the block `id`.
    pub fn new(id: impl Into<BlockId>) -> Self {
        Self { id: id.into() }
    }
}

/// Request to allocate a child prefix from the first of several blocks that has room, and to make a range of it.
///
/// The provider chooses the id of the new range. The range has the usable addresses of its prefix, no gateway, and the
/// DNS servers, domains and VLAN of its block.
///
/// ```
/// use ipam_core::{AllocateRange, DefineBlock, IpamProvider, IpamProviderExt, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_block(&DefineBlock::new("campus", "10.0.0.0/8".parse()?)).await?;
/// let request = AllocateRange::prefix_len("tenant-7", "campus", 26).with_key("tenant-7/net-1").with_name("Net 1");
/// let range = ipam.allocate_range(&request).await?.range;
/// assert_eq!((range.net.to_string().as_str(), range.name.as_str()), ("10.0.0.0/26", "Net 1"));
/// let taken = ipam.allocate_one(range.id, "vm-42").await?;
/// assert_eq!(taken.address.to_string(), "10.0.0.1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
// Without gateway and reserved addresses: the caller does not know the prefix yet. An `UpdateRange` sets them
// afterwards.
pub struct AllocateRange {
    /// Key: the name of the request. The same request with the same key returns the same range.
    ///
    /// All other fields are compared; see [`Fingerprint`](crate::Fingerprint#compared-fields). A difference is a
    /// [`Conflict`](crate::ErrorKind::Conflict). Without a key the provider makes a random one, and a request whose
    /// response is lost cannot be repeated.
    #[cfg_attr(feature = "serde", serde(default))]
    pub key: Option<AllocationKey>,
    /// Owner of the range.
    pub owner: Owner,
    /// Blocks to try, in this order; at least one.
    // Required in JSON, and so is the prefix: there is no block that every provider has, and no usual length.
    pub blocks: Vec<BlockId>,
    /// Selection of the prefix.
    pub prefix: ChildPrefix,
    /// Name of the new range for people; its prefix if empty.
    #[cfg_attr(feature = "serde", serde(default))]
    pub name: String,
    /// Description of the new range for people.
    #[cfg_attr(feature = "serde", serde(default))]
    pub description: Option<String>,
    /// Order of allocations, and quarantine, of the new range.
    #[cfg_attr(feature = "serde", serde(default))]
    pub policy: RangePolicy,
    /// Tags.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tags: Tags,
    /// Free-form properties.
    #[cfg_attr(feature = "serde", serde(default))]
    pub properties: Properties,
}

impl AllocateRange {
    /// Makes a request for `prefix` from `block`, for `owner`.
    pub fn new(owner: impl Into<Owner>, block: impl Into<BlockId>, prefix: ChildPrefix) -> Self {
        Self {
            key: None,
            owner: owner.into(),
            blocks: vec![block.into()],
            prefix,
            name: String::new(),
            description: None,
            policy: RangePolicy::default(),
            tags: Tags::new(),
            properties: Properties::new(),
        }
    }

    /// Makes a request for a free prefix of this length.
    pub fn prefix_len(owner: impl Into<Owner>, block: impl Into<BlockId>, prefix_len: u8) -> Self {
        Self::new(owner, block, ChildPrefix::PrefixLen(prefix_len))
    }

    /// Adds a block to try if those before it have no room.
    #[must_use]
    pub fn or_from(mut self, block: impl Into<BlockId>) -> Self {
        self.blocks.push(block.into());
        self
    }

    /// Sets the key, which makes the request repeatable.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<AllocationKey>) -> Self {
        self.key = Some(key.into());
        self
    }

    setters! {
        /// Sets the name for people.
        with_name => name: String;
        /// Sets the description; `None` for none.
        with_description => description: Option<String>;
        /// Sets order of allocations, and quarantine.
        with_policy => policy: RangePolicy;
        /// Sets the tags.
        with_tags => tags: Tags;
        /// Sets the properties.
        with_properties => properties: Properties;
    }
}

/// Selection of a child prefix.
///
/// ```
/// use ipam_core::{AllocateRange, ChildPrefix, DefineBlock, IpamProvider, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_block(&DefineBlock::new("campus", "10.0.0.0/8".parse()?)).await?;
/// let exact = ChildPrefix::Exact("10.0.0.0/24".parse()?);
/// ipam.allocate_range(&AllocateRange::new("tenant-7", "campus", exact)).await?;
/// // Best fit: 10.0.1.0/24 completes the /23 that is begun, and leaves the larger gaps whole.
/// let next = ipam.allocate_range(&AllocateRange::prefix_len("tenant-8", "campus", 24)).await?;
/// assert_eq!(next.range.net.to_string(), "10.0.1.0/24");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ChildPrefix {
    /// Free prefix of this length, by best fit: from the smallest free aligned gap of the block that can hold it. Of
    /// several gaps of that size it is the lowest one.
    PrefixLen(u8),
    /// Exactly this prefix, without host bits.
    Exact(IpNet),
}

/// Request to deallocate a range that was allocated from a block. It can be repeated: a range that does not exist
/// succeeds.
///
/// ```
/// use ipam_core::{AllocateRange, DeallocateRange, DefineBlock, IpamProvider, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_block(&DefineBlock::new("campus", "10.0.0.0/8".parse()?)).await?;
/// ipam.allocate_range(&AllocateRange::prefix_len("tenant-7", "campus", 26).with_key("tenant-7/net-1")).await?;
/// let removed = ipam.deallocate_range(&DeallocateRange::key("tenant-7/net-1").with_allocations(true)).await?;
/// assert_eq!(removed.range.map(|range| range.net.to_string()).as_deref(), Some("10.0.0.0/26"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DeallocateRange {
    /// Range to deallocate.
    pub target: RangeTarget,
    /// Condition on owner or key of the range. A range that does not meet it is left alone, without an error.
    #[cfg_attr(feature = "serde", serde(default))]
    pub precondition: Precondition,
    /// True to deallocate the allocated addresses of the range with it. By default the request fails if there are any.
    #[cfg_attr(feature = "serde", serde(default))]
    // `false` by default, so that machines lose their addresses only if the caller says so.
    pub with_allocations: bool,
}

impl DeallocateRange {
    /// Makes a request to deallocate the range `id` if none of its addresses is allocated.
    pub fn id(id: impl Into<RangeId>) -> Self {
        Self { target: RangeTarget::Id(id.into()), precondition: Precondition::Anyone, with_allocations: false }
    }

    /// Makes a request to deallocate the range of a key if none of its addresses is allocated.
    pub fn key(key: impl Into<AllocationKey>) -> Self {
        Self { target: RangeTarget::Key(key.into()), precondition: Precondition::Anyone, with_allocations: false }
    }

    setters! {
        /// Sets the condition on owner or key. It is for callers that may be late.
        with_precondition => precondition: Precondition;
        /// Sets whether allocated addresses of the range are deallocated with it.
        with_allocations => with_allocations: bool;
    }
}

/// Range to deallocate.
///
/// ```
/// use ipam_core::{DeallocateRange, RangeTarget};
///
/// let request = DeallocateRange::key("tenant-7/net-1");
/// assert_eq!(request.target, RangeTarget::Key("tenant-7/net-1".into()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum RangeTarget {
    /// Range of this id.
    Id(RangeId),
    /// Range that was allocated under this key.
    Key(AllocationKey),
}
