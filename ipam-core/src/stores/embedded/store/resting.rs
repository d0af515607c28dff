//! Addresses that were given back and rest.

use std::net::IpAddr;
use std::time::SystemTime;

use rusqlite::params;

use super::super::codec::{self, AddressBlob};
use super::{Columns, Sql, SqliteStore, limit};
use crate::engine::Due;
use crate::{AllocationId, RangeId, Result, SpaceId};

/// The row of `RESTING_COLUMNS`.
pub(super) fn due(row: &Columns<'_>) -> Result<Due> {
    Ok(Due {
        space: SpaceId::from(row.text(0)?),
        address: row.parsed(1, codec::address(row.blob(1)?))?,
        range: RangeId::from(row.text(2)?),
        allocation: AllocationId::from(row.text(3)?),
        since: row.parsed(4, codec::time(row.integer(4)?))?,
        until: row.parsed(5, codec::time(row.integer(5)?))?,
    })
}

impl SqliteStore<'_> {
    pub(super) fn add_resting(&mut self, due: &Due) -> Result<()> {
        self.writes();
        let until = codec::micros(due.until);
        if let Some(first) = self.memo.first_rested.get_mut(&due.range) {
            *first = until.min(*first);
        }
        self.db.execute_one(
            Sql::InsertResting,
            params![
                due.space.as_str(),
                AddressBlob::from(due.address),
                due.range.as_str(),
                due.allocation.as_str(),
                codec::micros(due.since),
                until
            ],
        )
    }

    pub(super) fn drop_resting(&mut self, space: &SpaceId, address: IpAddr) -> Result<()> {
        self.writes();
        self.db.execute_one(Sql::RemoveResting, params![space.as_str(), AddressBlob::from(address)])
    }

    pub(super) fn resting_of_address(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Due>> {
        self.db.optional(Sql::RestingAt, params![space.as_str(), AddressBlob::from(address)], due)
    }

    /// Those that are due are found by the end of their rest, and wanted by its beginning. While few are due, they are
    /// fetched and sorted; while many are, they are met soon in the order wanted. Either way nobody reads through all
    /// that are not due.
    pub(super) fn rested_by(&mut self, range: &RangeId, now: SystemTime, count: usize) -> Result<Vec<Due>> {
        let now = codec::micros(now);
        let first = match self.memo.first_rested.get(range) {
            Some(first) => *first,
            None => {
                let first = self.db.one(Sql::FirstRested, [range.as_str()], |row| row.integer(0))?;
                self.memo.first_rested.insert(range.clone(), first);
                first
            }
        };
        if now < first {
            return Ok(Vec::new());
        }
        let more = limit(count.max(64)).saturating_add(1);
        let mut found = self.db.all(Sql::RestedUntil, params![range.as_str(), now, more], due)?;
        if found.is_empty() {
            // What was due is gone by now.
            self.memo.first_rested.remove(range);
        }
        if limit(found.len()) < more {
            found.sort_by(|a, b| (a.since, &a.space, a.address).cmp(&(b.since, &b.space, b.address)));
            found.truncate(count);
            return Ok(found);
        }
        self.db.all(Sql::RestedSince, params![range.as_str(), now, limit(count)], due)
    }

    pub(super) fn count_resting_by(&mut self, range: &RangeId, now: SystemTime) -> Result<(u128, u128)> {
        self.db.one(Sql::CountResting, params![range.as_str(), codec::micros(now)], |row| {
            let count = |index| row.parsed(index, u128::try_from(row.integer(index)?).ok());
            Ok((count(0)?, count(1)?))
        })
    }
}
