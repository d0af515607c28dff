//! Taking, giving back and changing addresses.

use std::net::IpAddr;
use std::time::Duration;

use super::setters;
use crate::net::IpRange;
use crate::{AllocationId, AllocationKey, Labels, MacAddr, Owner, Patch, RangeId, Tags};

/// A request for addresses: all of its lines, or none.
///
/// ```
/// use ipam_core::{Allocate, AllocateLine, Labels};
///
/// let request = Allocate::new("vm-42")
///     .with_key("vm-42/nic-0")
///     .with_line(AllocateLine::next("lan", 1).with_labels(Labels::default().with_hostname("web1")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Allocate {
    /// Names the request: repeating it with the same key gives the same addresses. Without one the provider makes it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub key: Option<AllocationKey>,
    /// Who the addresses are for.
    pub owner: Owner,
    /// What is asked for, line by line; for example a line for each network card.
    pub lines: Vec<AllocateLine>,
}

impl Allocate {
    /// A request for `owner`, without any line yet.
    pub fn new(owner: impl Into<Owner>) -> Self {
        Self { key: None, owner: owner.into(), lines: Vec::new() }
    }

    /// The next free address of one range.
    pub fn one(owner: impl Into<Owner>, range: impl Into<RangeId>) -> Self {
        Self::new(owner).with_line(AllocateLine::next(range, 1))
    }

    /// Names the request.
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

/// One line of a request: so many addresses, all from the first of its ranges that has them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct AllocateLine {
    /// The ranges to try, in this order. A line is never split over two.
    pub ranges: Vec<RangeId>,
    /// Which addresses.
    pub selection: Selection,
    /// Addresses not to take, though free.
    #[cfg_attr(feature = "serde", serde(default))]
    pub exclude: Vec<IpRange>,
    /// Host name, description, MAC address, tags of each address of the line.
    #[cfg_attr(feature = "serde", serde(default))]
    pub labels: Labels,
    /// After how long the addresses end by themselves, if they are not renewed.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::option_seconds"))]
    pub expiry: Option<Duration>,
}

impl AllocateLine {
    /// `selection` from `range`.
    pub fn new(range: impl Into<RangeId>, selection: Selection) -> Self {
        Self { ranges: vec![range.into()], selection, exclude: Vec::new(), labels: Labels::default(), expiry: None }
    }

    /// The next `count` free addresses of `range`, wherever they lie.
    pub fn next(range: impl Into<RangeId>, count: u32) -> Self {
        Self::new(range, Selection::Next { count, placement: Placement::Scattered })
    }

    /// The next `count` free addresses of `range` that follow one another.
    pub fn contiguous(range: impl Into<RangeId>, count: u32) -> Self {
        Self::new(range, Selection::Next { count, placement: Placement::Contiguous })
    }

    /// Exactly `address`.
    pub fn exactly(range: impl Into<RangeId>, address: IpAddr) -> Self {
        Self::new(range, Selection::Exact { first: address, count: 1 })
    }

    /// Adds a range to try when those before it have no room.
    #[must_use]
    pub fn or_from(mut self, range: impl Into<RangeId>) -> Self {
        self.ranges.push(range.into());
        self
    }

    /// Adds addresses not to take.
    #[must_use]
    pub fn without(mut self, addresses: impl Into<IpRange>) -> Self {
        self.exclude.push(addresses.into());
        self
    }

    setters! {
        /// Sets host name, description, MAC address and tags.
        with_labels => labels: Labels;
        /// Sets after how long the addresses end by themselves.
        with_expiry => expiry: Option<Duration>;
    }
}

/// Which addresses a line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Selection {
    /// So many free ones, chosen by the range's policy.
    Next {
        /// How many; at least one.
        count: u32,
        /// How they lie to one another.
        placement: Placement,
    },
    /// These and no others.
    Exact {
        /// The first.
        first: IpAddr,
        /// How many from there on; at least one.
        count: u32,
    },
}

impl Selection {
    /// How many addresses are asked for.
    #[must_use]
    pub const fn count(&self) -> u32 {
        match self {
            Self::Next { count, .. } | Self::Exact { count, .. } => *count,
        }
    }
}

/// How several addresses lie to one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Placement {
    /// Anyhow.
    #[default]
    Scattered,
    /// One after another.
    Contiguous,
    /// One after another, the first a multiple of the count rounded up to a power of two: the run is, or begins, a CIDR
    /// prefix.
    Aligned,
}

/// A request to give addresses back. Repeatable: what is free already counts as done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Deallocate {
    /// What to give back.
    pub targets: Vec<Target>,
    /// Whose it has to be. What carries another's mark is left alone and counts as free already; what carries none is
    /// given back.
    #[cfg_attr(feature = "serde", serde(default))]
    pub precondition: Precondition,
}

impl Deallocate {
    /// Gives back `target`, whoever has it.
    pub fn new(target: Target) -> Self {
        Self { targets: vec![target], precondition: Precondition::Anyone }
    }

    /// Gives back one allocation.
    pub fn id(id: impl Into<AllocationId>) -> Self {
        Self::new(Target::Id(id.into()))
    }

    /// Gives back all that a request took.
    pub fn key(key: impl Into<AllocationKey>) -> Self {
        Self::new(Target::Key(key.into()))
    }

    /// Gives back one address of a range.
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
        /// Says whose it has to be. For callers that may be late.
        with_precondition => precondition: Precondition;
    }
}

/// What to give back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Target {
    /// One allocation.
    Id(AllocationId),
    /// All allocations of a request.
    Key(AllocationKey),
    /// One address.
    Address {
        /// Its range.
        range: RangeId,
        /// The address.
        address: IpAddr,
    },
}

/// Whose something has to be before it is given back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Precondition {
    /// Anybody's.
    #[default]
    Anyone,
    /// This owner's, or nobody's.
    Owner(Owner),
    /// This request's, or nobody's.
    Key(AllocationKey),
}

impl Precondition {
    /// Whether something marked with this owner and key is what was expected. No mark fits everything.
    #[must_use]
    pub fn fits(&self, owner: Option<&Owner>, key: Option<&AllocationKey>) -> bool {
        match self {
            Self::Anyone => true,
            Self::Owner(expected) => owner.is_none_or(|owner| owner == expected),
            Self::Key(expected) => key.is_none_or(|key| key == expected),
        }
    }
}

/// A change to one allocation. What is not named stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Update {
    /// Which allocation.
    pub allocation: AllocationId,
    /// The host name.
    #[cfg_attr(feature = "serde", serde(default))]
    pub hostname: Patch<String>,
    /// What the address is for.
    #[cfg_attr(feature = "serde", serde(default))]
    pub description: Patch<String>,
    /// The MAC address of the interface.
    #[cfg_attr(feature = "serde", serde(default))]
    pub mac: Patch<MacAddr>,
    /// All tags.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tags: Patch<Tags>,
    /// How long from now until it ends by itself. Setting it renews; clearing it makes the allocation permanent.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::text::patch_seconds"))]
    pub expiry: Patch<Duration>,
}

impl Update {
    /// A change to `allocation` that changes nothing yet.
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
        /// Changes the host name.
        with_hostname => hostname: Patch<String>;
        /// Changes the description.
        with_description => description: Patch<String>;
        /// Changes the MAC address.
        with_mac => mac: Patch<MacAddr>;
        /// Changes all tags.
        with_tags => tags: Patch<Tags>;
        /// Changes how long from now until it ends by itself.
        with_expiry => expiry: Patch<Duration>;
    }
}
