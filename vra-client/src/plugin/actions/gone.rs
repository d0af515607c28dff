//! Ranges and blocks that the inputs name and the IPAM no longer has: vRA's lists are minutes old.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use ipam_core::{AllocateRange, Error, ErrorKind, IpamProvider, IpamProviderExt, ListBlocks, Operation, RangeId};

use super::entry::Entry;
use super::resource::ResourceInfo;
use crate::plugin::ActionError;

/// Largest number of ranges that are looked up. Entries with more are left as they are.
const MAX_LOOKED_UP: usize = 64;

/// Leaves out the ranges that do not exist. Returns true if there was one, and every entry has another one; false also if a
/// look-up fails, so that the caller's own error stands.
///
/// # Errors
/// `NotFound` with the entry and its ranges, if none of them exists.
pub(super) async fn leave_out_ranges<P: IpamProvider + ?Sized>(
    provider: &P,
    resource: &ResourceInfo,
    entries: &mut [Entry<'_>],
) -> Result<bool, ActionError> {
    let mut known: BTreeMap<RangeId, bool> = BTreeMap::new();
    for id in entries.iter().flat_map(|entry| &entry.line.ranges) {
        if known.contains_key(id) {
            continue;
        }
        if known.len() == MAX_LOOKED_UP {
            return Ok(false);
        }
        let exists = match provider.get_range(id.clone()).await {
            Ok(_) => true,
            Err(error) if error.is_not_found() => false,
            Err(_) => return Ok(false),
        };
        known.insert(id.clone(), exists);
    }
    let exists = |id: &RangeId| known.get(id).copied().unwrap_or(true);
    // By network card, as the entries are ordered: the first error of equal inputs is the same one.
    if let Some(entry) = entries.iter().find(|entry| !entry.line.ranges.iter().any(exists)) {
        let names: Vec<&str> = entry.line.ranges.iter().map(RangeId::as_str).collect();
        let message = format!(
            "ipAllocations[{}].ipRangeIds: no range {} exists in the IPAM ({entry} of {}); wait until vRA has read the \
             ranges again, or assign another range to the network",
            entry.index,
            names.join(", "),
            resource.machine()?,
        );
        let error = Error::new(ErrorKind::NotFound, Operation::Allocate, message.clone());
        return Err(ActionError::caused(message, error));
    }
    let mut any = false;
    for entry in entries {
        let before = entry.line.ranges.len();
        entry.line.ranges.retain(exists);
        any |= entry.line.ranges.len() < before;
    }
    Ok(any)
}

/// Returns the request without the blocks that do not exist; `None` if it is the same, or no block is left.
pub(super) async fn without_gone_blocks<P: IpamProvider + ?Sized>(
    provider: &P,
    request: &AllocateRange,
) -> ipam_core::Result<Option<AllocateRange>> {
    // The trait has no look-up of one block.
    let wanted = |block: &ipam_core::Block| std::future::ready(request.blocks.contains(&block.id));
    let known: Vec<_> = provider.blocks(ListBlocks::all()).try_filter(wanted).try_collect().await?;
    let mut fewer = request.clone();
    fewer.blocks.retain(|id| known.iter().any(|block| block.id == *id));
    Ok(Some(fewer).filter(|fewer| !fewer.blocks.is_empty() && fewer.blocks.len() < request.blocks.len()))
}
