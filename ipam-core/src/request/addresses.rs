//! Requests to allocate, deallocate and update addresses.

use std::net::IpAddr;
use std::time::Duration;

use super::setters;
use crate::net::IpRange;
use crate::{AllocationId, AllocationKey, Labels, MacAddr, Owner, Patch, RangeId, Tags};

/// Request to allocate addresses: all of its lines, or none.
///
/// ```
/// use ipam_core::{Allocate, AllocateLine, DefineRange, IpamProvider, Labels, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// let request = Allocate::new("vm-42")
///     .with_key("vm-42/nic-0")
///     .with_line(AllocateLine::next("lan", 1).with_labels(Labels::default().with_hostname("web1")));
/// let allocated = ipam.allocate(&request).await?;
/// assert_eq!(allocated.lines[0][0].address.to_string(), "192.0.2.1");
///
/// // The same key with another request is a conflict. Everything but the key is compared.
/// let other = Allocate::one("vm-43", "lan").with_key("vm-42/nic-0");
/// assert!(ipam.allocate(&other).await.unwrap_err().is_conflict());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Allocate {
    /// Key: the name of the request. The same request with the same key returns the same allocations, however often it
    /// is sent.
    ///
    /// The request is the same if owner and lines are equal, with all of their fields: ranges, selection, excluded
    /// addresses, labels and expiry. See [`Fingerprint`](crate::Fingerprint#compared-fields). Any difference is a
    /// [`Conflict`](crate::ErrorKind::Conflict). A key is unique in one provider, also between owners.
    ///
    /// Without a key the provider makes a random one. Such a request cannot be repeated: if its response is lost, a
    /// second one allocates more addresses.
    #[cfg_attr(feature = "serde", serde(default))]
    pub key: Option<AllocationKey>,
    /// Owner of the addresses.
    pub owner: Owner,
    /// Lines, such as one for each network card; 1 to [`MAX_LINES`](crate::MAX_LINES).
    pub lines: Vec<AllocateLine>,
}

impl Allocate {
    /// Makes a request for `owner`, without lines yet.
    pub fn new(owner: impl Into<Owner>) -> Self {
        Self { key: None, owner: owner.into(), lines: Vec::new() }
    }

    /// Makes a request for the next free address of one range.
    pub fn one(owner: impl Into<Owner>, range: impl Into<RangeId>) -> Self {
        Self::new(owner).with_line(AllocateLine::next(range, 1))
    }

    /// Sets the key, which makes the request repeatable.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<AllocationKey>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Adds a line.
    #[must_use]
    pub fn with_line(mut self, line: AllocateLine) -> Self {
        self.lines.push(line);
        self
    }
}

/// Line of an allocation request: a number of addresses, all from the first of its ranges that has room for them.
///
/// ```
/// use std::time::Duration;
/// use ipam_core::{Allocate, AllocateLine, DefineRange, IpamProvider, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("small", "192.0.2.0/30".parse()?)).await?;
/// ipam.define_range(&DefineRange::new("large", "198.51.100.0/24".parse()?)).await?;
/// let line = AllocateLine::next("small", 3) // has two addresses only
///     .or_from("large")
///     .without(std::net::Ipv4Addr::new(198, 51, 100, 1))
///     .with_expiry(Duration::from_secs(3600));
/// let allocated = ipam.allocate(&Allocate::new("vm-42").with_line(line)).await?;
/// assert_eq!(allocated.lines[0][0].address.to_string(), "198.51.100.2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct AllocateLine {
    /// Ranges to try, in this order; at least one. A line is never split over two ranges.
    pub ranges: Vec<RangeId>,
    /// Selection of the addresses.
    // Without a default in JSON: a number that was forgotten must not become one address.
    pub selection: Selection,
    /// Addresses that are not allocated, even if they are free.
    #[cfg_attr(feature = "serde", serde(default))]
    pub exclude: Vec<IpRange>,
    /// Host name, description, MAC address and tags of each address of the line.
    #[cfg_attr(feature = "serde", serde(default))]
    pub labels: Labels,
    /// Time after which the addresses expire, unless an [`Update`] renews them. `None` is the default, and means never;
    /// zero is invalid, and so is a time that ends beyond what [`SystemTime`](std::time::SystemTime) can hold. It needs
    /// the capability `expiry`.
    // A duration and not an instant: the provider's clock decides, not that of the caller, and a repeated request stays
    // the same request although time has passed.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::option_seconds"))]
    pub expiry: Option<Duration>,
}

impl AllocateLine {
    /// Makes a line that selects from `range`.
    pub fn new(range: impl Into<RangeId>, selection: Selection) -> Self {
        Self { ranges: vec![range.into()], selection, exclude: Vec::new(), labels: Labels::default(), expiry: None }
    }

    /// Makes a line for the next `count` free addresses of `range`, which need not be contiguous.
    pub fn next(range: impl Into<RangeId>, count: u32) -> Self {
        Self::new(range, Selection::Next { count, placement: Placement::Scattered })
    }

    /// Makes a line for `count` contiguous free addresses of `range`.
    pub fn contiguous(range: impl Into<RangeId>, count: u32) -> Self {
        Self::new(range, Selection::Next { count, placement: Placement::Contiguous })
    }

    /// Makes a line for exactly `address`.
    pub fn exactly(range: impl Into<RangeId>, address: IpAddr) -> Self {
        Self::new(range, Selection::Exact { first: address, count: 1 })
    }

    /// Adds a range to try if those before it have no room.
    #[must_use]
    pub fn or_from(mut self, range: impl Into<RangeId>) -> Self {
        self.ranges.push(range.into());
        self
    }

    /// Excludes addresses: one, a range of them, or a prefix.
    #[must_use]
    pub fn without(mut self, addresses: impl Into<IpRange>) -> Self {
        self.exclude.push(addresses.into());
        self
    }

    setters! {
        /// Sets host name, description, MAC address and tags.
        with_labels => labels: Labels;
        /// Sets the time after which the addresses expire.
        with_expiry => expiry: Option<Duration>;
    }
}

/// Selection of the addresses of a line.
///
/// ```
/// use ipam_core::{Allocate, AllocateLine, DefineRange, IpamProvider, MemoryProvider, Selection};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// let selection = Selection::Exact { first: [192, 0, 2, 10].into(), count: 2 };
/// let request = Allocate::new("vm-42").with_line(AllocateLine::new("lan", selection));
/// let allocated = ipam.allocate(&request).await?;
/// assert_eq!(allocated.lines[0][1].address.to_string(), "192.0.2.11");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
// Not `non_exhaustive`, like the other enums of requests: a provider has to carry out each variant, and a wildcard
// would compile with one that it does not know.
pub enum Selection {
    /// Next free addresses, chosen in the order of the range.
    Next {
        /// Number of addresses; 1 to [`MAX_ADDRESSES`](crate::MAX_ADDRESSES).
        count: u32,
        /// Placement of several addresses.
        placement: Placement,
    },
    /// Exactly these contiguous addresses.
    Exact {
        /// First address.
        first: IpAddr,
        /// Number of addresses from the first one on; 1 to [`MAX_ADDRESSES`](crate::MAX_ADDRESSES).
        count: u32,
    },
}

impl Selection {
    /// Returns the number of addresses.
    #[must_use]
    pub const fn count(&self) -> u32 {
        match self {
            Self::Next { count, .. } | Self::Exact { count, .. } => *count,
        }
    }
}

/// Placement of several addresses of a line relative to one another.
///
/// ```
/// use ipam_core::{Allocate, AllocateLine, DefineRange, IpamProvider, MemoryProvider, Placement, Selection};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// // Five addresses start at a multiple of eight; .0 is the network address, so that .8 is the first one free.
/// let selection = Selection::Next { count: 5, placement: Placement::Aligned };
/// let request = Allocate::new("vm-42").with_line(AllocateLine::new("lan", selection));
/// let allocated = ipam.allocate(&request).await?;
/// assert_eq!(allocated.lines[0][0].address.to_string(), "192.0.2.8");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Placement {
    /// Not necessarily contiguous. This is the default.
    #[default]
    Scattered,
    /// Contiguous. It needs the capability `contiguous`.
    Contiguous,
    /// Contiguous and aligned: the first address, as a number, is a multiple of the count rounded up to a power of two.
    /// So the run is a CIDR prefix, or the first part of one. It needs the capability `contiguous`.
    Aligned,
}

/// Request to deallocate addresses. It can be repeated: a target that is free already succeeds.
///
/// A late repeat by [`Target::Address`] may hit a later allocation of the address. Set a [`Precondition`] for this
/// case. An [`AllocationId`] is never used again, so that [`Target::Id`] needs none.
///
/// ```
/// use ipam_core::{Deallocate, DefineRange, IpamProvider, IpamProviderExt, MemoryProvider, Target};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// ipam.allocate_one("lan", "vm-42").await?;
/// let request = Deallocate::key("vm-42/nic-0")
///     .and(Target::Address { range: "lan".into(), address: [192, 0, 2, 1].into() });
/// let deallocated = ipam.deallocate(&request).await?;
/// assert!(deallocated.targets[0].was_free(), "no allocation has the key");
/// assert_eq!(deallocated.targets[1].freed.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Deallocate {
    /// Targets; 1 to [`MAX_ADDRESSES`](crate::MAX_ADDRESSES).
    pub targets: Vec<Target>,
    /// Condition on the owner or key of each allocation; [`Precondition::Anyone`] by default.
    ///
    /// An allocation that does not meet it is left alone. That is **no error**: the result is the same as for an
    /// address that is free already.
    // No error if it is not met: a repeat that comes late would fail for ever, although nothing is left to do for its
    // caller.
    #[cfg_attr(feature = "serde", serde(default))]
    pub precondition: Precondition,
}

impl Deallocate {
    /// Makes a request to deallocate `target`, whatever its owner.
    pub fn new(target: Target) -> Self {
        Self { targets: vec![target], precondition: Precondition::Anyone }
    }

    /// Makes a request to deallocate one allocation.
    pub fn id(id: impl Into<AllocationId>) -> Self {
        Self::new(Target::Id(id.into()))
    }

    /// Makes a request to deallocate all allocations of a key.
    pub fn key(key: impl Into<AllocationKey>) -> Self {
        Self::new(Target::Key(key.into()))
    }

    /// Makes a request to deallocate one address of a range.
    pub fn address(range: impl Into<RangeId>, address: IpAddr) -> Self {
        Self::new(Target::Address { range: range.into(), address })
    }

    /// Adds a target.
    #[must_use]
    pub fn and(mut self, target: Target) -> Self {
        self.targets.push(target);
        self
    }

    setters! {
        /// Sets the condition on owner or key. It is for callers that may be late, and for programs that repeat
        /// requests: the address may have another owner by then.
        with_precondition => precondition: Precondition;
    }
}

/// Target of a deallocation.
///
/// ```
/// use ipam_core::{Deallocate, Target};
///
/// let target = Target::Address { range: "lan".into(), address: [192, 0, 2, 7].into() };
/// assert_eq!(Deallocate::address("lan", [192, 0, 2, 7].into()).targets, [target]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
// Ids, keys and addresses in one list, because callers have what they stored: some the key, some the address alone.
pub enum Target {
    /// One allocation.
    Id(AllocationId),
    /// All allocations of a key.
    Key(AllocationKey),
    /// One address.
    Address {
        /// Range of the address.
        range: RangeId,
        /// Address.
        address: IpAddr,
    },
}

/// Condition on the owner or key of an allocation or range that is to be deallocated.
///
/// An allocation that has no owner meets every `Owner` condition, and one that has no key meets every `Key` condition:
/// it was entered on a server by other means.
///
/// ```
/// use ipam_core::{Deallocate, DefineRange, IpamProvider, IpamProviderExt, MemoryProvider, Owner, Precondition};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// let taken = ipam.allocate_one("lan", "vm-43").await?;
/// // A late request of vm-42, which had the address before:
/// let late = Deallocate::address("lan", taken.address).with_precondition(Precondition::Owner(Owner::new("vm-42")));
/// assert!(ipam.deallocate(&late).await?.was_free());
/// assert_eq!(ipam.usage_of("lan").await?.allocated, 1, "vm-43 still has it");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Precondition {
    /// No condition: any owner and key. This is the default.
    #[default]
    Anyone,
    /// This owner, or no owner.
    Owner(Owner),
    /// This key, or no key.
    Key(AllocationKey),
}

impl Precondition {
    /// Returns true if an allocation with this owner and key meets the condition. No owner (`None`) meets every `Owner`
    /// condition, and no key every `Key` condition.
    ///
    /// ```
    /// use ipam_core::{Owner, Precondition};
    ///
    /// let (mine, other) = (Owner::new("vm-42"), Owner::new("vm-43"));
    /// let condition = Precondition::Owner(mine.clone());
    /// assert!(condition.fits(Some(&mine), None) && condition.fits(None, None));
    /// assert!(!condition.fits(Some(&other), None));
    /// ```
    #[must_use]
    pub fn fits(&self, owner: Option<&Owner>, key: Option<&AllocationKey>) -> bool {
        match self {
            Self::Anyone => true,
            // An address without an owner was entered on a server by other means: no other owner would lose it.
            Self::Owner(expected) => owner.is_none_or(|owner| owner == expected),
            Self::Key(expected) => key.is_none_or(|key| key == expected),
        }
    }
}

/// Request to change one allocation. A field that is not set stays as it is. Address, owner and key never change.
///
/// ```
/// use std::time::Duration;
/// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, MemoryProvider, Patch, Update};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// let taken = ipam.allocate_one("lan", "vm-42").await?;
/// let update = Update::new(taken.id.clone())
///     .with_hostname("web1")                     // sets; `None` would keep, see `Patch`
///     .with_description(Patch::Clear)            // clears
///     .with_expiry(Duration::from_secs(3600));   // renews: an hour from now
/// let updated = ipam.update(&update).await?;
/// assert_eq!(updated.labels.hostname.as_deref(), Some("web1"));
/// assert!(updated.expires.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Update {
    /// Allocation to change.
    pub allocation: AllocationId,
    /// Change to the host name.
    #[cfg_attr(feature = "serde", serde(default))]
    pub hostname: Patch<String>,
    /// Change to the description.
    #[cfg_attr(feature = "serde", serde(default))]
    pub description: Patch<String>,
    /// Change to the MAC address of the interface.
    #[cfg_attr(feature = "serde", serde(default))]
    pub mac: Patch<MacAddr>,
    /// Change to the tags; the new ones replace all.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tags: Patch<Tags>,
    /// Change to the expiry, counted from now. Setting it renews the allocation; clearing it makes the allocation
    /// permanent. Zero is invalid, and so is a time that ends beyond what [`SystemTime`](std::time::SystemTime) can
    /// hold.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::patch_seconds"))]
    pub expiry: Patch<Duration>,
}

impl Update {
    /// Makes a request for `allocation` that changes nothing yet.
    pub fn new(allocation: impl Into<AllocationId>) -> Self {
        Self {
            allocation: allocation.into(),
            hostname: Patch::Keep,
            description: Patch::Keep,
            mac: Patch::Keep,
            tags: Patch::Keep,
            expiry: Patch::Keep,
        }
    }

    setters! {
        /// Changes the host name. `None` keeps it; [`Patch::Clear`] clears it.
        with_hostname => hostname: Patch<String>;
        /// Changes the description. `None` keeps it; [`Patch::Clear`] clears it.
        with_description => description: Patch<String>;
        /// Changes the MAC address. `None` keeps it; [`Patch::Clear`] clears it.
        with_mac => mac: Patch<MacAddr>;
        /// Changes the tags; the new ones replace all.
        with_tags => tags: Patch<Tags>;
        /// Changes the expiry, counted from now. `None` keeps it; [`Patch::Clear`] makes the allocation permanent.
        with_expiry => expiry: Patch<Duration>;
    }
}
