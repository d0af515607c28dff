//! Contract of every provider.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, Block, Capabilities, ChangePosition, Changes,
    Deallocate, DeallocateRange, Deallocated, DefineBlock, DefineRange, Error, Find, Health, ListBlocks, ListRanges,
    ListRecords, Operation, Page, PortableRecord, Preview, Range, RangeId, RemoveBlock, RemoveRange, RemovedRange,
    RestoreRecords, RestoredRecords, Result, Sweep, Swept, Update, UpdateBlock, UpdateRange, Usage,
};

/// Source of IP addresses: the contract that every provider keeps.
///
/// Programs use it as `Arc<dyn IpamProvider>`. A clone of the `Arc` is another handle to the same state.
/// [`IpamProviderExt`](crate::IpamProviderExt) adds conveniences to every provider. The [words](crate#words) of this
/// page are defined on the front page of the crate.
///
/// The methods are `async fn`, such as `async fn allocate(&self, request: &Allocate) -> Result<Allocated>`. The
/// signatures on this page, with lifetimes and boxed futures, are what the macro `async_trait` makes of them.
///
/// # Calling one
/// A request with a key can be repeated until it succeeds: it never takes more addresses than it asks for.
///
/// ```
/// use ipam_core::{Allocate, Allocated, DefineRange, IpamProvider, MemoryProvider, Result, Retry};
///
/// async fn allocate(ipam: &dyn IpamProvider, request: &Allocate) -> Result<Allocated> {
///     let mut attempts = 0;
///     loop {
///         attempts += 1;
///         match ipam.allocate(request).await {
///             Err(error) if attempts < 3 => match error.retry() {
///                 // Nothing was applied; or it may have been, and the key makes it repeatable.
///                 Retry::Safe => {}
///                 Retry::IfIdempotent if request.key.is_some() => {}
///                 Retry::IfIdempotent | Retry::Never => return Err(error),
///             },
///             result => return result,
///         }
///     }
/// }
///
/// # futures_executor::block_on(async {
/// let ipam = MemoryProvider::new();
/// ipam.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// let request = Allocate::one("vm-42", "lan").with_key("vm-42/nic-0");
/// let allocated = allocate(&ipam, &request).await?;
/// assert_eq!(allocated.lines[0][0].address.to_string(), "192.0.2.1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// # Writing one
/// Six methods are required: `capabilities`, `check`, `list_ranges`, `allocate`, `deallocate` and `find`. Each optional
/// operation belongs to a capability, and its default returns [`Unsupported`](crate::ErrorKind::Unsupported). The
/// default of [`close`](Self::close) does nothing and succeeds. An author also depends on the crate `async-trait`
/// (version 0.1), which this crate does not re-export.
///
/// A provider that wraps another one has to forward every method: put `#[deny(clippy::missing_trait_methods)]` on its
/// `impl`. What authors would write again is in [`Allocate::validate_for`], [`Allocate::resolve_lines`] and
/// [`PageRequest::cut`](crate::PageRequest::cut). The feature `conformance` has a suite of tests for these docs.
///
/// ```
/// use async_trait::async_trait;
/// use ipam_core::{
///     Allocate, Allocated, Allocation, Capabilities, Deallocate, Deallocated, DeallocatedTarget,
///     Error, Find, Health, IpamProvider, ListRanges, Operation, Page, Range, Result, Target,
/// };
///
/// #[derive(Debug)]
/// struct Empty; // without any range
///
/// #[async_trait]
/// impl IpamProvider for Empty {
///     fn capabilities(&self) -> Capabilities {
///         Capabilities::minimal("empty")
///     }
///     async fn check(&self) -> Result<Health> {
///         Ok(Health::new())
///     }
///     async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
///         request.page.validate(Operation::ListRanges)?; // first, so that invalid requests fail alike everywhere
///         Ok(Page::new(Vec::new(), None))
///     }
///     async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
///         request.validate_for(&self.capabilities())?;
///         Err(Error::not_found(Operation::Allocate, "range", &request.lines[0].ranges[0]))
///     }
///     async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
///         request.validate()?;
///         for target in &request.targets {
///             if let Target::Address { range, .. } = target {
///                 return Err(Error::not_found(Operation::Deallocate, "range", range));
///             }
///         }
///         Ok(Deallocated::new(vec![DeallocatedTarget::default(); request.targets.len()]))
///     }
///     async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
///         request.validate()?;
///         Ok(Page::new(Vec::new(), None))
///     }
/// }
///
/// # futures_executor::block_on(async {
/// assert!(Empty.allocate(&Allocate::one("vm-42", "lan")).await.unwrap_err().is_not_found());
/// assert!(Empty.usage(&["lan".into()]).await.unwrap_err().is_unsupported());
/// # });
/// ```
///
/// # For all methods
/// - **Never twice.** In one address space an address belongs to at most one allocation: with any number of callers,
///   after any crash, and after any lost response.
/// - **Never lost.** An allocation that was acknowledged, by a method that returned it, stays until it is deallocated
///   or expires. It also survives the end of the process if [`durable`](Capabilities::durable) is true.
/// - **All or nothing.** A request takes effect as a whole or not at all. A provider over HTTP that cannot undo a part
///   at once leaves it as an abandoned claim, which is never acknowledged: the next call with the same key, or a
///   [`sweep`](Self::sweep), undoes it. The one exception is [`deallocate`](Self::deallocate) over HTTP.
/// - **Cancellation.** Dropping a future is safe. The operation has then either happened or not; with a key,
///   [`find`](Self::find) tells. The provider undoes an allocation of addresses without a key whose future was dropped
///   before it returned. It cannot do so where the process ends at that moment: then the address stays allocated, or is
///   an abandoned claim. The providers of this crate undo an [`allocate_range`](Self::allocate_range) without a key in
///   the same way. A provider over HTTP may leave its range, which [`list_ranges`](Self::list_ranges) returns with the
///   key that the provider made.
/// - **Validation.** A request that breaks a rule which needs no look at the state fails with
///   [`InvalidInput`](crate::ErrorKind::InvalidInput) before anything else happens. The method `validate` of the
///   request lists the rules; a provider calls it first. Requests without that method: for
///   [`list_ranges`](Self::list_ranges) and [`list_blocks`](Self::list_blocks) a provider calls
///   [`PageRequest::validate`](crate::PageRequest::validate), for [`remove_range`](Self::remove_range) and
///   [`remove_block`](Self::remove_block) the `validate` of the id. [`usage`](Self::usage), [`changes`](Self::changes)
///   and [`sweep`](Self::sweep) have no such rules; the usage of an id that cannot exist fails with `NotFound`.
/// - **Errors.** Every method may fail with the [common errors](crate::Error#common-errors). Each lists the kinds that
///   it adds.
/// - **Unknown outcome.** An error with [`Outcome::Unknown`](crate::Outcome::Unknown) does not tell whether the request
///   was carried out: repeat it with the same key, or look the key up.
// `async_trait`, because a trait with `async fn` cannot be a `dyn` type, and the provider is chosen by a URL at run
// time. `Debug` lets programs derive it for their own types, `'static` lets a spawned task own a provider.
#[async_trait]
pub trait IpamProvider: Debug + Send + Sync + 'static {
    /// Returns the capabilities of the provider.
    ///
    /// Does no I/O: a provider that has to probe a server does so when it connects. The value never changes.
    // Not `async` and without an error, because layers ask for it on every call.
    fn capabilities(&self) -> Capabilities;

    /// Checks that the provider can be reached, accepts the credentials, and grants what
    /// [`capabilities`](Self::capabilities) declares. Changes nothing.
    ///
    /// A problem that does not stop the provider from working is a [warning](Health::warnings) and no error.
    ///
    /// # Errors
    /// `Unauthenticated` if the credentials are refused, `Unavailable` if the server or store cannot be reached,
    /// `Corrupt` if the store is damaged; otherwise the [common errors](crate::Error#common-errors).
    async fn check(&self) -> Result<Health>;

    /// Returns one page of the ranges that match, in an order that stays the same from page to page.
    ///
    /// An id in the filter that does not exist is no error: nothing matches it. A range that exists during the whole
    /// listing is on exactly one page, also while other ranges are defined and removed.
    ///
    /// # Errors
    /// `InvalidInput` if the page is larger than [`MAX_PAGE_SIZE`](crate::MAX_PAGE_SIZE) or this provider did not make
    /// the page token; otherwise the [common errors](crate::Error#common-errors).
    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>>;

    /// Allocates addresses: all lines of the request, or none.
    ///
    /// - **Ranges.** A line takes all of its addresses from the first of its ranges that has room. A later range is
    ///   tried only if all ranges before it have no room.
    /// - **Next addresses.** [`Selection::Next`](crate::Selection::Next) takes free addresses in the
    ///   [order](crate::Order) of the range. The default order takes the lowest free address; with several callers at
    ///   work it takes one of the lowest. The gateway, reserved, excluded and quarantined addresses are never taken.
    /// - **Exact addresses.** [`Selection::Exact`](crate::Selection::Exact) takes the given addresses from the first of
    ///   the ranges that contains all of them. A quarantined address cannot be taken this way either.
    /// - **Keys.** A repeated request with the same key returns the same allocations, sets
    ///   [`repeated`](Allocated::repeated), and takes nothing more. Two requests are the same if their
    ///   [fingerprints](crate::Fingerprint#compared-fields) are equal. A key is unique in one provider, whatever the
    ///   owner. It is free again once all of its allocations are deallocated or expired.
    /// - **Result.** It has one list per line, in the order of the lines. The addresses of a list ascend.
    ///
    /// # Errors
    /// - `NotFound`: one of the ranges does not exist.
    /// - `Exhausted`: no range of a line has room. The context `line` is the index of the line, from 0.
    /// - `Conflict`: an exact address is allocated, quarantined, reserved or the gateway; the key belongs to another
    ///   request; or some allocations of the key were deallocated or have expired, and the message names their
    ///   addresses.
    /// - `InvalidInput`: an exact address lies in none of the line's ranges, two lines ask for the same one, or an expiry
    ///   ends too late to be stored.
    /// - `Unsupported`: a placement, an expiry or tags that [`capabilities`](Self::capabilities) does not declare.
    /// - Otherwise the [common errors](crate::Error#common-errors).
    async fn allocate(&self, request: &Allocate) -> Result<Allocated>;

    /// Deallocates addresses. A target that is free already succeeds, so that the request can be repeated.
    ///
    /// - With a [`Precondition`](crate::Precondition), an allocation of another owner or key is left alone, and no
    ///   error is returned: [`was_free`](Deallocated::was_free) is then true as well. An allocation that has no owner
    ///   meets every condition on the owner, and one that has no key every condition on the key: it is deallocated.
    /// - An [`AllocationId`](crate::AllocationId) or a key that no allocation has is free already.
    /// - Several ranges may share a prefix. If the address lies in the prefix of the target's range, but is allocated
    ///   from another range, nothing happens: it stays allocated there, and counts as free for this target.
    /// - A repeat of a request never fails for being a repeat. A late repeat by [address](crate::Target::Address) may
    ///   meet a new allocation of that address, and deallocates it: set a [`Precondition`](crate::Precondition).
    /// - Where the range has a quarantine, the address is quarantined for that time.
    ///
    /// The result has one entry per target, in the order of the targets. An allocation that several targets name is
    /// listed with the first of them. The providers of this crate deallocate all targets or none. A provider over HTTP
    /// may have deallocated some of them when it fails; repeating the request deallocates the others.
    ///
    /// # Errors
    /// - `NotFound`: the range of a [`Target::Address`](crate::Target::Address) does not exist.
    /// - `InvalidInput`: its address lies outside the prefix of the range.
    /// - Otherwise the [common errors](crate::Error#common-errors).
    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated>;

    /// Returns one page of the allocations that match, in an order that stays the same from page to page.
    ///
    /// An allocation that exists during the whole listing is on exactly one page, also while others are allocated and
    /// deallocated. No match is no error. Quarantined addresses are listed only if
    /// [`Find::quarantined`](crate::Find::quarantined) is set. An expired allocation is not listed, even if the
    /// provider has not removed it yet.
    ///
    /// # Errors
    /// `InvalidInput` if the page is larger than [`MAX_PAGE_SIZE`](crate::MAX_PAGE_SIZE) or this provider did not make
    /// the page token; otherwise the [common errors](crate::Error#common-errors).
    async fn find(&self, request: &Find) -> Result<Page<Allocation>>;

    /// Checks an allocation request without looking at any state. Does no I/O.
    ///
    /// # Errors
    /// Those of [`allocate`](Self::allocate) that do not depend on the state, such as `InvalidInput` for a text that is
    /// too long for the server, and `Unsupported`. The default calls [`Allocate::validate`].
    // Not `async`: a migration asks it for every record before it writes the first one.
    fn validate_allocate(&self, request: &Allocate) -> Result<()> {
        request.validate()
    }

    /// Returns the addresses that [`allocate`](Self::allocate) would take now. Takes nothing and holds nothing.
    ///
    /// The next `allocate` may take others: another caller may come first, and [`Order::Random`](crate::Order::Random)
    /// chooses anew. For a key that is in use it returns the addresses that are allocated under it.
    ///
    /// # Errors
    /// `Unsupported` without the capability `preview`; otherwise the kinds of [`allocate`](Self::allocate).
    async fn preview_allocate(&self, request: &Allocate) -> Result<Preview> {
        // Here and below: named `request` and not `_request`, because the docs and editors show the name to
        // implementors.
        let _ = request;
        Err(Error::unsupported(Operation::PreviewAllocate, self.capabilities().provider))
    }

    /// Changes labels or expiry of an allocation, and returns the allocation after the change.
    ///
    /// A field that is [`Patch::Keep`](crate::Patch::Keep) stays as it is. Address, owner and key never change. Setting
    /// the expiry renews the allocation: the time counts from now.
    ///
    /// # Errors
    /// - `NotFound`: the allocation does not exist or has expired.
    /// - `InvalidInput`: the expiry ends too late to be stored.
    /// - `Unsupported`: the provider lacks the capability `update`; the request changes the expiry, and it lacks
    ///   `expiry`; or the request sets tags, and it lacks `tags` or cannot keep tags for this allocation, because it
    ///   was entered on the server by other means.
    /// - Otherwise the [common errors](crate::Error#common-errors).
    async fn update(&self, request: &Update) -> Result<Allocation> {
        let _ = request;
        Err(Error::unsupported(Operation::Update, self.capabilities().provider))
    }

    /// Returns the usage of the given ranges, one entry per id, in the order of the ids.
    ///
    /// # Errors
    /// `NotFound` if a range does not exist, `Unsupported` without the capability `usage`; otherwise the
    /// [common errors](crate::Error#common-errors).
    async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        let _ = ranges;
        Err(Error::unsupported(Operation::Usage, self.capabilities().provider))
    }

    /// Defines a range, and returns it.
    ///
    /// The prefixes of one address space form a tree: a block may lie in a block, a range in a block, and nothing in a
    /// range. Several ranges may have the same prefix if their addresses do not overlap. Prefixes that overlap without
    /// being equal are refused.
    ///
    /// # Errors
    /// - `AlreadyExists`: a range has this id.
    /// - `Conflict`: the prefix contains, or lies in, the prefix of another range; a range of the same prefix has some
    ///   of the addresses; or a smaller block lies in the prefix.
    /// - `Unsupported`: the provider lacks the capability `define_ranges`, or lacks `policies` and the policy is not
    ///   the default.
    /// - Otherwise the [common errors](crate::Error#common-errors).
    async fn define_range(&self, request: &DefineRange) -> Result<Range> {
        let _ = request;
        Err(Error::unsupported(Operation::DefineRange, self.capabilities().provider))
    }

    /// Changes a range, and returns it after the change. A field that is [`Patch::Keep`](crate::Patch::Keep) stays as
    /// it is.
    ///
    /// # Errors
    /// - `NotFound`: the range does not exist.
    /// - `Conflict`: an allocated address would lie outside of the range, become the gateway or be reserved; or the
    ///   addresses would overlap those of another range.
    /// - `InvalidInput`: the addresses, the gateway or a reserved address would lie outside of the prefix.
    /// - `Unsupported`: the provider lacks the capability `define_ranges`, or lacks `policies` and the request sets a
    ///   policy other than the default.
    /// - Otherwise the [common errors](crate::Error#common-errors).
    async fn update_range(&self, request: &UpdateRange) -> Result<Range> {
        let _ = request;
        Err(Error::unsupported(Operation::UpdateRange, self.capabilities().provider))
    }

    /// Removes a range, and returns it with the allocations that ended with it. A range that does not exist succeeds,
    /// so that the request can be repeated.
    ///
    /// A range that was allocated from a block may be removed, too: its prefix is then free in the block, and its key
    /// can be used again. The quarantine of addresses ends with their range: a new range can allocate them at once.
    ///
    /// # Errors
    /// - `Conflict`: addresses of the range are allocated, and
    ///   [`with_allocations`](RemoveRange::with_allocations) is not set.
    /// - `Unsupported`: the provider lacks the capability `define_ranges`.
    /// - Otherwise the [common errors](crate::Error#common-errors).
    async fn remove_range(&self, request: &RemoveRange) -> Result<RemovedRange> {
        let _ = request;
        Err(Error::unsupported(Operation::RemoveRange, self.capabilities().provider))
    }

    /// Returns one page of the blocks that match, in an order that stays the same from page to page.
    ///
    /// A block that exists during the whole listing is on exactly one page.
    ///
    /// # Errors
    /// `InvalidInput` if the page is larger than [`MAX_PAGE_SIZE`](crate::MAX_PAGE_SIZE) or this provider did not make
    /// the page token, `Unsupported` without the capability `blocks`; otherwise the
    /// [common errors](crate::Error#common-errors).
    async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        let _ = request;
        Err(Error::unsupported(Operation::ListBlocks, self.capabilities().provider))
    }

    /// Defines a block, and returns it.
    ///
    /// # Errors
    /// - `AlreadyExists`: a block has this id, or a block of the address space has this prefix.
    /// - `Conflict`: the prefix lies inside the prefix of a range, and is not equal to it.
    /// - `Unsupported`: the provider lacks the capability `define_blocks`.
    /// - Otherwise the [common errors](crate::Error#common-errors).
    async fn define_block(&self, request: &DefineBlock) -> Result<Block> {
        let _ = request;
        Err(Error::unsupported(Operation::DefineBlock, self.capabilities().provider))
    }

    /// Changes a block, and returns it after the change. Ranges that were allocated from it before stay as they are.
    ///
    /// # Errors
    /// `NotFound` if the block does not exist, `Unsupported` without the capability `define_blocks`; otherwise the
    /// [common errors](crate::Error#common-errors).
    async fn update_block(&self, request: &UpdateBlock) -> Result<Block> {
        let _ = request;
        Err(Error::unsupported(Operation::UpdateBlock, self.capabilities().provider))
    }

    /// Removes a block, and returns it, or `None` if it does not exist. Ranges and blocks inside it stay.
    ///
    /// # Errors
    /// `Unsupported` without the capability `define_blocks`; otherwise the [common errors](crate::Error#common-errors).
    async fn remove_block(&self, request: &RemoveBlock) -> Result<Option<Block>> {
        let _ = request;
        Err(Error::unsupported(Operation::RemoveBlock, self.capabilities().provider))
    }

    /// Allocates a child prefix of a block, and makes a range of it.
    ///
    /// - **Blocks.** The prefix comes from the first of the blocks that has room. A prefix that a range or a smaller
    ///   block covers is not allocated. An exact prefix belongs to the smallest block that contains it: a larger block
    ///   is passed over. With blocks `10.0.0.0/8` and `10.1.0.0/16`, the child prefix `10.1.7.0/24` comes from the
    ///   second one only.
    /// - **The new range.** The provider makes its id. It has the usable addresses of the prefix, no gateway, and the
    ///   DNS servers, domains and VLAN of the block.
    /// - **Keys** work as in [`allocate`](Self::allocate). One key names either a request for addresses or one for a
    ///   range.
    ///
    /// # Errors
    /// - `NotFound`: one of the blocks does not exist.
    /// - `Exhausted`: no block has room for the prefix length.
    /// - `Conflict`: a range or a smaller block covers the exact prefix, or a part of it; or the key belongs to another
    ///   request.
    /// - `InvalidInput`: the prefix length fits none of the blocks, or the exact prefix lies in none of them.
    /// - `Unsupported`: the provider lacks the capability `allocate_ranges`, or lacks `policies` and the policy is not
    ///   the default.
    /// - Otherwise the [common errors](crate::Error#common-errors).
    async fn allocate_range(&self, request: &AllocateRange) -> Result<AllocatedRange> {
        let _ = request;
        Err(Error::unsupported(Operation::AllocateRange, self.capabilities().provider))
    }

    /// Deallocates a child prefix: removes its range, and makes its prefix free in the block.
    ///
    /// A range that does not exist succeeds, so that the request can be repeated. So does one that does not meet the
    /// [`Precondition`](crate::Precondition); it is left alone. The quarantine of addresses ends with their range: a
    /// new range of the same prefix can allocate them at once.
    ///
    /// # Errors
    /// - `Conflict`: addresses of the range are allocated, and [`with_allocations`](DeallocateRange::with_allocations)
    ///   is not set; or the range was defined, not allocated from a block.
    /// - `Unsupported`: the provider lacks the capability `allocate_ranges`.
    /// - Otherwise the [common errors](crate::Error#common-errors).
    async fn deallocate_range(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        let _ = request;
        Err(Error::unsupported(Operation::DeallocateRange, self.capabilities().provider))
    }

    /// Returns at most `limit` changes after the position `since`, oldest first. With `None` it starts at the oldest
    /// change that is kept. It may return fewer, but for a `limit` above 0 it returns at least one if there is any: an
    /// empty result means that there are no more at the moment. This holds for layers as well, such as one that
    /// leaves changes out.
    ///
    /// Calls that each continue at [`Changes::next`] return every change exactly once, whatever their limits, and also
    /// while others write. The entry that an allocation has expired may be late, but comes before the entry that its
    /// address is allocated again. With a `limit` of 0 it returns no changes and the position to start at.
    ///
    /// A store keeps a bounded number of changes. A reader whose position is older than the oldest kept one has missed
    /// some: it reads all allocations with [`find`](Self::find), and goes on from the position that a call with `None`
    /// returns. It does the same if the provider does not know the position, such as one that is newer than a backup
    /// that was restored: both fail with the same kind, `InvalidInput`, and the message tells them apart for people.
    ///
    /// # Errors
    /// `InvalidInput` if this provider did not make the position, or changes after it are no longer kept; `Unsupported`
    /// without the capability `changes`; otherwise the [common errors](crate::Error#common-errors).
    async fn changes(&self, since: Option<&ChangePosition>, limit: u32) -> Result<Changes> {
        let _ = (since, limit);
        Err(Error::unsupported(Operation::Changes, self.capabilities().provider))
    }

    /// Undoes abandoned claims.
    ///
    /// A provider that needs several requests to a server for one allocation first *claims* the addresses or the child
    /// prefix there, and acknowledges the allocation by returning it. A claim is abandoned if the process ends in
    /// between, or could not undo it after a failure. Callers have nothing to acknowledge themselves.
    ///
    /// - An acknowledged allocation is never touched. Neither is a claim that may still be completed: claims younger
    ///   than the claim time of the provider stay, whatever [`older_than`](Sweep::older_than) is. The provider's
    ///   configuration sets the claim time.
    /// - With [`dry_run`](Sweep::dry_run) nothing changes, and the result lists what a sweep would undo.
    /// - At most [`limit`](Sweep::limit) claims are undone; [`more`](Swept::more) is set if others are left. A sweep
    ///   can be repeated.
    /// - A provider that commits each request as a whole leaves no claims: its sweep succeeds with an empty result.
    ///
    /// # Errors
    /// `Unsupported` without the capability `sweep`; otherwise the [common errors](crate::Error#common-errors).
    async fn sweep(&self, request: &Sweep) -> Result<Swept> {
        let _ = request;
        Err(Error::unsupported(Operation::Sweep, self.capabilities().provider))
    }

    /// Returns one page of the [records](crate::PortableRecord#records) of this provider: what another provider needs to
    /// go on in its place. A request whose allocations exist during the whole listing is on exactly one page.
    ///
    /// # Errors
    /// `InvalidInput` if the page is larger than [`MAX_PAGE_SIZE`](crate::MAX_PAGE_SIZE) or this provider did not make
    /// the page token; `Unsupported` without the capability `list_records`; otherwise the
    /// [common errors](crate::Error#common-errors).
    async fn list_records(&self, request: &ListRecords) -> Result<Page<PortableRecord>> {
        let _ = request;
        Err(Error::unsupported(Operation::ListRecords, self.capabilities().provider))
    }

    /// Writes [records](crate::PortableRecord#restoring) of another provider as they are, all of them or none. Records
    /// that this provider has already are left alone, so that the request can be repeated.
    ///
    /// # Errors
    /// - `NotFound`: the range of a record does not exist.
    /// - `Conflict`: something else is in the place of a record. The message names both.
    /// - `Unsupported`: the provider lacks the capability `restore_records`, or cannot keep a part of a record.
    /// - Otherwise the [common errors](crate::Error#common-errors).
    async fn restore_records(&self, request: &RestoreRecords) -> Result<RestoredRecords> {
        let _ = request;
        Err(Error::unsupported(Operation::RestoreRecords, self.capabilities().provider))
    }

    /// Completes pending requests, ends background work and closes files and connections, for all handles of this
    /// provider. Other providers of the same store or server are not affected. Closing twice is no error.
    ///
    /// Afterwards the files of a store hold everything that was acknowledged. They can be copied, all together, if no
    /// other process uses the store.
    ///
    /// Later calls fail with [`Unavailable`](crate::ErrorKind::Unavailable), and the message says that the provider was
    /// closed. A provider without files, connections or background work may go on working;
    /// [`MemoryProvider`](crate::MemoryProvider) does. The default does nothing.
    /// A program closes a provider before it ends, also after an error. Dropping the last handle closes it too, but
    /// cannot report a failure.
    ///
    /// # Errors
    /// The [common errors](crate::Error#common-errors), if pending work cannot be completed or an allocation cannot be
    /// undone; the message names what is left. The provider is closed all the same.
    async fn close(&self) -> Result<()> {
        Ok(())
    }
}
