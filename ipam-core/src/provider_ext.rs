//! What callers like to have, built on the contract alone.

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::{
    Allocate, AllocateLine, Allocation, AllocationKey, Block, Change, ChangePosition, Error, ErrorKind, Find, Labels,
    ListBlocks, ListRanges, Operation, Owner, Range, RangeId, Result, Target, Update, Usage,
};
use crate::{Deallocate, Deallocated, IpamProvider, Patch, Precondition};

/// A listing as a stream: the request's page token is moved on until there is none.
macro_rules! all_pages {
    ($provider:expr, $method:ident, $request:expr) => {
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

/// Conveniences for callers. Every provider has them; nobody implements them.
#[async_trait]
pub trait IpamProviderExt: IpamProvider {
    /// Takes the next free address of a range.
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
    /// As [`allocate`](IpamProvider::allocate).
    async fn allocate_one(
        &self,
        range: impl Into<RangeId> + Send,
        owner: impl Into<Owner> + Send,
    ) -> Result<Allocation> {
        let request = Allocate::one(owner, range);
        let answer = self.allocate(&request).await?;
        answer.lines.into_iter().flatten().next().ok_or_else(|| empty(Operation::Allocate))
    }

    /// Sees to it that a host has an address of a range, however often it is called: the key is made from range, owner
    /// and host name. What is said of the host is brought up to date if it differs and the provider can.
    ///
    /// # Errors
    /// As [`allocate`](IpamProvider::allocate) and [`update`](IpamProvider::update); `InvalidInput` without a host name.
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
        let answer = self.allocate(&Allocate::new(owner).with_key(key).with_line(line)).await?;
        let found = answer.lines.into_iter().flatten().next().ok_or_else(|| empty(Operation::Allocate))?;
        if found.labels == labels || !self.capabilities().update {
            return Ok(found);
        }
        let update = Update::new(found.id)
            .with_hostname(Patch::from(labels.hostname))
            .with_description(labels.description.map_or(Patch::Clear, Patch::Set))
            .with_mac(labels.mac.map_or(Patch::Clear, Patch::Set));
        let update = if self.capabilities().tags { update.with_tags(Patch::Set(labels.tags)) } else { update };
        self.update(&update).await
    }

    /// One range by its id.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    async fn get_range(&self, id: impl Into<RangeId> + Send) -> Result<Range> {
        let id = id.into();
        let page = self.list_ranges(&ListRanges::id(id.clone())).await?;
        page.items
            .into_iter()
            .find(|range| range.id == id)
            .ok_or_else(|| Error::not_found(Operation::ListRanges, "range", id))
    }

    /// How full one range is.
    ///
    /// # Errors
    /// As [`usage`](IpamProvider::usage).
    async fn usage_of(&self, range: impl Into<RangeId> + Send) -> Result<Usage> {
        let answer = self.usage(&[range.into()]).await?;
        answer.into_iter().next().ok_or_else(|| empty(Operation::Usage))
    }

    /// The addresses a key has, in ascending order; none if the key is not in use.
    ///
    /// # Errors
    /// As [`find`](IpamProvider::find).
    async fn find_key(&self, key: impl Into<AllocationKey> + Send) -> Result<Vec<Allocation>> {
        let mut found: Vec<Allocation> = self.find_all(Find::default().with_key(key.into())).try_collect().await?;
        found.sort_by_key(|allocation| allocation.address);
        Ok(found)
    }

    /// Gives one allocation back, but only if it is still this owner's.
    ///
    /// # Errors
    /// As [`deallocate`](IpamProvider::deallocate).
    async fn deallocate_owned(&self, target: Target, owner: impl Into<Owner> + Send) -> Result<Deallocated> {
        self.deallocate(&Deallocate::new(target).with_precondition(Precondition::Owner(owner.into()))).await
    }

    /// All ranges that match, page after page as they are asked for.
    fn ranges(&self, request: ListRanges) -> BoxStream<'_, Result<Range>> {
        all_pages!(self, list_ranges, request)
    }

    /// All blocks that match, page after page as they are asked for.
    fn blocks(&self, request: ListBlocks) -> BoxStream<'_, Result<Block>> {
        all_pages!(self, list_blocks, request)
    }

    /// All allocations that match, page after page as they are asked for.
    fn find_all(&self, request: Find) -> BoxStream<'_, Result<Allocation>> {
        all_pages!(self, find, request)
    }

    /// All changes after `since` up to now, as they are asked for.
    fn changes_since(&self, since: Option<ChangePosition>) -> BoxStream<'_, Result<Change>> {
        const AT_ONCE: u32 = 500;
        let feed = stream::try_unfold(since, move |since| async move {
            let part = self.changes(since.as_ref(), AT_ONCE).await?;
            if part.items.is_empty() {
                return Ok::<_, Error>(None);
            }
            Ok(Some((stream::iter(part.items.into_iter().map(Ok)), Some(part.next))))
        });
        feed.try_flatten().boxed()
    }
}

impl<P: IpamProvider + ?Sized> IpamProviderExt for P {}

/// A provider that answers fewer than it was asked for breaks the contract; say so rather than panic.
fn empty(operation: Operation) -> Error {
    Error::new(ErrorKind::Protocol, operation, "the provider answered nothing for one address asked")
}
