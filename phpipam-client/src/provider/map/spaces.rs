//! Address spaces of subnets, and the enclosing subnets of each. No request is sent here.
//!
//! phpIPAM keeps addresses unique in one subnet only (Q70). In one address space, addresses of a subnet may also be
//! registered in an enclosing subnet, which had hosts before it was divided (Q77), or in a subnet that overlaps it. The
//! provider applies these rules to a server's subnets, and `plan` to a saved list.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::OnceLock;

use ipam_core::net::PrefixMap;
use ipam_core::{SpaceId, Vlan};
use ipnet::IpNet;

/// Largest number of enclosing subnets. The server does not verify that parents form a tree, so there may be a ring.
const MAX_DEPTH: usize = 128;

/// Address space of a subnet: its VRF across all sections, or without a VRF its section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Space {
    /// VRF of this id. Sections do not matter: phpIPAM's own pages look for overlaps across all of them (Q78).
    Vrf(u64),
    /// Section of this id.
    Section(u64),
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vrf(id) => write!(f, "vrf/{id}"),
            Self::Section(id) => write!(f, "{id}"),
        }
    }
}

impl From<Space> for SpaceId {
    fn from(space: Space) -> Self {
        Self::new(space.to_string())
    }
}

/// Subnet, as far as its place among others matters. Folders are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Id of the subnet.
    pub(crate) id: u64,
    /// Section of the subnet.
    pub(crate) section: u64,
    /// VRF of the subnet.
    pub(crate) vrf: Option<u64>,
    /// Parent: the subnet or folder that it is filed under.
    pub(crate) master: Option<u64>,
    /// Network of the subnet.
    pub(crate) net: IpNet,
}

/// Subnets of a server, or of a part of it, by id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spaces {
    places: BTreeMap<u64, Place>,
    /// Ids by network, made when it is first needed: without it each look for overlaps would pass all subnets.
    by_net: OnceLock<PrefixMap<Vec<u64>>>,
}

impl Spaces {
    /// Creates the set of these subnets.
    #[must_use]
    pub(crate) fn new(places: impl IntoIterator<Item = Place>) -> Self {
        Self { places: places.into_iter().map(|place| (place.id, place)).collect(), by_net: OnceLock::new() }
    }

    fn by_net(&self) -> &PrefixMap<Vec<u64>> {
        self.by_net.get_or_init(|| {
            let mut by_net: PrefixMap<Vec<u64>> = PrefixMap::new();
            for place in self.places.values() {
                match by_net.get_mut(place.net) {
                    Some(ids) => ids.push(place.id),
                    None => drop(by_net.insert(place.net, vec![place.id])),
                }
            }
            by_net
        })
    }

    /// Returns the ids of the subnets whose network contains an address, the largest network first.
    pub(crate) fn containing(&self, ip: IpAddr) -> impl Iterator<Item = u64> {
        self.by_net().containing(ip).flat_map(|(_, ids)| ids.iter().copied())
    }

    /// Returns the parent of a subnet, if the parent's network contains it. The server does not validate the parent
    /// when a subnet is changed.
    fn around_one(&self, place: &Place) -> Option<&Place> {
        self.places.get(&place.master?).filter(|master| master.id != place.id && master.net.contains(&place.net))
    }

    /// Returns the enclosing subnets, the smallest first.
    pub(crate) fn ancestors(&self, id: u64) -> impl Iterator<Item = &Place> {
        let first = self.places.get(&id).and_then(|place| self.around_one(place));
        std::iter::successors(first, |place| self.around_one(place)).take(MAX_DEPTH)
    }

    /// Returns the address space of a subnet. Without a VRF it is that of the enclosing subnet: phpIPAM leaves the VRF
    /// out of subnets that it creates by `first_subnet`.
    #[must_use]
    pub(crate) fn space(&self, id: u64) -> Option<Space> {
        let place = self.places.get(&id)?;
        let vrf = place.vrf.or_else(|| self.ancestors(id).find_map(|around| around.vrf));
        Some(vrf.map_or(Space::Section(place.section), Space::Vrf))
    }

    /// Returns true if a subnet encloses another one.
    #[must_use]
    pub(crate) fn is_ancestor(&self, id: u64, of: u64) -> bool {
        self.ancestors(of).any(|around| around.id == id)
    }

    /// Returns true if a subnet has children: subnets or folders.
    #[must_use]
    pub(crate) fn has_children(&self, id: u64) -> bool {
        self.places.values().any(|place| place.master == Some(id) && place.id != id)
    }

    /// Returns the other subnets of the same address space that overlap a subnet: enclosing ones, and those that are
    /// filed elsewhere.
    pub(crate) fn overlapping(&self, id: u64) -> impl Iterator<Item = &Place> {
        let own = self.places.get(&id).and_then(|place| Some((place, self.space(id)?)));
        let mut found: Vec<&Place> = Vec::new();
        if let Some((own, space)) = own {
            // Of two networks that overlap, one contains the other.
            let larger = self.by_net().containing(own.net).filter(|(net, _)| net.prefix_len() < own.net.prefix_len());
            let others = larger.chain(self.by_net().inside(own.net)).flat_map(|(_, ids)| ids);
            let others = others.filter(|other| **other != own.id && self.space(**other) == Some(space));
            found.extend(others.filter_map(|other| self.places.get(other)));
            found.sort_unstable_by_key(|place| place.id);
        }
        found.into_iter()
    }
}

/// Property for the number of a VLAN that is none of IEEE 802.1Q, such as a VXLAN's.
pub(crate) const VLAN_NUMBER: &str = "vlan_number";

/// Returns the VLAN of a number from 1 to 4094; `None` for others, which become the property [`VLAN_NUMBER`].
#[must_use]
pub(crate) fn vlan(number: u64, name: Option<&str>) -> Option<Vlan> {
    let number = u16::try_from(number).ok().filter(|number| (1..=4094).contains(number))?;
    let vlan = Vlan::new(number);
    Some(match name.filter(|name| !name.is_empty()) {
        Some(name) => vlan.with_name(name),
        None => vlan,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn place(id: u64, section: u64, vrf: Option<u64>, master: Option<u64>, net: &str) -> Place {
        Place { id, section, vrf, master, net: net.parse().unwrap() }
    }

    fn ids<'a>(places: impl Iterator<Item = &'a Place>) -> Vec<u64> {
        places.map(|place| place.id).collect()
    }

    #[test]
    fn a_vrf_is_one_space_whatever_the_section() {
        let spaces = Spaces::new([
            place(1, 3, Some(7), None, "10.0.0.0/24"),
            place(2, 4, Some(7), None, "10.0.0.0/25"),
            place(3, 4, None, None, "10.0.0.0/24"),
            place(4, 3, None, Some(1), "10.0.0.0/26"),
        ]);
        let texts: Vec<String> = (1..=4).map(|id| spaces.space(id).unwrap().to_string()).collect();
        assert_eq!(texts, ["vrf/7", "vrf/7", "4", "vrf/7"], "the last one has the VRF of the subnet around it");
        assert_eq!(ids(spaces.overlapping(2)), [1, 4]);
        assert_eq!(ids(spaces.overlapping(3)), Vec::<u64>::new());
        assert_eq!(spaces.space(9), None);
    }

    #[test]
    fn masters_that_make_no_sense_are_not_believed() {
        let spaces = Spaces::new([
            place(1, 3, Some(7), Some(2), "10.0.0.0/16"),
            place(2, 3, None, Some(1), "10.0.0.0/16"),
            place(3, 3, None, Some(1), "10.9.0.0/24"),
            place(4, 3, None, Some(99), "10.0.1.0/24"),
        ]);
        assert_eq!(spaces.ancestors(1).count(), MAX_DEPTH, "a ring ends");
        assert_eq!(ids(spaces.ancestors(3)), Vec::<u64>::new(), "outside of what it is filed under");
        assert_eq!(ids(spaces.ancestors(4)), Vec::<u64>::new(), "under a folder, or under what is gone");
        assert!(spaces.is_ancestor(1, 2) && !spaces.is_ancestor(1, 3));
        assert!(spaces.has_children(1) && !spaces.has_children(4));
    }

    #[test]
    fn numbers_of_vlans() {
        assert_eq!(vlan(4094, Some("blue")).unwrap().name.as_deref(), Some("blue"));
        assert_eq!(vlan(1, Some("")).unwrap().name, None);
        assert!([0, 4095, 70_000].iter().all(|number| vlan(*number, None).is_none()));
    }
}
