//! Details of one subnet: masks, hosts, counts and purpose.

use std::net::IpAddr;

use ipnet::IpNet;

use super::hosts::{HostPolicy, hosts};
use super::mask::{netmask, wildcard};
use super::range::IpRange;
use super::reverse::{ReverseZones, reverse_zones};
use super::special::{SpecialPurpose, special_purpose};

/// Details of a subnet: masks, first and last host, counts, broadcast address and purpose.
///
/// ```
/// use ipam_core::net::{SubnetDetails, parse_interface};
///
/// # fn main() -> Result<(), ipam_core::net::NetError> {
/// let details = SubnetDetails::of(parse_interface("192.168.0.7/255.255.255.0")?);
/// assert_eq!(details.address.to_string(), "192.168.0.7");
/// assert_eq!(details.prefix.to_string(), "192.168.0.0/24");
/// assert_eq!(details.wildcard.to_string(), "0.0.0.255");
/// assert_eq!(details.hosts.to_string(), "192.168.0.1-192.168.0.254");
/// assert_eq!((details.addresses.size(), details.hosts.size()), (Some(256), Some(254)));
/// assert_eq!(details.broadcast, Some("192.168.0.255".parse().unwrap()));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SubnetDetails {
    /// Address that was given with the prefix length: the network address if the input had no host bits.
    pub address: IpAddr,
    /// Prefix of the subnet, without host bits.
    pub prefix: IpNet,
    /// Netmask.
    pub netmask: IpAddr,
    /// Wildcard mask.
    pub wildcard: IpAddr,
    /// All addresses of the subnet.
    pub addresses: IpRange,
    /// Addresses for hosts, by [`HostPolicy::Hosts`].
    pub hosts: IpRange,
    /// Broadcast address; `None` for IPv6, and for a `/31` and `/32`, which have none.
    pub broadcast: Option<IpAddr>,
    /// Purpose of the addresses by the registries of IANA; `None` for ordinary unicast addresses.
    pub purpose: Option<SpecialPurpose>,
}

impl SubnetDetails {
    /// Returns the details of a subnet, given by the prefix of an interface, which may have host bits.
    pub fn of(interface: IpNet) -> Self {
        let prefix = interface.trunc();
        let (addresses, hosts) = (IpRange::from(prefix), hosts(prefix, HostPolicy::Hosts));
        // The last address is a host's on a point-to-point link (RFC 3021).
        let broadcast = (prefix.addr().is_ipv4() && hosts.last() < addresses.last()).then_some(addresses.last());
        Self {
            address: interface.addr(),
            prefix,
            netmask: netmask(prefix),
            wildcard: wildcard(prefix),
            addresses,
            hosts,
            broadcast,
            purpose: special_purpose(prefix),
        }
    }

    /// Returns an iterator over the [zones of reverse DNS](reverse_zones) of the subnet.
    pub fn reverse_zones(&self) -> ReverseZones {
        reverse_zones(self.prefix)
    }
}
