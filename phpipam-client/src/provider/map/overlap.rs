//! The place of a subnet among the others of its address space. Pure.

use ipam_core::SpaceId;
use ipnet::IpNet;

use super::spaces::{Place, Space, Spaces};
use crate::models::{Subnet, SubnetId};

/// A subnet of a range's address space that has addresses of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OverlappingSubnet {
    pub(crate) id: SubnetId,
    pub(crate) net: IpNet,
    /// Whether it lies around the range, rather than beside it.
    pub(crate) is_ancestor: bool,
}

/// Subnet and address space that an address belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwningRange {
    pub(crate) subnet: SubnetId,
    pub(crate) space: SpaceId,
}

/// A subnet as [`Spaces`] sees it; `None` for folders.
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

/// The space of a subnet that is among the others, or what its own row says.
pub(crate) fn space_in(spaces: &Spaces, subnet: &Subnet) -> SpaceId {
    let section = subnet.section_id.map_or(0, crate::models::SectionId::get);
    let own = || subnet.vrf_id.map_or(Space::Section(section), |vrf| Space::Vrf(vrf.get()));
    spaces.space(subnet.id.get()).unwrap_or_else(own).into()
}

/// The subnets around one, of its space.
pub(crate) fn overlapping_subnets(spaces: &Spaces, id: SubnetId) -> Vec<OverlappingSubnet> {
    let found = spaces.overlapping(id.get()).map(|place| OverlappingSubnet {
        id: SubnetId::new(place.id),
        net: place.net,
        is_ancestor: spaces.is_ancestor(place.id, id.get()),
    });
    found.collect()
}
