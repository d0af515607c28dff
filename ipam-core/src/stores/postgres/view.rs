//! View of one transaction on the database: the connection, and what was read in it.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::errors::Failure;
use super::locks::Locks;
use super::rows::Columns;
pub(super) use super::session::Param;
use super::session::Session;
use crate::engine::{Page, Quarantined, StoredRange};
use crate::{AllocationId, AllocationKey, Error, ErrorKind, Operation, RangeId, Result, SpaceId};

/// Kind of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reads only.
    Read,
    /// Writes allocations. Several such requests share a transaction.
    Write,
    /// Changes ranges or blocks, one request at a time in the whole schema.
    Structure,
}

/// Records that this transaction has read, in the state that its writes rely on.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Pages; `None` for one that is not stored. A write of a page fails if it is another by then.
    pub(super) pages: HashMap<(RangeId, u128), Option<Page>>,
    /// Serial number and revision of allocations. A write fails if the row has others by then.
    pub(super) revisions: HashMap<(SpaceId, IpAddr), (i64, i32)>,
    /// Allocations whose addresses are in quarantine. A removal fails if the entry is of another one by then.
    pub(super) quarantined: HashMap<(SpaceId, IpAddr), AllocationId>,
    /// Addresses of requests that were given back. Those that are added are added to what is there by then.
    pub(super) returned: HashMap<AllocationKey, Vec<IpAddr>>,
    /// Ranges, with their layouts.
    pub(super) ranges: HashMap<RangeId, StoredRange>,
    /// Ranges whose lock is held.
    pub(super) locked: HashSet<RangeId>,
    /// True if the lock of a page is held. A second one is not waited for, because two transactions could wait for each
    /// other.
    pub(super) holds_page: bool,
    /// Turn of the feed below which this transaction is not.
    pub(super) turn: i64,
}

impl Seen {
    /// Records a page that was read.
    ///
    /// # Errors
    /// `Corrupt` if an earlier read saw another state: a decision may rest on that one, while the write would only be
    /// compared with this one. The transaction is then begun anew.
    pub(super) fn saw_page(&mut self, range: &RangeId, no: u128, page: Option<Page>) -> Result<(), Failure> {
        let before = *self.pages.entry((range.clone(), no)).or_insert(page);
        if before == page { Ok(()) } else { Err(changed(format_args!("page {no:#x} of {range}"))) }
    }

    /// Records serial number and revision of an allocation that was read.
    ///
    /// # Errors
    /// As for pages.
    pub(super) fn saw_revision(&mut self, place: (SpaceId, IpAddr), revision: (i64, i32)) -> Result<(), Failure> {
        let address = place.1;
        let before = *self.revisions.entry(place).or_insert(revision);
        if before == revision { Ok(()) } else { Err(changed(format_args!("the allocation of {address}"))) }
    }

    /// Records a quarantined address that was read.
    ///
    /// # Errors
    /// As for pages.
    pub(super) fn saw_quarantined(&mut self, entry: &Quarantined) -> Result<(), Failure> {
        let place = (entry.space.clone(), entry.address);
        let before = self.quarantined.entry(place).or_insert_with(|| entry.allocation.clone());
        if *before == entry.allocation {
            Ok(())
        } else {
            Err(changed(format_args!("the quarantine of {}", entry.address)))
        }
    }
}

fn changed(what: fmt::Arguments<'_>) -> Failure {
    Error::new(ErrorKind::Corrupt, Operation::CheckStore, format!("{what} changed between two reads")).into()
}

/// View of one transaction.
pub(super) struct View<'c> {
    pub(super) client: &'c Session,
    pub(super) locks: &'c Locks,
    pub(super) serials: &'c Serials,
    pub(super) kind: Kind,
    pub(super) operation: Operation,
    /// Lock of this transaction, by which others can wait for its end.
    pub(super) own_lock: i64,
    /// Longest wait of a reader of the feed for older transactions.
    pub(super) feed_wait: Duration,
    pub(super) seen: Seen,
}

impl<'c> View<'c> {
    pub(super) async fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
        self.client.query(sql, params).await
    }

    pub(super) fn columns<'r>(&self, row: &'r Row) -> Columns<'r> {
        Columns { row, operation: self.operation }
    }

    /// Reads all rows of a statement.
    pub(super) async fn all<T>(
        &self,
        sql: &str,
        params: &[Param<'_>],
        read: impl Fn(Columns<'_>) -> Result<T>,
    ) -> Result<Vec<T>, Failure> {
        let rows = self.rows(sql, params).await?;
        Ok(rows.iter().map(|row| read(self.columns(row))).collect::<Result<_>>()?)
    }

    /// Reads the first row of a statement, if there is one.
    pub(super) async fn optional<T>(
        &self,
        sql: &str,
        params: &[Param<'_>],
        read: impl Fn(Columns<'_>) -> Result<T>,
    ) -> Result<Option<T>, Failure> {
        Ok(self.all(sql, params, read).await?.into_iter().next())
    }

    /// Reads the row of a statement that always has one.
    pub(super) async fn one<T>(
        &self,
        sql: &str,
        params: &[Param<'_>],
        read: impl Fn(Columns<'_>) -> Result<T>,
    ) -> Result<T, Failure> {
        let found = self.optional(sql, params, read).await?;
        found.ok_or_else(|| super::errors::unsound(self.operation, "a statement returned no row").into())
    }

    /// Takes a lock until the transaction ends, and waits for it.
    pub(super) async fn lock(&self, key: i64) -> Result<(), Failure> {
        self.rows("SELECT pg_advisory_xact_lock($1)", &[(&key, Type::INT8)]).await.map(|_| ())
    }

    /// Takes a lock until the transaction ends, if it is free.
    pub(super) async fn try_lock(&self, key: i64) -> Result<bool, Failure> {
        self.one("SELECT pg_try_advisory_xact_lock($1)", &[(&key, Type::INT8)], |row| row.get(0)).await
    }

    /// Takes the lock of a range, for a transaction that writes.
    pub(super) async fn lock_range(&mut self, range: &RangeId) -> Result<(), Failure> {
        if self.kind == Kind::Read || self.seen.locked.contains(range) {
            return Ok(());
        }
        let key = self.locks.range(range);
        match self.kind {
            Kind::Structure => self.lock(key).await?,
            _ => {
                self.rows("SELECT pg_advisory_xact_lock_shared($1)", &[(&key, Type::INT8)]).await?;
            }
        }
        self.seen.locked.insert(range.clone());
        Ok(())
    }
}

/// Converts a limit for SQL.
pub(super) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Length of a block of serial numbers.
const BLOCK: i64 = 1024;

/// Serial numbers that this process may give to allocations. A sequence of the database issues them in blocks, so that
/// most allocations need no statement for their ids.
#[derive(Debug, Default)]
pub(super) struct Serials(Mutex<Vec<std::ops::Range<i64>>>);

impl Serials {
    /// Takes `count` numbers, or none if there are not enough.
    pub(super) fn take(&self, count: usize) -> Option<Vec<i64>> {
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = 0_usize;
        for block in blocks.iter() {
            left = left.saturating_add(block.clone().count());
        }
        if left < count {
            return None;
        }
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            match blocks.first_mut() {
                Some(block) => match block.next() {
                    Some(serial) => taken.push(serial),
                    None => {
                        blocks.remove(0);
                    }
                },
                None => return None,
            }
        }
        Some(taken)
    }

    /// Adds a block that the sequence has issued.
    pub(super) fn add(&self, block: i64) {
        let first = block.saturating_mul(BLOCK);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(first..first.saturating_add(BLOCK));
    }
}

impl View<'_> {
    /// Issues serial numbers.
    pub(super) async fn new_serials(&self, count: usize) -> Result<Vec<i64>, Failure> {
        loop {
            if let Some(serials) = self.serials.take(count) {
                return Ok(serials);
            }
            let blocks = i64::try_from(count).unwrap_or(i64::MAX) / BLOCK + 1;
            let sql = "SELECT nextval('serial_block') FROM generate_series(1, $1::int8)";
            for block in self.all(sql, &[(&blocks, Type::INT8)], |row| row.get::<i64>(0)).await? {
                self.serials.add(block);
            }
        }
    }
}
