//! Search for allocations, and listings of ranges and blocks, page by page.
//!
//! A page token is the position of the last item, so that it needs no state: it is valid after a restart, and items
//! that come or go meanwhile do not shift the pages.

use std::net::IpAddr;
use std::time::SystemTime;

use crate::engine::store::Store;
use crate::engine::unkeyed;
use crate::{
    Allocation, Block, BlockId, Error, Find, ListBlocks, ListRanges, Operation, Page, PageRequest, PageToken, Range,
    RangeId, Result, SpaceId,
};

/// Default number of items in a page.
const PAGE: usize = 1000;

/// Returns a page of the allocations that match, by space and address.
pub(crate) fn find<S: Store + ?Sized>(store: &mut S, now: SystemTime, request: &Find) -> Result<Page<Allocation>> {
    request.validate()?;
    let after = request.page.token.as_ref().map(|token| allocation_after(Operation::Find, token)).transpose()?;
    let size = page_size(&request.page);
    let found = store.find(request, now, after.as_ref(), size + 1)?;
    let mut page = cut(found, size, |last| format!("a {} {}", last.address, last.space));
    page.items = page.items.into_iter().map(unkeyed::shown).collect();
    Ok(page)
}

/// Returns a page of the ranges that match, by id.
pub(crate) fn list_ranges<S: Store + ?Sized>(store: &mut S, request: &ListRanges) -> Result<Page<Range>> {
    request.page.validate(Operation::ListRanges)?;
    let after = request
        .page
        .token
        .as_ref()
        .map(|token| id_after(Operation::ListRanges, token, "r "))
        .transpose()?
        .map(RangeId::from);
    let size = page_size(&request.page);
    let found = store.list_ranges(&request.filter, after.as_ref(), size + 1)?;
    Ok(cut(found, size, |last| format!("r {}", last.id)))
}

/// Returns a page of the blocks that match, by id.
pub(crate) fn list_blocks<S: Store + ?Sized>(store: &mut S, request: &ListBlocks) -> Result<Page<Block>> {
    request.page.validate(Operation::ListBlocks)?;
    let after = request
        .page
        .token
        .as_ref()
        .map(|token| id_after(Operation::ListBlocks, token, "b "))
        .transpose()?
        .map(BlockId::from);
    let size = page_size(&request.page);
    let found = store.list_blocks(&request.filter, after.as_ref(), size + 1)?;
    Ok(cut(found, size, |last| format!("b {}", last.id)))
}

pub(super) fn page_size(request: &PageRequest) -> usize {
    request.size.map_or(PAGE, |size| size.get() as usize)
}

/// Cuts a page from the items found. One more was requested than the page holds; if it was found, there is a next page.
pub(super) fn cut<T>(mut found: Vec<T>, size: usize, token: impl Fn(&T) -> String) -> Page<T> {
    let more = found.len() > size;
    found.truncate(size);
    let next = if more { found.last().map(|last| PageToken::from(token(last))) } else { None };
    Page::new(found, next)
}

// The letter at the start of a token keeps a token of one listing from being used in another.
fn allocation_after(op: Operation, token: &PageToken) -> Result<(SpaceId, IpAddr)> {
    let text = id_after(op, token, "a ")?;
    let (address, space) = text.split_once(' ').ok_or_else(|| invalid_token(op, token))?;
    let address = address.parse().map_err(|_| invalid_token(op, token))?;
    let space = SpaceId::from(space);
    space.validate(op).map_err(|_| invalid_token(op, token))?;
    Ok((space, address))
}

pub(super) fn id_after<'t>(op: Operation, token: &'t PageToken, kind: &str) -> Result<&'t str> {
    token.as_str().strip_prefix(kind).filter(|id| !id.is_empty()).ok_or_else(|| invalid_token(op, token))
}

pub(super) fn invalid_token(op: Operation, token: &PageToken) -> Error {
    Error::invalid(op, "page.token", token, "give the `next` of the previous page, or none")
}
