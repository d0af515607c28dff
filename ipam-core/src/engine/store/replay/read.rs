//! Reads of a store as values.

use std::hash::{Hash, Hasher};
use std::mem::discriminant;
use std::net::IpAddr;
use std::time::SystemTime;

use ipnet::IpNet;

#[cfg(test)]
use crate::Result;
use crate::engine::Page;
#[cfg(test)]
use crate::engine::store::Store;
use crate::engine::store::{Ahead, Quarantined, Record, RequestRecord, StoredRange};
use crate::{
    Allocation, AllocationId, AllocationKey, Block, BlockFilter, BlockId, ChangePosition, Changes, Find, Range,
    RangeFilter, RangeId, SpaceId,
};

/// Address of a space.
pub(crate) type Place = (SpaceId, IpAddr);

/// Read of a store, with the parameters of its statement. The method of the same name in the store's traits documents
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Read {
    /// A range by its id: [`Value::Range`].
    Range(RangeId),
    /// The ranges whose prefix overlaps: [`Value::Ranges`].
    RangesOverlapping { space: SpaceId, net: IpNet },
    /// A part of the listing of ranges: [`Value::RangeList`].
    ListRanges { filter: Box<RangeFilter>, after: Option<RangeId>, limit: usize },
    /// The range that a key names: [`Value::Range`].
    RangeOfKey(AllocationKey),
    /// A block by its id: [`Value::Block`].
    Block(BlockId),
    /// The prefixes in a prefix: [`Value::Nets`].
    NetsWithin { space: SpaceId, net: IpNet },
    /// A free child prefix: [`Value::Net`].
    FreeChild { space: SpaceId, net: IpNet, prefix_len: u8 },
    /// The block of a prefix: [`Value::Block`].
    BlockOfNet { space: SpaceId, net: IpNet },
    /// The smallest block around a prefix: [`Value::BlockId`].
    BlockAround { space: SpaceId, net: IpNet },
    /// A part of the listing of blocks: [`Value::BlockList`].
    ListBlocks { filter: Box<BlockFilter>, after: Option<BlockId>, limit: usize },
    /// A page by its number, locked if the transaction writes: [`Value::Page`].
    Page { range: RangeId, no: u128 },
    /// The lowest open page, without a lock: [`Value::NumberedPage`].
    NextOpenPage { range: RangeId, from: u128 },
    /// An open page that no other transaction has locked, locked (`FOR UPDATE SKIP LOCKED`, and waiting only if all
    /// open ones are locked): [`Value::NumberedPage`].
    LockOpenPage { range: RangeId, from: u128 },
    /// Pages in order, locked if the transaction writes: [`Value::Pages`].
    Pages { range: RangeId, from: u128, limit: usize },
    /// Number of set bits: [`Value::Number`].
    UsedBits(RangeId),
    /// The allocation of an address: [`Value::Record`].
    AllocationAt { space: SpaceId, address: IpAddr },
    /// An allocation by its id: [`Value::Record`].
    Allocation(AllocationId),
    /// The allocations of a request: [`Value::Records`].
    AllocationsOfKey(AllocationKey),
    /// Number of allocations of a request: [`Value::Count`].
    CountOfKey(AllocationKey),
    /// Allocations of a range in order: [`Value::Records`].
    AllocationsIn { range: RangeId, from: IpAddr, limit: usize },
    /// New ids, one for each place: [`Value::AllocationIds`]. All ids of a request are asked for at once. A store that
    /// makes ids by itself needs no statement for this.
    NewAllocationIds(Vec<Place>),
    /// Allocations that match: [`Value::Allocations`].
    Find { request: Box<Find>, now: SystemTime, after: Option<Place>, limit: usize },
    /// Expired allocations: [`Value::Records`].
    Expired { range: Option<RangeId>, now: SystemTime, limit: usize },
    /// Number of expired allocations: [`Value::Number`].
    CountExpired { range: RangeId, now: SystemTime },
    /// A request by its key: [`Value::Request`].
    Request(AllocationKey),
    /// The quarantine of an address: [`Value::Quarantined`].
    QuarantinedAt { space: SpaceId, address: IpAddr },
    /// Addresses whose quarantine is over: [`Value::Released`].
    Released { range: RangeId, now: SystemTime, limit: usize },
    /// Number of quarantined addresses, and of those that are not released: [`Value::Numbers`].
    CountQuarantined { range: RangeId, now: SystemTime },
    /// A part of the feed: [`Value::Changes`].
    Changes { since: Option<ChangePosition>, limit: usize },
    /// Several of the others: each is provided by itself, and there is no result for all of them.
    Many(Vec<Read>),
}

impl From<Ahead> for Read {
    fn from(ahead: Ahead) -> Self {
        match ahead {
            Ahead::Range(id) => Self::Range(id),
            Ahead::RangesOverlapping { space, net } => Self::RangesOverlapping { space, net },
            Ahead::BlockAround { space, net } => Self::BlockAround { space, net },
            Ahead::NetsWithin { space, net } => Self::NetsWithin { space, net },
            Ahead::Page { range, no } => Self::Page { range, no },
            Ahead::Request(key) => Self::Request(key),
            Ahead::AllocationsOfKey(key) => Self::AllocationsOfKey(key),
            Ahead::AllocationAt { space, address } => Self::AllocationAt { space, address },
            Ahead::QuarantinedAt { space, address } => Self::QuarantinedAt { space, address },
        }
    }
}

// By hand, because filters have no hash. Listings that differ only in their filter have the same hash, which is correct
// and rare.
impl Hash for Read {
    fn hash<H: Hasher>(&self, state: &mut H) {
        discriminant(self).hash(state);
        match self {
            Self::Range(id) | Self::UsedBits(id) => id.hash(state),
            Self::RangeOfKey(key) | Self::AllocationsOfKey(key) | Self::CountOfKey(key) | Self::Request(key) => {
                key.hash(state);
            }
            Self::Block(id) => id.hash(state),
            Self::Allocation(id) => id.hash(state),
            Self::RangesOverlapping { space, net }
            | Self::NetsWithin { space, net }
            | Self::FreeChild { space, net, .. }
            | Self::BlockOfNet { space, net }
            | Self::BlockAround { space, net } => (space, net).hash(state),
            Self::Page { range, no: from }
            | Self::NextOpenPage { range, from }
            | Self::LockOpenPage { range, from }
            | Self::Pages { range, from, .. } => (range, from).hash(state),
            Self::AllocationAt { space, address } | Self::QuarantinedAt { space, address } => {
                (space, address).hash(state);
            }
            Self::AllocationsIn { range, from, .. } => (range, from).hash(state),
            Self::Expired { range, now, .. } => (range, now).hash(state),
            Self::CountExpired { range, now }
            | Self::Released { range, now, .. }
            | Self::CountQuarantined { range, now } => (range, now).hash(state),
            Self::NewAllocationIds(places) => places.hash(state),
            Self::ListRanges { after, limit, .. } => (after, limit).hash(state),
            Self::ListBlocks { after, limit, .. } => (after, limit).hash(state),
            Self::Find { after, limit, .. } => (after, limit).hash(state),
            Self::Changes { since, limit } => (since, limit).hash(state),
            Self::Many(reads) => reads.hash(state),
        }
    }
}

/// Result of a read.
// One type for all reads, so that results can be kept in one map. The macro of `store` checks that a result has the
// kind of its read.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Range(Option<StoredRange>),
    Ranges(Vec<StoredRange>),
    RangeList(Vec<Range>),
    Block(Option<Block>),
    BlockId(Option<BlockId>),
    BlockList(Vec<Block>),
    Nets(Vec<IpNet>),
    Net(Option<IpNet>),
    Page(Option<Page>),
    NumberedPage(Option<(u128, Page)>),
    Pages(Vec<(u128, Page)>),
    Number(u128),
    Numbers((u128, u128)),
    Count(u32),
    Record(Option<Record>),
    Records(Vec<Record>),
    AllocationIds(Vec<AllocationId>),
    Allocations(Vec<Allocation>),
    Request(Option<RequestRecord>),
    Quarantined(Option<Quarantined>),
    Released(Vec<Quarantined>),
    Changes(Changes),
}

#[cfg(test)]
impl Read {
    /// Does the read on a store that can be read directly.
    pub(crate) fn read_from<S: Store + ?Sized>(&self, store: &mut S) -> Result<Value> {
        Ok(match self {
            Self::Range(id) => Value::Range(store.range(id)?),
            Self::RangesOverlapping { space, net } => Value::Ranges(store.ranges_overlapping(space, *net)?),
            Self::ListRanges { filter, after, limit } => {
                Value::RangeList(store.list_ranges(filter, after.as_ref(), *limit)?)
            }
            Self::RangeOfKey(key) => Value::Range(store.range_of_key(key)?),
            Self::Block(id) => Value::Block(store.block(id)?),
            Self::NetsWithin { space, net } => Value::Nets(store.nets_within(space, *net)?),
            Self::FreeChild { space, net, prefix_len } => Value::Net(store.free_child(space, *net, *prefix_len)?),
            Self::BlockOfNet { space, net } => Value::Block(store.block_of_net(space, *net)?),
            Self::BlockAround { space, net } => Value::BlockId(store.block_around(space, *net)?),
            Self::ListBlocks { filter, after, limit } => {
                Value::BlockList(store.list_blocks(filter, after.as_ref(), *limit)?)
            }
            Self::Page { range, no } => Value::Page(store.page(range, *no)?),
            Self::NextOpenPage { range, from } => Value::NumberedPage(store.next_open_page(range, *from)?),
            Self::LockOpenPage { range, from } => Value::NumberedPage(store.lock_open_page(range, *from)?),
            Self::Pages { range, from, limit } => Value::Pages(store.pages(range, *from, *limit)?),
            Self::UsedBits(range) => Value::Number(store.used_bits(range)?),
            Self::AllocationAt { space, address } => Value::Record(store.allocation_at(space, *address)?),
            Self::Allocation(id) => Value::Record(store.allocation(id)?),
            Self::AllocationsOfKey(key) => Value::Records(store.allocations_of_key(key)?),
            Self::CountOfKey(key) => Value::Count(store.count_of_key(key, u32::MAX)?),
            Self::AllocationsIn { range, from, limit } => Value::Records(store.allocations_in(range, *from, *limit)?),
            Self::NewAllocationIds(places) => {
                let ids = places.iter().map(|(space, address)| store.new_allocation_id(space, *address));
                Value::AllocationIds(ids.collect::<Result<_>>()?)
            }
            Self::Find { request, now, after, limit } => {
                Value::Allocations(store.find(request, *now, after.as_ref(), *limit)?)
            }
            Self::Expired { range, now, limit } => Value::Records(store.expired(range.as_ref(), *now, *limit)?),
            Self::CountExpired { range, now } => Value::Number(store.count_expired(range, *now)?),
            Self::Request(key) => Value::Request(store.request(key)?),
            Self::QuarantinedAt { space, address } => Value::Quarantined(store.quarantined_at(space, *address)?),
            Self::Released { range, now, limit } => Value::Released(store.released(range, *now, *limit)?),
            Self::CountQuarantined { range, now } => Value::Numbers(store.count_quarantined(range, *now)?),
            Self::Changes { since, limit } => Value::Changes(store.changes(since.as_ref(), *limit)?),
            Self::Many(_) => return Err(crate::Error::unsupported(crate::Operation::Check, "a read of several")),
        })
    }
}
