//! Query parameters that request a page.

use crate::request::ApiRequest;

/// Query parameters that request a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Paging {
    /// `page` (number, from 1) and `limit` (rows per page). Published clients of 6.2 to 7.6 use them. The default of
    /// version 7.
    #[default]
    PageLimit,
    /// `$top` (rows per page) and `$skip` (rows before the page, counted as they were received). The default of version
    /// 8. The manual of 7.3 documents them as an alternative; no server of version 7 is known that needs them.
    TopSkip,
    /// `page` (number, from 0) and `size` (rows per page). A few lists of version 8 have these only.
    PageSize,
    /// No parameters: the server sends all rows in one response.
    Single,
}

/// Place of a page in its list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Number of the page, from 1.
    pub(super) number: u32,
    /// Number of rows before it.
    pub(super) before: u64,
}

impl Place {
    /// Returns the place of a page with this number, if all pages before it are full.
    pub(super) fn of_page(number: u32, rows: u32) -> Self {
        // In u64: page and size are both u32.
        Self { number, before: u64::from(number.saturating_sub(1)) * u64::from(rows) }
    }

    /// Returns the place behind a page with this number of rows.
    pub(super) fn after(self, rows: usize) -> Self {
        // By the rows that came and not by those that were requested: a server that sends shorter pages would skip
        // rows.
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        Self { number: self.number.saturating_add(1), before: self.before.saturating_add(rows) }
    }
}

impl Paging {
    /// Returns the request for one page.
    pub(super) fn page_request(self, request: ApiRequest, place: Place, rows: u32) -> ApiRequest {
        match self {
            Self::PageLimit => {
                request.with_query_set("page", place.number.to_string()).with_query_set("limit", rows.to_string())
            }
            Self::TopSkip => {
                request.with_query_set("$top", rows.to_string()).with_query_set("$skip", place.before.to_string())
            }
            Self::PageSize => {
                let number = place.number.saturating_sub(1);
                request.with_query_set("page", number.to_string()).with_query_set("size", rows.to_string())
            }
            Self::Single => request,
        }
    }
}
