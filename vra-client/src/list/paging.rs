//! Query parameters that request a page.

use crate::request::ApiRequest;

/// Query parameters that request a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Paging {
    /// `page` (number, from 1) and `limit` (rows per page). Published clients of 6.2 to 7.6 use them. The
    /// default.
    #[default]
    PageLimit,
    /// `$top` (rows per page) and `$skip` (rows before the page). The manual of 7.3 documents them as an alternative;
    /// no server is known that needs them.
    TopSkip,
}

impl Paging {
    /// Returns the request for one page; the first has the number 1.
    pub(super) fn page_request(self, request: ApiRequest, number: u32, rows: u32) -> ApiRequest {
        match self {
            Self::PageLimit => {
                request.with_query_set("page", number.to_string()).with_query_set("limit", rows.to_string())
            }
            Self::TopSkip => {
                // In u64: page and size are both u32.
                let before = u64::from(number.saturating_sub(1)) * u64::from(rows);
                request.with_query_set("$top", rows.to_string()).with_query_set("$skip", before.to_string())
            }
        }
    }
}
