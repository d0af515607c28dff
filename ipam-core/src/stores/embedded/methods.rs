//! Methods of the provider's trait as jobs for its threads.

use async_trait::async_trait;

use super::files;
use super::job::{Job, Undo, detached};
use super::provider::EmbeddedProvider;
use super::schema::VERSION;
use crate::engine;
use crate::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, Block, Capabilities, ChangePosition, Changes,
    Deallocate, DeallocateRange, Deallocated, DefineBlock, DefineRange, Error, Find, Health, IpamProvider, ListBlocks,
    ListRanges, ListRecords, Operation, Page, PortableRecord, Preview, Range, RangeId, RemoveBlock, RemoveRange,
    RemovedRange, RestoreRecords, RestoredRecords, Result, Sweep, Swept, Update, UpdateBlock, UpdateRange, Usage,
};

/// Returns the job that undoes an allocation without a key, whose caller has dropped its future.
fn undo_allocate(taken: &Allocated) -> Box<dyn Job> {
    const NAMED: usize = 4;
    let mut addresses: Vec<String> = taken.iter().take(NAMED).map(|one| one.address.to_string()).collect();
    if taken.iter().nth(NAMED).is_some() {
        addresses.push(format!("{} addresses in all", taken.iter().count()));
    }
    let label = format!("{} (key {})", addresses.join(" "), taken.key);
    // By key, which the provider has made for this request alone: no other allocation can be undone by it.
    let request = Deallocate::key(taken.key.clone());
    detached(Operation::Deallocate, label, move |store, context| engine::deallocate(store, context, &request))
}

/// Returns the job that undoes the allocation of a child prefix without a key, whose caller has dropped its future.
fn undo_allocate_range(taken: &AllocatedRange) -> Box<dyn Job> {
    let label = format!("the range {} (key {})", taken.range.net, taken.key);
    let request = DeallocateRange::key(taken.key.clone());
    detached(Operation::DeallocateRange, label, move |store, context| {
        engine::deallocate_range(store, context, &request)
    })
}

/// Body of a method that writes: clones the request for the thread, and calls the engine's function.
macro_rules! written {
    ($self:ident, $operation:ident, $function:ident, $request:ident, $undo:expr) => {{
        let request = $request.clone();
        $self
            .write(Operation::$operation, $undo, move |store, context| engine::$function(store, context, &request))
            .await
    }};
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl IpamProvider for EmbeddedProvider {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::full("embedded");
        if self.is_read_only() {
            capabilities.update = false;
            capabilities.define_ranges = false;
            capabilities.define_blocks = false;
            capabilities.allocate_ranges = false;
            capabilities.sweep = false;
            capabilities.restore_records = false;
        }
        capabilities
    }

    fn validate_allocate(&self, request: &Allocate) -> Result<()> {
        request.validate()
    }

    async fn check(&self) -> Result<Health> {
        self.read(Operation::Check, |_, _| Ok(())).await?;
        if !self.is_read_only() {
            // An empty job still begins a transaction, which takes the write lock and releases it.
            self.write(Operation::Check, None, |_, _| Ok(())).await?;
        }
        let mut health = Health::new().with_version(format!("store {VERSION}, SQLite {}", rusqlite::version()));
        if let Some(kind) = files::network_file_system(self.path()) {
            health = health.with_warning(format!(
                "the store {} lies on a network file system ({kind}), whose locks are not reliable: two hosts may damage \
                 it; move it to a local disk",
                self.path().display()
            ));
        }
        Ok(health)
    }

    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        let request = request.clone();
        self.read(Operation::ListRanges, move |store, _| engine::list_ranges(store, &request)).await
    }

    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        let undo: Option<Undo<Allocated>> = if request.key.is_none() { Some(undo_allocate) } else { None };
        written!(self, Allocate, allocate, request, undo)
    }

    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        written!(self, Deallocate, deallocate, request, None)
    }

    async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        let request = request.clone();
        self.read(Operation::Find, move |store, context| engine::find(store, context.now, &request)).await
    }

    async fn preview_allocate(&self, request: &Allocate) -> Result<Preview> {
        let request = request.clone();
        self.read(Operation::PreviewAllocate, move |store, context| engine::preview(store, context, &request)).await
    }

    async fn update(&self, request: &Update) -> Result<Allocation> {
        written!(self, Update, update, request, None)
    }

    async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        let ranges = ranges.to_vec();
        self.read(Operation::Usage, move |store, context| engine::usage(store, context.now, &ranges)).await
    }

    async fn define_range(&self, request: &DefineRange) -> Result<Range> {
        written!(self, DefineRange, define_range, request, None)
    }

    async fn update_range(&self, request: &UpdateRange) -> Result<Range> {
        written!(self, UpdateRange, update_range, request, None)
    }

    async fn remove_range(&self, request: &RemoveRange) -> Result<RemovedRange> {
        written!(self, RemoveRange, remove_range, request, None)
    }

    async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        let request = request.clone();
        self.read(Operation::ListBlocks, move |store, _| engine::list_blocks(store, &request)).await
    }

    async fn define_block(&self, request: &DefineBlock) -> Result<Block> {
        written!(self, DefineBlock, define_block, request, None)
    }

    async fn update_block(&self, request: &UpdateBlock) -> Result<Block> {
        written!(self, UpdateBlock, update_block, request, None)
    }

    async fn remove_block(&self, request: &RemoveBlock) -> Result<Option<Block>> {
        written!(self, RemoveBlock, remove_block, request, None)
    }

    async fn allocate_range(&self, request: &AllocateRange) -> Result<AllocatedRange> {
        let undo: Option<Undo<AllocatedRange>> = if request.key.is_none() { Some(undo_allocate_range) } else { None };
        written!(self, AllocateRange, allocate_range, request, undo)
    }

    async fn deallocate_range(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        written!(self, DeallocateRange, deallocate_range, request, None)
    }

    async fn changes(&self, since: Option<&ChangePosition>, limit: u32) -> Result<Changes> {
        let since = since.cloned();
        self.read(Operation::Changes, move |store, _| engine::changes(store, since.as_ref(), limit)).await
    }

    async fn sweep(&self, _: &Sweep) -> Result<Swept> {
        if self.is_read_only() {
            return Err(Error::unsupported(Operation::Sweep, "embedded").with_context("path", self.path().display()));
        }
        // Each request is one transaction, so that there are no abandoned claims.
        self.read(Operation::Sweep, |_, _| Ok(Swept::default())).await
    }

    async fn list_records(&self, request: &ListRecords) -> Result<Page<PortableRecord>> {
        let request = request.clone();
        self.read(Operation::ListRecords, move |store, context| engine::list_records(store, context.now, &request))
            .await
    }

    async fn restore_records(&self, request: &RestoreRecords) -> Result<RestoredRecords> {
        if self.is_read_only() {
            return Err(
                Error::unsupported(Operation::RestoreRecords, "embedded").with_context("path", self.path().display())
            );
        }
        written!(self, RestoreRecords, restore_records, request, None)
    }

    async fn close(&self) -> Result<()> {
        self.close_threads().await
    }
}
