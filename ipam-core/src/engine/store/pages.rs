//! Pages of a store: used addresses of a range as bits.

use crate::engine::Page;
use crate::{RangeId, Result};

/// Access to the pages.
///
/// A page that is not stored has no bit set. Two writers may find the same page missing; the store lets only one of
/// them add it, and fails the commit of the other.
pub(crate) trait Pages {
    /// Returns a page, if it is stored.
    fn page(&mut self, range: &RangeId, no: u128) -> Result<Option<Page>>;
    /// Stores a page. `open` is true if it has an address that can be handed out.
    fn put_page(&mut self, range: &RangeId, no: u128, page: &Page, open: bool) -> Result<()>;
    /// Returns the lowest stored page at or after `from` that is open.
    fn next_open_page(&mut self, range: &RangeId, from: u128) -> Result<Option<(u128, Page)>>;
    /// Returns an open page at or after `from`, locked until the transaction ends, so that no other writer takes its
    /// addresses.
    ///
    /// A store with several writers returns the lowest one that no other transaction has locked; if there are none but
    /// locked ones, it waits for one of these rather than return none. A store with one writer at a time leaves this as
    /// it is, because reading is enough.
    fn lock_open_page(&mut self, range: &RangeId, from: u128) -> Result<Option<(u128, Page)>> {
        self.next_open_page(range, from)
    }
    /// Returns at most `limit` stored pages at or after `from`, by number.
    fn pages(&mut self, range: &RangeId, from: u128, limit: usize) -> Result<Vec<(u128, Page)>>;
    /// Returns how many bits are set in all pages of a range. May cost as much as the range has pages.
    fn used_bits(&mut self, range: &RangeId) -> Result<u128>;
}
