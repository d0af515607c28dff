//! Allocations as rows.

use std::net::IpAddr;
use std::time::SystemTime;

use rusqlite::params;

use super::super::codec::{self, AddressBlob, IdParts, id_of};
use super::{Columns, Sql, SqliteStore, limit};
use crate::engine::{Allocations, Ranges, Record};
use crate::{Allocation, AllocationId, AllocationKey, Find, MacAddr, Owner, RangeId, Result, SpaceId};

/// Reads a row of `ALLOCATION_COLUMNS`.
pub(super) fn record(row: &Columns<'_>) -> Result<Record> {
    let space = row.text(0)?;
    let address = row.parsed(1, codec::address(row.blob(1)?))?;
    let id = id_of(space, address, row.integer(2)?);
    let mut allocation = Allocation::new(id, space, row.text(3)?, address);
    allocation.key = Some(AllocationKey::from(row.text(4)?));
    let line = row.count(5)?;
    allocation.owner = Some(Owner::from(row.text(6)?));
    allocation.labels.hostname = row.optional_text(7)?.map(str::to_owned);
    allocation.labels.description = row.optional_text(8)?.map(str::to_owned);
    if let Some(octets) = row.optional_blob(9)? {
        allocation.labels.mac = Some(MacAddr::new(row.parsed(9, octets.try_into().ok())?));
    }
    allocation.labels.tags = row.parsed(10, codec::parse_tags(row.optional_text(10)?))?;
    let time = |index| match row.optional_integer(index)? {
        Some(micros) => row.parsed(index, codec::from_micros(micros)).map(Some),
        None => Ok(None),
    };
    allocation.created = time(11)?;
    allocation.updated = time(12)?;
    allocation.expires = time(13)?;
    Ok(Record { allocation: Box::new(allocation), line })
}

impl Allocations for SqliteStore<'_> {
    fn allocation_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Record>> {
        self.db.optional(Sql::AllocationAt, params![space.as_str(), AddressBlob::from(address)], record)
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

    fn allocation(&mut self, id: &AllocationId) -> Result<Option<Record>> {
        let Some(parts) = IdParts::of(id.as_str()) else { return Ok(None) };
        let address = AddressBlob::from(parts.address);
        let found = match parts.space {
            Some(space) => self.db.optional(Sql::AllocationAt, params![space, address], record)?,
            None => self.db.optional(Sql::AllocationBySerial, [parts.serial], record)?,
        };
        Ok(found.filter(|record| record.allocation.id == *id))
    }

    fn allocations_of_key(&mut self, key: &AllocationKey) -> Result<Vec<Record>> {
        let Some((first, last)) = self.serials_of_key(key)? else { return Ok(Vec::new()) };
        self.db.all(Sql::AllocationsOfSerials, [first, last], record)
    }

    fn count_of_key(&mut self, key: &AllocationKey, most: u32) -> Result<u32> {
        let Some((first, last)) = self.serials_of_key(key)? else { return Ok(0) };
        self.db.one(Sql::CountOfSerials, [first, last, i64::from(most)], |row| row.count(0))
    }

    fn allocations_in(&mut self, range: &RangeId, from: IpAddr, count: usize) -> Result<Vec<Record>> {
        let Some(found) = self.range(range)? else { return Ok(Vec::new()) };
        let first = AddressBlob::from(found.range.addresses.first().max(from));
        let last = AddressBlob::from(found.range.addresses.last());
        let params = params![found.range.space.as_str(), first, last, range.as_str(), limit(count)];
        self.db.all(Sql::AllocationsIn, params, record)
    }

    // Serial numbers begin above the number of the last change. Every allocation appends a change, so that the next
    // transaction begins above all numbers that were issued: no counter has to be stored.
    fn new_allocation_id(&mut self, space: &SpaceId, address: IpAddr) -> Result<AllocationId> {
        let serial = self.last_event()?.max(self.memo.last_serial) + 1;
        self.memo.last_serial = serial;
        Ok(id_of(space.as_str(), address, serial))
    }

    fn insert_allocation(&mut self, allocation: &Allocation, line: u32) -> Result<()> {
        self.writes();
        let serial = self.serial(&allocation.id)?;
        if !self.memo.serials.as_ref().is_some_and(|serials| serials.contains(&serial)) {
            return Err(
                self.unsound(format_args!("the request of the allocation {} was not stored first", allocation.id))
            );
        }
        self.expires(allocation.expires);
        let tags = codec::tags(&allocation.labels.tags).map_err(|error| self.db.error(error))?;
        self.db.execute_one(
            Sql::InsertAllocation,
            params![
                allocation.space.as_str(),
                AddressBlob::from(allocation.address),
                serial,
                allocation.range.as_str(),
                allocation.key.as_ref().map(AsRef::<str>::as_ref),
                line,
                allocation.owner.as_ref().map(AsRef::<str>::as_ref),
                allocation.labels.hostname,
                allocation.labels.description,
                allocation.labels.mac.map(MacAddr::octets),
                tags,
                allocation.created.map(codec::micros),
                allocation.updated.map(codec::micros),
                allocation.expires.map(codec::micros),
            ],
        )
    }

    fn update_allocation(&mut self, record: &Record) -> Result<()> {
        self.writes();
        let allocation = &record.allocation;
        let serial = self.serial(&allocation.id)?;
        self.expires(allocation.expires);
        let tags = codec::tags(&allocation.labels.tags).map_err(|error| self.db.error(error))?;
        self.db.execute_one(
            Sql::UpdateAllocation,
            params![
                allocation.space.as_str(),
                AddressBlob::from(allocation.address),
                serial,
                allocation.labels.hostname,
                allocation.labels.description,
                allocation.labels.mac.map(MacAddr::octets),
                tags,
                allocation.updated.map(codec::micros),
                allocation.expires.map(codec::micros),
            ],
        )
    }

    fn remove_allocation(&mut self, record: &Record) -> Result<()> {
        self.writes();
        let allocation = &record.allocation;
        let serial = self.serial(&allocation.id)?;
        let address = AddressBlob::from(allocation.address);
        self.db.execute_one(Sql::RemoveAllocation, params![allocation.space.as_str(), address, serial])
    }

    fn expired(&mut self, range: Option<&RangeId>, now: SystemTime, count: usize) -> Result<Vec<Record>> {
        let (now, count) = (codec::micros(now), limit(count));
        if !self.any_expired(now)? {
            return Ok(Vec::new());
        }
        let found = match range {
            Some(range) => self.db.all(Sql::ExpiredOfRange, params![now, count, range.as_str()], record)?,
            None => self.db.all(Sql::ExpiredOfAll, params![now, count], record)?,
        };
        if found.is_empty() {
            // The allocation that was remembered as the first to expire has been removed or renewed.
            self.memo.first_expiry = None;
        }
        Ok(found)
    }

    fn count_expired(&mut self, range: &RangeId, now: SystemTime) -> Result<u128> {
        self.db.one(Sql::CountExpired, params![codec::micros(now), range.as_str()], |row| {
            row.parsed(0, u128::try_from(row.integer(0)?).ok())
        })
    }
}

impl SqliteStore<'_> {
    /// Returns the first and the last serial number of a request's allocations. No other request has numbers in
    /// between.
    pub(super) fn serials_of_key(&mut self, key: &AllocationKey) -> Result<Option<(i64, i64)>> {
        self.db.optional(Sql::SerialsOfKey, [key.as_str()], |row| {
            let first = row.integer(0)?;
            Ok((first, first.saturating_add(row.integer(1)?).saturating_sub(1)))
        })
    }

    pub(super) fn serial(&self, id: &AllocationId) -> Result<i64> {
        let parts = IdParts::of(id.as_str());
        parts.map(|parts| parts.serial).ok_or_else(|| self.unsound(format_args!("it did not make the id {id}")))
    }

    /// Lowers the remembered first expiry to that of an allocation that is about to be stored.
    fn expires(&mut self, expires: Option<SystemTime>) {
        if let (Some(first), Some(expires)) = (self.memo.first_expiry.as_mut(), expires) {
            *first = codec::micros(expires).min(*first);
        }
    }

    /// Returns true if an allocation may have expired.
    // Nearly always none has, and the memo says so without a statement.
    fn any_expired(&mut self, now: i64) -> Result<bool> {
        let first = match self.memo.first_expiry {
            Some(first) => first,
            None => *self.memo.first_expiry.insert(self.db.one(Sql::FirstExpiry, [], |row| row.integer(0))?),
        };
        Ok(first <= now)
    }
}
