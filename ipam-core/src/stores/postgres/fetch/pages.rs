//! Reads of pages.

use tokio_postgres::types::Type;

use super::super::errors::Failure;
use super::super::view::{Kind, View, limit};
use crate::engine::Page;
use crate::{Operation, RangeId};

/// Lock of a page, computed by the server from its number and the seed `$2`.
macro_rules! page_lock {
    ($no:literal) => {
        concat!("hashtextextended(encode(", $no, ", 'hex'), $2)")
    };
}

/// Lowest open page from `$3` on that no other transaction has locked, and locks it.
// The inner limit keeps the outer condition, which takes locks, from being evaluated for more pages than needed.
const TRY_OPEN: &str = concat!(
    "SELECT p.no, p.bits FROM (SELECT no, bits FROM page WHERE range = $1 AND no >= $3 AND open ORDER BY no LIMIT 64) \
     p WHERE pg_try_advisory_xact_lock(",
    page_lock!("p.no"),
    ") LIMIT 1"
);
const NEXT_OPEN: &str = "SELECT no, bits FROM page WHERE range = $1 AND no >= $2 AND open ORDER BY no LIMIT 1";
const LOCK: &str = concat!("SELECT pg_advisory_xact_lock(", page_lock!("$1"), ")");
const PAGE: &str = "SELECT bits FROM page WHERE range = $1 AND no = $2";
const PAGES: &str = "SELECT no, bits FROM page WHERE range = $1 AND no >= $2 ORDER BY no LIMIT $3";

/// Number of times that a page is waited for before it is used without a lock.
const WAITS: usize = 8;

/// Converts the number of a page to its column: big-endian, so that the order of the column is that of numbers.
pub(in crate::stores::postgres) fn number(no: u128) -> Vec<u8> {
    no.to_be_bytes().to_vec()
}

impl View<'_> {
    pub(super) async fn page(&mut self, range: &RangeId, no: u128) -> Result<Option<Page>, Failure> {
        // A deallocation names its page. It waits for others here, rather than fail when it writes.
        if self.kind == Kind::Write && self.operation == Operation::Deallocate && !self.seen.holds_page {
            self.lock_page(range, no).await?;
        }
        self.read_page(range, no).await
    }

    async fn read_page(&mut self, range: &RangeId, no: u128) -> Result<Option<Page>, Failure> {
        let params = [(&range.as_str() as _, Type::TEXT), (&number(no) as _, Type::BYTEA)];
        let found = self.optional(PAGE, &params, |row| row.page(0)).await?;
        self.seen.saw_page(range, no, found)?;
        Ok(found)
    }

    async fn lock_page(&mut self, range: &RangeId, no: u128) -> Result<(), Failure> {
        self.seen.holds_page = true;
        let seed = self.locks.pages(range);
        self.rows(LOCK, &[(&number(no), Type::BYTEA), (&seed, Type::INT8)]).await.map(|_| ())
    }

    pub(super) async fn next_open_page(&self, range: &RangeId, from: u128) -> Result<Option<(u128, Page)>, Failure> {
        let params = [(&range.as_str() as _, Type::TEXT), (&number(from) as _, Type::BYTEA)];
        self.optional(NEXT_OPEN, &params, |row| Ok((row.number(0)?, row.page(1)?))).await
    }

    pub(super) async fn lock_open_page(
        &mut self,
        range: &RangeId,
        from: u128,
    ) -> Result<Option<(u128, Page)>, Failure> {
        for _ in 0..WAITS {
            let seed = self.locks.pages(range);
            let first = number(from);
            let params = [(&range.as_str() as _, Type::TEXT), (&seed as _, Type::INT8), (&first as _, Type::BYTEA)];
            if let Some((no, page)) = self.optional(TRY_OPEN, &params, |row| Ok((row.number(0)?, row.page(1)?))).await?
            {
                self.seen.holds_page = true;
                self.seen.saw_page(range, no, Some(page))?;
                return Ok(Some((no, page)));
            }
            // None, or all of them locked.
            let Some((no, _)) = self.next_open_page(range, from).await? else { return Ok(None) };
            if self.seen.holds_page {
                break;
            }
            self.lock_page(range, no).await?;
            // Read again: its owner has filled it, perhaps.
            let params = [(&range.as_str() as _, Type::TEXT), (&number(no) as _, Type::BYTEA)];
            if let Some((found, page)) =
                self.optional(NEXT_OPEN, &params, |row| Ok((row.number(0)?, row.page(1)?))).await?
                && found == no
            {
                self.seen.saw_page(range, no, Some(page))?;
                return Ok(Some((no, page)));
            }
            self.seen.holds_page = false;
        }
        // Without a lock. The write notices if another transaction comes first.
        let found = self.next_open_page(range, from).await?;
        if let Some((no, page)) = found {
            self.seen.saw_page(range, no, Some(page))?;
        }
        Ok(found)
    }

    pub(super) async fn pages(
        &mut self,
        range: &RangeId,
        from: u128,
        count: usize,
    ) -> Result<Vec<(u128, Page)>, Failure> {
        let params =
            [(&range.as_str() as _, Type::TEXT), (&number(from) as _, Type::BYTEA), (&limit(count) as _, Type::INT8)];
        let found = self.all(PAGES, &params, |row| Ok((row.number(0)?, row.page(1)?))).await?;
        for (no, page) in &found {
            self.seen.saw_page(range, *no, Some(*page))?;
        }
        Ok(found)
    }

    pub(super) async fn used_bits(&self, range: &RangeId) -> Result<u128, Failure> {
        let sql = "SELECT coalesce(sum(used), 0)::int8 FROM page WHERE range = $1";
        self.one(sql, &[(&range.as_str(), Type::TEXT)], |row| row.amount(0)).await
    }
}
