//! Provider with one defect, around a provider without one. The defects are in the files beside this one, by operation.

mod allocate;
mod child_prefixes;
mod deallocate;
mod defect;
mod definitions;
mod harness;
mod list;
mod records;
mod sweep_close;
mod update;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use ipam_core::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, AllocationKey, Block, Capabilities, ChangePosition,
    Changes, Deallocate, DeallocateRange, Deallocated, DefineBlock, DefineRange, Error, ErrorKind, Find, Health,
    IpamProvider, IpamProviderExt, ListBlocks, ListRanges, ListRecords, NetworkInfo, Operation, Page, Patch,
    PortableRecord, Preview, Range, RangeId, RemoveBlock, RemoveRange, RemovedRange, RestoreRecords, RestoredRecords,
    Result, Retry, Sweep, Swept, Update, UpdateBlock, UpdateRange, Usage,
};

pub(crate) use self::defect::Defect;
pub(crate) use self::harness::MutantHarness;

#[derive(Debug)]
struct Mutant {
    inner: Arc<dyn IpamProvider>,
    defect: Defect,
    calls: AtomicUsize,
    last: Mutex<Option<Allocated>>,
    used_keys: Mutex<BTreeSet<AllocationKey>>,
    closed: Arc<AtomicBool>,
}

impl Mutant {
    fn new(inner: Arc<dyn IpamProvider>, defect: Defect) -> Self {
        Self {
            inner,
            defect,
            calls: AtomicUsize::new(0),
            last: Mutex::default(),
            used_keys: Mutex::default(),
            closed: Arc::default(),
        }
    }

    /// Shares the flag that says that it was closed.
    fn closed_with(mut self, closed: &Arc<AtomicBool>) -> Self {
        self.closed = Arc::clone(closed);
        self
    }

    fn is(&self, defect: Defect) -> bool {
        self.defect == defect
    }

    fn call(&self) -> usize {
        self.calls.fetch_add(1, Ordering::SeqCst)
    }

    /// Returns all allocations that match, from all pages.
    async fn all(&self, request: &Find) -> Result<Vec<Allocation>> {
        let mut request = request.clone();
        request.page = ipam_core::PageRequest::default();
        self.inner.find_all(request).try_collect().await
    }

    fn corrupt_error(&self, error: Error) -> Error {
        let (kind, operation) = (error.kind(), error.operation());
        let again = |kind, operation| {
            let error = Error::new(kind, operation, error.message().to_owned()).with_retry(error.retry());
            match self.defect {
                Defect::NamesNoLine | Defect::NamesNothing => error,
                _ => error.with_context("line", 0),
            }
        };
        match self.defect {
            Defect::SaysUnavailable => again(ErrorKind::Unavailable, operation),
            Defect::SaysIfIdempotent => error.with_retry(Retry::IfIdempotent),
            Defect::NamesNoOperation => again(kind, Operation::Send),
            Defect::NamesNoLine => again(kind, operation),
            Defect::NamesNothing => Error::new(kind, operation, "something is wrong"),
            Defect::SaysInvalidForMissing if kind == ErrorKind::NotFound => again(ErrorKind::InvalidInput, operation),
            Defect::SaysNotFoundForInvalid if kind == ErrorKind::InvalidInput => again(ErrorKind::NotFound, operation),
            Defect::SaysNotFoundWithoutRoom if kind == ErrorKind::Exhausted => again(ErrorKind::NotFound, operation),
            _ => error,
        }
    }

    fn corrupt_allocation(&self, mut allocation: Allocation) -> Allocation {
        match self.defect {
            Defect::LosesLabels => allocation.labels = ipam_core::Labels::default(),
            Defect::LosesOwner => allocation.owner = None,
            Defect::LosesTags => allocation.labels.tags.clear(),
            Defect::ReusesIds => allocation.id = format!("{}/{}", allocation.range, allocation.address).into(),
            Defect::IgnoresSpaces => allocation.space = ipam_core::SpaceId::default(),
            _ => {}
        }
        allocation
    }

    fn corrupt_range(&self, mut range: Range) -> Range {
        match self.defect {
            Defect::LosesDetailsOfDefinitions => {
                range.network = NetworkInfo::default();
                range.tags.clear();
                range.properties.clear();
            }
            Defect::ForgetsBlockOfRange => range.block = None,
            _ => {}
        }
        range
    }

    /// Returns the id that the inner provider uses.
    async fn real_id(&self, id: &ipam_core::AllocationId) -> Result<ipam_core::AllocationId> {
        if !self.is(Defect::ReusesIds) {
            return Ok(id.clone());
        }
        let all = self.all(&Find::default()).await?;
        let found = all.into_iter().find(|a| format!("{}/{}", a.range, a.address) == id.as_str());
        Ok(found.map_or_else(|| id.clone(), |allocation| allocation.id))
    }
}

/// Future that is pending 30 times, so that dropped calls meet it at several polls.
async fn pause() {
    for _ in 0..30 {
        let mut waited = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut waited, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }
}

fn clear<T>(patch: &mut Patch<T>) {
    if patch.is_keep() {
        *patch = Patch::Clear;
    }
}

fn keep<T>(patch: &mut Patch<T>) {
    if matches!(patch, Patch::Clear) {
        *patch = Patch::Keep;
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl IpamProvider for Mutant {
    fn capabilities(&self) -> Capabilities {
        let can = self.inner.capabilities();
        match self.defect {
            Defect::ClaimsLess => Capabilities::minimal(can.provider),
            Defect::ClaimsMore => Capabilities::full(can.provider),
            Defect::ChangesClaims if self.call() > 0 => Capabilities::minimal("changed"),
            Defect::ForgetsOnReopen | Defect::LosesOnClose => {
                let mut can = can;
                can.durable = true;
                can
            }
            _ => can,
        }
    }

    fn validate_allocate(&self, request: &Allocate) -> Result<()> {
        self.inner.validate_allocate(request)
    }
    async fn check(&self) -> Result<Health> {
        if self.is(Defect::TakesOnCheck) {
            let ranges: Vec<Range> = self.inner.ranges(ListRanges::all()).try_collect().await?;
            for range in ranges {
                self.inner.allocate(&Allocate::one("probe", range.id)).await?;
            }
        }
        if self.is(Defect::RespondsSlowly) {
            pause().await;
        }
        self.inner.check().await
    }

    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        self.list_ranges_badly(request).await
    }

    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        self.late(Operation::Allocate)?;
        let result = self.allocate_badly(request).await.map_err(|error| self.corrupt_error(error))?;
        Ok(self.corrupt_result(request, result))
    }

    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        self.deallocate_badly(request).await.map_err(|error| self.corrupt_error(error))
    }

    async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        self.late(Operation::Find)?;
        self.find_badly(request).await
    }

    async fn preview_allocate(&self, request: &Allocate) -> Result<Preview> {
        self.preview_allocate_badly(request).await
    }

    async fn update(&self, request: &Update) -> Result<Allocation> {
        self.update_badly(request).await
    }

    async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        self.usage_badly(ranges).await
    }

    async fn define_range(&self, request: &DefineRange) -> Result<Range> {
        self.define_range_badly(request).await
    }

    async fn update_range(&self, request: &UpdateRange) -> Result<Range> {
        self.update_range_badly(request).await
    }

    async fn remove_range(&self, request: &RemoveRange) -> Result<RemovedRange> {
        self.remove_range_badly(request).await
    }

    async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        self.list_blocks_badly(request).await
    }

    async fn define_block(&self, request: &DefineBlock) -> Result<Block> {
        self.define_block_badly(request).await
    }

    async fn update_block(&self, request: &UpdateBlock) -> Result<Block> {
        self.update_block_badly(request).await
    }

    async fn remove_block(&self, request: &RemoveBlock) -> Result<Option<Block>> {
        self.remove_block_badly(request).await
    }

    async fn allocate_range(&self, request: &AllocateRange) -> Result<AllocatedRange> {
        self.allocate_range_badly(request).await
    }

    async fn deallocate_range(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        self.deallocate_range_badly(request).await
    }

    async fn changes(&self, since: Option<&ChangePosition>, limit: u32) -> Result<Changes> {
        self.changes_badly(since, limit).await
    }

    async fn sweep(&self, request: &Sweep) -> Result<Swept> {
        self.sweep_badly(request).await
    }

    async fn list_records(&self, request: &ListRecords) -> Result<Page<PortableRecord>> {
        self.list_records_badly(request).await
    }

    async fn restore_records(&self, request: &RestoreRecords) -> Result<RestoredRecords> {
        self.restore_records_badly(request).await
    }

    async fn close(&self) -> Result<()> {
        self.close_badly().await
    }
}
