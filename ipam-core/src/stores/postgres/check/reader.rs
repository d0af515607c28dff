//! Store of a check: reads of one transaction, one after the other.
//!
//! `Replay` runs an operation anew for each read that is missing. A check has as many reads as there are records, and is not
//! run anew: it runs on a thread that may block, and each read is waited for.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::SystemTime;

use ipnet::IpNet;
use tokio::runtime::Handle;
use tokio_postgres::types::Type;

use super::super::errors::{self, Failure};
use super::super::fetch::number;
use super::super::view::{View, limit};
use crate::engine::replay::{Attempt, Need, Replay};
use crate::engine::{
    Allocations, Blocks, Context, Feed, Findings, Lookups, OpenKeys, Page, Pages, Quarantine, Quarantined, Ranges,
    ReadAhead, Record, RequestRecord, Requests, StoredRange, SystemRandom,
};
use crate::stores::columns;
use crate::{
    Allocation, AllocationId, AllocationKey, Block, BlockFilter, BlockId, Change, ChangePosition, Changes, Error,
    ErrorKind, Find, Operation, Range, RangeFilter, RangeId, Result, SpaceId,
};

/// Number of open pages that are read at once.
const OPEN_PAGES: usize = 512;

/// Reads of a check.
pub(super) struct Reader<'v, 'c> {
    pub(super) view: &'v mut View<'c>,
    pub(super) runtime: Handle,
    pub(super) now: SystemTime,
    open: Option<OpenPages>,
}

/// Open pages of a range that were read in advance.
struct OpenPages {
    range: RangeId,
    pages: VecDeque<(u128, Page)>,
    /// True if there are no others after them.
    complete: bool,
}

impl<'v, 'c> Reader<'v, 'c> {
    pub(super) const fn new(view: &'v mut View<'c>, runtime: Handle, now: SystemTime) -> Self {
        Self { view, runtime, now, open: None }
    }

    /// Does a read of the engine.
    fn read<T>(&mut self, mut read: impl FnMut(&mut Replay) -> Result<T>) -> Result<T> {
        let operation = self.view.operation;
        let mut random = SystemRandom::default();
        let mut context = Context { now: self.now, random: &mut random, actor: None };
        let mut replay = Replay::new();
        loop {
            match replay.attempt(operation, &mut context, |replay, _| read(replay)) {
                Attempt::Done(result) => return result,
                Attempt::Need(Need::Read(need)) => {
                    let fetched = self.runtime.block_on(self.view.fetch(need, &mut replay));
                    fetched.map_err(|failure| failure.error(operation))?;
                }
                Attempt::Need(Need::Flush) => return Err(errors::unsound(operation, "a check has written")),
            }
        }
    }

    /// Waits for a statement.
    pub(super) fn wait<T>(&self, statement: impl Future<Output = Result<T, Failure>>) -> Result<T> {
        self.runtime.block_on(statement).map_err(|failure| failure.error(self.view.operation))
    }

    /// Reads open pages of a range from a number on.
    fn open_pages(&self, range: &RangeId, from: u128) -> Result<Vec<(u128, Page)>> {
        let (id, from) = (range.as_str(), number(from));
        let sql = "SELECT no, bits FROM page WHERE range = $1 AND no >= $2 AND open ORDER BY no LIMIT $3";
        let params = [(&id as _, Type::TEXT), (&from as _, Type::BYTEA), (&limit(OPEN_PAGES) as _, Type::INT8)];
        self.wait(self.view.all(sql, &params, |row| Ok((row.number(0)?, row.page(1)?))))
    }
}

/// Returns the error of a write, which no check does.
fn writes() -> Error {
    Error::new(ErrorKind::Corrupt, Operation::CheckStore, "a check does not write")
}

macro_rules! reads {
    ($(
        $trait:ident {
            $(read $read:ident($($r:ident: $rt:ty),*) -> $ra:ty;)*
            $(write $write:ident($($w:ident: $wt:ty),*);)*
        }
    )*) => {
        $(impl $trait for Reader<'_, '_> {
            $(fn $read(&mut self, $($r: $rt),*) -> Result<$ra> {
                self.read(|replay| replay.$read($($r),*))
            })*
            $(fn $write(&mut self, $(_: $wt),*) -> Result<()> {
                Err(writes())
            })*
        })*
    };
}

reads! {
    Ranges {
        read range(id: &RangeId) -> Option<StoredRange>;
        read ranges_overlapping(space: &SpaceId, net: IpNet) -> Vec<StoredRange>;
        read list_ranges(filter: &RangeFilter, after: Option<&RangeId>, limit: usize) -> Vec<Range>;
        read range_of_key(key: &AllocationKey) -> Option<StoredRange>;
        write insert_range(range: &StoredRange);
        write update_range(range: &StoredRange);
        write remove_range(id: &RangeId);
        write set_high_water(id: &RangeId, high_water: u128);
    }
    Blocks {
        read block(id: &BlockId) -> Option<Block>;
        read nets_within(space: &SpaceId, net: IpNet) -> Vec<IpNet>;
        read block_of_net(space: &SpaceId, net: IpNet) -> Option<Block>;
        read list_blocks(filter: &BlockFilter, after: Option<&BlockId>, limit: usize) -> Vec<Block>;
        write insert_block(block: &Block);
        write update_block(block: &Block);
        write remove_block(id: &BlockId);
    }
    Allocations {
        read allocation_at(space: &SpaceId, address: IpAddr) -> Option<Record>;
        read allocation(id: &AllocationId) -> Option<Record>;
        read allocations_of_key(key: &AllocationKey) -> Vec<Record>;
        read count_of_key(key: &AllocationKey, limit: u32) -> u32;
        read allocations_in(range: &RangeId, from: IpAddr, limit: usize) -> Vec<Record>;
        read new_allocation_id(space: &SpaceId, address: IpAddr) -> AllocationId;
        read find(request: &Find, now: SystemTime, after: Option<&(SpaceId, IpAddr)>, limit: usize) -> Vec<Allocation>;
        read expired(range: Option<&RangeId>, now: SystemTime, limit: usize) -> Vec<Record>;
        read count_expired(range: &RangeId, now: SystemTime) -> u128;
        write insert_allocation(allocation: &Allocation, line: u32);
        write update_allocation(record: &Record);
        write remove_allocation(record: &Record);
    }
    Requests {
        read request(key: &AllocationKey) -> Option<RequestRecord>;
        write insert_request(request: &RequestRecord);
        write update_request(request: &RequestRecord);
        write remove_request(key: &AllocationKey);
    }
    Quarantine {
        read quarantined_at(space: &SpaceId, address: IpAddr) -> Option<Quarantined>;
        read released(range: &RangeId, now: SystemTime, limit: usize) -> Vec<Quarantined>;
        read count_quarantined(range: &RangeId, now: SystemTime) -> (u128, u128);
        write insert_quarantined(entry: &Quarantined);
        write remove_quarantined(space: &SpaceId, address: IpAddr);
    }
    Feed {
        read changes(since: Option<&ChangePosition>, limit: usize) -> Changes;
        write append_change(change: Change);
    }
}

impl ReadAhead for Reader<'_, '_> {}

impl Pages for Reader<'_, '_> {
    fn page(&mut self, range: &RangeId, no: u128) -> Result<Option<Page>> {
        self.read(|replay| replay.page(range, no))
    }

    fn put_page(&mut self, _: &RangeId, _: u128, _: &Page, _: bool) -> Result<()> {
        Err(writes())
    }

    // A check asks for one open page after the other.
    fn next_open_page(&mut self, range: &RangeId, from: u128) -> Result<Option<(u128, Page)>> {
        if let Some(open) = &mut self.open
            && open.range == *range
        {
            while open.pages.front().is_some_and(|(no, _)| *no < from) {
                open.pages.pop_front();
            }
            if let Some(next) = open.pages.front() {
                return Ok(Some(*next));
            }
            if open.complete {
                return Ok(None);
            }
        }
        let pages = VecDeque::from(self.open_pages(range, from)?);
        let next = pages.front().copied();
        self.open = Some(OpenPages { range: range.clone(), complete: pages.len() < OPEN_PAGES, pages });
        Ok(next)
    }

    fn pages(&mut self, range: &RangeId, from: u128, limit: usize) -> Result<Vec<(u128, Page)>> {
        self.read(|replay| replay.pages(range, from, limit))
    }

    fn used_bits(&mut self, range: &RangeId) -> Result<u128> {
        self.read(|replay| replay.used_bits(range))
    }
}

// Look-ups, checked by statements over whole tables instead of one by one: see `check.sql`. An allocation is one row. By
// address and id it is found through the primary key, and by key through an index of the same table; the server keeps
// indexes and rows together, and `amcheck` is its own check of that.
impl Lookups for Reader<'_, '_> {
    fn verify_lookups(&mut self, _: &SpaceId, _: &Record, _: &mut OpenKeys, _: &mut Findings<'_>) -> Result<()> {
        Ok(())
    }

    fn count_found(&mut self, now: SystemTime) -> Result<BTreeMap<SpaceId, usize>> {
        let now = columns::micros(now);
        let sql = "SELECT space, count(*) FROM allocation WHERE expires IS NULL OR expires > $1 GROUP BY space";
        let params = [(&now as _, Type::INT8)];
        let counts = self.view.all(sql, &params, |row| {
            let count = row.parsed(1, usize::try_from(row.get::<i64>(1)?).ok())?;
            Ok((SpaceId::from(row.get::<&str>(0)?), count))
        });
        Ok(self.wait(counts)?.into_iter().collect())
    }
}
