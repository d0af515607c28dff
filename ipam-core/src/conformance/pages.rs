//! Listings, read to the end.

use std::fmt::Debug;

use futures_util::future::{Ready, ready};

use super::outcome::{Verdict, check, fail};
use crate::{
    Allocation, Block, Find, IpamProvider, ListBlocks, ListRanges, Page, PageRequest, PageToken, Range, RangeId, Result,
};

/// More pages than any case has items: a listing that does not end is a failure, not a test that hangs.
const TOO_MANY: usize = 200;

/// Every allocation that matches, in pages of the provider's choice.
pub(super) async fn find(provider: &dyn IpamProvider, request: &Find) -> Verdict<Vec<Allocation>> {
    let page = |page| {
        let request = request.clone().with_page(page);
        async move { provider.find(&request).await }
    };
    every_page(0, page, nothing).await
}

/// Every range that matches.
pub(super) async fn list_ranges(provider: &dyn IpamProvider, request: &ListRanges) -> Verdict<Vec<Range>> {
    let page = |page| {
        let request = request.clone().with_page(page);
        async move { provider.list_ranges(&request).await }
    };
    every_page(0, page, nothing).await
}

/// Every block that matches.
pub(super) async fn list_blocks(provider: &dyn IpamProvider, request: &ListBlocks) -> Verdict<Vec<Block>> {
    let page = |page| {
        let request = request.clone().with_page(page);
        async move { provider.list_blocks(&request).await }
    };
    every_page(0, page, nothing).await
}

/// The ranges of this id.
pub(super) async fn ranges(provider: &dyn IpamProvider, id: &RangeId) -> Verdict<Vec<Range>> {
    list_ranges(provider, &ListRanges::id(id.clone())).await
}

/// Nothing to do between two pages.
pub(super) fn nothing() -> Ready<Verdict> {
    ready(Ok(()))
}

/// All items of a listing in pages of `size` (0 leaves it to the provider), with something done between any two pages.
pub(super) async fn every_page<T: Debug, F, G>(
    size: u32,
    page: impl Fn(PageRequest) -> F + Send,
    mut between: impl FnMut() -> G + Send,
) -> Verdict<Vec<T>>
where
    F: Future<Output = Result<Page<T>>> + Send,
    G: Future<Output = Verdict> + Send,
{
    let mut items = Vec::new();
    let mut token: Option<PageToken> = None;
    for _ in 0..TOO_MANY {
        let part = page(PageRequest::of(size).with_token(token.take())).await?;
        let fits = size == 0 || part.items.len() <= usize::try_from(size).unwrap_or(usize::MAX);
        check(fits, format_args!("a page of at most {size} has {} items", part.items.len()))?;
        items.extend(part.items);
        match part.next {
            None => return Ok(items),
            next => token = next,
        }
        between().await?;
    }
    fail(format_args!("a listing of {} items in pages of {size} does not end", items.len()))
}
