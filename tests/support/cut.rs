//! Provider whose n-th call is cut off, as if the caller, the network or the server had died there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use ipam_core::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, Block, Capabilities, ChangePosition, Changes,
    Deallocate, DeallocateRange, Deallocated, DefineBlock, DefineRange, Error, ErrorKind, Find, Health, IpamProvider,
    ListBlocks, ListRanges, ListRecords, Operation, Page, PortableRecord, Preview, Range, RangeId, RemoveBlock,
    RemoveRange, RemovedRange, RestoreRecords, RestoredRecords, Result, Retry, Sweep, Swept, Update, UpdateBlock,
    UpdateRange, Usage,
};
use tokio::sync::Notify;

/// Fate of the call that is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The request never arrives at the provider.
    Before,
    /// The request is carried out, and its response is lost.
    After,
    /// The request is carried out, and the caller dies before the response arrives; see [`CutProvider::died`].
    Death,
}

/// Provider whose call number `at`, counted from 0, is cut off.
#[derive(Debug)]
pub struct CutProvider {
    inner: Arc<dyn IpamProvider>,
    cut: Cut,
    at: u32,
    calls: AtomicU32,
    died: Notify,
}

impl CutProvider {
    /// Creates a provider that cuts call number `at` of `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn IpamProvider>, cut: Cut, at: u32) -> Self {
        Self { inner, cut, at, calls: AtomicU32::new(0), died: Notify::new() }
    }

    /// Returns the number of calls so far.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Waits for the call at which the caller dies. Drop the caller then.
    pub async fn died(&self) {
        self.died.notified().await;
    }

    async fn cut<T>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        if self.calls.fetch_add(1, Ordering::SeqCst) != self.at {
            return call.await;
        }
        let lost = Error::new(ErrorKind::Unavailable, Operation::Send, "the connection was cut");
        match self.cut {
            Cut::Before => Err(lost.with_retry(Retry::Safe)),
            // Lost whatever it was: a refusal does not arrive either.
            Cut::After => {
                let _ = call.await;
                Err(lost.with_retry(Retry::IfIdempotent))
            }
            Cut::Death => {
                let _ = call.await;
                self.died.notify_one();
                std::future::pending().await
            }
        }
    }
}

macro_rules! cut {
    ($($method:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl IpamProvider for CutProvider {
            fn capabilities(&self) -> Capabilities {
                self.inner.capabilities()
            }
            fn validate_allocate(&self, request: &Allocate) -> Result<()> {
                self.inner.validate_allocate(request)
            }
            $(async fn $method(&self, $($argument: $type),*) -> Result<$output> {
                self.cut(self.inner.$method($($argument),*)).await
            })*
        }
    };
}

cut! {
    check() -> Health;
    list_ranges(request: &ListRanges) -> Page<Range>;
    allocate(request: &Allocate) -> Allocated;
    deallocate(request: &Deallocate) -> Deallocated;
    find(request: &Find) -> Page<Allocation>;
    preview_allocate(request: &Allocate) -> Preview;
    update(request: &Update) -> Allocation;
    usage(ranges: &[RangeId]) -> Vec<Usage>;
    define_range(request: &DefineRange) -> Range;
    update_range(request: &UpdateRange) -> Range;
    remove_range(request: &RemoveRange) -> RemovedRange;
    list_blocks(request: &ListBlocks) -> Page<Block>;
    define_block(request: &DefineBlock) -> Block;
    update_block(request: &UpdateBlock) -> Block;
    remove_block(request: &RemoveBlock) -> Option<Block>;
    allocate_range(request: &AllocateRange) -> AllocatedRange;
    deallocate_range(request: &DeallocateRange) -> RemovedRange;
    changes(since: Option<&ChangePosition>, limit: u32) -> Changes;
    sweep(request: &Sweep) -> Swept;
    list_records(request: &ListRecords) -> Page<PortableRecord>;
    restore_records(request: &RestoreRecords) -> RestoredRecords;
    close() -> ();
}
