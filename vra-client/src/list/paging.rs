//! How the pages of a list are asked for.

use crate::request::ApiRequest;

/// How the pages of a list are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Paging {
    /// `page` and `limit`: the number of the page, from 1, and the rows per page. What version 7 takes everywhere.
    #[default]
    PageLimit,
    /// `$top` and `$skip`: the rows per page, and how many rows come before it. What later generations take.
    TopSkip,
}

impl Paging {
    /// The request for one page; the first has the number 1.
    pub(super) fn ask(self, request: ApiRequest, number: u32, rows: u32) -> ApiRequest {
        match self {
            Self::PageLimit => {
                request.with_query_set("page", number.to_string()).with_query_set("limit", rows.to_string())
            }
            Self::TopSkip => {
                let before = u64::from(number.saturating_sub(1)) * u64::from(rows);
                request.with_query_set("$top", rows.to_string()).with_query_set("$skip", before.to_string())
            }
        }
    }
}
