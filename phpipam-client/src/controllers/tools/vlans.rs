//! `tools/vlans`, `tools/vrfs`

use crate::controllers::subnets::model::Subnet;
use crate::controllers::vlans::model::Vlan;
use crate::controllers::vrfs::model::Vrf;
use crate::wire::{VlanId, VrfId};

table! {
    /// VLANs, for reading; see [`Tools::vlans`](super::Tools::vlans).
    Vlans, "vlans", "VLAN", VlanId, Vlan
}
below! {
    Vlans, VlanId;
    /// The subnets in a VLAN.
    subnets = "subnets": Subnet;
}

table! {
    /// VRFs, for reading; see [`Tools::vrfs`](super::Tools::vrfs).
    Vrfs, "vrfs", "VRF", VrfId, Vrf
}
below! {
    Vrfs, VrfId;
    /// The subnets in a VRF.
    subnets = "subnets": Subnet;
}
