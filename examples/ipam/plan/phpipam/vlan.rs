//! VLANs by their number, as the provider of phpIPAM has them.

use ipam_core::Vlan;

/// Property that keeps the number of a VLAN that is none of 802.1Q, such as a VXLAN's.
pub(super) const VLAN_NUMBER: &str = "vlan_number";

/// Returns the VLAN of a number from 1 to 4094.
pub(super) fn vlan(number: u64, name: Option<&str>) -> Option<Vlan> {
    let number = u16::try_from(number).ok().filter(|number| (1..=4094).contains(number))?;
    let vlan = Vlan::new(number);
    Some(match name {
        Some(name) => vlan.with_name(name),
        None => vlan,
    })
}
