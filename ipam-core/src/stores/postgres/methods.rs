//! Methods of the provider's trait as jobs.

use async_trait::async_trait;

use super::hint::{Hint, Place, Purpose};
use super::job::{Job, Undo, detached};
use super::probe::probe;
use super::provider::PostgresProvider;
use super::schema::VERSION;
use super::view::Kind;
use crate::engine;
use crate::net::IpRange;
use crate::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, Block, Capabilities, ChangePosition, Changes,
    Deallocate, DeallocateRange, Deallocated, DefineBlock, DefineRange, Error, Find, Health, IpamProvider, ListBlocks,
    ListRanges, ListRecords, Operation, Page, PortableRecord, Preview, Range, RangeId, RemoveBlock, RemoveRange,
    RemovedRange, RestoreRecords, RestoredRecords, Result, Selection, Sweep, Swept, Target, Update, UpdateBlock,
    UpdateRange, Usage,
};

/// Returns the job that undoes an allocation without a key, whose caller has dropped its future.
fn undo_allocate(taken: &Allocated) -> Box<dyn Job> {
    const NAMED: usize = 4;
    let mut addresses: Vec<String> = taken.iter().take(NAMED).map(|one| one.address.to_string()).collect();
    if taken.iter().nth(NAMED).is_some() {
        addresses.push(format!("{} addresses in all", taken.iter().count()));
    }
    let label = format!("{} (key {})", addresses.join(" "), taken.key);
    let hint = Hint { keys: vec![taken.key.clone()], purpose: Purpose::Ended, ..Hint::default() };
    // By key, which the provider has made for this request alone: no other allocation can be undone by it.
    let request = Deallocate::key(taken.key.clone());
    let work = move |store: &mut _, context: &mut engine::Context<'_>| engine::deallocate(store, context, &request);
    detached(Operation::Deallocate, Kind::Write, hint, label, work)
}

/// Returns the job that undoes the allocation of a child prefix without a key, whose caller has dropped its future.
fn undo_allocate_range(taken: &AllocatedRange) -> Box<dyn Job> {
    let label = format!("the range {} (key {})", taken.range.net, taken.key);
    let request = DeallocateRange::key(taken.key.clone());
    let work =
        move |store: &mut _, context: &mut engine::Context<'_>| engine::deallocate_range(store, context, &request);
    detached(Operation::DeallocateRange, Kind::Structure, Hint::default(), label, work)
}

/// Returns the addresses that a request names.
fn exact_places(request: &Allocate) -> Vec<Place> {
    let mut places = Vec::new();
    for line in &request.lines {
        if let (Selection::Exact { first, count }, [range]) = (line.selection, &*line.ranges)
            && let Ok(addresses) = IpRange::starting_at(first, count.into())
        {
            places.extend(addresses.addresses().map(|address| (range.clone(), address)));
        }
    }
    places
}

/// Body of a method that changes ranges or blocks: clones the request for the task, and calls the engine's function.
macro_rules! structure {
    ($self:ident, $operation:ident, $function:ident, $request:ident, $undo:expr) => {{
        let request = $request.clone();
        $self
            .write(Operation::$operation, Kind::Structure, Hint::default(), $undo, move |store, context| {
                engine::$function(store, context, &request)
            })
            .await
    }};
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl IpamProvider for PostgresProvider {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::full("postgres");
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
        let warnings = probe(self).await?;
        let version = format!("schema {VERSION}, PostgreSQL {}", self.server_version());
        let health = Health::new().with_version(version);
        Ok(warnings.into_iter().fold(health, Health::with_warning))
    }

    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        let request = request.clone();
        self.read(Operation::ListRanges, move |store, _| engine::list_ranges(store, &request)).await
    }

    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        // Before anything is sent: the hints are read without another look at the request.
        request.validate()?;
        let undo: Option<Undo<Allocated>> = if request.key.is_none() { Some(undo_allocate) } else { None };
        let ranges = request.lines.iter().flat_map(|line| &line.ranges).cloned().collect();
        let keys = request.key.iter().cloned().collect();
        let hint = Hint { keys, ranges, places: exact_places(request), ..Hint::default() };
        let request = request.clone();
        self.write(Operation::Allocate, Kind::Write, hint, undo, move |store, context| {
            engine::allocate(store, context, &request)
        })
        .await
    }

    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        request.validate()?;
        let mut hint = Hint { purpose: Purpose::Ended, ..Hint::default() };
        for target in &request.targets {
            match target {
                Target::Key(key) => hint.keys.push(key.clone()),
                Target::Id(id) => hint.ids.push(id.clone()),
                Target::Address { range, address } => hint.places.push((range.clone(), *address)),
            }
        }
        let request = request.clone();
        self.write(Operation::Deallocate, Kind::Write, hint, None, move |store, context| {
            engine::deallocate(store, context, &request)
        })
        .await
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
        request.validate()?;
        let hint = Hint { ids: vec![request.allocation.clone()], purpose: Purpose::Compared, ..Hint::default() };
        let request = request.clone();
        self.write(Operation::Update, Kind::Write, hint, None, move |store, context| {
            engine::update(store, context, &request)
        })
        .await
    }

    async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        let ranges = ranges.to_vec();
        self.read(Operation::Usage, move |store, context| engine::usage(store, context.now, &ranges)).await
    }

    async fn define_range(&self, request: &DefineRange) -> Result<Range> {
        structure!(self, DefineRange, define_range, request, None)
    }

    async fn update_range(&self, request: &UpdateRange) -> Result<Range> {
        structure!(self, UpdateRange, update_range, request, None)
    }

    async fn remove_range(&self, request: &RemoveRange) -> Result<RemovedRange> {
        structure!(self, RemoveRange, remove_range, request, None)
    }

    async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        let request = request.clone();
        self.read(Operation::ListBlocks, move |store, _| engine::list_blocks(store, &request)).await
    }

    async fn define_block(&self, request: &DefineBlock) -> Result<Block> {
        structure!(self, DefineBlock, define_block, request, None)
    }

    async fn update_block(&self, request: &UpdateBlock) -> Result<Block> {
        structure!(self, UpdateBlock, update_block, request, None)
    }

    async fn remove_block(&self, request: &RemoveBlock) -> Result<Option<Block>> {
        structure!(self, RemoveBlock, remove_block, request, None)
    }

    async fn allocate_range(&self, request: &AllocateRange) -> Result<AllocatedRange> {
        let undo: Option<Undo<AllocatedRange>> = if request.key.is_none() { Some(undo_allocate_range) } else { None };
        structure!(self, AllocateRange, allocate_range, request, undo)
    }

    async fn deallocate_range(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        structure!(self, DeallocateRange, deallocate_range, request, None)
    }

    async fn changes(&self, since: Option<&ChangePosition>, limit: u32) -> Result<Changes> {
        let since = since.cloned();
        self.read(Operation::Changes, move |store, _| engine::changes(store, since.as_ref(), limit)).await
    }

    async fn sweep(&self, _: &Sweep) -> Result<Swept> {
        if self.is_read_only() {
            return Err(Error::unsupported(Operation::Sweep, "postgres"));
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
            return Err(Error::unsupported(Operation::RestoreRecords, "postgres"));
        }
        structure!(self, RestoreRecords, restore_records, request, None)
    }

    async fn close(&self) -> Result<()> {
        self.close_all().await
    }
}
