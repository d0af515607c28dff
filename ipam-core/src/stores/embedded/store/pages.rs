//! Pages as rows.

use rusqlite::params;

use super::memo::OpenPage;
use super::{Columns, Sql, SqliteStore, limit};
use crate::engine::{Page, Pages};
use crate::stores::check::PageRow;
use crate::{RangeId, Result};

/// Converts the number of a page to its column: big-endian, so that the order of blobs is that of numbers.
pub(super) fn number(no: u128) -> [u8; 16] {
    no.to_be_bytes()
}

fn numbered(row: &Columns<'_>) -> Result<(u128, Page)> {
    let no = row.parsed(0, <[u8; 16]>::try_from(row.blob(0)?).ok())?;
    Ok((u128::from_be_bytes(no), bits(row, 1)?))
}

fn bits(row: &Columns<'_>, index: usize) -> Result<Page> {
    let bytes = <&[u8; 32]>::try_from(row.blob(index)?).ok();
    row.parsed(index, bytes.map(Page::from_bytes))
}

impl Pages for SqliteStore<'_> {
    fn page(&mut self, range: &RangeId, no: u128) -> Result<Option<Page>> {
        if let Some(known) = self.memo.open_pages.get(range).filter(|known| known.no == no) {
            return Ok(Some(known.page));
        }
        self.db.optional(Sql::PageByNo, params![range.as_str(), number(no)], |row| bits(row, 0))
    }

    fn put_page(&mut self, range: &RangeId, no: u128, page: &Page, open: bool) -> Result<()> {
        self.writes();
        match self.memo.open_pages.get_mut(range) {
            Some(known) if open && known.no == no => {
                known.page = *page;
                if !known.unwritten {
                    known.unwritten = true;
                    self.memo.unwritten_pages.push(range.clone());
                }
                return Ok(());
            }
            // The page is full now. Its row is written below.
            Some(known) if known.no == no => {
                self.memo.open_pages.remove(range);
            }
            // The page got room and is lower than the remembered one, whose place it takes.
            Some(known) if open && (known.from..known.no).contains(&no) => {
                let unwritten = std::mem::replace(&mut known.unwritten, false);
                let (last_no, last) = (known.no, known.page);
                (known.no, known.page) = (no, *page);
                if unwritten {
                    self.write_page(range, last_no, &last, true)?;
                }
            }
            _ => {}
        }
        self.write_page(range, no, page, open)
    }

    fn next_open_page(&mut self, range: &RangeId, from: u128) -> Result<Option<(u128, Page)>> {
        if let Some(known) = self.memo.open_pages.get(range).filter(|known| (known.from..=known.no).contains(&from)) {
            return Ok(Some((known.no, known.page)));
        }
        self.forget_open_page(range)?;
        let found = self.db.optional(Sql::NextOpenPage, params![range.as_str(), number(from)], numbered)?;
        if let Some((no, page)) = found {
            self.memo.open_pages.insert(range.clone(), OpenPage { from, no, page, unwritten: false });
        }
        Ok(found)
    }

    fn pages(&mut self, range: &RangeId, from: u128, count: usize) -> Result<Vec<(u128, Page)>> {
        self.write_pages()?;
        self.db.all(Sql::Pages, params![range.as_str(), number(from), limit(count)], numbered)
    }

    fn used_bits(&mut self, range: &RangeId) -> Result<u128> {
        self.write_pages()?;
        self.db.one(Sql::UsedBits, [range.as_str()], |row| row.parsed(0, u128::try_from(row.integer(0)?).ok()))
    }
}

impl SqliteStore<'_> {
    /// Returns at most `count` stored pages after one, by range and number, for the check.
    pub(in crate::stores::embedded) fn stored_pages(
        &mut self,
        after: Option<&(String, u128)>,
        count: usize,
    ) -> Result<Vec<PageRow>> {
        let (range, no) = after.map_or(("", 0), |(range, no)| (range, *no));
        self.db.all(Sql::PageRows, params![range, number(no), limit(count)], |row| {
            let no = row.parsed(1, <[u8; 16]>::try_from(row.blob(1)?).ok().map(u128::from_be_bytes))?;
            let used = row.parsed(3, u64::try_from(row.integer(3)?).ok())?;
            Ok(PageRow { range: row.text(0)?.to_owned(), no, page: bits(row, 2)?, used })
        })
    }

    /// Writes the pages that requests have left to the end of the transaction. Has to be called before the commit.
    pub(in crate::stores::embedded) fn write_pages(&mut self) -> Result<()> {
        while let Some(range) = self.memo.unwritten_pages.pop() {
            if let Some(known) = self.memo.open_pages.get_mut(&range).filter(|known| known.unwritten) {
                known.unwritten = false;
                let (no, page) = (known.no, known.page);
                self.write_page(&range, no, &page, true)?;
            }
        }
        Ok(())
    }

    /// Writes the open page of a range if necessary, and forgets it.
    fn forget_open_page(&mut self, range: &RangeId) -> Result<()> {
        match self.memo.open_pages.remove(range) {
            Some(known) if known.unwritten => self.write_page(range, known.no, &known.page, true),
            _ => Ok(()),
        }
    }

    fn write_page(&mut self, range: &RangeId, no: u128, page: &Page, open: bool) -> Result<()> {
        // Also when a read has led here, which needs the row up to date.
        self.writes();
        let (no, bytes) = (number(no), page.to_bytes());
        let params = params![range.as_str(), no, bytes, i64::from(page.count()), open];
        // Most changes leave `open` as it is, and an update that does not name it leaves its index alone (bar E1).
        if self.db.execute(Sql::ChangePage, params)? == 0 {
            self.db.execute(Sql::PutPage, params)?;
        }
        Ok(())
    }
}
