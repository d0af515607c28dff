//! Reads of an operation from what has been fetched and the log.

use std::collections::BTreeMap;

use super::{Need, Read, Replay, Value, Write};
use crate::engine::Page;
use crate::{AllocationId, AllocationKey, Error, ErrorKind, RangeId, Result};

/// Error of an operation that reads after its first write: it would not see its own writes.
const READ_AFTER_WRITE: &str = "an operation read after it had written";

impl Replay {
    /// Returns the result of a read that the log does not touch.
    pub(super) fn read(&mut self, read: Read) -> Result<Value> {
        // The fetched result is that of the database, which does not have the log yet. Combining the two for every kind
        // of read would be a second implementation of the database; a flush costs one round trip.
        if self.log.iter().any(|write| write.touches(&read)) {
            return Err(self.missing(Need::Flush));
        }
        self.fetched(read)
    }

    /// Returns the result of a read as it is in the database.
    pub(super) fn fetched(&mut self, read: Read) -> Result<Value> {
        if !self.progress.writes.is_empty() {
            return Err(self.error(ErrorKind::Corrupt, READ_AFTER_WRITE));
        }
        match self.fetched.get(&read) {
            Some(value) => Ok(value.clone()),
            None => Err(self.missing(Need::Read(read))),
        }
    }

    /// Asks for those of some reads that were not fetched yet, all at once.
    pub(super) fn fetch_ahead(&mut self, reads: impl Iterator<Item = Read>) -> Result<()> {
        // With a log each read decides by itself whether the log has to be flushed first.
        if !self.log.is_empty() {
            return Ok(());
        }
        let missing: Vec<Read> = reads.filter(|read| !self.fetched.contains_key(read)).collect();
        if missing.len() < 2 {
            return Ok(());
        }
        Err(self.missing(Need::Read(Read::Many(missing))))
    }

    fn missing(&mut self, need: Need) -> Error {
        // The first need counts: an operation that ignores the error may run into others that follow from it.
        self.progress.need.get_or_insert(need);
        self.error(ErrorKind::Unavailable, "a record has to be fetched first")
    }

    /// Returns a range with the high-water mark of the log. Other writes of ranges have to be flushed first.
    pub(super) fn range_with_log(&mut self, id: &RangeId) -> Result<Value> {
        let read = Read::Range(id.clone());
        let mut mark = None;
        for write in &self.log {
            match write {
                Write::SetHighWater { range, high_water } if range == id => mark = Some(*high_water),
                write if write.touches(&read) => return Err(self.missing(Need::Flush)),
                _ => {}
            }
        }
        let mut value = self.fetched(read)?;
        if let (Some(mark), Value::Range(Some(stored))) = (mark, &mut value) {
            stored.high_water = mark;
        }
        Ok(value)
    }

    /// Returns a request from the log, or as it was fetched.
    pub(super) fn request_with_log(&mut self, key: &AllocationKey) -> Result<Value> {
        let logged = self.log.iter().rev().find_map(|write| match write {
            // The log has the whole request, so that nothing needs to be fetched.
            Write::InsertRequest(request) | Write::UpdateRequest(request) if request.key == *key => {
                Some(Some(request.clone()))
            }
            Write::RemoveRequest(removed) if removed == key => Some(None),
            _ => None,
        });
        match logged {
            Some(request) => self.logged(Value::Request(request)),
            None => self.fetched(Read::Request(key.clone())),
        }
    }

    /// Returns a page from the log, or as it was fetched.
    pub(super) fn page_with_log(&mut self, range: &RangeId, no: u128) -> Result<Value> {
        match self.pages_in_log(range, no)?.first_key_value() {
            Some((logged, (page, _))) if *logged == no => self.logged(Value::Page(Some(*page))),
            _ => self.fetched(Read::Page { range: range.clone(), no }),
        }
    }

    /// Returns the lower of two open pages: that of the log, and that of the database which the log does not change.
    pub(super) fn open_page_with_log(&mut self, range: &RangeId, from: u128, lock: bool) -> Result<Value> {
        let logged = self.pages_in_log(range, from)?;
        let open = logged.iter().find(|(_, (_, open))| *open).map(|(no, (page, _))| (*no, *page));
        let mut from = from;
        loop {
            let range = range.clone();
            let read = if lock { Read::LockOpenPage { range, from } } else { Read::NextOpenPage { range, from } };
            let Value::NumberedPage(stored) = self.fetched(read)? else { return Err(self.mismatch()) };
            match stored {
                // The log has a newer state of this page: look further in the database.
                Some((no, _)) if logged.contains_key(&no) && open.is_none_or(|(open, _)| no < open) => from = no + 1,
                Some(stored) if open.is_none_or(|(open, _)| stored.0 < open) => {
                    return Ok(Value::NumberedPage(Some(stored)));
                }
                _ => return Ok(Value::NumberedPage(open)),
            }
        }
    }

    /// Returns pages in order. Pages of the log replace those of the database.
    pub(super) fn pages_with_log(&mut self, range: &RangeId, from: u128, limit: usize) -> Result<Value> {
        let logged = self.pages_in_log(range, from)?;
        let mut value = self.fetched(Read::Pages { range: range.clone(), from, limit })?;
        if let Value::Pages(pages) = &mut value
            && !logged.is_empty()
        {
            let mut all: BTreeMap<u128, Page> = pages.iter().copied().collect();
            all.extend(logged.into_iter().map(|(no, (page, _))| (no, page)));
            *pages = all.into_iter().take(limit).collect();
        }
        Ok(value)
    }

    /// Returns the pages of a range at or after `from` in the log, with true for open ones.
    fn pages_in_log(&mut self, of: &RangeId, from: u128) -> Result<BTreeMap<u128, (Page, bool)>> {
        let mut pages = BTreeMap::new();
        for write in &self.log {
            match write {
                Write::PutPage { range, no, page, open } if range == of && *no >= from => {
                    pages.insert(*no, (*page, *open));
                }
                Write::PutPage { .. } => {}
                write if write.touches(&Read::UsedBits(of.clone())) => return Err(self.missing(Need::Flush)),
                _ => {}
            }
        }
        Ok(pages)
    }

    /// Returns a value of the log, for an operation that has not written yet.
    fn logged(&self, value: Value) -> Result<Value> {
        if self.progress.writes.is_empty() { Ok(value) } else { Err(self.error(ErrorKind::Corrupt, READ_AFTER_WRITE)) }
    }

    /// Returns the id for the next address of the operation. Before ids are issued it is a stand-in, with which the
    /// operation runs on, so that the ids of all its addresses are fetched at once.
    pub(super) fn next_id(&mut self, place: super::read::Place) -> AllocationId {
        let progress = &mut self.progress;
        if progress.wanted_ids.is_empty()
            && let Some((issued, id)) = progress.ids.get(progress.used_ids)
            && *issued == place
        {
            progress.used_ids += 1;
            return id.clone();
        }
        progress.wanted_ids.push(place);
        AllocationId::from("not-issued")
    }

    /// Returns the error for a value that belongs to another read.
    pub(super) fn mismatch(&self) -> Error {
        self.error(ErrorKind::Corrupt, "a read was given the result of another")
    }
}
