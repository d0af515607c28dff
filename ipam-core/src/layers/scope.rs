//! Layer that restricts a caller to some ranges of a provider.

use std::collections::BTreeSet;

use super::{Call, Intercept, Next, Reply, Request};
use crate::{AllocationId, Capabilities, Changes, Error, ErrorKind, Find, RangeId, Result, Target, Update};

/// Scope of a caller: some ranges, and the allocations in them.
///
/// | request | outside of the scope |
/// | --- | --- |
/// | names a range | [`NotFound`](ErrorKind::NotFound), as if the range did not exist |
/// | lists ranges or allocations | leaves the items of other ranges out; an empty page may have a next one |
/// | reads the feed | leaves the changes of other ranges out; see below |
/// | names an allocation id or a key of another range | [`PermissionDenied`](ErrorKind::PermissionDenied) |
/// | defines, changes or removes ranges or blocks; allocates ranges; sweeps; lists or restores records | [`Unsupported`](ErrorKind::Unsupported) |
///
/// The scope hides other ranges, but not whether an id or a key is in use there: a caller that guesses one learns that
/// it exists. Each id or key of a deallocation or update is looked up first, which costs a call. An allocation with a
/// key of another range's request fails as in every provider, with [`Conflict`](ErrorKind::Conflict). Blocks are listed
/// in full.
///
/// The changes of other ranges are left out, and those of blocks stay. If none is left, the layer reads on until one
/// is, or the feed ends: so an empty result still means that there are no more changes. A call can therefore make
/// several calls of the provider, each with the limit of the request.
///
/// ```
/// use ipam_core::layers::{Layered, ScopeLayer};
/// use ipam_core::{DefineRange, ErrorKind, IpamProvider, IpamProviderExt, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// ipam.define_range(&DefineRange::new("dmz", "198.51.100.0/24".parse()?)).await?;
/// let scoped = Layered::new(ipam, ScopeLayer::new(["lan"]));
/// scoped.allocate_one("lan", "vm-42").await?;
/// assert_eq!(scoped.allocate_one("dmz", "vm-42").await.unwrap_err().kind(), ErrorKind::NotFound);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct ScopeLayer {
    ranges: BTreeSet<RangeId>,
}

impl ScopeLayer {
    /// Makes a scope of these ranges.
    pub fn new<R: Into<RangeId>>(ranges: impl IntoIterator<Item = R>) -> Self {
        Self { ranges: ranges.into_iter().map(Into::into).collect() }
    }

    fn holds(&self, range: &RangeId) -> bool {
        self.ranges.contains(range)
    }

    fn outside(call: &Call<'_>) -> Error {
        let message = "the allocation is outside of the ranges that this caller may use";
        Error::new(ErrorKind::PermissionDenied, call.operation(), message)
    }

    /// Refuses a request that names a range outside of the scope, or an allocation or key of one.
    async fn admit(&self, call: &Call<'_>) -> Result<()> {
        match call.request() {
            // Lists filter instead of refusing: ids that do not exist match nothing there, and so do those outside.
            Request::ListRanges(_) | Request::Find(_) => return Ok(()),
            Request::Deallocate(request) => {
                for target in &request.targets {
                    match target {
                        Target::Address { .. } => {}
                        Target::Id(id) => self.admit_found(call, by_id(id)).await?,
                        Target::Key(key) => self.admit_found(call, Find::default().with_key(key.clone())).await?,
                    }
                }
            }
            Request::Update(Update { allocation, .. }) => self.admit_found(call, by_id(allocation)).await?,
            _ => {}
        }
        match call.request().ranges().into_iter().find(|range| !self.holds(range)) {
            Some(range) => Err(Error::not_found(call.operation(), "range", range.as_str())
                .with_context("because", "the caller's scope does not hold it")),
            None => Ok(()),
        }
    }

    /// Refuses if one of the allocations found belongs to a range outside. An id or key that is not found passes: it is
    /// free.
    async fn admit_found(&self, call: &Call<'_>, mut find: Find) -> Result<()> {
        loop {
            // The provider below and not this layer: a filtered result would hide what lies outside.
            let page = call.provider().find(&find).await.map_err(|error| error.with_operation(call.operation()))?;
            if page.items.iter().any(|allocation| !self.holds(&allocation.range)) {
                return Err(Self::outside(call));
            }
            match page.next {
                Some(token) => find.page.token = Some(token),
                None => return Ok(()),
            }
        }
    }

    /// Reads on in the feed until a change of the scope is found or the feed ends. `changes` is the part before, with
    /// all of its changes left out.
    // Without this a reader would take the empty part for the end of the feed, and never come to later changes.
    async fn read_on(&self, call: &Call<'_>, limit: u32, changes: &mut Changes) -> Result<()> {
        while changes.items.is_empty() {
            *changes = call.provider().changes(Some(&changes.next), limit).await?;
            if changes.items.is_empty() {
                break;
            }
            changes.retain_ranges(&mut |range| self.holds(range));
        }
        Ok(())
    }
}

fn by_id(id: &AllocationId) -> Find {
    Find::default().with_id(id.clone())
}

impl Intercept for ScopeLayer {
    async fn around<T: Reply>(&self, call: &Call<'_>, next: &Next<'_, T>) -> Result<T> {
        match call.request() {
            Request::DefineRange(_)
            | Request::UpdateRange(_)
            | Request::RemoveRange(_)
            | Request::DefineBlock(_)
            | Request::UpdateBlock(_)
            | Request::RemoveBlock(_)
            | Request::AllocateRange(_)
            | Request::DeallocateRange(_)
            | Request::Sweep(_)
            | Request::ListRecords(_)
            | Request::RestoreRecords(_) => {
                // A definition could overlap ranges outside, a sweep has no filter by range, and a record may have
                // addresses of several ranges.
                return Err(Error::unsupported(call.operation(), call.provider().capabilities().provider)
                    .with_context("because", "it reaches beyond the ranges that this caller may use"));
            }
            request => {
                // Before the look-ups, so that an invalid request fails as in every provider, and costs no call.
                request.validate()?;
                self.admit(call).await?;
            }
        }
        // Filtered after the call: `find` and `changes` take one range at most, or none.
        let mut reply = next.run().await?;
        let is_end = reply.items() == 0;
        reply.retain_ranges(&mut |range| self.holds(range));
        if !is_end
            && let Request::Changes(_, limit) = call.request()
            && let Some(changes) = reply.changes_mut()
        {
            self.read_on(call, limit, changes).await?;
        }
        Ok(reply)
    }

    fn capabilities(&self, mut below: Capabilities) -> Capabilities {
        below.define_ranges = false;
        below.define_blocks = false;
        below.allocate_ranges = false;
        below.sweep = false;
        below.list_records = false;
        below.restore_records = false;
        below
    }
}
