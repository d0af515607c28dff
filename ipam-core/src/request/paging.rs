//! Page of a listing.

use std::num::NonZeroU32;

use super::setters;
use crate::{Error, Operation, Page, PageToken, Result};

/// Page of a listing: its size, and where it starts.
///
/// [`IpamProviderExt`](crate::IpamProviderExt) has streams over all pages. This is the loop that they run:
///
/// ```
/// use ipam_core::{DefineRange, Find, IpamProvider, IpamProviderExt, MemoryProvider, PageRequest};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// # for _ in 0..5 { ipam.allocate_one("lan", "vm-42").await?; }
/// let mut request = Find::default().with_range("lan").with_page(PageRequest::of(2));
/// let mut sizes = Vec::new();
/// loop {
///     let page = ipam.find(&request).await?;
///     sizes.push(page.items.len());
///     let Some(token) = page.next else { break };
///     request.page.token = Some(token);
/// }
/// assert_eq!(sizes, [2, 2, 1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct PageRequest {
    /// Maximum number of items, up to [`MAX_PAGE_SIZE`](crate::MAX_PAGE_SIZE). A page may have fewer.
    ///
    /// With `None` the provider chooses; the stores of this crate choose 1000.
    // `NonZeroU32`, because a listing in pages of zero items never ends. `None` lets the provider choose: a server has
    // a size at which it is fastest.
    pub size: Option<NonZeroU32>,
    /// [`Page::next`](crate::Page::next) of the page before; `None` for the first page.
    ///
    /// The filter must be the same as for that page. The tokens of the stores of this crate stay valid for good, also
    /// after a restart; those of other providers may expire, and are then refused as `InvalidInput`.
    pub token: Option<PageToken>,
}

impl PageRequest {
    /// Number of items of a page that [`cut`](Self::cut) makes without a size: 100.
    pub const DEFAULT_PAGE_SIZE: NonZeroU32 = NonZeroU32::new(100).unwrap();

    /// Makes a request for the first page, of at most `size` items; 0 leaves the size to the provider.
    #[must_use]
    pub const fn of(size: u32) -> Self {
        Self { size: NonZeroU32::new(size), token: None }
    }

    setters! {
        /// Sets the token of the page before.
        with_token => token: Option<PageToken>;
    }

    /// Cuts the page out of items that are numbered from 1 on, for authors of providers.
    ///
    /// The token of a page is the number of its last item. A number belongs to one item for ever, so that what comes or
    /// goes between two pages moves no other item into or out of a page. Without a size a page has at most
    /// [`DEFAULT_PAGE_SIZE`](Self::DEFAULT_PAGE_SIZE) items.
    ///
    /// `items` gets the number after which the page begins, and returns the items in ascending order of their numbers. It
    /// may return earlier ones, too; they are skipped.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use ipam_core::{Operation, PageRequest};
    ///
    /// let hosts = BTreeMap::from([(1, "web1"), (4, "web2"), (5, "db1")]);
    /// let cut = |page: PageRequest| {
    ///     page.cut(Operation::Find, |after| hosts.range(after + 1..).map(|(number, host)| (*number, *host)))
    /// };
    /// let first = cut(PageRequest::of(2))?;
    /// assert_eq!(first.items, ["web1", "web2"]);
    /// assert_eq!(cut(PageRequest::of(2).with_token(first.next))?.items, ["db1"]);
    /// # Ok::<(), ipam_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the size is over [`MAX_PAGE_SIZE`](crate::MAX_PAGE_SIZE), or if
    /// the token is not one that a page had.
    pub fn cut<T, I>(&self, operation: Operation, items: impl FnOnce(u64) -> I) -> Result<Page<T>>
    where
        I: IntoIterator<Item = (u64, T)>,
    {
        self.validate(operation)?;
        let after = match &self.token {
            None => 0,
            Some(token) => {
                // As a page writes it: `+7` and `007` were never given out, nor a number that none can follow.
                let number = token.as_str().parse::<u64>().ok();
                let number =
                    number.filter(|number| number.to_string() == token.as_str() && (1..u64::MAX).contains(number));
                number
                    .ok_or_else(|| Error::invalid(operation, "page.token", token, "give one that a page before had"))?
            }
        };
        let size = self.size.unwrap_or(Self::DEFAULT_PAGE_SIZE).get() as usize;
        let mut rest = items(after).into_iter().filter(|(number, _)| *number > after);
        let taken: Vec<(u64, T)> = rest.by_ref().take(size).collect();
        let more = rest.next().is_some();
        let next = taken.last().filter(|_| more).map(|(number, _)| PageToken::new(number.to_string()));
        Ok(Page::new(taken.into_iter().map(|(_, item)| item).collect(), next))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn cut(request: &PageRequest, numbers: &[u64]) -> Result<Page<u64>> {
        request.cut(Operation::Find, |_| numbers.iter().map(|number| (*number, *number)))
    }

    #[test]
    fn pages_hold_each_item_once_while_others_come_and_go() {
        let first = cut(&PageRequest::of(2), &[2, 3, 7, 9]).unwrap();
        assert_eq!(first.items, [2, 3]);
        // 3 went, on which the page ended, and 4 came.
        let second = cut(&PageRequest::of(2).with_token(first.next), &[2, 4, 7, 9]).unwrap();
        assert_eq!(second.items, [4, 7]);
        let last = cut(&PageRequest::of(2).with_token(second.next), &[2, 4, 7, 9]).unwrap();
        assert_eq!((last.items, last.next), (vec![9], None));
    }

    #[test]
    fn a_full_last_page_has_no_next() {
        assert_eq!(cut(&PageRequest::of(2), &[1, 2]).unwrap().next, None);
        assert_eq!(cut(&PageRequest::of(2), &[]).unwrap(), Page::new(Vec::new(), None));
        let many: Vec<u64> = (1..=101).collect();
        assert_eq!(cut(&PageRequest::default(), &many).unwrap().items.len(), 100);
    }

    #[test]
    fn a_token_that_no_page_had_is_refused() {
        for token in ["0", "-1", "+7", "007", "x", " 7", "18446744073709551615", "18446744073709551616"] {
            let request = PageRequest::of(2).with_token(PageToken::new(token));
            let error = cut(&request, &[1, 2, 3]).unwrap_err();
            assert!(error.message().starts_with("page.token is"), "{token}: {error}");
        }
        assert!(cut(&PageRequest::of(crate::MAX_PAGE_SIZE + 1), &[]).is_err());
    }
}
