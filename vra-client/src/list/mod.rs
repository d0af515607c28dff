//! Lists that the server returns in pages.

mod guard;
mod page;
mod paging;

use std::fmt;
use std::sync::Arc;

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use ipam_core::http::ListMeter;
use serde::de::DeserializeOwned;

use self::guard::{Next, PageFacts, PageGuard};
use self::paging::Place;
use crate::call::Backend;
use crate::error::Error;
use crate::odata::{Filter, OrderBy};
use crate::request::ApiRequest;

pub use page::{Link, Page, PageCounts, PageMetadata, Row};
pub use paging::Paging;

pub(crate) use page::rows;

/// Prepared list: nothing is sent until it is read.
///
/// [`stream`](Self::stream) reads row after row, [`pages`](Self::pages) page after page, [`all`](Self::all) everything
/// into memory. Each row is returned once: a row that is on two pages is dropped the second time. A list that ends with
/// fewer rows than the server counted ends with [`Error::Truncated`]. The next page is requested by its number or by
/// the number of rows before it, because the server's own `next` links lose the order. Without a count the list ends
/// with a page that has no new row, and where pages are numbered also with one that is not full.
///
/// Without an order the server may move rows between pages while they are read. So set
/// [`with_order_by`](Self::with_order_by) where the list accepts one; reservations of version 7 do not, and lists of
/// version 8 that accept one have an order from the start.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// use futures_util::TryStreamExt;
/// use vra_client::odata::{Filter, OrderBy};
///
/// let list = client.catalog().entitled_item_views()
///     .with_filter(Filter::starts_with("name", "Cent"))
///     .with_order_by(OrderBy::asc("name"))
///     .with_page_size(50);
/// let mut rows = Box::pin(list.clone().stream());
/// while let Some(item) = rows.try_next().await? {
///     assert!(item.name.is_some_and(|name| name.starts_with("CentOS")));
/// }
/// assert_eq!(list.first_page().await?.total(), Some(2));
/// assert_eq!(list.all().await?.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Reading a list returns, after the rows before it,
/// - [`Error::Truncated`] if rows are missing,
/// - [`Error::Transport`] if the list exceeds a [limit](crate::ListLimits): of kind `Protocol` for rows or bytes, and
///   of kind `Timeout` for time,
/// - otherwise the [errors of a call](crate::v7::Call#errors).
#[must_use = "a list is read by `stream`, `pages`, `all` or `first_page`"]
pub struct List<T> {
    backend: Arc<dyn Backend>,
    request: ApiRequest,
    paging: Paging,
    page_size: u32,
    first: u32,
    incomplete_allowed: bool,
    /// Name of the parameter of the order, which differs in the letter case.
    order_parameter: &'static str,
    row: std::marker::PhantomData<fn() -> T>,
}

impl<T: Row + DeserializeOwned + Send + 'static> List<T> {
    pub(crate) fn new(backend: &Arc<dyn Backend>, request: ApiRequest) -> Self {
        Self {
            backend: Arc::clone(backend),
            request,
            paging: Paging::default(),
            // The server's default is 20. 100 is the documented bound for views with data, so one default fits every
            // list.
            page_size: 100,
            first: 1,
            incomplete_allowed: false,
            order_parameter: "$orderby",
            row: std::marker::PhantomData,
        }
    }

    /// Sets the name of the parameter of the order.
    #[cfg(feature = "v8")]
    pub(crate) fn with_order_parameter(mut self, name: &'static str) -> Self {
        self.order_parameter = name;
        self
    }

    /// Adds a condition that the rows must satisfy. Several conditions are combined with `and`.
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.request = self.request.with_filter(filter);
        self
    }

    /// Sets the order.
    pub fn with_order_by(mut self, order: impl Into<OrderBy>) -> Self {
        self.request = self.request.with_order_in(self.order_parameter, order.into());
        self
    }

    /// Sets the number of rows of a page: 100 by default (version 8: 200), at least 1 and at most 5000. Values outside
    /// are set to the nearest bound.
    ///
    /// It is not a limit of the list; [`first_page`](Self::first_page) reads only so many rows. A server that returns
    /// shorter pages than requested is read on until its own count is reached.
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let list = client.identity().tenants().with_page_size(9000);
    /// assert_eq!(list.request().query_value("limit"), Some("5000"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn with_page_size(mut self, rows: u32) -> Self {
        // The documented bound. Servers cut or accept a larger value rather than refuse it, and a page that was cut
        // would look like the last one.
        self.page_size = rows.clamp(1, 5000);
        self
    }

    /// Sets the parameters that request a page. Default: [`Paging::PageLimit`] for version 7 and [`Paging::TopSkip`]
    /// for most lists of version 8.
    pub fn with_paging(mut self, paging: Paging) -> Self {
        self.paging = paging;
        self
    }

    /// Begins with this page; the first is 1, also for a server that counts from 0. The rows before it are not known
    /// then, so the server's count cannot be checked and [`Error::Truncated`] is never returned.
    pub fn with_first_page(mut self, page: u32) -> Self {
        self.first = page.max(1);
        self
    }

    /// Ends a list that lacks rows without [`Error::Truncated`]. For servers that count rows which the caller may not
    /// see.
    pub fn with_incomplete_allowed(mut self) -> Self {
        self.incomplete_allowed = true;
        self
    }

    /// Sets a query parameter that has no method of its own.
    pub fn with_query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request = self.request.with_query_set(&name.into(), value);
        self
    }

    /// Returns the request for the first page.
    #[must_use]
    pub fn request(&self) -> ApiRequest {
        self.page_request(self.start())
    }

    fn start(&self) -> Place {
        Place::of_page(self.first, self.page_size)
    }

    fn page_request(&self, place: Place) -> ApiRequest {
        self.paging.page_request(self.request.clone(), place, self.page_size)
    }

    /// Returns true if a page without counts may be followed by others.
    fn may_be_cut(&self, page: &Page<T>) -> bool {
        let rows = page.content.len();
        let full = u64::try_from(rows).is_ok_and(|rows| rows >= u64::from(self.page_size));
        // The largest `$top` of the IaaS service is not known, and a server that cuts pages shorter without a count
        // would make a short page look like the last one. Ids are needed to end the list at a server that ignores
        // `$skip`. A bare array has no pages.
        let open = self.paging == Paging::TopSkip
            && page.is_envelope()
            && page.content.iter().all(|row| row.row_id().is_some());
        full || open && rows > 0
    }

    async fn fetch(&self, place: Place, meter: &mut ListMeter) -> Result<Page<T>, Error> {
        let limit = |source| Error::Transport { operation: self.request.operation(), source };
        let request = self.page_request(place);
        let reply = meter.wait(self.backend.execute(&request)).await.map_err(limit)??;
        // Counted before the page is decoded, so that a server without an end cannot fill the memory.
        meter.add_bytes(reply.body.len()).map_err(limit)?;
        // One row that cannot be read fails the page: without it the list would look complete, and an update made from
        // it would delete what is missing.
        let page: Page<T> = reply.json()?;
        meter.add_rows(page.content.len()).map_err(limit)?;
        Ok(page)
    }

    /// Reads the first page only.
    ///
    /// # Errors
    /// The [errors of a list](Self#errors) other than [`Error::Truncated`].
    pub async fn first_page(&self) -> Result<Page<T>, Error> {
        self.fetch(self.start(), &mut self.backend.list_limits().meter()).await
    }

    /// Returns the pages as a stream, within the [`ListLimits`](crate::ListLimits) of the client. The stream ends after
    /// its first error; [`Error::Truncated`] comes after the last page.
    pub fn pages(self) -> impl Stream<Item = Result<Page<T>, Error>> + Send {
        let guard = PageGuard::new(self.request.operation(), self.first > 1, self.incomplete_allowed);
        let first = self.start();
        let meter = self.backend.list_limits().meter();
        // One page after the other and never several at once: the server has no snapshot, and pages that were read in
        // parallel would repeat and miss more rows.
        stream::try_unfold((self, guard, meter, Step::Fetch(first)), |(list, mut guard, mut meter, step)| async move {
            let place = match step {
                Step::Fetch(place) => place,
                Step::Fail(error) => return Err(error),
                Step::End => return Ok(None),
            };
            let mut page = list.fetch(place, &mut meter).await?;
            let single = list.paging == Paging::Single;
            let rows = page.content.len();
            let facts = PageFacts {
                ids: page.content.iter().map(|row| row.row_id().map(|id| id.into_owned())).collect(),
                total: page.total(),
                last: if single { Some(true) } else { page.is_last(place.number) },
                has_next: page.has_next().filter(|_| !single),
                cut: list.may_be_cut(&page),
            };
            let (fresh, next) = guard.accept(facts);
            let mut fresh = fresh.into_iter();
            // `accept` returns one flag per row, in the order of the rows.
            page.content.retain(|_| fresh.next().unwrap_or(true));
            let step = match next {
                Ok(Next::More) => Step::Fetch(place.after(rows)),
                Ok(Next::End) => Step::End,
                // Kept for the next step: the rows of this page are passed on first.
                Err(error) => Step::Fail(error),
            };
            Ok(Some((page, (list, guard, meter, step))))
        })
    }

    /// Returns the rows as a stream, as [`pages`](Self::pages) does the pages.
    pub fn stream(self) -> impl Stream<Item = Result<T, Error>> + Send {
        self.pages().map_ok(|page| stream::iter(page.content.into_iter().map(Ok))).try_flatten()
    }

    /// Reads all rows into memory.
    ///
    /// # Errors
    /// The [errors of a list](Self#errors). The rows before the error are dropped; [`stream`](Self::stream) returns
    /// them.
    pub async fn all(self) -> Result<Vec<T>, Error> {
        let mut pages = Box::pin(self.pages());
        let mut rows = Vec::new();
        while let Some(page) = pages.next().await {
            rows.append(&mut page?.content);
        }
        Ok(rows)
    }

    /// Returns the only row with a name.
    ///
    /// The list was filtered by it, but each name is compared again: a server that does not know the field ignores the
    /// filter, and another letter case may match too.
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
        // An exact match hides those that differ in letter case, which a server may or may not distinguish.
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
    Fetch(Place),
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
            order_parameter: self.order_parameter,
            row: std::marker::PhantomData,
        }
    }
}
