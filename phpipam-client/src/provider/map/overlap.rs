//! Overlaps of a subnet with the others of its address space. No request is sent here.

use ipam_core::SpaceId;
use ipnet::IpNet;

use super::spaces::{Place, Space, Spaces};
use crate::models::{Subnet, SubnetId};

/// Subnet of a range's address space that overlaps the range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OverlappingSubnet {
    pub(crate) id: SubnetId,
    pub(crate) net: IpNet,
    /// True if it encloses the range. Otherwise it overlaps it without being its ancestor.
    pub(crate) is_ancestor: bool,
}

/// Range that an address belongs to, and its address space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwningRange {
    pub(crate) subnet: SubnetId,
    pub(crate) space: SpaceId,
}

/// Returns a subnet as [`Spaces`] needs it; `None` for folders.
pub(crate) fn place(subnet: &Subnet) -> Option<Place> {
    Some(Place {
        id: subnet.id.get(),
        section: subnet.section_id.map_or(0, crate::models::SectionId::get),
        vrf: subnet.vrf_id.map(crate::models::VrfId::get),
        master: subnet.master_subnet_id.map(SubnetId::get),
        net: subnet.network()?,
    })
}

pub(crate) fn spaces<'a>(subnets: impl IntoIterator<Item = &'a Subnet>) -> Spaces {
    Spaces::new(subnets.into_iter().filter_map(place))
}

/// Returns the address space of a subnet that is among the others; of another subnet, the one that its own row says.
pub(crate) fn space_in(spaces: &Spaces, subnet: &Subnet) -> SpaceId {
    // 0 stands for "none": ids start at 1.
    let section = subnet.section_id.map_or(0, crate::models::SectionId::get);
    let own = || subnet.vrf_id.map_or(Space::Section(section), |vrf| Space::Vrf(vrf.get()));
    spaces.space(subnet.id.get()).unwrap_or_else(own).into()
}

/// Returns the subnets of its address space that overlap a subnet.
pub(crate) fn overlapping_subnets(spaces: &Spaces, id: SubnetId) -> Vec<OverlappingSubnet> {
    let found = spaces.overlapping(id.get()).map(|place| OverlappingSubnet {
        id: SubnetId::new(place.id),
        net: place.net,
        is_ancestor: spaces.is_ancestor(place.id, id.get()),
    });
    found.collect()
}
