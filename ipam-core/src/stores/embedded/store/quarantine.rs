//! Quarantined addresses as rows.

use std::net::IpAddr;
use std::time::SystemTime;

use rusqlite::params;

use super::super::codec::{self, AddressBlob};
use super::{Columns, Sql, SqliteStore, limit};
use crate::engine::{Quarantine, Quarantined};
use crate::{AllocationId, RangeId, Result, SpaceId};

/// Reads a row of `RESTING_COLUMNS`.
pub(super) fn quarantined(row: &Columns<'_>) -> Result<Quarantined> {
    Ok(Quarantined {
        space: SpaceId::from(row.text(0)?),
        address: row.parsed(1, codec::address(row.blob(1)?))?,
        range: RangeId::from(row.text(2)?),
        allocation: AllocationId::from(row.text(3)?),
        since: row.parsed(4, codec::from_micros(row.integer(4)?))?,
        until: row.parsed(5, codec::from_micros(row.integer(5)?))?,
    })
}

impl Quarantine for SqliteStore<'_> {
    fn insert_quarantined(&mut self, entry: &Quarantined) -> Result<()> {
        self.writes();
        let until = codec::micros(entry.until);
        if let Some(first) = self.memo.first_released.get_mut(&entry.range) {
            *first = until.min(*first);
        }
        self.db.execute_one(
            Sql::InsertQuarantined,
            params![
                entry.space.as_str(),
                AddressBlob::from(entry.address),
                entry.range.as_str(),
                entry.allocation.as_str(),
                codec::micros(entry.since),
                until
            ],
        )
    }

    fn remove_quarantined(&mut self, space: &SpaceId, address: IpAddr) -> Result<()> {
        self.writes();
        self.db.execute_one(Sql::RemoveQuarantined, params![space.as_str(), AddressBlob::from(address)])
    }

    fn quarantined_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Quarantined>> {
        self.db.optional(Sql::QuarantinedAt, params![space.as_str(), AddressBlob::from(address)], quarantined)
    }

    // Released addresses are found by the end of their quarantine, and returned by its beginning. If there are few,
    // they are read by end and sorted. If there are many, reading by beginning meets enough of them soon. Both ways
    // read few entries that are not released.
    fn released(&mut self, range: &RangeId, now: SystemTime, count: usize) -> Result<Vec<Quarantined>> {
        let now = codec::micros(now);
        let first = match self.memo.first_released.get(range) {
            Some(first) => *first,
            None => {
                let first = self.db.one(Sql::FirstReleased, [range.as_str()], |row| row.integer(0))?;
                self.memo.first_released.insert(range.clone(), first);
                first
            }
        };
        if now < first {
            return Ok(Vec::new());
        }
        let more = limit(count.max(64)).saturating_add(1);
        let mut found = self.db.all(Sql::ReleasedByUntil, params![range.as_str(), now, more], quarantined)?;
        if found.is_empty() {
            // The address that was remembered as the first to be released has been removed.
            self.memo.first_released.remove(range);
        }
        if limit(found.len()) < more {
            found.sort_by(|a, b| (a.since, &a.space, a.address).cmp(&(b.since, &b.space, b.address)));
            found.truncate(count);
            return Ok(found);
        }
        self.db.all(Sql::ReleasedBySince, params![range.as_str(), now, limit(count)], quarantined)
    }

    fn count_quarantined(&mut self, range: &RangeId, now: SystemTime) -> Result<(u128, u128)> {
        self.db.one(Sql::CountQuarantined, params![range.as_str(), codec::micros(now)], |row| {
            let count = |index| row.parsed(index, u128::try_from(row.integer(index)?).ok());
            Ok((count(0)?, count(1)?))
        })
    }
}
