//! Complete listings: all pages of a list, read to the end.

use std::fmt::Debug;

use futures_util::future::{Ready, ready};

use super::outcome::{CaseResult, check, fail};
use crate::{
    Allocation, Block, Find, IpamProvider, ListBlocks, ListRanges, Page, PageRequest, PageToken, Range, RangeId, Result,
};

/// Upper limit of pages, above what any case needs. A listing without end fails the case instead of hanging it.
const TOO_MANY: usize = 200;

/// Returns every allocation that matches, in pages of the provider's default size.
pub(super) async fn find(provider: &dyn IpamProvider, request: &Find) -> CaseResult<Vec<Allocation>> {
    let page = |page| {
        let request = request.clone().with_page(page);
        async move { provider.find(&request).await }
    };
    every_page(0, page, nothing).await
}

/// Returns every range that matches.
pub(super) async fn list_ranges(provider: &dyn IpamProvider, request: &ListRanges) -> CaseResult<Vec<Range>> {
    let page = |page| {
        let request = request.clone().with_page(page);
        async move { provider.list_ranges(&request).await }
    };
    every_page(0, page, nothing).await
}

/// Returns every block that matches.
pub(super) async fn list_blocks(provider: &dyn IpamProvider, request: &ListBlocks) -> CaseResult<Vec<Block>> {
    let page = |page| {
        let request = request.clone().with_page(page);
        async move { provider.list_blocks(&request).await }
    };
    every_page(0, page, nothing).await
}

/// Returns the ranges with this id: one, or none.
pub(super) async fn ranges(provider: &dyn IpamProvider, id: &RangeId) -> CaseResult<Vec<Range>> {
    list_ranges(provider, &ListRanges::id(id.clone())).await
}

/// Does nothing between two pages.
pub(super) fn nothing() -> Ready<CaseResult> {
    ready(Ok(()))
}

/// Returns all items of a listing in pages of `size` (0: the provider's default). Runs `between` after each page.
pub(super) async fn every_page<T: Debug, F, G>(
    size: u32,
    page: impl Fn(PageRequest) -> F + Send,
    mut between: impl FnMut() -> G + Send,
) -> CaseResult<Vec<T>>
where
    F: Future<Output = Result<Page<T>>> + Send,
    G: Future<Output = CaseResult> + Send,
{
    let mut items = Vec::new();
    let mut token: Option<PageToken> = None;
    for _ in 0..TOO_MANY {
        let part = page(PageRequest::of(size).with_token(token.take())).await?;
        // A page may be shorter than requested, also empty, but never longer.
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
