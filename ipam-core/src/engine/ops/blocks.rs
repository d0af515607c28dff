//! Definition, update and removal of blocks.

use crate::engine::context::Context;
use crate::engine::store::Store;
use crate::engine::store::no_position;
use crate::{
    Block, Change, ChangeKind, ChangedItem, DefineBlock, Error, ErrorKind, Operation, Patch, RemoveBlock, Result,
    UpdateBlock,
};

/// Adds a block.
pub(crate) fn define_block<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &DefineBlock,
) -> Result<Block> {
    request.validate()?;
    let (space, net) = (&request.space, request.net);
    if store.block(&request.id)?.is_some() {
        return Err(Error::new(
            ErrorKind::AlreadyExists,
            Operation::DefineBlock,
            format!("the block {:?} exists already; choose another id, or update the block", request.id),
        ));
    }
    if let Some(other) = store.block_of_net(space, net)? {
        let message = format!("the prefix {net} is that of the block {:?} already; choose another prefix", other.id);
        return Err(Error::new(ErrorKind::AlreadyExists, Operation::DefineBlock, message).with_context("space", space));
    }
    // A block with the prefix of a range is allowed: the range is then in that block.
    let outer = store.ranges_overlapping(space, net)?;
    if let Some(range) = outer.iter().map(|stored| &stored.range).find(|range| range.net.contains(&net))
        && range.net != net
    {
        let message =
            format!("the prefix {net} lies in {}, that of the range {:?}; remove the range first", range.net, range.id);
        return Err(Error::new(ErrorKind::Conflict, Operation::DefineBlock, message).with_context("space", space));
    }
    let mut block = Block::new(request.id.clone(), space.clone(), net);
    if !request.name.is_empty() {
        block.name.clone_from(&request.name);
    }
    block.description.clone_from(&request.description);
    block.network.clone_from(&request.network);
    block.tags.clone_from(&request.tags);
    block.properties.clone_from(&request.properties);
    store.insert_block(&block)?;
    store.append_change(about(context, ChangeKind::BlockDefined, &block, (false, true)))?;
    Ok(block)
}

/// Changes the fields of a block that the request names.
pub(crate) fn update_block<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &UpdateBlock,
) -> Result<Block> {
    request.validate()?;
    let Some(before) = store.block(&request.id)? else {
        return Err(Error::not_found(Operation::UpdateBlock, "block", &request.id));
    };
    let mut block = before.clone();
    match &request.name {
        Patch::Keep => {}
        Patch::Set(name) if !name.is_empty() => block.name.clone_from(name),
        Patch::Set(_) | Patch::Clear => block.name = block.id.to_string(),
    }
    block.description = request.description.clone().apply(block.description);
    block.network = request.network.clone().apply_or_default(block.network);
    block.tags = request.tags.clone().apply_or_default(block.tags);
    block.properties = request.properties.clone().apply_or_default(block.properties);
    store.update_block(&block)?;
    let mut change = about(context, ChangeKind::BlockUpdated, &block, (false, true));
    change.before = Some(Box::new(ChangedItem::Block(before)));
    store.append_change(change)?;
    Ok(block)
}

/// Removes a block. The ranges and blocks inside stay.
pub(crate) fn remove_block<S: Store + ?Sized>(
    store: &mut S,
    context: &mut Context<'_>,
    request: &RemoveBlock,
) -> Result<Option<Block>> {
    request.id.validate(Operation::RemoveBlock)?;
    let Some(block) = store.block(&request.id)? else { return Ok(None) };
    // Ranges and blocks inside find their next outer block by their prefixes, so that nothing else has to change.
    store.remove_block(&request.id)?;
    store.append_change(about(context, ChangeKind::BlockRemoved, &block, (true, false)))?;
    Ok(Some(block))
}

/// Returns the change of a block for the feed. `is` says whether the block is the state before it, and after it.
fn about(context: &Context<'_>, kind: ChangeKind, block: &Block, is: (bool, bool)) -> Change {
    let mut change = Change::new(no_position(), context.now, kind, block.space.clone());
    change.actor = context.actor.map(str::to_owned);
    change.block = Some(block.id.clone());
    let item = || Box::new(ChangedItem::Block(block.clone()));
    change.before = is.0.then(item);
    change.after = is.1.then(item);
    change
}
