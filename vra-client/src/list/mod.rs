//! Lists that come in pages.

mod guard;
mod page;
mod paging;

use std::fmt;
use std::sync::Arc;

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use ipam_core::http::ListMeter;
use serde::de::DeserializeOwned;

use self::guard::{Next, PageFacts, PageGuard};
use crate::call::Backend;
use crate::error::Error;
use crate::odata::{Filter, OrderBy};
use crate::request::ApiRequest;

pub use page::{Link, Page, PageMetadata, Row};
pub use paging::Paging;

pub(crate) use page::rows;

/// A list that has not been read yet.
///
/// [`stream`](Self::stream) gives row after row, [`pages`](Self::pages) page after page, [`all`](Self::all) everything.
/// Rows that come again on a later page are left out; a list that ends with fewer rows than the server counted ends
/// with [`Error::Truncated`]. The next page is asked for by number: the server's own `next` links lose the order.
///
/// Without an order the server may mix rows between pages, so lists that take one should be given one.
#[must_use = "a list is read by `stream`, `pages`, `all` or `first_page`"]
pub struct List<T> {
    backend: Arc<dyn Backend>,
    request: ApiRequest,
    paging: Paging,
    page_size: u32,
    first: u32,
    incomplete_allowed: bool,
    row: std::marker::PhantomData<fn() -> T>,
}

impl<T: Row + DeserializeOwned + Send + 'static> List<T> {
    pub(crate) fn new(backend: &Arc<dyn Backend>, request: ApiRequest) -> Self {
        Self {
            backend: Arc::clone(backend),
            request,
            paging: Paging::default(),
            page_size: 100,
            first: 1,
            incomplete_allowed: false,
            row: std::marker::PhantomData,
        }
    }

    /// Only rows for which this holds, too.
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.request = self.request.with_filter(filter);
        self
    }

    /// In this order.
    pub fn with_order_by(mut self, order: impl Into<OrderBy>) -> Self {
        self.request = self.request.with_order_by(order);
        self
    }

    /// Rows per page: 100 unless set, 5000 at most. A server that gives fewer is noticed.
    pub fn with_page_size(mut self, rows: u32) -> Self {
        self.page_size = rows.clamp(1, 5000);
        self
    }

    /// Asks for pages this way.
    pub fn with_paging(mut self, paging: Paging) -> Self {
        self.paging = paging;
        self
    }

    /// Begins with this page; the first is 1. Whether rows are missing can then be told from the pages only.
    pub fn with_first_page(mut self, page: u32) -> Self {
        self.first = page.max(1);
        self
    }

    /// Takes a list that ends early for the whole list. For servers that count rows which the caller may not see.
    pub fn with_incomplete_allowed(mut self) -> Self {
        self.incomplete_allowed = true;
        self
    }

    /// Sets a query parameter that has no method of its own.
    pub fn with_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request = self.request.with_query_set(&name.into(), value);
        self
    }

    /// The call for the first page, as a value.
    #[must_use]
    pub fn request(&self) -> ApiRequest {
        self.page_request(self.first)
    }

    fn page_request(&self, number: u32) -> ApiRequest {
        self.paging.ask(self.request.clone(), number, self.page_size)
    }

    async fn fetch(&self, number: u32, meter: &mut ListMeter) -> Result<Page<T>, Error> {
        let limit = |source| Error::Transport { operation: self.request.operation(), source };
        let request = self.page_request(number);
        let reply = meter.wait(self.backend.execute(&request)).await.map_err(limit)??;
        meter.add_bytes(reply.body.len()).map_err(limit)?;
        let page: Page<T> = reply.json()?;
        meter.add_rows(page.content.len()).map_err(limit)?;
        Ok(page)
    }

    /// The first page, whatever comes after it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn first_page(&self) -> Result<Page<T>, Error> {
        self.fetch(self.first, &mut self.backend.list_limits().meter()).await
    }

    /// Page after page, within the [`ListLimits`](crate::ListLimits) of the client's options: a list that does not end by itself ends with
    /// an error.
    pub fn pages(self) -> impl Stream<Item = Result<Page<T>, Error>> + Send {
        let guard = PageGuard::new(self.request.operation(), self.first > 1, self.incomplete_allowed);
        let first = self.first;
        let meter = self.backend.list_limits().meter();
        stream::try_unfold((self, guard, meter, Step::Ask(first)), |(list, mut guard, mut meter, step)| async move {
            let number = match step {
                Step::Ask(number) => number,
                Step::Fail(error) => return Err(error),
                Step::End => return Ok(None),
            };
            let mut page = list.fetch(number, &mut meter).await?;
            let last = page.total_pages().map(|total| u64::from(number) >= total);
            let facts = PageFacts {
                ids: page.content.iter().map(|row| row.row_id().map(|id| id.into_owned())).collect(),
                total: page.total(),
                last,
                has_next: page.has_next(),
                full: u64::try_from(page.content.len()).is_ok_and(|rows| rows >= u64::from(list.page_size)),
            };
            let (fresh, next) = guard.accept(facts);
            let mut fresh = fresh.into_iter();
            page.content.retain(|_| fresh.next().unwrap_or(true));
            let step = match next {
                Ok(Next::More) => Step::Ask(number.saturating_add(1)),
                Ok(Next::End) => Step::End,
                Err(error) => Step::Fail(error),
            };
            Ok(Some((page, (list, guard, meter, step))))
        })
    }

    /// Row after row.
    pub fn stream(self) -> impl Stream<Item = Result<T, Error>> + Send {
        self.pages().map_ok(|page| stream::iter(page.content.into_iter().map(Ok))).try_flatten()
    }

    /// All rows, in memory.
    ///
    /// # Errors
    /// [`Error`]; the rows that came before it are lost, unlike with [`stream`](Self::stream).
    pub async fn all(self) -> Result<Vec<T>, Error> {
        let mut pages = Box::pin(self.pages());
        let mut rows = Vec::new();
        while let Some(page) = pages.next().await {
            rows.append(&mut page?.content);
        }
        Ok(rows)
    }

    /// The only row of a name. The list was filtered by it, but is looked at again: a server that does not know the
    /// field ignores the filter, and another letter case may fit too.
    pub(crate) async fn only(
        self,
        what: &'static str,
        name: &str,
        name_of: impl Fn(&T) -> Option<&str> + Send,
    ) -> Result<T, Error> {
        let operation = self.request.operation();
        let folded = name.to_lowercase();
        let mut rows = Vec::new();
        let mut pages = Box::pin(self.pages());
        while let Some(page) = pages.next().await {
            // Only what fits is kept: a server that ignores the filter sends everything.
            let fits = |row: &T| name_of(row).is_some_and(|found| found == name || found.to_lowercase() == folded);
            rows.extend(page?.content.into_iter().filter(fits));
        }
        let exact = |row: &T| name_of(row) == Some(name);
        if rows.iter().any(exact) {
            rows.retain(exact);
        }
        let count = rows.len();
        match rows.pop() {
            Some(row) if count == 1 => Ok(row),
            Some(_) => Err(Error::Ambiguous { operation, what, name: name.to_owned(), count }),
            None => Err(Error::NoSuchName { operation, what, name: name.to_owned() }),
        }
    }
}

enum Step {
    Ask(u32),
    Fail(Error),
    End,
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("request", &self.request)
            .field("page_size", &self.page_size)
            .finish_non_exhaustive()
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self {
            backend: Arc::clone(&self.backend),
            request: self.request.clone(),
            paging: self.paging,
            page_size: self.page_size,
            first: self.first,
            incomplete_allowed: self.incomplete_allowed,
            row: std::marker::PhantomData,
        }
    }
}
