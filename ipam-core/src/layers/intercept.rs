//! Trait of layers, and the provider that runs a layer around another provider.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use super::{Call, Reply, Request};
use crate::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, Block, Capabilities, ChangePosition, Changes,
    Deallocate, DeallocateRange, Deallocated, DefineBlock, DefineRange, Find, Health, IpamProvider, ListBlocks,
    ListRanges, ListRecords, Page, PortableRecord, Preview, Range, RangeId, RemoveBlock, RemoveRange, RemovedRange,
    RestoreRecords, RestoredRecords, Result, Sweep, Swept, Update, UpdateBlock, UpdateRange, Usage,
};

/// Behaviour around every call of a provider, such as a retry or a time limit.
///
/// One method sees all operations; [`Layered`] calls it. A layer that does nothing calls `next` and returns its result:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use ipam_core::layers::{Call, Intercept, Layered, Next, Reply};
/// use ipam_core::{DefineRange, IpamProvider, IpamProviderExt, MemoryProvider, Operation, Result};
///
/// /// Counts the allocations that succeed.
/// #[derive(Debug, Default)]
/// struct Count(AtomicU64);
///
/// impl Intercept for Count {
///     async fn around<T: Reply>(&self, call: &Call<'_>, next: &Next<'_, T>) -> Result<T> {
///         let result = next.run().await;
///         if call.operation() == Operation::Allocate && result.is_ok() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///         result
///     }
/// }
///
/// # futures_executor::block_on(async {
/// let ipam = Layered::new(MemoryProvider::new(), Count::default());
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// ipam.allocate_one("lan", "vm-42").await?;
/// assert_eq!(ipam.layer().0.load(Ordering::Relaxed), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub trait Intercept: fmt::Debug + Send + Sync + 'static {
    /// Runs around one call. `next` makes the call, each time it is run. The returned result goes to the caller.
    ///
    /// The future may be dropped at every `await`, as for every method of a provider. A lock, permit or counter that is
    /// held across an `await` has to be a guard that releases in its `Drop`.
    ///
    /// # Errors
    /// The error of the call, or one of the layer's own, such as `PermissionDenied` of a guard.
    fn around<T: Reply>(&self, call: &Call<'_>, next: &Next<'_, T>) -> impl Future<Output = Result<T>> + Send;

    /// Returns the capabilities of the layered provider, from those `below`. A layer that refuses an operation clears
    /// its capability here.
    fn capabilities(&self, below: Capabilities) -> Capabilities {
        below
    }
}

/// Continuation of a call: the layers below, and the provider.
#[derive(Clone, Copy)]
// A `dyn Fn` and not a generic, so that a layer compiles once per result type, and not once per layer below it.
pub struct Next<'a, T> {
    call: &'a (dyn Fn() -> BoxFuture<'a, Result<T>> + Send + Sync),
}

impl<'a, T> Next<'a, T> {
    /// Makes the call. Running it again makes the call again; see [`Request::is_repeatable`].
    ///
    /// # Errors
    /// The error of the layers below and of the provider: any of the [common errors](crate::Error#common-errors), or
    /// those of the operation.
    pub fn run(&self) -> BoxFuture<'a, Result<T>> {
        (self.call)()
    }
}

impl<T> fmt::Debug for Next<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}

/// Provider with a layer around it.
///
/// A clone is another handle to the same provider and the same layer.
///
/// ```
/// use std::sync::Arc;
/// use ipam_core::layers::{Layered, ScopeLayer};
/// use ipam_core::{IpamProvider, MemoryProvider};
///
/// // Also around a provider that is known at run time only:
/// let opened: Arc<dyn IpamProvider> = Arc::new(MemoryProvider::new());
/// let scoped = Layered::new(opened, ScopeLayer::new(["lan"]));
/// assert!(!scoped.capabilities().define_ranges);
/// ```
#[derive(Debug)]
pub struct Layered<P, I> {
    inner: P,
    // Shared by clones: limits count the calls of all handles together.
    layer: Arc<I>,
}

// By hand, because a derive would require `I: Clone`, although the layer is shared.
impl<P: Clone, I> Clone for Layered<P, I> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: Arc::clone(&self.layer) }
    }
}

impl<P: IpamProvider, I: Intercept> Layered<P, I> {
    /// Puts `layer` around `provider`.
    pub fn new(provider: P, layer: I) -> Self {
        Self { inner: provider, layer: Arc::new(layer) }
    }

    /// Returns the layer.
    pub fn layer(&self) -> &I {
        &self.layer
    }

    /// Returns the provider below the layer.
    pub const fn inner(&self) -> &P {
        &self.inner
    }

    async fn call<'s, T: Reply>(
        &'s self,
        request: Request<'s>,
        next: &'s (dyn Fn() -> BoxFuture<'s, Result<T>> + Send + Sync),
    ) -> Result<T> {
        self.layer.around(&Call::new(request, &self.inner), &Next { call: next }).await
    }
}

/// Writes the methods of the trait: each goes through the layer.
// `missing_trait_methods` keeps the list complete: a new method of the trait would bypass the layer otherwise.
macro_rules! forward {
    ($($method:ident($request:ident: &$type:ty) -> $reply:ty as $variant:ident;)*) => {
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<P: IpamProvider, I: Intercept> IpamProvider for Layered<P, I> {
            fn capabilities(&self) -> Capabilities {
                self.layer.capabilities(self.inner.capabilities())
            }
            // Not around a layer: it does no I/O, and is no call.
            fn validate_allocate(&self, request: &Allocate) -> Result<()> {
                self.inner.validate_allocate(request)
            }
            async fn check(&self) -> Result<Health> {
                self.call(Request::Check, &|| self.inner.check()).await
            }
            $(async fn $method(&self, $request: &$type) -> Result<$reply> {
                self.call(Request::$variant($request), &|| self.inner.$method($request)).await
            })*
            async fn changes(&self, since: Option<&ChangePosition>, limit: u32) -> Result<Changes> {
                self.call(Request::Changes(since, limit), &|| self.inner.changes(since, limit)).await
            }
            async fn close(&self) -> Result<()> {
                self.call(Request::Close, &|| self.inner.close()).await
            }
        }
    };
}

forward! {
    list_ranges(request: &ListRanges) -> Page<Range> as ListRanges;
    allocate(request: &Allocate) -> Allocated as Allocate;
    deallocate(request: &Deallocate) -> Deallocated as Deallocate;
    find(request: &Find) -> Page<Allocation> as Find;
    preview_allocate(request: &Allocate) -> Preview as PreviewAllocate;
    update(request: &Update) -> Allocation as Update;
    usage(ranges: &[RangeId]) -> Vec<Usage> as Usage;
    define_range(request: &DefineRange) -> Range as DefineRange;
    update_range(request: &UpdateRange) -> Range as UpdateRange;
    remove_range(request: &RemoveRange) -> RemovedRange as RemoveRange;
    list_blocks(request: &ListBlocks) -> Page<Block> as ListBlocks;
    define_block(request: &DefineBlock) -> Block as DefineBlock;
    update_block(request: &UpdateBlock) -> Block as UpdateBlock;
    remove_block(request: &RemoveBlock) -> Option<Block> as RemoveBlock;
    allocate_range(request: &AllocateRange) -> AllocatedRange as AllocateRange;
    deallocate_range(request: &DeallocateRange) -> RemovedRange as DeallocateRange;
    sweep(request: &Sweep) -> Swept as Sweep;
    list_records(request: &ListRecords) -> Page<PortableRecord> as ListRecords;
    restore_records(request: &RestoreRecords) -> RestoredRecords as RestoreRecords;
}
