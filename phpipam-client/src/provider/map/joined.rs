//! Objects that ranges and blocks refer to: gateways, VLANs and name servers, from other lists.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipam_core::{NetworkInfo, Properties};
use ipnet::IpNet;

#[cfg(any(feature = "plan", test))]
use crate::models::Subnet;
use crate::models::{Nameserver, NameserverId, SubnetId, Vlan, VlanId};
use crate::provider::map::spaces;

/// Returns the addresses of name servers in a list that people wrote: separated by semicolons, commas or spaces, some
/// of them escaped as HTML (Q33). Names are left out, as a range holds addresses only.
pub(crate) fn dns_servers(set: &Nameserver) -> Vec<IpAddr> {
    let text = set.servers.0.join(";").replace("&amp;", "&");
    let text = text.replace("&#59;", ";").replace("&#44;", ",").replace("&#58;", ":").replace("&nbsp;", " ");
    // The list was split at the semicolon of an escape, so the escape has lost it.
    let text = text.replace("&#59", ";").replace("&#44", ",");
    let mut servers = Vec::new();
    for ip in
        text.split(|c: char| c == ';' || c == ',' || c.is_whitespace()).filter_map(|item| item.trim().parse().ok())
    {
        if !servers.contains(&ip) {
            servers.push(ip);
        }
    }
    servers
}

/// Objects that ranges and blocks refer to, from other lists.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    pub(crate) gateways: BTreeMap<SubnetId, Vec<IpAddr>>,
    pub(crate) vlans: BTreeMap<VlanId, Vlan>,
    pub(crate) nameservers: BTreeMap<NameserverId, Nameserver>,
}

/// Parts of a subnet that refer to other objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct References<'a> {
    pub(crate) id: SubnetId,
    pub(crate) net: IpNet,
    /// Gateway that the subnet's own row names.
    pub(crate) gateway: Option<IpAddr>,
    pub(crate) vlan: Option<VlanId>,
    pub(crate) nameserver: Option<NameserverId>,
    /// Set of name servers that came with the row.
    pub(crate) set: Option<&'a Nameserver>,
}

impl<'a> References<'a> {
    /// Returns those of a subnet with this network.
    #[cfg(any(feature = "plan", test))]
    pub(crate) fn of(subnet: &'a Subnet, net: IpNet) -> Self {
        Self {
            id: subnet.id,
            net,
            gateway: subnet.gateway_ip(),
            vlan: subnet.vlan_id,
            nameserver: subnet.nameserver_id,
            set: subnet.nameservers.as_ref(),
        }
    }
}

impl Joined {
    /// Returns gateway, DNS servers and VLAN of a subnet. `around` are its enclosing subnets, the smallest first.
    pub(crate) fn network(&self, subnet: References<'_>, around: impl Iterator<Item = SubnetId>) -> NetworkInfo {
        let mut network = NetworkInfo::default();
        // The contract allows a gateway inside the range only, while phpIPAM lets any address be one.
        let inside = |gateways: &[IpAddr]| gateways.iter().copied().find(|gateway| subnet.net.contains(gateway));
        let listed = |id: SubnetId| inside(self.gateways.get(&id)?);
        // Some responses show the gateway in the subnet's own row. Otherwise it may be registered in an enclosing
        // subnet (Q77).
        let named = || subnet.gateway.filter(|gateway| subnet.net.contains(gateway));
        network.gateway = listed(subnet.id).or_else(named).or_else(|| around.into_iter().find_map(listed));
        let set = subnet.set.or_else(|| self.nameservers.get(&subnet.nameserver?));
        network.dns_servers = set.map(dns_servers).unwrap_or_default();
        let vlan = subnet.vlan.and_then(|vlan| self.vlans.get(&vlan));
        network.vlan = vlan.and_then(|vlan| spaces::vlan(vlan.number?.into(), vlan.name.as_deref()));
        network
    }

    /// Adds the number of a VLAN that is none of IEEE 802.1Q, such as a VXLAN's, for which a range has no field.
    pub(crate) fn add_properties(&self, vlan: Option<VlanId>, properties: &mut Properties) {
        let number = vlan.and_then(|vlan| self.vlans.get(&vlan)).and_then(|vlan| vlan.number);
        if let Some(number) = number.filter(|number| spaces::vlan((*number).into(), None).is_none()) {
            properties.entry(spaces::VLAN_NUMBER.to_owned()).or_insert_with(|| number.to_string());
        }
    }
}
