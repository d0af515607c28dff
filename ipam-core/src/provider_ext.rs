//! Conveniences for callers, built on the contract alone.

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::{
    Allocate, AllocateLine, Allocation, AllocationKey, Block, Change, ChangePosition, Error, ErrorKind, Find, Labels,
    ListBlocks, ListRanges, Operation, Owner, Range, RangeId, Result, Target, Update, Usage,
};
use crate::{Deallocate, Deallocated, IpamProvider, Patch, Precondition};

/// Turns a listing into a stream: the page token of the request moves on until the last page.
macro_rules! all_pages {
    ($provider:expr, $method:ident, $request:expr) => {
        // `try_unfold` ends after an error, so that a reader that ignores one does not mistake a gap for the end.
        stream::try_unfold(Some($request), move |request| async move {
            let Some(mut request) = request else { return Ok::<_, Error>(None) };
            let page = $provider.$method(&request).await?;
            let next = page.next.map(|token| {
                request.page.token = Some(token);
                request
            });
            Ok(Some((stream::iter(page.items.into_iter().map(Ok)), next)))
        })
        .try_flatten()
        .boxed()
    };
}

/// Conveniences on top of [`IpamProvider`].
///
/// Every provider has them, also behind `Arc<dyn IpamProvider>`; an implementation of your own is not possible. The
/// trait itself is not dyn compatible, so that `dyn IpamProviderExt` does not exist.
///
/// # Streams
/// [`ranges`](Self::ranges), [`blocks`](Self::blocks), [`find_all`](Self::find_all) and
/// [`changes_since`](Self::changes_since) read page after page while the stream is polled. They start at the page token
/// of the request, and ask for its page size. A stream ends after the first `Err`; nothing is retried. It is no
/// snapshot: an item that exists during the whole listing comes exactly once, others may be missing.
///
/// ```
/// use futures_util::TryStreamExt;
/// use ipam_core::{Find, IpamProvider, IpamProviderExt, MemoryProvider};
/// # use ipam_core::DefineRange;
/// # use std::sync::Arc;
///
/// # futures_executor::block_on(async {
/// let ipam: Arc<dyn IpamProvider> = Arc::new(MemoryProvider::new());
/// # ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// # ipam.allocate_one("lan", "vm-42").await?;
/// # ipam.allocate_one("lan", "vm-43").await?;
/// let mut found = ipam.find_all(Find::default().with_range("lan"));
/// let mut addresses = Vec::new();
/// while let Some(allocation) = found.try_next().await? {
///     addresses.push(allocation.address.to_string());
/// }
/// assert_eq!(addresses, ["192.0.2.1", "192.0.2.2"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait IpamProviderExt: IpamProvider {
    /// Allocates the next free address of a range, without a key.
    ///
    /// It cannot be repeated after a lost response: a second call allocates a second address. Use
    /// [`allocate`](IpamProvider::allocate) with a key, or [`ensure_host`](Self::ensure_host), where that matters.
    ///
    /// ```
    /// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// let taken = ipam.allocate_one("lan", "vm-42").await?;
    /// assert_eq!(taken.address.to_string(), "192.0.2.1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// `NotFound` if the range does not exist, `Exhausted` if it has no free address; otherwise the
    /// [common errors](crate::Error#common-errors).
    async fn allocate_one(
        &self,
        range: impl Into<RangeId> + Send,
        owner: impl Into<Owner> + Send,
    ) -> Result<Allocation> {
        let request = Allocate::one(owner, range);
        let allocated = self.allocate(&request).await?;
        allocated.lines.into_iter().flatten().next().ok_or_else(|| empty(Operation::Allocate))
    }

    /// Allocates an address of a range for a host, or returns the one that the host has.
    ///
    /// It can be repeated: the key is `host/RANGE/OWNER/HOSTNAME`, by which the address is also deallocated. Labels
    /// that differ from the given ones are updated, if the provider has the capability `update`; otherwise the
    /// allocation is returned with the labels it has. Tags are left out if the provider lacks the capability `tags`. A
    /// host whose address was deallocated or has expired gets a new
    /// one; while the old one is in quarantine, that is another address.
    ///
    /// ```
    /// use ipam_core::{Deallocate, DefineRange, IpamProvider, IpamProviderExt, Labels, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// let first = ipam.ensure_host("lan", "tenant-7", Labels::default().with_hostname("web1")).await?;
    /// let labels = Labels::default().with_hostname("web1").with_description("front end");
    /// let again = ipam.ensure_host("lan", "tenant-7", labels).await?;
    /// assert_eq!(again.address, first.address);
    /// assert_eq!(again.labels.description.as_deref(), Some("front end"));
    ///
    /// ipam.deallocate(&Deallocate::key("host/lan/tenant-7/web1")).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// - `InvalidInput`: the labels have no host name, or the key is longer than [`MAX_ID_LEN`](crate::MAX_ID_LEN).
    /// - `NotFound`: the range does not exist; or the address was deallocated or expired before its labels were
    ///   updated.
    /// - `Exhausted`: the range has no free address.
    /// - `Conflict`: the key belongs to another request.
    /// - `Unsupported`: the provider cannot keep tags for this allocation; see [`update`](IpamProvider::update).
    /// - Otherwise the [common errors](crate::Error#common-errors).
    async fn ensure_host(
        &self,
        range: impl Into<RangeId> + Send,
        owner: impl Into<Owner> + Send,
        labels: Labels,
    ) -> Result<Allocation> {
        let (range, owner) = (range.into(), owner.into());
        let Some(hostname) = labels.hostname.clone().filter(|name| !name.is_empty()) else {
            return Err(Error::invalid(Operation::Allocate, "hostname", "", "name the host"));
        };
        let key = AllocationKey::new(format!("host/{range}/{owner}/{hostname}"));
        // Only what never changes is part of the request, so that a later call with another MAC address is no conflict.
        let line = AllocateLine::next(range, 1).with_labels(Labels::default().with_hostname(hostname));
        let allocated = self.allocate(&Allocate::new(owner).with_key(key).with_line(line)).await?;
        let found = allocated.lines.into_iter().flatten().next().ok_or_else(|| empty(Operation::Allocate))?;
        // Compared first: without a difference a repeat costs no second call.
        if found.labels == labels || !self.capabilities().update {
            return Ok(found);
        }
        let update = Update::new(found.id)
            .with_hostname(labels.hostname)
            .with_description(labels.description.map_or(Patch::Clear, Patch::Set))
            .with_mac(labels.mac.map_or(Patch::Clear, Patch::Set));
        // A provider without tags would refuse the whole update because of them.
        let update = if self.capabilities().tags { update.with_tags(Patch::Set(labels.tags)) } else { update };
        self.update(&update).await
    }

    /// Returns the range of an id.
    ///
    /// ```
    /// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// assert_eq!(ipam.get_range("lan").await?.net.to_string(), "192.0.2.0/24");
    /// assert!(ipam.get_range("dmz").await.unwrap_err().is_not_found());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// `NotFound` if the range does not exist; otherwise the [common errors](crate::Error#common-errors).
    async fn get_range(&self, id: impl Into<RangeId> + Send) -> Result<Range> {
        let id = id.into();
        let page = self.list_ranges(&ListRanges::id(id.clone())).await?;
        // By id, although one range was asked for: a provider whose filter is coarser must not make another range of
        // it.
        page.items
            .into_iter()
            .find(|range| range.id == id)
            .ok_or_else(|| Error::not_found(Operation::ListRanges, "range", id))
    }

    /// Returns the usage of one range.
    ///
    /// ```
    /// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// ipam.allocate_one("lan", "vm-42").await?;
    /// let usage = ipam.usage_of("lan").await?;
    /// assert_eq!((usage.total, usage.allocated, usage.free), (254, 1, 253));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// `NotFound` if the range does not exist, `Unsupported` without the capability `usage`; otherwise the
    /// [common errors](crate::Error#common-errors).
    async fn usage_of(&self, range: impl Into<RangeId> + Send) -> Result<Usage> {
        let usage = self.usage(&[range.into()]).await?;
        usage.into_iter().next().ok_or_else(|| empty(Operation::Usage))
    }

    /// Returns the allocations of a key, by ascending address; none if the key is not in use.
    ///
    /// ```
    /// use ipam_core::{Allocate, DefineRange, IpamProvider, IpamProviderExt, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// ipam.allocate(&Allocate::one("vm-42", "lan").with_key("vm-42/nic-0")).await?;
    /// assert_eq!(ipam.find_key("vm-42/nic-0").await?.len(), 1);
    /// assert!(ipam.find_key("vm-43/nic-0").await?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// None of its own: a key that is not in use is no error. Otherwise the
    /// [common errors](crate::Error#common-errors).
    async fn find_key(&self, key: impl Into<AllocationKey> + Send) -> Result<Vec<Allocation>> {
        let mut found: Vec<Allocation> = self.find_all(Find::default().with_key(key.into())).try_collect().await?;
        // Providers list in an order of their own, which need not be that of addresses.
        found.sort_by_key(|allocation| allocation.address);
        Ok(found)
    }

    /// Deallocates a target if it belongs to this owner.
    ///
    /// An allocation of another owner stays allocated, and no error is returned. An allocation that has no owner is
    /// deallocated; see [`Precondition::Owner`].
    ///
    /// ```
    /// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, MemoryProvider, Target};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// let taken = ipam.allocate_one("lan", "vm-42").await?;
    /// let refused = ipam.deallocate_owned(Target::Id(taken.id.clone()), "vm-43").await?;
    /// assert_eq!(refused.freed().count(), 0);
    /// let freed = ipam.deallocate_owned(Target::Id(taken.id), "vm-42").await?;
    /// assert_eq!(freed.freed().count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// `NotFound` if the range of a [`Target::Address`] does not exist, `InvalidInput` if its address lies outside the
    /// prefix of the range; otherwise the [common errors](crate::Error#common-errors).
    async fn deallocate_owned(&self, target: Target, owner: impl Into<Owner> + Send) -> Result<Deallocated> {
        self.deallocate(&Deallocate::new(target).with_precondition(Precondition::Owner(owner.into()))).await
    }

    /// Returns a [stream](Self#streams) of all ranges that match.
    ///
    /// ```
    /// use futures_util::TryStreamExt;
    /// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, ListRanges, MemoryProvider, PageRequest, Range};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// for (id, net) in [("dmz", "198.51.100.0/24"), ("lan", "192.0.2.0/24")] {
    ///     ipam.define_range(&DefineRange::new(id, net.parse()?)).await?;
    /// }
    /// let request = ListRanges::all().with_page(PageRequest::of(1)); // one range per page
    /// let ranges: Vec<Range> = ipam.ranges(request).try_collect().await?;
    /// assert_eq!(ranges.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The stream ends with the first error of [`list_ranges`](IpamProvider::list_ranges), such as `InvalidInput` for a
    /// page token that this provider did not make.
    fn ranges(&self, request: ListRanges) -> BoxStream<'_, Result<Range>> {
        all_pages!(self, list_ranges, request)
    }

    /// Returns a [stream](Self#streams) of all blocks that match.
    ///
    /// # Errors
    /// The stream ends with the first error of [`list_blocks`](IpamProvider::list_blocks), such as `Unsupported`
    /// without the capability `blocks`.
    fn blocks(&self, request: ListBlocks) -> BoxStream<'_, Result<Block>> {
        all_pages!(self, list_blocks, request)
    }

    /// Returns a [stream](Self#streams) of all allocations that match.
    ///
    /// # Errors
    /// The stream ends with the first error of [`find`](IpamProvider::find), such as `InvalidInput` for a page token
    /// that this provider did not make.
    fn find_all(&self, request: Find) -> BoxStream<'_, Result<Allocation>> {
        all_pages!(self, find, request)
    }

    /// Returns a [stream](Self#streams) of all changes after `since`, or from the oldest kept one, up to the newest.
    ///
    /// ```
    /// use futures_util::TryStreamExt;
    /// use ipam_core::{ChangeKind, DefineRange, IpamProvider, IpamProviderExt, MemoryProvider};
    ///
    /// # futures_executor::block_on(async {
    /// let ipam = MemoryProvider::new();
    /// let start = ipam.changes(None, 0).await?.next; // the position before everything
    /// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
    /// ipam.allocate_one("lan", "vm-42").await?;
    /// let kinds: Vec<ChangeKind> = ipam.changes_since(Some(start)).map_ok(|change| change.kind).try_collect().await?;
    /// assert_eq!(kinds, [ChangeKind::RangeDefined, ChangeKind::Allocated]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The stream ends with the first error of [`changes`](IpamProvider::changes), such as `InvalidInput` if changes
    /// after `since` are no longer kept.
    fn changes_since(&self, since: Option<ChangePosition>) -> BoxStream<'_, Result<Change>> {
        // Large enough that a store's fixed cost per call is small, small enough that a page of changes stays below 1
        // MB.
        const PAGE: u32 = 500;
        let feed = stream::try_unfold(since, move |since| async move {
            let part = self.changes(since.as_ref(), PAGE).await?;
            if part.items.is_empty() {
                return Ok::<_, Error>(None);
            }
            Ok(Some((stream::iter(part.items.into_iter().map(Ok)), Some(part.next))))
        });
        feed.try_flatten().boxed()
    }
}

impl<P: IpamProvider + ?Sized> IpamProviderExt for P {}

/// Error of a provider that returned fewer items than it was asked for.
// That breaks the contract, and is still no reason to panic in the caller's program.
fn empty(operation: Operation) -> Error {
    let message = "the provider succeeded, but returned nothing for the one item requested";
    Error::new(ErrorKind::Protocol, operation, message)
}
