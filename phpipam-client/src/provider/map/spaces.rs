//! Which subnets share an address space, and which of them surround others. Pure.
//!
//! phpIPAM keeps addresses unique in one subnet only. In one address space, a subnet's addresses may also be registered
//! in a subnet around it, which had hosts before it got subnets below it, or in one that overlaps it. The provider asks
//! these rules of a server's subnets, and `plan` asks them of a list that was saved.

use std::collections::BTreeMap;
use std::fmt;

use ipam_core::net::IpRange;
use ipam_core::{SpaceId, Vlan};
use ipnet::IpNet;

/// How many subnets may lie around another one; the server does not check that they form a tree.
const MAX_DEPTH: usize = 128;

/// Address space of a subnet: its VRF in all sections, or without a VRF its section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Space {
    /// The VRF of this id. Its sections do not matter: phpIPAM's own pages look for overlaps in all of them.
    Vrf(u64),
    /// The section of this id.
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

/// A subnet, as far as its place among the others goes. Folders are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The id of the subnet.
    pub(crate) id: u64,
    /// Its section.
    pub(crate) section: u64,
    /// Its VRF.
    pub(crate) vrf: Option<u64>,
    /// The subnet or folder that it is filed under.
    pub(crate) master: Option<u64>,
    /// Its network.
    pub(crate) net: IpNet,
}

/// The subnets of a server, or of a part of it, by id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spaces(BTreeMap<u64, Place>);

impl Spaces {
    /// The rules over these subnets.
    #[must_use]
    pub(crate) fn new(places: impl IntoIterator<Item = Place>) -> Self {
        Self(places.into_iter().map(|place| (place.id, place)).collect())
    }

    /// Returns the subnet that one lies in: the one it is filed under, where the networks agree. What a subnet is filed
    /// under is not validated when it is changed.
    fn around_one(&self, place: &Place) -> Option<&Place> {
        self.0.get(&place.master?).filter(|master| master.id != place.id && master.net.contains(&place.net))
    }

    /// The subnets around one, the smallest first.
    pub(crate) fn ancestors(&self, id: u64) -> impl Iterator<Item = &Place> {
        let first = self.0.get(&id).and_then(|place| self.around_one(place));
        std::iter::successors(first, |place| self.around_one(place)).take(MAX_DEPTH)
    }

    /// Returns the address space of a subnet. One without a VRF has that of the subnet around it: phpIPAM leaves the VRF
    /// out of subnets that it creates inside another by itself.
    #[must_use]
    pub(crate) fn space(&self, id: u64) -> Option<Space> {
        let place = self.0.get(&id)?;
        let vrf = place.vrf.or_else(|| self.ancestors(id).find_map(|around| around.vrf));
        Some(vrf.map_or(Space::Section(place.section), Space::Vrf))
    }

    /// Whether a subnet lies around another one.
    #[must_use]
    pub(crate) fn is_ancestor(&self, id: u64, of: u64) -> bool {
        self.ancestors(of).any(|around| around.id == id)
    }

    /// Whether a subnet has subnets below it, or a folder.
    #[must_use]
    pub(crate) fn has_children(&self, id: u64) -> bool {
        self.0.values().any(|place| place.master == Some(id) && place.id != id)
    }

    /// The other subnets of a subnet's address space that have addresses of its network: those around it, and those that
    /// overlap it although they are filed elsewhere.
    pub(crate) fn overlapping(&self, id: u64) -> impl Iterator<Item = &Place> {
        let own = self.0.get(&id).and_then(|place| Some((place, self.space(id)?)));
        own.into_iter().flat_map(move |(own, space)| {
            let whole = IpRange::from(own.net);
            self.0.values().filter(move |other| {
                other.id != own.id && IpRange::from(other.net).overlaps(&whole) && self.space(other.id) == Some(space)
            })
        })
    }
}

/// Property that keeps the number of a VLAN that is none of 802.1Q, such as a VXLAN's.
pub(crate) const VLAN_NUMBER: &str = "vlan_number";

/// Returns the VLAN of a number from 1 to 4094; others become the property [`VLAN_NUMBER`].
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
