//! What providers return.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use ipnet::IpNet;

use crate::net::IpRange;
use crate::{AllocationId, AllocationKey, BlockId, ChangePosition, MacAddr, Owner, PageToken, RangeId, SpaceId};

/// Free-form properties by name.
pub type Properties = BTreeMap<String, String>;

/// A key and a value; a key may stand with several values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tag {
    /// What the tag is about.
    pub key: String,
    /// Its value; empty where the key says it all.
    #[cfg_attr(feature = "serde", serde(default))]
    pub value: String,
}

impl Tag {
    /// A tag of a key and a value.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.value.is_empty() { f.write_str(&self.key) } else { write!(f, "{}={}", self.key, self.value) }
    }
}

/// A set of tags.
pub type Tags = BTreeSet<Tag>;

/// The VLAN a range lies in (IEEE 802.1Q).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Vlan {
    /// The VLAN identifier, 1 to 4094.
    pub number: u16,
    /// Its name.
    pub name: Option<String>,
}

impl Vlan {
    /// The VLAN of this number, without a name.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self { number, name: None }
    }

    /// Names it.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// What the machines of a network need to know besides their address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct NetworkInfo {
    /// The default gateway. Never handed out.
    pub gateway: Option<IpAddr>,
    /// DNS servers, in the order to try.
    pub dns_servers: Vec<IpAddr>,
    /// DNS search domains, in the order to try.
    pub search_domains: Vec<String>,
    /// The DNS domain of the machines.
    pub domain: Option<String>,
    /// The VLAN.
    pub vlan: Option<Vlan>,
}

/// In which order the free addresses of a range are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Order {
    /// The lowest free address.
    #[default]
    FirstFree,
    /// A free address at random, so that the next one cannot be guessed.
    Random,
    /// The address that has rested longest: never used ones in order, then the one given back longest ago.
    LeastRecentlyUsed,
}

/// How the addresses of a range are handed out and taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct RangePolicy {
    /// Which free address comes next.
    pub order: Order,
    /// How long an address rests after it was given back before it is handed out again. It counts as used meanwhile.
    #[cfg_attr(feature = "serde", serde(with = "crate::text::seconds"))]
    pub quarantine: Duration,
}

impl RangePolicy {
    /// Sets the order.
    #[must_use]
    pub const fn with_order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Sets the rest time.
    #[must_use]
    pub const fn with_quarantine(mut self, rest: Duration) -> Self {
        self.quarantine = rest;
        self
    }
}

/// A contiguous set of addresses inside one prefix, from which addresses are allocated.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Range {
    /// Its name in the provider.
    pub id: RangeId,
    /// The address space.
    pub space: SpaceId,
    /// The smallest block around it, if there is one.
    pub block: Option<BlockId>,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The prefix; it gives the machines their prefix length.
    pub net: IpNet,
    /// The first and the last address that may be allocated.
    pub addresses: IpRange,
    /// Gateway, DNS, VLAN.
    pub network: NetworkInfo,
    /// Addresses never handed out. The gateway is not listed, but counts among them.
    pub reserved: Vec<IpRange>,
    /// How its addresses are handed out.
    pub policy: RangePolicy,
    /// Tags.
    pub tags: Tags,
    /// Free-form properties.
    pub properties: Properties,
    /// The key of the request that carved it from a block.
    pub key: Option<AllocationKey>,
    /// Who it was carved for.
    pub owner: Option<Owner>,
}

impl Range {
    /// A range over `addresses` of `net`, with nothing else set. For a provider's author.
    pub fn new(id: impl Into<RangeId>, space: impl Into<SpaceId>, net: IpNet, addresses: IpRange) -> Self {
        let id = id.into();
        Self {
            name: id.to_string(),
            id,
            space: space.into(),
            block: None,
            description: None,
            net,
            addresses,
            network: NetworkInfo::default(),
            reserved: Vec::new(),
            policy: RangePolicy::default(),
            tags: Tags::new(),
            properties: Properties::new(),
            key: None,
            owner: None,
        }
    }

    /// Whether `address` is one that this range may hand out: inside, not the gateway, not reserved.
    #[must_use]
    pub fn can_allocate(&self, address: IpAddr) -> bool {
        self.addresses.contains(address)
            && self.network.gateway != Some(address)
            && !self.reserved.iter().any(|reserved| reserved.contains(address))
    }
}

/// A prefix that ranges may be carved from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Block {
    /// Its name in the provider.
    pub id: BlockId,
    /// The address space.
    pub space: SpaceId,
    /// Its name for people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The prefix.
    pub net: IpNet,
    /// DNS, domain and VLAN that ranges carved from it start with.
    pub network: NetworkInfo,
    /// Tags.
    pub tags: Tags,
    /// Free-form properties.
    pub properties: Properties,
}

impl Block {
    /// A block over `net`, with nothing else set. For a provider's author.
    pub fn new(id: impl Into<BlockId>, space: impl Into<SpaceId>, net: IpNet) -> Self {
        let id = id.into();
        Self {
            name: id.to_string(),
            id,
            space: space.into(),
            description: None,
            net,
            network: NetworkInfo::default(),
            tags: Tags::new(),
            properties: Properties::new(),
        }
    }
}

/// What an address is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum AllocationState {
    /// In use.
    #[default]
    Allocated,
    /// Set aside by an administrator; never handed out.
    Reserved,
    /// Given back and resting; never handed out before its time.
    Quarantined,
}

/// What callers say about an address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct Labels {
    /// The host's name.
    pub hostname: Option<String>,
    /// What the address is for.
    pub description: Option<String>,
    /// The MAC address of the interface.
    pub mac: Option<MacAddr>,
    /// Tags.
    pub tags: Tags,
}

impl Labels {
    /// Sets the host name.
    #[must_use]
    pub fn with_hostname(mut self, hostname: impl Into<String>) -> Self {
        self.hostname = Some(hostname.into());
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets the MAC address.
    #[must_use]
    pub const fn with_mac(mut self, mac: MacAddr) -> Self {
        self.mac = Some(mac);
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn with_tag(mut self, tag: Tag) -> Self {
        self.tags.insert(tag);
        self
    }
}

/// One address of one range, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Allocation {
    /// Its name in the provider; never used again for another allocation.
    pub id: AllocationId,
    /// The address space.
    pub space: SpaceId,
    /// The range.
    pub range: RangeId,
    /// The address.
    pub address: IpAddr,
    /// What the address is doing.
    pub state: AllocationState,
    /// The key of the request that took it. A provider makes one where the caller gave none; what others put into a
    /// server carries none.
    pub key: Option<AllocationKey>,
    /// Who it is for.
    pub owner: Option<Owner>,
    /// Host name, description, MAC address, tags.
    pub labels: Labels,
    /// When it was taken, if the provider keeps that.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::option_time"))]
    pub created: Option<SystemTime>,
    /// When it was last changed, if the provider keeps that.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::option_time"))]
    pub updated: Option<SystemTime>,
    /// When it ends by itself.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::option_time"))]
    pub expires: Option<SystemTime>,
}

impl Allocation {
    /// An allocated address with nothing else set. For a provider's author.
    pub fn new(
        id: impl Into<AllocationId>,
        space: impl Into<SpaceId>,
        range: impl Into<RangeId>,
        address: IpAddr,
    ) -> Self {
        Self {
            id: id.into(),
            space: space.into(),
            range: range.into(),
            address,
            state: AllocationState::Allocated,
            key: None,
            owner: None,
            labels: Labels::default(),
            created: None,
            updated: None,
            expires: None,
        }
    }
}

/// What [`allocate`](crate::IpamProvider::allocate) took.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Allocated {
    /// The request's key, or the one the provider made.
    pub key: AllocationKey,
    /// For each line of the request, in that order, its addresses, in ascending order.
    pub lines: Vec<Vec<Allocation>>,
    /// Whether an earlier call with this key had taken them.
    pub repeated: bool,
}

impl Allocated {
    /// What a provider answers.
    #[must_use]
    pub const fn new(key: AllocationKey, lines: Vec<Vec<Allocation>>, repeated: bool) -> Self {
        Self { key, lines, repeated }
    }

    /// All allocations, line after line.
    pub fn iter(&self) -> impl Iterator<Item = &Allocation> {
        self.lines.iter().flatten()
    }
}

/// An address that [`preview_allocate`](crate::IpamProvider::preview_allocate) would take.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Candidate {
    /// The range.
    pub range: RangeId,
    /// The address.
    pub address: IpAddr,
}

impl Candidate {
    /// An address of a range.
    pub fn new(range: impl Into<RangeId>, address: IpAddr) -> Self {
        Self { range: range.into(), address }
    }
}

/// What an [`allocate`](crate::IpamProvider::allocate) would take now. Nothing is held: another caller may be quicker.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Preview {
    /// For each line of the request, in that order, its addresses.
    pub lines: Vec<Vec<Candidate>>,
}

impl Preview {
    /// What a provider answers.
    #[must_use]
    pub const fn new(lines: Vec<Vec<Candidate>>) -> Self {
        Self { lines }
    }
}

/// What became of one target of a [`deallocate`](crate::IpamProvider::deallocate).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Freed {
    /// The allocations that ended. Empty if it was free already, or belongs to somebody who was not expected.
    pub freed: Vec<Allocation>,
}

impl Freed {
    /// What a provider answers for one target.
    #[must_use]
    pub const fn new(freed: Vec<Allocation>) -> Self {
        Self { freed }
    }

    /// Whether there was nothing to free.
    #[must_use]
    pub fn was_free(&self) -> bool {
        self.freed.is_empty()
    }
}

/// What [`deallocate`](crate::IpamProvider::deallocate) gave back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Deallocated {
    /// For each target of the request, in that order, what became of it.
    pub targets: Vec<Freed>,
}

impl Deallocated {
    /// What a provider answers.
    #[must_use]
    pub const fn new(targets: Vec<Freed>) -> Self {
        Self { targets }
    }

    /// All allocations that ended.
    pub fn freed(&self) -> impl Iterator<Item = &Allocation> {
        self.targets.iter().flat_map(|target| &target.freed)
    }

    /// Whether nothing at all was freed.
    #[must_use]
    pub fn was_free(&self) -> bool {
        self.targets.iter().all(Freed::was_free)
    }
}

/// What [`allocate_range`](crate::IpamProvider::allocate_range) carved.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct AllocatedRange {
    /// The request's key, or the one the provider made.
    pub key: AllocationKey,
    /// The new range.
    pub range: Range,
    /// Whether an earlier call with this key had carved it.
    pub repeated: bool,
}

impl AllocatedRange {
    /// What a provider answers.
    #[must_use]
    pub const fn new(key: AllocationKey, range: Range, repeated: bool) -> Self {
        Self { key, range, repeated }
    }
}

/// What [`remove_range`](crate::IpamProvider::remove_range) or
/// [`deallocate_range`](crate::IpamProvider::deallocate_range) took away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RemovedRange {
    /// The range as it was; `None` if it was gone already, or belongs to somebody who was not expected.
    pub range: Option<Range>,
    /// The allocations that ended with it.
    pub freed: Vec<Allocation>,
}

impl RemovedRange {
    /// What a provider answers.
    #[must_use]
    pub const fn new(range: Option<Range>, freed: Vec<Allocation>) -> Self {
        Self { range, freed }
    }

    /// Whether there was nothing to take away.
    #[must_use]
    pub const fn was_free(&self) -> bool {
        self.range.is_none()
    }
}

/// How full a range is. The four parts add up to `total`.
///
/// In JSON a count is a number up to 2^53 − 1, and a string of decimal digits above (RFC 7493 §2.2); both are read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Usage {
    /// The range.
    pub range: RangeId,
    /// How many addresses lie between the first and the last, both included.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub total: u128,
    /// How many are allocated.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub allocated: u128,
    /// How many are never handed out: reservations and the gateway, where they lie inside.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub reserved: u128,
    /// How many rest after they were given back.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub quarantined: u128,
    /// How many can be handed out now.
    #[cfg_attr(feature = "serde", serde(with = "crate::count"))]
    pub free: u128,
}

impl Usage {
    /// The usage of a range; what is left of `total` is free.
    pub fn new(range: impl Into<RangeId>, total: u128, allocated: u128, reserved: u128, quarantined: u128) -> Self {
        let used = allocated.saturating_add(reserved).saturating_add(quarantined);
        Self { range: range.into(), total, allocated, reserved, quarantined, free: total.saturating_sub(used) }
    }
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in an order that does not change from page to page.
    pub items: Vec<T>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<PageToken>,
}

impl<T> Page<T> {
    /// A page and where the next one begins.
    #[must_use]
    pub const fn new(items: Vec<T>, next: Option<PageToken>) -> Self {
        Self { items, next }
    }
}

/// What happened to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum ChangeKind {
    /// An address was taken.
    Allocated,
    /// An allocation's labels or expiry changed.
    Updated,
    /// An address was given back.
    Deallocated,
    /// An allocation ended by itself.
    Expired,
    /// A range was defined or carved.
    RangeDefined,
    /// A range was changed.
    RangeUpdated,
    /// A range was taken away.
    RangeRemoved,
    /// A block was defined.
    BlockDefined,
    /// A block was changed.
    BlockUpdated,
    /// A block was taken away.
    BlockRemoved,
}

/// One entry of the feed: who did what to what, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Change {
    /// Where it stands in the feed.
    pub position: ChangePosition,
    /// When it happened, by the provider's clock.
    #[cfg_attr(feature = "serde", serde(with = "crate::text::time"))]
    pub at: SystemTime,
    /// What happened.
    pub kind: ChangeKind,
    /// Who did it: the name the provider was opened with.
    pub actor: Option<String>,
    /// Whose address or range it is.
    pub owner: Option<Owner>,
    /// The address space.
    pub space: SpaceId,
    /// The range, if it is about a range or an address of it.
    pub range: Option<RangeId>,
    /// The block, if it is about a block.
    pub block: Option<BlockId>,
    /// The address, if it is about one.
    pub address: Option<IpAddr>,
    /// The allocation, if it is about one.
    pub allocation: Option<AllocationId>,
    /// The key of the request that took it.
    pub key: Option<AllocationKey>,
}

impl Change {
    /// An entry about `space` with nothing else set. For a provider's author.
    pub fn new(position: ChangePosition, at: SystemTime, kind: ChangeKind, space: SpaceId) -> Self {
        Self {
            position,
            at,
            kind,
            actor: None,
            owner: None,
            space,
            range: None,
            block: None,
            address: None,
            allocation: None,
            key: None,
        }
    }
}

/// A part of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Changes {
    /// The entries, oldest first.
    pub items: Vec<Change>,
    /// Where to read on, also when there is nothing new yet.
    pub next: ChangePosition,
}

impl Changes {
    /// Entries and where to read on.
    #[must_use]
    pub const fn new(items: Vec<Change>, next: ChangePosition) -> Self {
        Self { items, next }
    }
}
