//! What the engine needs of a store: records in, records out, nothing decided.

pub(super) mod change;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use ipnet::IpNet;

use crate::engine::space::buddy;
use crate::engine::{Layout, Page};
use crate::{
    Allocation, AllocationId, AllocationKey, Block, BlockFilter, BlockId, Change, ChangeKind, ChangePosition, Changes,
    Find, Fingerprint, Owner, Range, RangeFilter, RangeId, Result, SpaceId,
};
use change::change_of;

/// Where chance comes from, so that tests can choose it.
pub(crate) trait Random {
    /// 128 bits.
    fn next(&mut self) -> u128;
}

/// What a request brings along besides itself.
pub(crate) struct Context<'a> {
    /// The time of the request, by the store's clock.
    pub(crate) now: SystemTime,
    /// Where chance comes from.
    pub(crate) random: &'a mut dyn Random,
    /// Who does it, for the feed of changes.
    pub(crate) actor: Option<&'a str>,
}

/// A range, and what the engine keeps about it. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct StoredRange {
    /// The range. `block` is not stored but derived: the smallest block around its prefix.
    pub(crate) range: Arc<Range>,
    /// Which of its addresses can be handed out. Not stored but derived.
    pub(crate) layout: Arc<Layout>,
    /// Of the pages that hold an address the range may hand out, all below this number are stored.
    pub(crate) frontier: u128,
    /// What else the engine has to know.
    pub(crate) origin: Origin,
}

/// Where the parts of a range come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Whether `addresses` was given, rather than derived from the prefix and the host policy.
    pub(crate) explicit_addresses: bool,
    /// Whether every address of the prefix counts as usable where `addresses` is not given.
    pub(crate) all_hosts: bool,
    /// Whether it was carved from a block, and can be given back to it.
    pub(crate) carved: bool,
}

impl StoredRange {
    /// From what is stored.
    pub(crate) fn new(range: Range, frontier: u128, origin: Origin) -> Self {
        let layout = Arc::new(Layout::of(&range));
        Self { range: Arc::new(range), layout, frontier, origin }
    }
}

/// One allocation, with what the caller does not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// What the caller sees. Always with a key and an owner; `state` is allocated. Boxed, because a record passes
    /// through many hands.
    pub(crate) allocation: Box<Allocation>,
    /// Which line of the request took it.
    pub(crate) line: u32,
}

/// What a key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// A request for so many addresses in so many lines.
    Addresses {
        /// How many addresses it took.
        count: u32,
        /// How many lines it has.
        lines: u32,
    },
    /// A request for a range.
    Range,
}

/// A request that was granted and has not been given back whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestRecord {
    /// Its key.
    pub(crate) key: AllocationKey,
    /// What it asked for.
    pub(crate) fingerprint: Fingerprint,
    /// What it named.
    pub(crate) kind: RequestKind,
    /// Who asked.
    pub(crate) owner: Owner,
    /// The first few of its addresses that were given back or have ended, for the error of a repeat.
    pub(crate) returned: Vec<IpAddr>,
}

/// An address that was given back and whose bit is still set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    /// Its space.
    pub(crate) space: SpaceId,
    /// Its range.
    pub(crate) range: RangeId,
    /// The address.
    pub(crate) address: IpAddr,
    /// The allocation that it was. A listing of resting addresses names it so.
    pub(crate) allocation: AllocationId,
    /// Since when it rests.
    pub(crate) since: SystemTime,
    /// Until when nobody may have it.
    pub(crate) until: SystemTime,
}

/// One transaction's view of the records.
///
/// A method does what its name says and checks nothing but that the store is sound. Ordered answers come in the order
/// their doc names, because pages are cut from them. "After" is exclusive. Cost follows what is answered, not what is
/// stored, unless the doc says otherwise.
pub(crate) trait Store {
    // Ranges.

    /// The range of this id, with its `block` derived.
    fn range(&mut self, id: &RangeId) -> Result<Option<StoredRange>>;
    /// Adds a range.
    fn insert_range(&mut self, range: &StoredRange) -> Result<()>;
    /// Replaces what is stored under the range's id.
    fn update_range(&mut self, range: &StoredRange) -> Result<()>;
    /// Removes a range, its pages and its resting addresses. It has no allocations any more.
    fn remove_range(&mut self, id: &RangeId) -> Result<()>;
    /// Sets a range's frontier.
    fn set_frontier(&mut self, id: &RangeId, frontier: u128) -> Result<()>;
    /// The ranges of a space whose prefix overlaps `net`, by first address.
    fn ranges_overlapping(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<StoredRange>>;
    /// At most `limit` ranges that match, after the id `after`, by id.
    fn list_ranges(&mut self, filter: &RangeFilter, after: Option<&RangeId>, limit: usize) -> Result<Vec<Range>>;
    /// The range that the request `key` carved.
    fn range_of_key(&mut self, key: &AllocationKey) -> Result<Option<StoredRange>>;

    // Blocks.

    /// The block of this id.
    fn block(&mut self, id: &BlockId) -> Result<Option<Block>>;
    /// Adds a block.
    fn insert_block(&mut self, block: &Block) -> Result<()>;
    /// Replaces what is stored under the block's id.
    fn update_block(&mut self, block: &Block) -> Result<()>;
    /// Removes a block.
    fn remove_block(&mut self, id: &BlockId) -> Result<()>;
    /// The prefixes of ranges and of blocks other than `net` itself that lie in `net`, in ascending order. Prefixes may
    /// repeat and nest.
    fn nets_within(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<IpNet>>;
    /// The lowest free prefix of this length in the block `net` that leaves the larger gaps whole: one that overlaps no
    /// range and no other block in it. `None` if there is no room.
    ///
    /// A store that keeps no index of free prefixes leaves this as it is.
    fn free_child(&mut self, space: &SpaceId, net: IpNet, prefix_len: u8) -> Result<Option<IpNet>> {
        Ok(buddy::best_fit(net, &self.nets_within(space, net)?, prefix_len))
    }
    /// The block of exactly this prefix.
    fn block_of_net(&mut self, space: &SpaceId, net: IpNet) -> Result<Option<Block>>;
    /// The smallest block around a prefix, or of it: what [`Range::block`] says of a range there.
    ///
    /// A store that can tell in one step does better than this.
    fn block_around(&mut self, space: &SpaceId, net: IpNet) -> Result<Option<BlockId>> {
        for len in (0..=net.prefix_len()).rev() {
            let Ok(outer) = IpNet::new(net.addr(), len) else { continue };
            if let Some(block) = self.block_of_net(space, outer.trunc())? {
                return Ok(Some(block.id));
            }
        }
        Ok(None)
    }
    /// At most `limit` blocks that match, after the id `after`, by id.
    fn list_blocks(&mut self, filter: &BlockFilter, after: Option<&BlockId>, limit: usize) -> Result<Vec<Block>>;

    // Pages.

    /// A page of a range; empty if it is not stored.
    fn page(&mut self, range: &RangeId, no: u128) -> Result<Option<Page>>;
    /// Stores a page. `open` says whether it has an address that can be handed out.
    fn put_page(&mut self, range: &RangeId, no: u128, page: &Page, open: bool) -> Result<()>;
    /// The lowest stored page at or after `from` that is open.
    fn next_open_page(&mut self, range: &RangeId, from: u128) -> Result<Option<(u128, Page)>>;
    /// At most `limit` stored pages at or after `from`, by number.
    fn pages(&mut self, range: &RangeId, from: u128, limit: usize) -> Result<Vec<(u128, Page)>>;
    /// How many bits are set in all pages of a range. May cost as much as the range has pages.
    fn used_bits(&mut self, range: &RangeId) -> Result<u128>;

    // Allocations.

    /// The allocation of this address, expired or not.
    fn allocation_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Record>>;
    /// The allocation of this id, expired or not.
    fn allocation(&mut self, id: &AllocationId) -> Result<Option<Record>>;
    /// All allocations of a request, by line and address, expired or not.
    fn allocations_of_key(&mut self, key: &AllocationKey) -> Result<Vec<Record>>;
    /// How many allocations a request has, expired or not; at most `limit`, where counting may stop.
    fn count_of_key(&mut self, key: &AllocationKey, limit: u32) -> Result<u32>;
    /// At most `limit` allocations of a range at or after `from`, by address, expired or not.
    fn allocations_in(&mut self, range: &RangeId, from: IpAddr, limit: usize) -> Result<Vec<Record>>;
    /// An id for an allocation of this address that was never given to any allocation of this store. A store may make the
    /// address part of the id, and needs no index to find it again. At least one change is appended after it, before
    /// another one is asked for the same address.
    fn new_allocation_id(&mut self, space: &SpaceId, address: IpAddr) -> Result<AllocationId>;
    /// Adds an allocation, which the given line of its request took.
    fn insert_allocation(&mut self, allocation: &Allocation, line: u32) -> Result<()>;
    /// Replaces what is stored under the allocation's id; space, range and address stay.
    fn update_allocation(&mut self, record: &Record) -> Result<()>;
    /// Removes an allocation.
    fn remove_allocation(&mut self, record: &Record) -> Result<()>;
    /// At most `limit` allocations that match and have not expired at `now`, after the address `after`, by space and
    /// address (IPv4 before IPv6). If asked for, addresses whose rest is not over at `now` are among them: with the
    /// id, space, range and address of the [`Due`], state quarantined, and nothing else.
    fn find(
        &mut self,
        request: &Find,
        now: SystemTime,
        after: Option<&(SpaceId, IpAddr)>,
        limit: usize,
    ) -> Result<Vec<Allocation>>;
    /// At most `limit` allocations that have expired at `now` (`expires <= now`), of one range or of all, the longest
    /// expired first.
    fn expired(&mut self, range: Option<&RangeId>, now: SystemTime, limit: usize) -> Result<Vec<Record>>;
    /// How many allocations of a range have expired at `now`. May cost as much as there are.
    fn count_expired(&mut self, range: &RangeId, now: SystemTime) -> Result<u128>;

    // Requests.

    /// The request of this key.
    fn request(&mut self, key: &AllocationKey) -> Result<Option<RequestRecord>>;
    /// Adds a request.
    fn insert_request(&mut self, request: &RequestRecord) -> Result<()>;
    /// Replaces what is stored under the request's key; only `returned` has changed.
    fn update_request(&mut self, request: &RequestRecord) -> Result<()>;
    /// Removes a request.
    fn remove_request(&mut self, key: &AllocationKey) -> Result<()>;

    // Resting addresses.

    /// Puts an address to rest. Its bit stays set.
    fn insert_resting(&mut self, due: &Due) -> Result<()>;
    /// Ends an address's rest. Its bit is the caller's business.
    fn remove_resting(&mut self, space: &SpaceId, address: IpAddr) -> Result<()>;
    /// Whether and how an address rests.
    fn resting_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Due>>;
    /// At most `limit` addresses of a range whose rest is over at `now` (`until <= now`), the longest rested (by `since`) first.
    fn rested(&mut self, range: &RangeId, now: SystemTime, limit: usize) -> Result<Vec<Due>>;
    /// How many addresses of a range rest: all, and those whose rest is not over at `now`. May cost as much as there are.
    fn count_resting(&mut self, range: &RangeId, now: SystemTime) -> Result<(u128, u128)>;

    // Changes.

    /// Appends to the feed. The position in `change` is ignored; the store gives it the next one.
    fn append_change(&mut self, change: Change) -> Result<()>;
    /// Appends what happened to an allocation, which is most of the feed. A store that keeps such entries in another form
    /// does without the one that callers see.
    fn append_allocation_change(
        &mut self,
        allocation: &Allocation,
        kind: ChangeKind,
        at: SystemTime,
        actor: Option<&str>,
    ) -> Result<()> {
        self.append_change(change_of(allocation, kind, at, actor))
    }
    /// At most `limit` changes after `since`, oldest first. `InvalidInput` for a position that is not this store's.
    fn changes(&mut self, since: Option<&ChangePosition>, limit: usize) -> Result<Changes>;
}
