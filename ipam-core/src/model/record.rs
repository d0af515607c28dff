//! Portable records: what a provider keeps, complete enough to be written to another provider.

use std::net::IpAddr;
use std::time::SystemTime;

use super::allocation::Allocation;
use super::range::Range;
use crate::{AllocationKey, Fingerprint, Owner, RangeId, SpaceId};

/// Record of [`list_records`](crate::IpamProvider::list_records), which
/// [`restore_records`](crate::IpamProvider::restore_records) writes to another provider.
///
/// # Records
/// - The ranges that were allocated from blocks come first, by id, each with the fingerprint of its request. Ranges
///   that were defined are not among them; [`list_ranges`](crate::IpamProvider::list_ranges) returns them.
/// - Then come requests, each with all of its allocations, and quarantined addresses: by space and lowest address, IPv4
///   before IPv6.
/// - Addresses that other users of a server entered or reserved there are records, too, also those that
///   [`find`](crate::IpamProvider::find) does not list. They have no key.
/// - Expired allocations and abandoned claims are left out.
///
/// # Restoring
/// - The ids of the allocations are new. The ids of their ranges are those of the provider that restores them.
/// - Times that differ by at most a millisecond count as equal, because providers round them.
/// - A repeat of the request that a record describes returns its allocations, as in the provider that it comes from.
/// - A range and its addresses are restored by two requests, one after the other. A range without a key is restored as
///   one that was defined.
/// - An address that a range never hands out, such as its gateway, can be restored. It must lie between the first and
///   the last address of the range.
/// - An address without a key has no request: it is allocated or reserved until it is deallocated by id or address.
/// - `Conflict` if an address is allocated or quarantined, a key is in use, or a range exists, and differs from the
///   record; if a range overlaps another one; or if an address lies outside of its range.
/// - `Unsupported` if the provider cannot keep a part, such as the state reserved together with a key.
///
/// # Example
/// ```
/// use ipam_core::{Allocate, DefineRange, IpamProvider, ListRecords, MemoryProvider, PortableRecord, RestoreRecords};
///
/// # futures_executor::block_on(async {
/// let (old, new) = (MemoryProvider::new(), MemoryProvider::new());
/// for ipam in [&old, &new] {
///     ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// }
/// let request = Allocate::one("vm-42", "lan").with_key("vm-42/nic-0");
/// let taken = old.allocate(&request).await?;
///
/// let records = old.list_records(&ListRecords::all()).await?.items;
/// assert!(matches!(&records[0], PortableRecord::Request(request) if request.key.is_some()));
/// new.restore_records(&RestoreRecords::new(records)).await?;
///
/// // The request of the old provider is known to the new one.
/// let again = new.allocate(&request).await?;
/// assert!(again.repeated);
/// assert_eq!(again.lines[0][0].address, taken.lines[0][0].address);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PortableRecord {
    /// Range that a request allocated from a block.
    Range(Box<PortableRange>),
    /// Request for addresses, with all of its allocations.
    // Whole and not by address: a key names all addresses of its request, and half of them would be another request.
    Request(PortableRequest),
    /// Quarantined address.
    Quarantine(PortableQuarantine),
}

impl PortableRecord {
    /// Returns the number of addresses that the record takes in a range.
    #[must_use]
    pub const fn addresses(&self) -> usize {
        match self {
            Self::Range(_) => 0,
            Self::Request(request) => request.allocations.len(),
            Self::Quarantine(_) => 1,
        }
    }
}

/// Range with the request that allocated it from a block; or a range without a key, which was defined.
///
/// ```
/// use ipam_core::{AllocateRange, DefineBlock, IpamProvider, ListRecords, MemoryProvider, PortableRecord};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_block(&DefineBlock::new("campus", "10.0.0.0/8".parse()?)).await?;
/// let request = AllocateRange::prefix_len("tenant-7", "campus", 26).with_key("tenant-7/net-1");
/// ipam.allocate_range(&request).await?;
/// let records = ipam.list_records(&ListRecords::all()).await?.items;
/// let PortableRecord::Range(record) = &records[0] else { return Err("no range".into()) };
/// assert_eq!(record.fingerprint, Some(request.fingerprint()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PortableRange {
    /// Range; with key and owner if it was allocated from a block.
    pub range: Range,
    /// Fingerprint of the request; `None` if there is none, or the provider does not keep it. A repeat of the request is
    /// then a `Conflict`.
    pub fingerprint: Option<Fingerprint>,
}

impl PortableRange {
    /// Makes a record, for authors of providers.
    #[must_use]
    pub const fn new(range: Range, fingerprint: Option<Fingerprint>) -> Self {
        Self { range, fingerprint }
    }
}

/// Allocation, with the line of its request.
///
/// ```
/// use ipam_core::{Allocation, PortableAllocation};
///
/// let allocation = Allocation::new("17", "default", "lan", [192, 0, 2, 7].into());
/// assert_eq!(PortableAllocation::new(1, allocation).line, 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PortableAllocation {
    /// Index of the line that it serves. In a request without [`lines`](PortableRequest::lines) it is the position of
    /// the address in the request: exact lines first, then the others, each in the order of the request.
    pub line: u32,
    /// Allocation. Its id counts only in the provider that it was read from.
    pub allocation: Allocation,
}

impl PortableAllocation {
    /// Makes a record, for authors of providers.
    #[must_use]
    pub const fn new(line: u32, allocation: Allocation) -> Self {
        Self { line, allocation }
    }
}

/// Request for addresses, with all of its allocations; or one address that was entered without a request.
///
/// ```
/// use ipam_core::{Allocate, Allocation, AllocationKey, Owner, PortableAllocation, PortableRequest};
///
/// let mut allocation = Allocation::new("17", "default", "lan", [192, 0, 2, 7].into());
/// allocation.owner = Some(Owner::new("vm-42"));
/// // An address that a person entered has no key:
/// let entered = PortableRequest::new(vec![PortableAllocation::new(0, allocation.clone())]);
/// assert_eq!((entered.key, entered.lines), (None, Some(1)));
///
/// allocation.key = Some(AllocationKey::new("vm-42/nic-0"));
/// let fingerprint = Allocate::one("vm-42", "lan").fingerprint();
/// let record = PortableRequest::new(vec![PortableAllocation::new(0, allocation)]).with_fingerprint(fingerprint);
/// assert_eq!(record.owner().map(Owner::as_str), Some("vm-42"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PortableRequest {
    /// Key; `None` for an address that was entered on a server by other means. Such a record has one allocation.
    pub key: Option<AllocationKey>,
    /// Fingerprint of the request; `None` if the provider does not keep it. A repeat of the request is then a
    /// `Conflict`.
    pub fingerprint: Option<Fingerprint>,
    /// Number of lines; `None` if the provider does not keep which address serves which line, but their order.
    pub lines: Option<u32>,
    /// Allocations, by line and address. They have the key of the request, and one owner.
    pub allocations: Vec<PortableAllocation>,
    /// Number of addresses that the request took. It is larger than that of [`allocations`](Self::allocations) if some
    /// were deallocated, have expired, or were left out; a repeat of the request is then a `Conflict`.
    pub count: u32,
    /// First few of its addresses that were deallocated or have expired. The `Conflict` names them.
    pub returned: Vec<IpAddr>,
}

impl PortableRequest {
    /// Makes a record with the key of its first allocation, the highest of its lines, and as many addresses as it has
    /// allocations, for authors of providers.
    #[must_use]
    pub fn new(allocations: Vec<PortableAllocation>) -> Self {
        let lines = allocations.iter().map(|one| one.line).max().map(|line| line.saturating_add(1));
        let key = allocations.first().and_then(|one| one.allocation.key.clone());
        let count = u32::try_from(allocations.len()).unwrap_or(u32::MAX);
        Self { key, fingerprint: None, lines, allocations, count, returned: Vec::new() }
    }

    /// Sets the fingerprint.
    #[must_use]
    pub const fn with_fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.fingerprint = Some(fingerprint);
        self
    }

    /// Sets the number of lines; `None` if the allocations have positions in place of lines.
    #[must_use]
    pub const fn with_lines(mut self, lines: Option<u32>) -> Self {
        self.lines = lines;
        self
    }

    /// Sets the number of addresses that the request took.
    #[must_use]
    pub const fn with_count(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// Sets the addresses that were deallocated or have expired. Raises the [`count`](Self::count) to that of all
    /// addresses, if it is lower.
    #[must_use]
    pub fn with_returned(mut self, returned: Vec<IpAddr>) -> Self {
        self.returned = returned;
        self.count = self.count.max(u32::try_from(self.known_addresses()).unwrap_or(u32::MAX));
        self
    }

    /// Returns the number of addresses that the record names.
    pub(crate) const fn known_addresses(&self) -> usize {
        self.allocations.len() + self.returned.len()
    }

    /// Returns the owner of the allocations.
    #[must_use]
    pub fn owner(&self) -> Option<&Owner> {
        self.allocations.first().and_then(|one| one.allocation.owner.as_ref())
    }
}

/// Quarantined address, with its times.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ipam_core::PortableQuarantine;
///
/// let now = SystemTime::now();
/// let record = PortableQuarantine::new("default", "lan", [192, 0, 2, 7].into(), now, now + Duration::from_secs(60));
/// assert!(record.until > record.since);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PortableQuarantine {
    /// Address space.
    pub space: SpaceId,
    /// Range.
    pub range: RangeId,
    /// Address.
    pub address: IpAddr,
    /// Start of the quarantine.
    pub since: SystemTime,
    /// Release time.
    pub until: SystemTime,
}

impl PortableQuarantine {
    /// Makes a record, for authors of providers.
    pub fn new(
        space: impl Into<SpaceId>,
        range: impl Into<RangeId>,
        address: IpAddr,
        since: SystemTime,
        until: SystemTime,
    ) -> Self {
        Self { space: space.into(), range: range.into(), address, since, until }
    }
}

/// Result of [`restore_records`](crate::IpamProvider::restore_records).
///
/// ```
/// use ipam_core::{IpamProvider, MemoryProvider, RestoreRecords};
///
/// # futures_executor::block_on(async {
/// let restored = MemoryProvider::new().restore_records(&RestoreRecords::new(Vec::new())).await?;
/// assert_eq!((restored.restored, restored.unchanged), (0, 0));
/// # Ok::<(), ipam_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RestoredRecords {
    /// Number of records that were written.
    pub restored: usize,
    /// Number of records that the provider had already.
    pub unchanged: usize,
    /// Number of addresses in the records that were written.
    pub addresses: usize,
}

impl RestoredRecords {
    /// Makes a result, for authors of providers.
    #[must_use]
    pub const fn new(restored: usize, unchanged: usize, addresses: usize) -> Self {
        Self { restored, unchanged, addresses }
    }
}
