//! Pages of lists that are read as a whole, because phpIPAM has no paging (Q71).

use ipam_core::{Error as CoreError, Operation, Page, PageRequest, PageToken, Result};

/// Returns the items of one page, in ascending order of their ids. The token of a page is the last id of the page
/// before, so it needs no state, and items that are added or removed meanwhile shift no page.
///
/// # Errors
/// `InvalidInput` if the page size or the token is invalid.
pub(crate) fn page<T>(
    operation: Operation,
    request: &PageRequest,
    default_size: u32,
    items: impl Iterator<Item = T>,
    number: impl Fn(&T) -> u64,
) -> Result<Page<T>> {
    request.validate(operation)?;
    let after = match &request.token {
        None => None,
        Some(token) => {
            let refuse = || CoreError::invalid(operation, "page token", token, "give one that this provider returned");
            let text = token.as_str();
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            Some(text.parse::<u64>().ok().filter(|_| digits).ok_or_else(refuse)?)
        }
    };
    let size = usize::try_from(request.size.map_or(default_size, std::num::NonZeroU32::get)).unwrap_or(usize::MAX);
    // The token is the last id and not a position: rows that come or go between two pages do not shift the others.
    let mut items: Vec<T> = items.filter(|item| after.is_none_or(|after| number(item) > after)).collect();
    items.sort_by_key(&number);
    let more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| more).map(|last| PageToken::new(number(last).to_string()));
    Ok(Page::new(items, next))
}
