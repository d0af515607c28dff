//! The records as rows: what the engine asks of a store, as SQL on one connection inside one transaction.

mod allocations;
mod blocks;
mod events;
mod find;
mod pages;
mod ranges;
mod requests;
mod resting;
mod sql;
mod statements;

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::SystemTime;

use ipnet::IpNet;
use rusqlite::Connection;
use rusqlite::types::Value;

use pages::OpenPage;
pub(super) use sql::Sql;
pub(super) use statements::{Columns, Statements};

use super::schema::VERSION;
use crate::engine::{Due, Page, Record, RequestRecord, Store, StoredRange};
use crate::{
    Allocation, AllocationId, AllocationKey, Block, BlockFilter, BlockId, Change, ChangePosition, Changes, Error, Find,
    Range, RangeFilter, RangeId, Result, SpaceId,
};

/// How many ranges are kept decoded. More than a program uses at a time.
const MAX_KEPT_RANGES: usize = 4096;

/// What a connection remembers of the store from one transaction to the next, so that an allocation does not read what
/// the last one wrote. Dropped as soon as another connection has written, and after every roll-back.
#[derive(Default)]
struct Memo {
    /// Ranges, decoded.
    ranges: HashMap<RangeId, StoredRange>,
    /// Where ranges have room.
    open_pages: HashMap<RangeId, OpenPage>,
    /// The ranges whose open page is not written yet, and maybe others.
    unwritten_pages: Vec<RangeId>,
    /// No allocation expires before.
    first_expiry: Option<i64>,
    /// No address of the range has rested long enough before.
    first_rested: HashMap<RangeId, i64>,
    /// The number of the last change.
    last_event: Option<i64>,
    /// The last serial number given.
    last_serial: i64,
    /// The serial numbers of the request that was stored last.
    serials: Option<RangeInclusive<i64>>,
}

/// One connection's view of the records, in the transaction that is open on it.
pub(super) struct SqliteStore<'c> {
    pub(super) db: Statements<'c>,
    memo: Memo,
    /// The connection's data version when `memo` was begun.
    data_version: i64,
    /// How many of the newest changes are kept.
    keep_changes: i64,
    /// Whether anything was written since the request began.
    wrote: bool,
}

impl<'c> SqliteStore<'c> {
    pub(super) fn new(connection: &'c Connection, keep_changes: u64) -> Self {
        Self {
            db: Statements::new(connection),
            memo: Memo::default(),
            data_version: 0,
            keep_changes: i64::try_from(keep_changes).unwrap_or(i64::MAX).max(1),
            wrote: false,
        }
    }

    /// A transaction has begun: what was remembered is dropped if anybody else has written since. Answers whether.
    pub(super) fn begun(&mut self) -> rusqlite::Result<bool> {
        let version = self.db.number(Sql::DataVersion)?;
        let others = version != self.data_version;
        if others {
            self.forget();
            // A newer program may have come, and brought the store to what this one does not know.
            if self.db.number(Sql::UserVersion)? != i64::from(VERSION) {
                let changed = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_SCHEMA);
                return Err(rusqlite::Error::SqliteFailure(changed, None));
            }
            self.data_version = version;
        }
        Ok(others)
    }

    /// A request begins.
    pub(super) fn request_begins(&mut self, operation: &'static str) {
        self.db.operation = operation;
        self.wrote = false;
    }

    /// Whether the request has written, or has begun to.
    pub(super) fn wrote(&self) -> bool {
        self.wrote
    }

    /// Drops what was remembered: it may not have been kept.
    pub(super) fn forget(&mut self) {
        self.memo = Memo::default();
    }

    /// Has to come before every write.
    fn writes(&mut self) {
        self.wrote = true;
    }

    /// The rows of a statement that is not among the prepared ones, until `read` says that it is enough.
    pub(super) fn rows(
        &mut self,
        statement: &str,
        params: Vec<Value>,
        read: impl FnMut(&Columns<'_>) -> Result<bool>,
    ) -> Result<()> {
        self.db.composed(statement.to_owned(), params, read)
    }

    fn unsound(&self, what: impl std::fmt::Display) -> Error {
        self.db.unsound(what)
    }
}

/// A limit as SQL has it.
fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl Store for SqliteStore<'_> {
    fn range(&mut self, id: &RangeId) -> Result<Option<StoredRange>> {
        self.range_by_id(id)
    }
    fn insert_range(&mut self, range: &StoredRange) -> Result<()> {
        self.put_range(Sql::InsertRange, range)
    }
    fn update_range(&mut self, range: &StoredRange) -> Result<()> {
        self.put_range(Sql::UpdateRange, range)
    }
    fn remove_range(&mut self, id: &RangeId) -> Result<()> {
        self.drop_range(id)
    }
    fn set_frontier(&mut self, id: &RangeId, frontier: u128) -> Result<()> {
        self.move_frontier(id, frontier)
    }
    fn ranges_overlapping(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<StoredRange>> {
        self.ranges_over(space, net)
    }
    fn list_ranges(&mut self, filter: &RangeFilter, after: Option<&RangeId>, limit: usize) -> Result<Vec<Range>> {
        self.ranges_matching(filter, after, limit)
    }
    fn range_of_key(&mut self, key: &AllocationKey) -> Result<Option<StoredRange>> {
        self.range_by_key(key)
    }

    fn block(&mut self, id: &BlockId) -> Result<Option<Block>> {
        self.block_by_id(id)
    }
    fn insert_block(&mut self, block: &Block) -> Result<()> {
        self.put_block(Sql::InsertBlock, block)
    }
    fn update_block(&mut self, block: &Block) -> Result<()> {
        self.put_block(Sql::UpdateBlock, block)
    }
    fn remove_block(&mut self, id: &BlockId) -> Result<()> {
        self.drop_block(id)
    }
    fn nets_within(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<IpNet>> {
        self.nets_inside(space, net)
    }
    fn block_of_net(&mut self, space: &SpaceId, net: IpNet) -> Result<Option<Block>> {
        self.block_by_net(space, net)
    }
    fn list_blocks(&mut self, filter: &BlockFilter, after: Option<&BlockId>, limit: usize) -> Result<Vec<Block>> {
        self.blocks_matching(filter, after, limit)
    }

    fn page(&mut self, range: &RangeId, no: u128) -> Result<Option<Page>> {
        self.page_of(range, no)
    }
    fn put_page(&mut self, range: &RangeId, no: u128, page: &Page, open: bool) -> Result<()> {
        self.store_page(range, no, page, open)
    }
    fn next_open_page(&mut self, range: &RangeId, from: u128) -> Result<Option<(u128, Page)>> {
        self.open_page_from(range, from)
    }
    fn pages(&mut self, range: &RangeId, from: u128, limit: usize) -> Result<Vec<(u128, Page)>> {
        self.pages_from(range, from, limit)
    }
    fn used_bits(&mut self, range: &RangeId) -> Result<u128> {
        self.sum_of_used(range)
    }

    fn allocation_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Record>> {
        self.allocation_of_address(space, address)
    }
    fn allocation(&mut self, id: &AllocationId) -> Result<Option<Record>> {
        self.allocation_by_id(id)
    }
    fn allocations_of_key(&mut self, key: &AllocationKey) -> Result<Vec<Record>> {
        self.allocations_by_key(key)
    }
    fn count_of_key(&mut self, key: &AllocationKey, limit: u32) -> Result<u32> {
        self.count_by_key(key, limit)
    }
    fn allocations_in(&mut self, range: &RangeId, from: IpAddr, limit: usize) -> Result<Vec<Record>> {
        self.allocations_from(range, from, limit)
    }
    fn new_allocation_id(&mut self, space: &SpaceId, address: IpAddr) -> Result<AllocationId> {
        self.next_allocation_id(space, address)
    }
    fn insert_allocation(&mut self, allocation: &Allocation, line: u32) -> Result<()> {
        self.add_allocation(allocation, line)
    }
    fn update_allocation(&mut self, record: &Record) -> Result<()> {
        self.change_allocation(record)
    }
    fn remove_allocation(&mut self, record: &Record) -> Result<()> {
        self.drop_allocation(record)
    }
    fn find(
        &mut self,
        request: &Find,
        now: SystemTime,
        after: Option<&(SpaceId, IpAddr)>,
        limit: usize,
    ) -> Result<Vec<Allocation>> {
        self.allocations_matching(request, now, after, limit)
    }
    fn expired(&mut self, range: Option<&RangeId>, now: SystemTime, limit: usize) -> Result<Vec<Record>> {
        self.expired_by(range, now, limit)
    }
    fn count_expired(&mut self, range: &RangeId, now: SystemTime) -> Result<u128> {
        self.count_expired_by(range, now)
    }

    fn request(&mut self, key: &AllocationKey) -> Result<Option<RequestRecord>> {
        self.request_by_key(key)
    }
    fn insert_request(&mut self, request: &RequestRecord) -> Result<()> {
        self.add_request(request)
    }
    fn update_request(&mut self, request: &RequestRecord) -> Result<()> {
        self.change_request(request)
    }
    fn remove_request(&mut self, key: &AllocationKey) -> Result<()> {
        self.drop_request(key)
    }

    fn insert_resting(&mut self, due: &Due) -> Result<()> {
        self.add_resting(due)
    }
    fn remove_resting(&mut self, space: &SpaceId, address: IpAddr) -> Result<()> {
        self.drop_resting(space, address)
    }
    fn resting_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Due>> {
        self.resting_of_address(space, address)
    }
    fn rested(&mut self, range: &RangeId, now: SystemTime, limit: usize) -> Result<Vec<Due>> {
        self.rested_by(range, now, limit)
    }
    fn count_resting(&mut self, range: &RangeId, now: SystemTime) -> Result<(u128, u128)> {
        self.count_resting_by(range, now)
    }

    fn append_change(&mut self, change: Change) -> Result<()> {
        self.add_event(&change)
    }
    fn changes(&mut self, since: Option<&ChangePosition>, limit: usize) -> Result<Changes> {
        self.events_after(since, limit)
    }
}
