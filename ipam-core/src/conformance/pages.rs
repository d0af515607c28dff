//! Listings, read to the end.

use std::fmt::Debug;

use futures_util::TryStreamExt;

use super::verdict::{Verdict, check, fail};
use crate::{IpamProvider, IpamProviderExt, ListRanges, Page, PageRequest, PageToken, Range, RangeId, Result};

/// More pages than any case has items: a listing that does not end is a failure, not a test that hangs.
const TOO_MANY: usize = 500;

/// The ranges of this id.
pub(super) async fn ranges(provider: &dyn IpamProvider, id: &RangeId) -> Verdict<Vec<Range>> {
    Ok(provider.ranges(ListRanges::id(id.clone())).try_collect().await?)
}

/// All items of a listing in pages of `size`, with something done between any two pages.
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
        let full = part.items.len() <= usize::try_from(size).unwrap_or(usize::MAX);
        check(full, format_args!("a page of at most {size} has {} items", part.items.len()))?;
        items.extend(part.items);
        match part.next {
            None => return Ok(items),
            next => token = next,
        }
        between().await?;
    }
    fail(format_args!("a listing of {} items in pages of {size} does not end", items.len()))
}
