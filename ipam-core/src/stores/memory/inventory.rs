//! Inventory of spaces, ranges and blocks.
//!
//! Each space has ordered maps by first address, in which the neighbours of a prefix are found by one look-up. Numbers
//! of a `Slab` stand for ranges and blocks, so that records refer to them in four bytes (bar M7).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;
use ipnet::IpNet;

use super::feed::Home;
use super::pages::Pages;
use super::quarantine::QuarantineQueue;
use super::slab::Slab;
use crate::engine::{FreePrefixes, PAGE_SIZE, StoredRange, address, number};
use crate::{AllocationKey, Block, BlockId, Family, RangeId, SpaceId};

/// Range with its pages and quarantined addresses.
#[derive(Debug)]
pub(super) struct RangeState {
    pub(super) stored: StoredRange,
    pub(super) space: u32,
    pub(super) home: Arc<Home>,
    pub(super) pages: Pages,
    pub(super) quarantine: QuarantineQueue,
}

impl RangeState {
    /// Returns the addresses from a number on whose bit is set.
    pub(super) fn used_from(&self, from: u128) -> impl Iterator<Item = IpAddr> + '_ {
        let family = self.stored.layout.family();
        let pages = self.pages.from(from / PAGE_SIZE);
        pages
            .flat_map(|(no, page)| {
                let bits = page.runs().flat_map(|(first, last)| first..=last);
                bits.map(move |bit| no * PAGE_SIZE + u128::from(bit))
            })
            .filter(move |at| *at >= from)
            .filter_map(move |at| address(family, at))
    }
}

#[derive(Debug)]
struct BlockState {
    block: Block,
    /// Smallest block around it.
    outer: Option<u32>,
    /// Index of its free prefixes.
    // Built by the first search, kept up to date with ranges, and dropped when a block inside is added or removed:
    // blocks nest, and what they cover is not free again when one of them goes. Without it, each child prefix would
    // read all prefixes in the block (bar M4).
    free: Option<FreePrefixes>,
}

/// Address space.
#[derive(Debug, Default)]
pub(super) struct Space {
    /// Ranges of each prefix, by family and first address. Prefixes of ranges never nest, so that the length is not
    /// needed in the key.
    nets: BTreeMap<(Family, u128), (IpNet, Vec<u32>)>,
    /// Blocks by family, first address and length: an outer block comes before an inner one.
    blocks: BTreeMap<(Family, u128, u8), u32>,
    /// Ranges by family and first address.
    pub(super) ranges: BTreeMap<(Family, u128), u32>,
}

/// Spaces, ranges and blocks.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    spaces: Vec<(SpaceId, Space)>,
    space_numbers: BTreeMap<SpaceId, u32>,
    ranges: Slab<RangeState>,
    range_numbers: HashMap<RangeId, u32>,
    /// Range that was last looked up.
    // A request looks up the same range many times, by clones of the same id, which share their text. Comparing the
    // address of the text saves hashing it (bars M1 to M3).
    recent: Option<(RangeId, u32)>,
    range_order: BTreeSet<RangeId>,
    /// Child prefixes by the key of the request that allocated them.
    by_key: HashMap<AllocationKey, u32>,
    blocks: Slab<BlockState>,
    block_numbers: BTreeMap<BlockId, u32>,
}

fn start(net: IpNet) -> (Family, u128) {
    (Family::of(&net), number(net.network()))
}

fn last(net: IpNet) -> (Family, u128) {
    (Family::of(&net), number(net.broadcast()))
}

fn place(net: IpNet) -> (Family, u128, u8) {
    let (family, first) = start(net);
    (family, first, net.prefix_len())
}

impl Inventory {
    /// Returns the range that an address of a space lies in.
    pub(super) fn range_at(&self, space: &SpaceId, address: IpAddr) -> Option<u32> {
        let (_, space) = self.space(self.space_number(space)?)?;
        let family = if address.is_ipv4() { Family::V4 } else { Family::V6 };
        let (key, range) = space.ranges.range(..=(family, number(address))).next_back()?;
        let inside = key.0 == family && self.range(*range)?.stored.range.addresses.contains(address);
        inside.then_some(*range)
    }

    // Spaces.

    pub(super) fn space_number(&self, id: &SpaceId) -> Option<u32> {
        self.space_numbers.get(id).copied()
    }

    fn space_number_or_new(&mut self, id: &SpaceId) -> u32 {
        if let Some(number) = self.space_number(id) {
            return number;
        }
        let number = u32::try_from(self.spaces.len()).unwrap_or(u32::MAX);
        self.spaces.push((id.clone(), Space::default()));
        self.space_numbers.insert(id.clone(), number);
        number
    }

    pub(super) fn space(&self, number: u32) -> Option<&(SpaceId, Space)> {
        self.spaces.get(number as usize)
    }

    fn space_of(&self, id: &SpaceId) -> Option<&Space> {
        self.space(self.space_number(id)?).map(|(_, space)| space)
    }

    /// Returns the spaces from an id on, by id.
    pub(super) fn spaces_from(&self, from: Option<&SpaceId>) -> impl Iterator<Item = (u32, &SpaceId, &Space)> {
        use std::ops::Bound;
        let from = from.map_or(Bound::Unbounded, Bound::Included);
        let numbers = self.space_numbers.range::<SpaceId, _>((from, Bound::Unbounded));
        numbers.filter_map(|(id, number)| Some((*number, id, &self.space(*number)?.1)))
    }

    // Ranges.

    pub(super) fn range_number(&self, id: &RangeId) -> Option<u32> {
        match &self.recent {
            Some((recent, number)) if std::ptr::eq(recent.as_str(), id.as_str()) => Some(*number),
            _ => self.range_numbers.get(id).copied(),
        }
    }

    /// Returns a range like [`range_of`](Self::range_of), and remembers it for the next look-ups of the request.
    pub(super) fn recall(&mut self, id: &RangeId) -> Option<&RangeState> {
        let number = self.range_number(id)?;
        let state = self.ranges.get(number)?;
        let id = &state.stored.range.id;
        if !self.recent.as_ref().is_some_and(|(recent, _)| std::ptr::eq(recent.as_str(), id.as_str())) {
            self.recent = Some((id.clone(), number));
        }
        Some(state)
    }

    pub(super) fn range(&self, number: u32) -> Option<&RangeState> {
        self.ranges.get(number)
    }

    pub(super) fn range_mut(&mut self, number: u32) -> Option<&mut RangeState> {
        self.ranges.get_mut(number)
    }

    pub(super) fn range_of(&self, id: &RangeId) -> Option<&RangeState> {
        self.range(self.range_number(id)?)
    }

    pub(super) fn range_of_mut(&mut self, id: &RangeId) -> Option<&mut RangeState> {
        self.range_mut(self.range_number(id)?)
    }

    pub(super) fn range_of_key(&self, key: &AllocationKey) -> Option<&RangeState> {
        self.range(*self.by_key.get(key)?)
    }

    /// Returns the ranges after an id, by id.
    pub(super) fn ranges_after(&self, after: Option<&RangeId>) -> impl Iterator<Item = &RangeState> {
        use std::ops::Bound;
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.range_order.range::<RangeId, _>((after, Bound::Unbounded)).filter_map(|id| self.range_of(id))
    }

    pub(super) fn insert_range(&mut self, mut stored: StoredRange) {
        let space = self.space_number_or_new(&stored.range.space);
        let (id, net, key) = (stored.range.id.clone(), stored.range.net, stored.range.key.clone());
        let first = (Family::of(&net), number(stored.range.addresses.first()));
        let around = self.block_around(space, net);
        set_block(&mut stored, self.block_id_around(space, net));
        let home = Arc::new(Home { space: stored.range.space.clone(), range: id.clone() });
        let (pages, quarantine) = (Pages::default(), QuarantineQueue::default());
        let number = self.ranges.insert(RangeState { stored, space, home, pages, quarantine });
        self.range_numbers.insert(id.clone(), number);
        self.range_order.insert(id);
        if let Some(key) = key {
            self.by_key.insert(key, number);
        }
        let Some((_, space)) = self.spaces.get_mut(space as usize) else { return };
        space.ranges.insert(first, number);
        let sharing = &mut space.nets.entry(start(net)).or_insert_with(|| (net, Vec::new())).1;
        sharing.push(number);
        // Only the first range of a prefix takes it from the block; the others share it.
        if sharing.len() == 1
            && let Some(block) = around.and_then(|number| self.blocks.get_mut(number))
            && let Some(free) = &mut block.free
        {
            free.take(net);
        }
    }

    pub(super) fn update_range(&mut self, mut new: StoredRange) {
        let Some(number) = self.range_number(&new.range.id) else { return };
        let Some(state) = self.ranges.get_mut(number) else { return };
        let family = Family::of(&new.range.net);
        let first = |stored: &StoredRange| (family, super::inventory::number(stored.range.addresses.first()));
        // The prefix of a range never changes, so that only the map by first address may have to be updated.
        let (was, is) = (first(&state.stored), first(&new));
        set_block(&mut new, state.stored.range.block.clone());
        state.stored = new;
        if let Some((_, space)) = self.spaces.get_mut(state.space as usize)
            && was != is
        {
            space.ranges.remove(&was);
            space.ranges.insert(is, number);
        }
    }

    pub(super) fn remove_range(&mut self, id: &RangeId) -> Option<u32> {
        let number = self.range_numbers.remove(id)?;
        self.recent = None;
        self.range_order.remove(id);
        let state = self.ranges.remove(number)?;
        let range = &state.stored.range;
        if let Some(key) = &range.key {
            self.by_key.remove(key);
        }
        let around = self.block_around(state.space, range.net);
        let (_, space) = self.spaces.get_mut(state.space as usize)?;
        space.ranges.remove(&(Family::of(&range.net), super::inventory::number(range.addresses.first())));
        let (_, sharing) = space.nets.get_mut(&start(range.net))?;
        sharing.retain(|other| *other != number);
        if sharing.is_empty() {
            space.nets.remove(&start(range.net));
            if let Some(block) = around.and_then(|number| self.blocks.get_mut(number))
                && let Some(free) = &mut block.free
            {
                free.release(range.net);
            }
        }
        Some(number)
    }

    /// Returns the ranges whose prefix overlaps `net`, by first address.
    pub(super) fn overlapping(&self, space: &SpaceId, net: IpNet) -> impl Iterator<Item = &RangeState> {
        let nets = self.space_of(space).map(|space| {
            // Prefixes that begin inside, and the one before, which may reach in. Prefixes do not nest, so that no
            // earlier one can.
            let before = space.nets.range(..start(net)).next_back().map(|(_, entry)| entry);
            let inside = space.nets.range(start(net)..=last(net)).map(|(_, entry)| entry);
            before.into_iter().filter(move |(other, _)| other.contains(&net)).chain(inside)
        });
        let numbers = nets.into_iter().flatten().flat_map(|(_, sharing)| sharing);
        let mut ranges: Vec<&RangeState> = numbers.filter_map(|number| self.range(*number)).collect();
        ranges.sort_by_key(|range| range.stored.range.addresses.first());
        ranges.into_iter()
    }

    // Blocks.

    fn block_id(&self, number: u32) -> Option<BlockId> {
        self.blocks.get(number).map(|state| state.block.id.clone())
    }

    /// Returns the smallest block that holds a prefix, or has exactly this prefix.
    fn block_around(&self, space: u32, net: IpNet) -> Option<u32> {
        let (_, space) = self.space(space)?;
        // The last block that begins at or before the prefix is around it, or beside it. In the second case a block
        // that is around the prefix is also around that block.
        let (family, ..) = place(net);
        let (_, number) = space.blocks.range(..=place(net)).next_back().filter(|(key, _)| key.0 == family)?;
        let mut number = Some(*number);
        while let Some(state) = number.and_then(|number| self.blocks.get(number)) {
            if state.block.net.contains(&net) {
                return number;
            }
            number = state.outer;
        }
        None
    }

    pub(super) fn block_id_around(&self, space: u32, net: IpNet) -> Option<BlockId> {
        self.block_around(space, net).and_then(|number| self.block_id(number))
    }

    pub(super) fn block(&self, id: &BlockId) -> Option<&Block> {
        self.blocks.get(*self.block_numbers.get(id)?).map(|state| &state.block)
    }

    pub(super) fn block_of_net(&self, space: &SpaceId, net: IpNet) -> Option<&Block> {
        let number = self.space_of(space)?.blocks.get(&place(net))?;
        self.blocks.get(*number).map(|state| &state.block)
    }

    /// Returns the blocks after an id, by id.
    pub(super) fn blocks_after(&self, after: Option<&BlockId>) -> impl Iterator<Item = &Block> {
        use std::ops::Bound;
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let numbers = self.block_numbers.range::<BlockId, _>((after, Bound::Unbounded));
        numbers.filter_map(|(_, number)| self.blocks.get(*number).map(|state| &state.block))
    }

    /// Returns the prefixes in `net` of ranges, and of blocks other than `net` itself, in ascending order.
    pub(super) fn nets_within(&self, space: &SpaceId, net: IpNet) -> Vec<IpNet> {
        let Some(space) = self.space_of(space) else { return Vec::new() };
        let ranges = space.nets.range(start(net)..=last(net)).map(|(_, (other, _))| *other);
        let ranges = ranges.filter(|other| net.contains(other));
        let blocks = self.blocks_in(space, net).filter_map(|number| Some(self.blocks.get(number)?.block.net));
        let mut all: Vec<IpNet> = ranges.chain(blocks.filter(|other| *other != net)).collect();
        all.sort_unstable_by_key(|net| place(*net));
        all
    }

    /// Returns the block of `net` and the blocks in it.
    fn blocks_in<'s>(&self, space: &'s Space, net: IpNet) -> impl Iterator<Item = u32> + 's {
        let (family, last) = last(net);
        space.blocks.range(place(net)..=(family, last, u8::MAX)).map(|(_, number)| *number)
    }

    /// Returns a free prefix of this length in the block `net`, by best fit.
    pub(super) fn free_child(&mut self, space: &SpaceId, net: IpNet, prefix_len: u8) -> Option<IpNet> {
        let number = *self.space_of(space)?.blocks.get(&place(net))?;
        if self.blocks.get(number)?.free.is_none() {
            let free = FreePrefixes::new(net, &self.nets_within(space, net));
            self.blocks.get_mut(number)?.free = Some(free);
        }
        self.blocks.get(number)?.free.as_ref()?.best_fit(prefix_len)
    }

    pub(super) fn insert_block(&mut self, block: Block) {
        let space = self.space_number_or_new(&block.space);
        let (id, net) = (block.id.clone(), block.net);
        let outer = self.block_around(space, net);
        let number = self.blocks.insert(BlockState { block, outer, free: None });
        self.block_numbers.insert(id, number);
        if let Some((_, space)) = self.spaces.get_mut(space as usize) {
            space.blocks.insert(place(net), number);
        }
        self.forget_free(outer);
        // Blocks inside whose smallest outer block was that of the new one are now inside the new one.
        let inner = self.space(space).map(|(_, space)| self.blocks_in(space, net).collect::<Vec<_>>());
        for child in inner.unwrap_or_default() {
            if let Some(state) = self.blocks.get_mut(child)
                && child != number
                && state.outer == outer
            {
                state.outer = Some(number);
            }
        }
        self.find_blocks_again(space, net);
    }

    pub(super) fn update_block(&mut self, block: Block) {
        if let Some(number) = self.block_numbers.get(&block.id)
            && let Some(state) = self.blocks.get_mut(*number)
        {
            state.block = block;
        }
    }

    pub(super) fn remove_block(&mut self, id: &BlockId) {
        let Some(number) = self.block_numbers.remove(id) else { return };
        let Some(state) = self.blocks.remove(number) else { return };
        let (net, outer) = (state.block.net, state.outer);
        let Some(space) = self.space_number(&state.block.space) else { return };
        if let Some((_, space)) = self.spaces.get_mut(space as usize) {
            space.blocks.remove(&place(net));
        }
        self.forget_free(outer);
        let inner = self.space(space).map(|(_, space)| self.blocks_in(space, net).collect::<Vec<_>>());
        for child in inner.unwrap_or_default() {
            if let Some(state) = self.blocks.get_mut(child)
                && state.outer == Some(number)
            {
                state.outer = outer;
            }
        }
        self.find_blocks_again(space, net);
    }

    /// Drops the index of the free prefixes of a block: a block inside was added or removed, and may nest with others.
    fn forget_free(&mut self, number: Option<u32>) {
        if let Some(state) = number.and_then(|number| self.blocks.get_mut(number)) {
            state.free = None;
        }
    }

    /// Sets the smallest block around each range in `net` again.
    fn find_blocks_again(&mut self, space: u32, net: IpNet) {
        let Some((_, in_space)) = self.space(space) else { return };
        let nets = in_space.nets.range(start(net)..=last(net));
        let numbers: Vec<u32> = nets.flat_map(|(_, (_, sharing))| sharing.iter().copied()).collect();
        for number in numbers {
            let Some(state) = self.ranges.get(number) else { continue };
            let block = self.block_id_around(space, state.stored.range.net);
            if let Some(state) = self.ranges.get_mut(number) {
                set_block(&mut state.stored, block);
            }
        }
    }
}

/// Sets the smallest block around a range, which is derived from the blocks.
// Checked first, because `make_mut` copies a range that is shared.
fn set_block(stored: &mut StoredRange, block: Option<BlockId>) {
    if stored.range.block != block {
        Arc::make_mut(&mut stored.range).block = block;
    }
}
