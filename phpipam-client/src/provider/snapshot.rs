//! Snapshot of a server's subnets with gateways, VLANs and name servers. No request is sent here;
//! [`lists`](super::lists) reads it.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use ipam_core::{Block, Range, SpaceId};

use super::map::joined::Joined;
use super::map::model::block_id;
use super::map::overlap::{OverlappingSubnet, OwningRange, overlapping_subnets};
use super::map::spaces::{Space, Spaces};
use super::map::subnet_row::{SubnetRow, Texts};
use crate::models::{SectionId, SubnetId, VrfId};

/// Largest number of enclosing subnets. The server does not verify that parents form a tree, so there may be a ring.
const MAX_DEPTH: usize = 128;

#[derive(Debug)]
pub(crate) struct Snapshot {
    /// Time when its reading began.
    pub(crate) began: Instant,
    /// Number of changes by this provider that it is later than.
    pub(crate) changes: u64,
    /// Subnets of the served sections, by id.
    subnets: BTreeMap<SubnetId, SubnetRow>,
    /// Subnets below each subnet or folder.
    children: HashMap<SubnetId, Vec<SubnetId>>,
    texts: Texts,
    spaces: Spaces,
    /// Gateways, VLANs and name servers, if they were read.
    joined: Option<Joined>,
    blocks_by_field: bool,
}

/// Rows of a snapshot.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) subnets: Vec<SubnetRow>,
    pub(crate) texts: Texts,
    /// Subnets and folders that others are filed under.
    pub(crate) masters: Vec<SubnetId>,
}

impl Snapshot {
    pub(crate) fn new(rows: Rows, joined: Option<Joined>, blocks_by_field: bool) -> Self {
        let Rows { subnets, mut texts, masters } = rows;
        texts.finish();
        let subnets: BTreeMap<_, _> = subnets.into_iter().map(|row| (row.id, row)).collect();
        let mut children: HashMap<SubnetId, Vec<SubnetId>> = HashMap::new();
        for row in subnets.values() {
            if let Some(master) = row.master {
                children.entry(master).or_default().push(row.id);
            }
        }
        for master in masters {
            children.entry(master).or_default();
        }
        let spaces = Spaces::new(subnets.values().map(SubnetRow::place));
        Self { began: Instant::now(), changes: 0, subnets, children, texts, spaces, joined, blocks_by_field }
    }

    /// Sets the time when its reading began, and the number of changes by this provider before it.
    pub(crate) fn since(self, began: Instant, changes: u64) -> Self {
        Self { began, changes, ..self }
    }

    /// Adds gateways, VLANs and name servers.
    pub(crate) fn with_joined(self, joined: Joined) -> Self {
        Self { joined: Some(joined), ..self }
    }

    /// Returns true if gateways, VLANs and name servers were read.
    pub(crate) fn is_complete(&self) -> bool {
        self.joined.is_some()
    }

    pub(crate) fn get(&self, id: SubnetId) -> Option<&SubnetRow> {
        self.subnets.get(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.subnets.len()
    }

    fn has_children(&self, id: SubnetId) -> bool {
        self.children.contains_key(&id)
    }

    fn is_block(&self, row: &SubnetRow) -> bool {
        if self.blocks_by_field { row.has_block_fields } else { self.has_children(row.id) }
    }

    pub(crate) fn is_range(&self, row: &SubnetRow) -> bool {
        row.may_be_range && !self.has_children(row.id)
    }

    /// Returns the subnets that are ranges, in ascending order of their ids.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = &SubnetRow> {
        self.subnets.values().filter(|row| self.is_range(row))
    }

    /// Returns the subnets that are blocks, in ascending order of their ids.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &SubnetRow> {
        self.subnets.values().filter(|row| self.is_block(row))
    }

    pub(crate) fn range(&self, row: &SubnetRow) -> Range {
        let mut range = row.range(&self.texts, self.space(row));
        if let Some(joined) = &self.joined {
            range.network = joined.network(row.references(), self.ancestors(row.id));
            joined.add_properties(row.vlan, &mut range.properties);
        }
        range.block = self.block_around(row).map(|block| block_id(block.id));
        range
    }

    pub(crate) fn block(&self, row: &SubnetRow) -> Block {
        let mut block = row.block(&self.texts, self.space(row));
        if let Some(joined) = &self.joined {
            block.network = joined.network(row.references(), std::iter::empty());
            joined.add_properties(row.vlan, &mut block.properties);
        }
        // Child prefixes of a block cannot share a gateway.
        block.network.gateway = None;
        block
    }

    /// Returns the gateway of a range.
    pub(crate) fn gateway(&self, row: &SubnetRow) -> Option<IpAddr> {
        self.joined.as_ref()?.network(row.references(), self.ancestors(row.id)).gateway
    }

    /// Returns the address space of a subnet.
    pub(crate) fn space(&self, row: &SubnetRow) -> SpaceId {
        let own = || row.vrf.map_or(Space::Section(row.section.map_or(0, SectionId::get)), |vrf| Space::Vrf(vrf.get()));
        self.spaces.space(row.id.get()).unwrap_or_else(own).into()
    }

    /// Returns the VRF of a subnet, or that of an enclosing subnet.
    pub(crate) fn vrf(&self, row: &SubnetRow) -> Option<VrfId> {
        match self.spaces.space(row.id.get())? {
            Space::Vrf(vrf) => Some(VrfId::new(vrf)),
            Space::Section(_) => None,
        }
    }

    /// Returns the enclosing subnets, the smallest first.
    pub(crate) fn ancestors(&self, id: SubnetId) -> impl Iterator<Item = SubnetId> {
        self.spaces.ancestors(id.get()).map(|place| SubnetId::new(place.id))
    }

    /// Returns the subnets of the same address space that overlap a subnet.
    pub(crate) fn around(&self, id: SubnetId) -> Vec<OverlappingSubnet> {
        overlapping_subnets(&self.spaces, id)
    }

    /// Returns the subnets of one address space whose network contains an address, with the one that it is registered
    /// in: ranges that the address matters to.
    pub(crate) fn ranges_of(&self, subnet: SubnetId, ip: IpAddr) -> impl Iterator<Item = (&SubnetRow, Relation)> {
        let space = self.spaces.space(subnet.get());
        let related = move |id: u64| {
            let row = self.subnets.get(&SubnetId::new(id)).filter(|row| self.is_range(row))?;
            let relation = if row.id == subnet {
                Relation::Own
            } else if self.spaces.is_ancestor(subnet.get(), id) {
                Relation::Above
            } else if self.spaces.space(id) == space {
                Relation::Beside
            } else {
                return None;
            };
            Some((row, relation))
        };
        self.spaces.containing(ip).filter_map(related)
    }

    /// Returns the range of an address that is registered in a subnet: the smallest range below it that contains the
    /// address, or the subnet itself.
    pub(crate) fn owning_range(&self, subnet: SubnetId, ip: IpAddr) -> Option<OwningRange> {
        let own = self.subnets.get(&subnet)?;
        let below = || {
            let ids = self.spaces.containing(ip).map(SubnetId::new);
            let rows = ids.filter_map(|id| self.subnets.get(&id));
            // The smallest network comes last.
            rows.filter(|row| self.is_range(row) && self.is_below(row, subnet)).last()
        };
        let inner_most = if self.has_children(subnet) { below() } else { None };
        let owning_range = inner_most.or_else(|| own.may_be_range.then_some(own))?;
        Some(OwningRange { subnet: owning_range.id, space: self.space(owning_range) })
    }

    fn is_below(&self, row: &SubnetRow, subnet: SubnetId) -> bool {
        let mut next = row.master;
        for _ in 0..MAX_DEPTH {
            match next {
                Some(master) if master == subnet => return true,
                Some(master) => next = self.subnets.get(&master).and_then(|row| row.master),
                None => return false,
            }
        }
        false
    }

    fn block_around(&self, row: &SubnetRow) -> Option<&SubnetRow> {
        let mut next = row.master;
        for _ in 0..MAX_DEPTH {
            let row = self.subnets.get(&next?)?;
            if self.is_block(row) {
                return Some(row);
            }
            next = row.master;
        }
        None
    }

    /// Returns the subnets below a subnet, at any depth.
    pub(crate) fn below(&self, id: SubnetId) -> Vec<&SubnetRow> {
        let mut found: BTreeMap<SubnetId, &SubnetRow> = BTreeMap::new();
        let mut left = vec![id];
        while let Some(next) = left.pop() {
            for row in self.children.get(&next).into_iter().flatten().filter_map(|id| self.subnets.get(id)) {
                if row.id != id && found.insert(row.id, row).is_none() {
                    left.push(row.id);
                }
            }
        }
        found.into_values().collect()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &SubnetRow> {
        self.subnets.values()
    }
}

/// Relation of a subnet that holds an address to a range that contains the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    /// It is the range.
    Own,
    /// It encloses the range.
    Above,
    /// It overlaps the range otherwise.
    Beside,
}

/// Owning ranges by subnet: rows of one range share one.
#[derive(Debug, Default)]
pub(crate) struct SharedRanges(HashMap<SubnetId, Arc<OwningRange>>);

impl SharedRanges {
    pub(crate) fn share(&mut self, range: OwningRange) -> Arc<OwningRange> {
        Arc::clone(self.0.entry(range.subnet).or_insert_with(|| Arc::new(range)))
    }
}
