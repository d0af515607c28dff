//! The contract of every provider.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{
    Allocate, AllocateRange, Allocated, AllocatedRange, Allocation, Block, Capabilities, ChangePosition, Changes,
    Deallocate, DeallocateRange, Deallocated, DefineBlock, DefineRange, Error, Find, Health, ListBlocks, ListRanges,
    Operation, Page, Preview, Range, RangeId, RemoveBlock, RemoveRange, RemovedRange, Result, Sweep, Swept, Update,
    UpdateBlock, UpdateRange, Usage,
};

/// Where addresses come from and go back to.
///
/// Used as `Arc<dyn IpamProvider>`; cloning the `Arc` gives another handle to the same state. Conveniences are in
/// [`IpamProviderExt`](crate::IpamProviderExt), which every provider has and nobody implements.
///
/// # Writing one
/// Six methods are required. The rest answer [`Unsupported`](crate::ErrorKind::Unsupported) unless they are
/// written, and [`capabilities`](Self::capabilities) says which are. A provider that holds another must forward every
/// method: put `#[deny(clippy::missing_trait_methods)]` on its `impl`. The `conformance` feature has a test for each
/// sentence below.
///
/// # For all methods
/// - **Never twice**: in one address space an address belongs to at most one allocation, however many callers there
///   are, whatever crashes and whichever answer is lost.
/// - **Never lost**: what was answered stays, also when the process ends, if
///   [`durable`](Capabilities::durable) says so.
/// - **All or nothing**: a request that fails has changed nothing that lasts.
/// - **Cancellation**: dropping a future is safe. The operation has then either happened or not; with a key,
///   [`find`](Self::find) tells which. An allocation without a key whose caller went away is taken back.
/// - A request that no state can make right fails with [`InvalidInput`](crate::ErrorKind::InvalidInput) before
///   anything else happens. A method may also fail with `Unauthenticated`, `PermissionDenied`, `RateLimited`, `Busy`,
///   `Unavailable`, `Timeout`, `Untrusted`, `Corrupt`, `Protocol`; each method lists the kinds it adds.
/// - An error with [`Retry::IfIdempotent`](crate::Retry::IfIdempotent) leaves the outcome unknown: repeat with the same
///   key, or look the key up.
#[async_trait]
pub trait IpamProvider: Debug + Send + Sync + 'static {
    /// What the provider can do. Does no I/O: what must be probed was probed on connecting. Never changes.
    fn capabilities(&self) -> Capabilities;

    /// Whether the provider can be reached, accepts the credentials, and grants what
    /// [`capabilities`](Self::capabilities) claims. Changes nothing.
    async fn check(&self) -> Result<Health>;

    /// One page of the ranges that match, in an order that stays the same from page to page.
    ///
    /// Ids that do not exist are no error: nothing matches them. The pages together hold each range once, also when
    /// other ranges come and go meanwhile.
    ///
    /// # Errors
    /// `InvalidInput` for a page token that this provider did not make.
    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>>;

    /// Takes addresses: all lines of the request, or none.
    ///
    /// - A line is served whole by the first of its ranges that has room; later ranges are tried only when those before
    ///   have none.
    /// - [`Selection::Next`](crate::Selection::Next) takes free addresses by the range's policy, first-free unless it says
    ///   otherwise: with nobody else at work, the lowest free one. Never the gateway, nor a reservation, nor an excluded
    ///   address, nor one that rests.
    /// - [`Selection::Exact`](crate::Selection::Exact) takes those addresses, from the one of its ranges that holds them all;
    ///   one that rests can be had this way by nobody either.
    /// - Repeating a request with the same key answers the same allocations and sets
    ///   [`repeated`](Allocated::repeated); nothing more is taken. The key lives until the last of its allocations is
    ///   given back or has expired, and can then be used anew.
    ///
    /// The answer has one list per line, in the order asked; each in ascending order of addresses.
    ///
    /// # Errors
    /// - `NotFound`: one of the ranges does not exist.
    /// - `Exhausted`: no range of a line has room. The context `line` has its index, from 0.
    /// - `Conflict`: an exact address is taken, reserved, the gateway or resting; or the key belongs to another request;
    ///   or some of the key's allocations were given back or have expired: the error's text
    ///   names the addresses.
    /// - `InvalidInput`: an exact address lies in none of the line's ranges, or two lines ask for the same one.
    /// - `Unsupported`: a shape, an expiry or tags that [`capabilities`](Self::capabilities) does not claim.
    async fn allocate(&self, request: &Allocate) -> Result<Allocated>;

    /// Gives addresses back. What is free already counts as done, so that repeating is safe.
    ///
    /// - With [`Precondition`](crate::Precondition), what carries another's mark is left alone and counts as free; what carries none
    ///   is given back.
    /// - An [`AllocationId`](crate::AllocationId) or a key that nobody has is free already. So is an address of the
    ///   range's prefix that is not one of this range, whoever has it from another range.
    /// - Where the range has a quarantine, the address rests.
    ///
    /// The answer has one entry per target, in the order asked; what several targets name is listed with the first of
    /// them. Stores free all targets or none; a provider over HTTP may have freed some when it fails, and repeating
    /// finishes the work.
    ///
    /// # Errors
    /// - `NotFound`: the range of a [`Target::Address`](crate::Target::Address) does not exist.
    /// - `InvalidInput`: its address lies outside the range's prefix.
    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated>;

    /// One page of the allocations that match, in an order that stays the same from page to page. The pages together
    /// hold each allocation that lasts once, also when others come and go meanwhile.
    ///
    /// Nothing found is no error. Paused addresses are listed only when asked for. An allocation that has expired is
    /// not listed, whether or not anybody has cleaned up.
    ///
    /// # Errors
    /// `InvalidInput` for a page token that this provider did not make.
    async fn find(&self, request: &Find) -> Result<Page<Allocation>>;

    /// What [`allocate`](Self::allocate) would take now. Takes nothing and holds nothing.
    ///
    /// With order random, the next call may choose others. A key that was used is answered with what it has.
    ///
    /// # Errors
    /// As [`allocate`](Self::allocate); `Unsupported` without the capability `preview`.
    async fn preview_allocate(&self, request: &Allocate) -> Result<Preview> {
        let _ = request;
        Err(Error::unsupported(Operation::PreviewAllocate, self.capabilities().provider))
    }

    /// Changes what is said about an allocation, and never what was not named. Answers the allocation as it is then.
    ///
    /// Setting the expiry renews: it counts from now.
    ///
    /// # Errors
    /// `NotFound` if the allocation has ended or never was; `Unsupported` without the capability `update`.
    async fn update(&self, request: &Update) -> Result<Allocation> {
        let _ = request;
        Err(Error::unsupported(Operation::Update, self.capabilities().provider))
    }

    /// How full the named ranges are, one answer per name, in the order asked.
    ///
    /// # Errors
    /// `NotFound` for a range that does not exist; `Unsupported` without the capability `usage`.
    async fn usage(&self, ranges: &[RangeId]) -> Result<Vec<Usage>> {
        let _ = ranges;
        Err(Error::unsupported(Operation::Usage, self.capabilities().provider))
    }

    /// Defines a range. Answers it as it is then.
    ///
    /// The prefixes of one address space form a tree: blocks may lie in blocks, ranges in blocks, nothing in a range.
    /// Several ranges may share one prefix if their addresses do not overlap.
    ///
    /// # Errors
    /// - `AlreadyExists`: the id is taken.
    /// - `Conflict`: its addresses or its prefix overlap another range's, or its prefix holds a block.
    /// - `Unsupported` without the capability `define_ranges`, or for a policy other than the default without
    ///   `policies`.
    async fn define_range(&self, request: &DefineRange) -> Result<Range> {
        let _ = request;
        Err(Error::unsupported(Operation::DefineRange, self.capabilities().provider))
    }

    /// Changes a range, and never what was not named. Answers it as it is then.
    ///
    /// # Errors
    /// - `NotFound`: there is no such range.
    /// - `Conflict`: an allocated address would fall outside, become the gateway or a reservation; or the addresses
    ///   would overlap another range's.
    /// - `Unsupported` without the capability `define_ranges`.
    async fn update_range(&self, request: &UpdateRange) -> Result<Range> {
        let _ = request;
        Err(Error::unsupported(Operation::UpdateRange, self.capabilities().provider))
    }

    /// Takes a range away. Answers it and what ended with it; a range that is gone already counts as done.
    ///
    /// # Errors
    /// - `Conflict`: addresses of it are allocated, and the request does not say that they may end with it.
    /// - `Unsupported` without the capability `define_ranges`.
    async fn remove_range(&self, request: &RemoveRange) -> Result<RemovedRange> {
        let _ = request;
        Err(Error::unsupported(Operation::RemoveRange, self.capabilities().provider))
    }

    /// One page of the blocks that match, in an order that stays the same from page to page.
    ///
    /// # Errors
    /// `InvalidInput` for a page token that this provider did not make; `Unsupported` without the capability `blocks`.
    async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        let _ = request;
        Err(Error::unsupported(Operation::ListBlocks, self.capabilities().provider))
    }

    /// Defines a block. Answers it as it is then.
    ///
    /// # Errors
    /// - `AlreadyExists`: the id is taken, or the space has a block of this prefix.
    /// - `Conflict`: its prefix lies in a range's.
    /// - `Unsupported` without the capability `define_blocks`.
    async fn define_block(&self, request: &DefineBlock) -> Result<Block> {
        let _ = request;
        Err(Error::unsupported(Operation::DefineBlock, self.capabilities().provider))
    }

    /// Changes a block, and never what was not named. Answers it as it is then. Ranges carved before stay as they are.
    ///
    /// # Errors
    /// `NotFound` if there is no such block; `Unsupported` without the capability `define_blocks`.
    async fn update_block(&self, request: &UpdateBlock) -> Result<Block> {
        let _ = request;
        Err(Error::unsupported(Operation::UpdateBlock, self.capabilities().provider))
    }

    /// Takes a block away; ranges and blocks inside it stay. Answers the block, or `None` if it is gone already.
    ///
    /// # Errors
    /// `Unsupported` without the capability `define_blocks`.
    async fn remove_block(&self, request: &RemoveBlock) -> Result<Option<Block>> {
        let _ = request;
        Err(Error::unsupported(Operation::RemoveBlock, self.capabilities().provider))
    }

    /// Carves a range out of the first block that can give it. Keys work as in [`allocate`](Self::allocate); one key
    /// names either a request for addresses or one for a range.
    ///
    /// An exact prefix comes from the first of the blocks that can give it: a block around it that has an inner block
    /// there is passed over. Nothing that a range or an inner block covers is carved again. The new range starts with the
    /// block's DNS servers, domains and VLAN, and with the usable addresses of its prefix.
    ///
    /// # Errors
    /// - `NotFound`: one of the blocks does not exist.
    /// - `Exhausted`: no block has room for the prefix length.
    /// - `Conflict`: in each of the blocks around it the exact prefix is taken in part or whole, by a range or an inner
    ///   block; or the key belongs to another request.
    /// - `InvalidInput`: none of the blocks could ever hold the prefix length, or the exact prefix lies in none of them.
    /// - `Unsupported` without the capability `allocate_ranges`.
    async fn allocate_range(&self, request: &AllocateRange) -> Result<AllocatedRange> {
        let _ = request;
        Err(Error::unsupported(Operation::AllocateRange, self.capabilities().provider))
    }

    /// Gives a carved range back. What is gone already counts as done, so that repeating is safe.
    ///
    /// # Errors
    /// - `Conflict`: addresses of it are allocated, and the request does not say that they may end with it; or the range
    ///   was not carved from a block.
    /// - `Unsupported` without the capability `allocate_ranges`.
    async fn deallocate_range(&self, request: &DeallocateRange) -> Result<RemovedRange> {
        let _ = request;
        Err(Error::unsupported(Operation::DeallocateRange, self.capabilities().provider))
    }

    /// At most `limit` changes after `since`, oldest first; from the start of what is kept if `since` is `None`.
    ///
    /// No change is left out and none comes twice, however the feed is cut, also while others write. That an allocation
    /// ended by itself is told at the latest before its address is taken again. A `limit` of 0 answers no changes and,
    /// with `since` `None`, the position of the start.
    ///
    /// # Errors
    /// `InvalidInput` for a position that this provider did not make; `Unsupported` without the capability `changes`.
    async fn changes(&self, since: Option<&ChangePosition>, limit: u32) -> Result<Changes> {
        let _ = (since, limit);
        Err(Error::unsupported(Operation::Changes, self.capabilities().provider))
    }

    /// Undoes abandoned claims: addresses and child prefixes that a process claimed and never acknowledged, because it
    /// died in between or could not undo what had failed.
    ///
    /// - An acknowledged allocation is never touched, nor a claim that may still be completed: claims younger than the
    ///   provider's claim time stay, whatever [`older_than`](Sweep::older_than) says.
    /// - With [`dry_run`](Sweep::dry_run) nothing changes, and the result lists what a sweep would undo.
    /// - At most [`limit`](Sweep::limit) claims are undone; [`more`](Swept::more) tells that others are left. Repeating
    ///   is safe.
    ///
    /// A provider that writes all of a request at once leaves no claims, and returns an empty result.
    ///
    /// # Errors
    /// `Unsupported` without the capability `sweep`.
    async fn sweep(&self, request: &Sweep) -> Result<Swept> {
        let _ = request;
        Err(Error::unsupported(Operation::Sweep, self.capabilities().provider))
    }

    /// Finishes what was requested, ends background work and closes files and connections, for all handles of this
    /// provider. Other providers of the same store or server are not affected. Closing twice is no error.
    ///
    /// After it, the store's own files hold all that was acknowledged, so that they can be copied. Later calls fail with
    /// [`Unavailable`](crate::ErrorKind::Unavailable) and say that the provider was closed; a provider that holds nothing
    /// to close may go on working. Programs that open a provider close it before they end, also after an error; a
    /// provider whose last handle is dropped closes too, but cannot report how that went.
    ///
    /// # Errors
    /// What finishing fails with. The provider is closed all the same.
    async fn close(&self) -> Result<()> {
        Ok(())
    }
}
