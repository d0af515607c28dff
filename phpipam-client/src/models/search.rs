//! What a search found.

use super::{Address, Subnet, Vlan, Vrf};

/// What a search found, in the server's order: by the text of the decimal address.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct SearchResults {
    /// Subnets and folders.
    pub subnets: Vec<Subnet>,
    /// Addresses.
    pub addresses: Vec<Address>,
    /// VLANs.
    pub vlans: Vec<Vlan>,
    /// VRFs.
    pub vrfs: Vec<Vrf>,
}
