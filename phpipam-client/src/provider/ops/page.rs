//! Pages of lists that are read as a whole, because phpIPAM has no paging (Q71).
//!
//! A page token names the listing, the time when it began, and the last item of the page before. The listing is kept for
//! its further pages. Another process does not have it, nor has this one after a while: then it is read again, and the
//! last item tells where to go on.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipam_core::{Error as CoreError, Operation, Page, PageRequest, PageToken, Result};

use crate::provider::random::random;

/// Longest time between the first page of a listing and a later one. Ids of deleted rows may be given to new ones when
/// the database restarts, so that a position is not good for ever.
const MAX_AGE: Duration = Duration::from_secs(3_600);

/// Place of a page in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor<P> {
    /// Number of the listing.
    pub(crate) listing: u64,
    /// Time when it began, in seconds since 1970.
    began: u64,
    /// Last item of the page before; `None` for the first page.
    pub(crate) after: Option<P>,
    pub(crate) size: usize,
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl<P: fmt::Display> Cursor<P> {
    /// Reads the place of a page. `parse` reads the last item of the page before.
    ///
    /// # Errors
    /// `InvalidInput` if the page size or the token is invalid, or if the listing began more than an hour ago.
    pub(crate) fn read(
        operation: Operation,
        request: &PageRequest,
        default_size: u32,
        parse: impl FnOnce(&str) -> Option<P>,
    ) -> Result<Self> {
        request.validate(operation)?;
        let size = request.size.map_or(default_size, std::num::NonZeroU32::get);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let Some(token) = &request.token else {
            return Ok(Self { listing: random(), began: now(), after: None, size });
        };
        let refuse = |remedy| CoreError::invalid(operation, "page token", token, remedy);
        let foreign = || refuse("give one that this provider returned");
        let mut parts = token.as_str().splitn(3, '.');
        let mut hex = || {
            let part = parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()));
            part.and_then(|part| u64::from_str_radix(part, 16).ok()).ok_or_else(foreign)
        };
        let (listing, began) = (hex()?, hex()?);
        let after = parts.next().and_then(parse).ok_or_else(foreign)?;
        if now().saturating_sub(began) > MAX_AGE.as_secs() {
            return Err(refuse("the listing began more than an hour ago; list again from the first page"));
        }
        Ok(Self { listing, began, after: Some(after), size })
    }

    /// Returns a page of at most so many of these items, which come after the last item of the page before. Reads one
    /// item more than fits.
    pub(crate) fn page<T>(&self, items: impl Iterator<Item = T>, place: impl Fn(&T) -> P) -> Page<T> {
        let mut items: Vec<T> = items.take(self.size.saturating_add(1)).collect();
        let more = items.len() > self.size;
        items.truncate(self.size);
        let next = items.last().filter(|_| more).map(|last| self.token(&place(last)));
        Page::new(items, next)
    }

    pub(crate) fn token(&self, last: &P) -> PageToken {
        PageToken::new(format!("{:016x}.{:x}.{last}", self.listing, self.began))
    }
}

/// Reads an id in a page token.
pub(crate) fn id(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn read(token: Option<&str>) -> Result<Cursor<u64>> {
        let request = PageRequest::of(2).with_token(token.map(Into::into));
        Cursor::read(Operation::Find, &request, 1_000, id)
    }

    #[test]
    fn a_token_leads_to_the_next_page() {
        let first = read(None).unwrap();
        let page = first.page([3, 5, 8].into_iter(), |item| *item);
        assert_eq!(page.items, [3, 5]);
        let second = read(page.next.as_ref().map(PageToken::as_str)).unwrap();
        assert_eq!((second.listing, second.began, second.after), (first.listing, first.began, Some(5)));
        assert_eq!(second.page([8].into_iter(), |item| *item).next, None);
    }

    #[test]
    fn tokens_of_others_and_old_ones_are_refused() {
        for token in ["", "7", "x.1.7", "1.1", "1.1.", "1.1.x", "1.1.+7", "é.1.7", "+1.1.7"] {
            let error = read(Some(token)).unwrap_err();
            assert!(error.to_string().contains("this provider"), "{token}: {error}");
        }
        let old = format!("1.{:x}.7", now() - 3_700);
        let error = read(Some(&old)).unwrap_err();
        assert!(error.to_string().contains("from the first page"), "{error}");
        assert!(read(Some(&format!("1.{:x}.7", now() - 3_500))).is_ok());
    }
}
