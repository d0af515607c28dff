//! Items of a provider that a plan is compared with.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use futures_util::{Stream, StreamExt, TryStreamExt};

use crate::plan::rows::AddressPlan;
use crate::{
    Allocation, AllocationKey, Block, Error, ErrorKind, Find, IpamProvider, IpamProviderExt, ListBlocks, ListRanges,
    Operation, Range, RangeId, Result,
};

/// Number of look-ups under way at a time.
// Enough to hide the latency of a server. Look-ups are one HTTP request each, and more would be a burst to other users.
const AT_ONCE: usize = 16;

/// Maximum number of ranges, and of blocks, of a provider.
// The check keeps all of them in memory, to find overlaps by sorting.
pub(in crate::plan) const MAX_PRESENT: usize = 1_000_000;

/// Items of a provider that a plan is compared with.
#[derive(Debug, Default)]
pub(in crate::plan) struct Present {
    pub(super) blocks: Vec<Block>,
    pub(super) ranges: Vec<Range>,
    /// Of the addresses of the plan, those that are allocated or quarantined.
    pub(super) addresses: HashMap<(RangeId, IpAddr), Allocation>,
    /// The keys of the plan that are in use, and by which address.
    pub(super) keys: HashMap<AllocationKey, Allocation>,
}

impl Present {
    /// Items that were read already, for a plan without addresses.
    pub(in crate::plan) fn of(blocks: Vec<Block>, ranges: Vec<Range>) -> Self {
        Self { blocks, ranges, ..Self::default() }
    }

    /// Reads all blocks and ranges, and those addresses and keys of the plan that are in use. `step` is called after
    /// each range that was read and each key that was looked up.
    pub(in crate::plan) async fn read(
        provider: &dyn IpamProvider,
        plan: &AddressPlan,
        step: &(dyn Fn() + Send + Sync),
    ) -> Result<Self> {
        let blocks = match provider.capabilities().blocks {
            true => limited(Operation::Import, "blocks", provider.blocks(ListBlocks::all())).await?,
            false => Vec::new(),
        };
        let ranges: Vec<Range> = limited(Operation::Import, "ranges", provider.ranges(ListRanges::all())).await?;
        // Of each range only the addresses of the plan are kept: a range may have millions of allocations.
        let mut wanted: HashMap<&RangeId, HashSet<IpAddr>> = HashMap::new();
        for row in &plan.allocations {
            wanted.entry(&row.item.range).or_default().insert(row.item.address);
        }
        let mut addresses = HashMap::new();
        for range in &ranges {
            let Some(wanted) = wanted.get(&range.id) else { continue };
            let mut found = provider.find_all(Find::default().with_range(range.id.clone()).with_quarantined(true));
            while let Some(allocation) = found.try_next().await? {
                if wanted.contains(&allocation.address) {
                    addresses.insert((range.id.clone(), allocation.address), allocation);
                }
            }
            step();
        }
        // Keys are looked up for new addresses only. The key of an address that exists is compared with its allocation.
        let is_new = |range: &RangeId, address| !addresses.contains_key(&(range.clone(), address));
        let new = plan.allocations.iter().filter(|row| is_new(&row.item.range, row.item.address));
        let keys: Vec<AllocationKey> = new.map(|row| row.item.key.clone()).collect();
        let mut lookups = futures_util::stream::iter(keys)
            .map(|key| async move {
                // One allocation of the key is enough to know that it is in use.
                let found = provider.find_key(key.clone()).await?.into_iter().next();
                Ok::<_, Error>(found.map(|found| (key, found)))
            })
            .buffer_unordered(AT_ONCE);
        let mut keys = HashMap::new();
        while let Some(found) = lookups.try_next().await? {
            keys.extend(found);
            step();
        }
        drop(lookups);
        Ok(Self { blocks, ranges, addresses, keys })
    }
}

/// Collects a list, or fails if it has more items than a check keeps.
pub(in crate::plan) async fn limited<T>(
    operation: Operation,
    name: &str,
    items: impl Stream<Item = Result<T>> + Send,
) -> Result<Vec<T>> {
    // One more than the limit tells whether there are too many, without reading the others.
    let items: Vec<T> = items.take(MAX_PRESENT + 1).try_collect().await?;
    if items.len() > MAX_PRESENT {
        let message = format!("the provider has more than {MAX_PRESENT} {name}, and so many are not compared");
        return Err(Error::new(ErrorKind::Unsupported, operation, message));
    }
    Ok(items)
}
