//! Allocation and deallocation of child prefixes: ranges inside blocks, on demand.

use ipnet::IpNet;

use super::ranges;
use crate::engine::context::Context;
use crate::engine::hex::Hex;
use crate::engine::keys::{self, Named};
use crate::engine::overlay::Overlay;
use crate::engine::store::{Origin, RequestKind, RequestRecord, Store, StoredRange};
use crate::net::{HostPolicy, hosts};
use crate::{
    AllocateRange, AllocatedRange, Block, BlockId, ChildPrefix, DeallocateRange, Error, ErrorKind, Operation, Range,
    RangeId, RangeTarget, RemovedRange, Result,
};

/// Allocates a child prefix of the first block with room, or returns the range that the key has already.
pub(crate) fn allocate_range<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &AllocateRange,
) -> Result<AllocatedRange> {
    request.validate()?;
    let fingerprint = request.fingerprint();
    let mut overlay = Overlay::new(store, context.now);
    if let Some(key) = &request.key
        && let Named::Range(stored) = keys::resolve(&mut overlay, Operation::AllocateRange, key, &fingerprint)?
    {
        return Ok(AllocatedRange::new(key.clone(), (*stored.range).clone(), true));
    }
    let mut blocks = Vec::with_capacity(request.blocks.len());
    for id in &request.blocks {
        blocks.push(overlay.store.block(id)?.ok_or_else(|| Error::not_found(Operation::AllocateRange, "block", id))?);
    }
    let (block, net) = match request.prefix {
        ChildPrefix::PrefixLen(len) => next_child(overlay.store, Operation::AllocateRange, &blocks, len)?,
        ChildPrefix::Exact(net) => exact_child(overlay.store, Operation::AllocateRange, &blocks, net)?,
    };
    let key = request.key.clone().unwrap_or_else(|| keys::made(context.random));
    let mut range =
        Range::new(unused_id(overlay.store, context)?, block.space.clone(), net, hosts(net, HostPolicy::Hosts));
    // The smallest block around the prefix is the one that was searched: a prefix inside an inner block is not free.
    range.block = Some(block.id.clone());
    range.name = if request.name.is_empty() { net.to_string() } else { request.name.clone() };
    range.description.clone_from(&request.description);
    // Copied and not inherited: a later change of the block must not change the gateway or DNS of ranges in use.
    range.network.clone_from(&block.network);
    range.policy = request.policy;
    range.tags.clone_from(&request.tags);
    range.properties.clone_from(&request.properties);
    range.key = Some(key.clone());
    range.owner = Some(request.owner.clone());

    let store = overlay.prepare()?.write(context.actor)?;
    store.insert_request(&RequestRecord {
        key: key.clone(),
        fingerprint,
        kind: RequestKind::Range,
        owner: request.owner.clone(),
        returned: Vec::new(),
    })?;
    let origin = Origin { explicit_addresses: false, all_hosts: false, child_prefix: true };
    Ok(AllocatedRange::new(key, ranges::insert(store, context, range, origin)?, false))
}

/// Makes an id that no range has.
// A collision of 128 random bits does not happen by chance; a caller may have defined a range with such an id.
fn unused_id<S: Store + ?Sized>(store: &mut S, context: &mut Context<'_>) -> Result<RangeId> {
    loop {
        let id = RangeId::from(Hex::new().whole(context.random.next()).as_str());
        if store.range(&id)?.is_none() {
            return Ok(id);
        }
    }
}

fn next_child<'b, S: Store + ?Sized>(
    store: &mut S,
    op: Operation,
    blocks: &'b [Block],
    len: u8,
) -> Result<(&'b Block, IpNet)> {
    let possible = |block: &&Block| (block.net.prefix_len()..=block.net.max_prefix_len()).contains(&len);
    if let (Some(block), None) = (blocks.first(), blocks.iter().find(possible)) {
        let (from, till) = (block.net.prefix_len(), block.net.max_prefix_len());
        let remedy = format!("give {from} to {till} for the block {:?}, which is {}", block.id, block.net);
        return Err(Error::invalid(op, "prefix length", len, remedy));
    }
    for block in blocks.iter().filter(possible) {
        if let Some(net) = store.free_child(&block.space, block.net, len)? {
            return Ok((block, net));
        }
    }
    let message = format!("no block has room for a /{len}; give a longer prefix length, or add a block");
    Err(Error::new(ErrorKind::Exhausted, op, message).with_context("blocks", names(blocks)))
}

fn exact_child<'b, S: Store + ?Sized>(
    store: &mut S,
    op: Operation,
    blocks: &'b [Block],
    net: IpNet,
) -> Result<(&'b Block, IpNet)> {
    // The reason why the smallest of the blocks around the prefix has no room. It names a range; that of a larger block
    // would only name the block inside.
    let mut refused: Option<(&Block, String)> = None;
    for block in blocks.iter().filter(|block| block.net.contains(&net)) {
        let Some(by) = taken_by(store, block, net)? else { return Ok((block, net)) };
        if refused.as_ref().is_none_or(|(other, _)| other.net.prefix_len() < block.net.prefix_len()) {
            refused = Some((block, by));
        }
    }
    match refused {
        Some((block, by)) => {
            let message = format!("the prefix {net} is taken, in part or whole, by {by}; choose another prefix");
            Err(Error::new(ErrorKind::Conflict, op, message).with_context("block", &block.id))
        }
        None => {
            let remedy = format!("choose one inside the blocks ({})", names(blocks));
            Err(Error::invalid(op, "prefix", net, remedy))
        }
    }
}

/// Returns the range or inner block that takes the prefix, or a part of it, in `block`.
fn taken_by<S: Store + ?Sized>(store: &mut S, block: &Block, net: IpNet) -> Result<Option<String>> {
    if let Some(other) = store.ranges_overlapping(&block.space, net)?.first() {
        return Ok(Some(format!("the range {:?} ({})", other.range.id, other.range.net)));
    }
    // No range overlaps the prefix, so that a prefix found inside is that of a block.
    if let Some(inner) = store.nets_within(&block.space, net)?.iter().find(|inner| **inner != block.net) {
        return Ok(Some(format!("the block {inner}")));
    }
    for len in block.net.prefix_len() + 1..=net.prefix_len() {
        let Ok(around) = IpNet::new(net.addr(), len) else { continue };
        if let Some(inner) = store.block_of_net(&block.space, around.trunc())? {
            return Ok(Some(format!("the block {:?} ({})", inner.id, inner.net)));
        }
    }
    Ok(None)
}

fn names(blocks: &[Block]) -> String {
    let names: Vec<&str> = blocks.iter().map(|block| BlockId::as_str(&block.id)).collect();
    names.join(", ")
}

/// Deallocates a child prefix.
pub(crate) fn deallocate_range<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &DeallocateRange,
) -> Result<RemovedRange> {
    request.validate()?;
    let found = match &request.target {
        RangeTarget::Id(id) => store.range(id)?,
        RangeTarget::Key(key) => store.range_of_key(key)?,
    };
    let expected =
        |stored: &StoredRange| request.precondition.fits(stored.range.owner.as_ref(), stored.range.key.as_ref());
    let Some(stored) = found.filter(expected) else { return Ok(RemovedRange::default()) };
    if !stored.origin.child_prefix {
        let message = "the range was defined, and is not a child prefix of a block; remove it instead";
        return Err(Error::new(ErrorKind::Conflict, Operation::DeallocateRange, message)
            .with_context("range", &stored.range.id));
    }
    ranges::remove(store, context, Operation::DeallocateRange, &stored, request.with_allocations)
}
