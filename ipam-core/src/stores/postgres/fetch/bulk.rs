//! Reads of many records in one statement, before the engine asks for each of them.
//!
//! The engine asks for one record at a time, and each missing one costs a round trip. Which ones it will ask for is known
//! from the request, or from a list that it has read. Reading too much does no harm: every write is compared with what was
//! read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use futures_util::future::{join, join4};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::super::errors::Failure;
use super::super::hint::{Hint, Place, Purpose};
use super::super::rows::{allocation_columns, net_columns, quarantine_columns, range_columns, request_columns};
use super::super::view::{Kind, Param, View};
use super::number;
use crate::engine::replay::{Read, Replay, Value};
use crate::engine::{Page, Record, RequestKind, RequestRecord, locate};
use crate::stores::columns::IdParts;
use crate::{Allocation, AllocationId, AllocationKey, AllocationState, RangeId, Result, SpaceId};

/// Requests of keys `$1`, with the number of their allocations.
pub(in crate::stores::postgres) const REQUESTS: &str =
    concat!("SELECT ", request_columns!(), ", t.live FROM request t WHERE t.key = ANY($1)");
const OF_KEYS: &str = concat!(
    "SELECT ",
    allocation_columns!(),
    " FROM allocation t WHERE t.key = ANY($1) ORDER BY t.key, t.line, t.address"
);
const AT: &str = concat!(
    "SELECT ",
    allocation_columns!(),
    " FROM allocation t WHERE (t.space, t.address) IN (SELECT * FROM unnest($1::text[], $2::inet[]))"
);
const QUARANTINED: &str = concat!(
    "SELECT ",
    quarantine_columns!(),
    " FROM quarantine t WHERE (t.space, t.address) IN (SELECT * FROM unnest($1::text[], $2::inet[]))"
);
// Ranges without the block around them: see `HOT_RANGE`.
const RANGES: &str = concat!("SELECT ", range_columns!(), ", NULL::text FROM range t WHERE t.id = ANY($1)");
const PAGES: &str = "SELECT x.range, x.no, p.bits FROM unnest($1::text[], $2::bytea[]) AS x(range, no) \
                     LEFT JOIN page p ON p.range = x.range AND p.no = x.no";
const LOCK: &str = "SELECT pg_advisory_xact_lock(k) FROM unnest($1::int8[]) AS t(k)";
const LOCK_SHARED: &str = "SELECT pg_advisory_xact_lock_shared(k) FROM unnest($1::int8[]) AS t(k)";
const LOCK_PAGES: &str = "SELECT pg_advisory_xact_lock(hashtextextended(encode(x.no, 'hex'), x.seed)) \
                          FROM unnest($1::bytea[], $2::int8[]) AS x(no, seed)";

/// Number of locks that a read of many records takes at most.
// The server has a table of fixed size for the locks of all transactions. Without the locks, a transaction that meets
// another one is begun anew.
pub(super) const MOST_LOCKS: usize = 64;

impl View<'_> {
    /// Reads what the hints name, after their requests were read.
    pub(in crate::stores::postgres) async fn read_ahead(
        &mut self,
        hints: &[&Hint],
        requests: &[RequestRecord],
        replay: &mut Replay,
    ) -> Result<(), Failure> {
        let known: BTreeSet<&AllocationKey> = requests.iter().map(|request| &request.key).collect();
        let mut keys = BTreeSet::new();
        for key in hints.iter().filter(|hint| hint.purpose != Purpose::Unread).flat_map(|hint| &hint.keys) {
            if known.contains(key) {
                keys.insert(key);
            } else {
                replay.provide(Read::AllocationsOfKey(key.clone()), Value::Records(Vec::new()));
            }
        }
        let mut records = self.allocations_of_keys(&keys, replay).await?;
        let ids: Vec<&AllocationId> = hints.iter().flat_map(|hint| &hint.ids).collect();
        records.extend(self.allocations_by_id(&ids, replay).await?);
        let ends = hints.iter().any(|hint| hint.purpose == Purpose::Ended);
        if ends {
            self.around(&records, true, replay).await?;
        }
        let places: Vec<Place> = hints.iter().flat_map(|hint| &hint.places).cloned().collect();
        self.places(&places, ends, replay).await
    }

    /// Reads what the listing of records needs beside the allocations.
    pub(super) async fn listed(&mut self, found: &[Allocation], replay: &mut Replay) -> Result<(), Failure> {
        let keys: BTreeSet<&AllocationKey> = found.iter().filter_map(|one| one.key.as_ref()).collect();
        let requests = self.requests(&keys, replay).await?;
        let several = |request: &&RequestRecord| matches!(request.kind, RequestKind::Addresses { count: 2.., .. });
        let several: BTreeSet<_> = requests.iter().filter(several).map(|request| &request.key).collect();
        self.allocations_of_keys(&several, replay).await?;
        let quarantined = found.iter().filter(|one| one.state == AllocationState::Quarantined);
        let places: Vec<_> = quarantined.map(|one| (one.space.clone(), one.address)).collect();
        self.used(&places, replay).await
    }

    /// Reads the requests of keys, and the numbers of their allocations.
    pub(super) async fn requests(
        &mut self,
        keys: &BTreeSet<&AllocationKey>,
        replay: &mut Replay,
    ) -> Result<Vec<RequestRecord>, Failure> {
        let texts: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.rows(REQUESTS, &[(&texts, Type::TEXT_ARRAY)]).await?;
        Ok(self.provide_requests(keys, &rows, replay)?)
    }

    /// Provides the rows of `REQUESTS`. Returns the requests that there are.
    pub(in crate::stores::postgres) fn provide_requests(
        &mut self,
        keys: &BTreeSet<&AllocationKey>,
        rows: &[Row],
        replay: &mut Replay,
    ) -> Result<Vec<RequestRecord>> {
        let mut found = HashMap::with_capacity(rows.len());
        for row in rows {
            let columns = self.columns(row);
            let request = columns.request()?;
            found.insert(request.key.clone(), (request, columns.live()?));
        }
        for key in keys {
            let (request, live) = match found.get(*key) {
                Some((request, live)) => {
                    self.seen.returned.insert(request.key.clone(), request.returned.clone());
                    let counts = matches!(request.kind, RequestKind::Addresses { .. });
                    (Some(request.clone()), if counts { *live } else { 0 })
                }
                None => (None, 0),
            };
            replay.provide(Read::Request((*key).clone()), Value::Request(request));
            replay.provide(Read::CountOfKey((*key).clone()), Value::Count(live));
        }
        Ok(found.into_values().map(|(request, _)| request).collect())
    }

    /// Reads all allocations of keys.
    pub(super) async fn allocations_of_keys(
        &mut self,
        keys: &BTreeSet<&AllocationKey>,
        replay: &mut Replay,
    ) -> Result<Vec<Record>, Failure> {
        let texts: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let records = self.records(OF_KEYS, &[(&texts, Type::TEXT_ARRAY)]).await?;
        let mut of_key: BTreeMap<&str, Vec<Record>> = texts.iter().map(|key| (*key, Vec::new())).collect();
        for record in &records {
            let key = record.allocation.key.as_ref().map(AllocationKey::as_str);
            if let Some(list) = key.and_then(|key| of_key.get_mut(key)) {
                list.push(record.clone());
            }
        }
        for (key, list) in of_key {
            replay.provide(Read::AllocationsOfKey(key.into()), Value::Records(list));
        }
        Ok(records)
    }

    /// Reads allocations by their ids, as far as the ids name their spaces.
    async fn allocations_by_id(&mut self, ids: &[&AllocationId], replay: &mut Replay) -> Result<Vec<Record>, Failure> {
        let mut places = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(parts) = IdParts::of(id.as_str())
                && let Some(space) = parts.space
            {
                places.push((SpaceId::from(space), parts.address, *id));
            }
        }
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let addresses = Addresses::of(places.iter().map(|(space, address, _)| (space, *address)));
        let mut records = self.records(AT, &addresses.params()).await?;
        let found: HashMap<AllocationId, Record> =
            records.iter().map(|record| (record.allocation.id.clone(), record.clone())).collect();
        for (_, _, id) in &places {
            replay.provide(Read::Allocation((*id).clone()), Value::Record(found.get(*id).cloned()));
        }
        // Another allocation may have the address by now.
        let named: BTreeSet<&AllocationId> = places.iter().map(|(_, _, id)| *id).collect();
        records.retain(|record| named.contains(&record.allocation.id));
        Ok(records)
    }

    /// Reads what names of addresses lead to: the ranges, the pages, and the allocations and quarantines of used ones.
    async fn places(&mut self, places: &[Place], waits: bool, replay: &mut Replay) -> Result<(), Failure> {
        if places.is_empty() {
            return Ok(());
        }
        let pages = self.ranges_and_pages(places, &BTreeSet::new(), waits, replay).await?;
        let mut used = Vec::new();
        for (range, address) in places {
            let (no, bit) = locate(*address);
            // What ends is asked for whatever its page says.
            if let Some(stored) = self.seen.ranges.get(range)
                && (waits || pages.get(&(range.clone(), no)).is_some_and(|page| page.contains(bit)))
            {
                used.push((stored.range.space.clone(), *address));
            }
        }
        self.used(&used, replay).await
    }

    /// Reads the allocations and quarantines of addresses.
    pub(super) async fn used(&mut self, places: &[(SpaceId, IpAddr)], replay: &mut Replay) -> Result<(), Failure> {
        if places.is_empty() {
            return Ok(());
        }
        let addresses = Addresses::of(places.iter().map(|(space, address)| (space, *address)));
        let records = self.records(AT, &addresses.params()).await?;
        let entries = self.quarantine_entries(QUARANTINED, &addresses.params()).await?;
        let place = |space: &SpaceId, address: IpAddr| (space.clone(), address);
        // The same address may be named twice.
        let records: HashMap<_, _> = records
            .into_iter()
            .map(|record| (place(&record.allocation.space, record.allocation.address), record))
            .collect();
        let entries: HashMap<_, _> =
            entries.into_iter().map(|entry| (place(&entry.space, entry.address), entry)).collect();
        for at in places {
            let (space, address) = at.clone();
            let read = Read::AllocationAt { space: space.clone(), address };
            replay.provide(read, Value::Record(records.get(at).cloned()));
            replay.provide(Read::QuarantinedAt { space, address }, Value::Quarantined(entries.get(at).cloned()));
        }
        Ok(())
    }

    /// Reads what the end of allocations needs: their ranges, pages and requests. `waits`: until others have done with
    /// the pages.
    pub(super) async fn around(&mut self, records: &[Record], waits: bool, replay: &mut Replay) -> Result<(), Failure> {
        if records.is_empty() || self.kind != Kind::Write {
            return Ok(());
        }
        let places: Vec<Place> =
            records.iter().map(|record| (record.allocation.range.clone(), record.allocation.address)).collect();
        let keys: BTreeSet<&AllocationKey> =
            records.iter().filter_map(|record| record.allocation.key.as_ref()).collect();
        self.ranges_and_pages(&places, &keys, waits, replay).await.map(|_| ())
    }

    /// Reads the ranges of addresses and their pages, when the locks of the ranges are held, and the requests of keys.
    async fn ranges_and_pages(
        &mut self,
        places: &[Place],
        keys: &BTreeSet<&AllocationKey>,
        waits: bool,
        replay: &mut Replay,
    ) -> Result<BTreeMap<(RangeId, u128), Page>, Failure> {
        // Sorted, so that transactions take the locks in the same order.
        let ids: BTreeSet<&RangeId> = places.iter().map(|(range, _)| range).collect();
        let numbers: BTreeSet<(&RangeId, u128)> =
            places.iter().map(|(range, address)| (range, locate(*address).0)).collect();
        let new: Vec<&RangeId> = ids.iter().copied().filter(|id| !self.seen.locked.contains(*id)).collect();
        let locks: Vec<i64> = new.iter().map(|id| self.locks.range(id)).collect();
        // What holds the lock of the structure needs no other one to rely on a range.
        let (lock, take) = match self.kind {
            Kind::Write => (LOCK_SHARED, !locks.is_empty()),
            Kind::Structure => (LOCK, !locks.is_empty() && locks.len() <= MOST_LOCKS),
            Kind::Read => (LOCK_SHARED, false),
        };
        let unread: Vec<&str> =
            ids.iter().filter(|id| !self.seen.ranges.contains_key(**id)).map(|id| id.as_str()).collect();
        let ranges: Vec<&str> = numbers.iter().map(|(range, _)| range.as_str()).collect();
        let nos: Vec<Vec<u8>> = numbers.iter().map(|(_, no)| number(*no)).collect();
        let seeds: Vec<i64> = numbers.iter().map(|(range, _)| self.locks.pages(range)).collect();
        // As for a single page: a deallocation waits for others here, rather than fail when it writes.
        let waits = waits && self.kind == Kind::Write && !self.seen.holds_page && numbers.len() <= MOST_LOCKS;
        let texts: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
        let client = self.client;
        // Sent in this order, and done one after the other.
        let ((locked, paged), found_ranges, found_pages, found_requests) = join4(
            join(
                when(take, client.query(lock, &[(&locks, Type::INT8_ARRAY)])),
                when(waits, client.query(LOCK_PAGES, &[(&nos, Type::BYTEA_ARRAY), (&seeds, Type::INT8_ARRAY)])),
            ),
            when(!unread.is_empty(), client.query(RANGES, &[(&unread, Type::TEXT_ARRAY)])),
            client.query(PAGES, &[(&ranges, Type::TEXT_ARRAY), (&nos, Type::BYTEA_ARRAY)]),
            when(!texts.is_empty(), client.query(REQUESTS, &[(&texts, Type::TEXT_ARRAY)])),
        )
        .await;
        locked?;
        paged?;
        self.seen.holds_page |= waits;
        if take {
            self.seen.locked.extend(new.into_iter().cloned());
        }
        for row in &found_ranges? {
            let stored = self.columns(row).range()?;
            self.seen.ranges.insert(stored.range.id.clone(), stored);
        }
        for id in ids {
            // The block around a range is left out, which nothing that is done with these depends on.
            let stored = self.seen.ranges.get(id).cloned();
            replay.provide(Read::Range(id.clone()), Value::Range(stored));
        }
        let mut pages = BTreeMap::new();
        for row in &found_pages? {
            let columns = self.columns(row);
            let (range, no) = (RangeId::from(columns.get::<&str>(0)?), columns.number(1)?);
            let page = match columns.get::<Option<&[u8]>>(2)? {
                Some(_) => Some(columns.page(2)?),
                None => None,
            };
            self.seen.saw_page(&range, no, page)?;
            replay.provide(Read::Page { range: range.clone(), no }, Value::Page(page));
            pages.extend(page.map(|page| ((range, no), page)));
        }
        if !keys.is_empty() {
            self.provide_requests(keys, &found_requests?, replay)?;
        }
        Ok(pages)
    }
}

/// Does a statement if a condition holds.
pub(in crate::stores::postgres) async fn when(
    holds: bool,
    statement: impl Future<Output = Result<Vec<Row>, Failure>>,
) -> Result<Vec<Row>, Failure> {
    if holds { statement.await } else { Ok(Vec::new()) }
}

/// Addresses as columns.
struct Addresses<'p> {
    spaces: Vec<&'p str>,
    addresses: Vec<IpAddr>,
}

impl<'p> Addresses<'p> {
    fn of(places: impl Iterator<Item = (&'p SpaceId, IpAddr)>) -> Self {
        let (spaces, addresses) = places.map(|(space, address)| (space.as_str(), address)).unzip();
        Self { spaces, addresses }
    }

    fn params(&self) -> [Param<'_>; 2] {
        [(&self.spaces, Type::TEXT_ARRAY), (&self.addresses, Type::INET_ARRAY)]
    }
}
