//! Network profiles, ranges and addresses, as the server returns them.

use std::net::Ipv4Addr;

use crate::error::Error;
use crate::lenient::{Timestamp, model, open_enum};
use crate::list::rows;

open_enum! {
    /// Type of a network profile.
    pub enum ProfileType {
        /// Existing network.
        External = "EXTERNAL",
        /// Network behind address translation, created on demand.
        Nat = "NAT",
        /// Routed network, created on demand.
        Routed = "ROUTED",
        /// Isolated network, created on demand; 6.2 only.
        Private = "PRIVATE",
    }
}

open_enum! {
    /// Translation of a NAT profile.
    pub enum NatType {
        /// One outer address per inner address.
        OneToOne = "ONETOONE",
        /// One outer address for all inner addresses.
        OneToMany = "ONETOMANY",
    }
}

open_enum! {
    /// State of an address.
    pub enum AddressState {
        /// Free.
        Unallocated = "UNALLOCATED",
        /// In use.
        Allocated = "ALLOCATED",
        /// The machine was destroyed. A job of the server frees the address, about every 30 minutes.
        Destroyed = "DESTROYED",
        /// The lease of the machine expired. The address is freed later.
        Expired = "EXPIRED",
    }
}

model! {
    /// Network profile. Its members depend on its type; rows of a list have no ranges and addresses.
    pub struct NetworkProfile {
        // No response is captured. The members are from the reference of the service and from clients; all kinds share
        // one type, because lists mix them and an unknown kind must not make a list unreadable.
        /// `ExternalNetworkProfile`, `NATNetworkProfile`, `RoutedNetworkProfile`, `PrivateNetworkProfile`.
        type_name: String = "@type";
        /// Id of the profile, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Type of the profile.
        profile_type: ProfileType = "profileType";
        /// True if the user interface hides the profile.
        is_hidden: bool = "isHidden" | "ishidden";
        /// Time of creation.
        created_date: Timestamp = "createdDate";
        /// Time of the last change.
        last_modified_date: Timestamp = "lastModifiedDate";
        /// Ranges; absent in rows of a list.
        defined_ranges: Vec<ProfileRange> = "definedRanges";
        /// Addresses outside the ranges.
        defined_addresses: Vec<ProfileAddress> = "definedAddresses";
        /// Addresses that a destroyed or expired machine gave up.
        reclaimed_addresses: Vec<ProfileAddress> = "reclaimedAddresses";
        /// Id of the IPAM endpoint. 7.1 and later.
        // Three spellings: the reference has capitals, and the clients that read the member ignore letter case, so that
        // what real servers write is not certain.
        ipam_endpoint_id: String = "IPAMEndpointId" | "ipamEndpointId" | "iPAMEndpointId";
        /// Display name of the IPAM endpoint. 7.1 and later.
        ipam_endpoint_name: String = "IPAMEndpointName" | "ipamEndpointName" | "iPAMEndpointName";
        /// Id of the address space at the IPAM endpoint. 7.1 and later.
        address_space_external_id: String = "addressSpaceExternalId";
        /// Subnet mask, dotted.
        subnet_mask: String = "subnetMask";
        /// Address of the gateway.
        gateway_address: String = "gatewayAddress";
        /// Address of the first DNS server.
        primary_dns_address: String = "primaryDnsAddress";
        /// Address of the second DNS server.
        secondary_dns_address: String = "secondaryDnsAddress";
        /// DNS domain.
        dns_suffix: String = "dnsSuffix";
        /// DNS search domains.
        dns_search_suffix: String = "dnsSearchSuffix";
        /// Address of the first WINS server.
        primary_wins_address: String = "primaryWinsAddress";
        /// Address of the second WINS server.
        secondary_wins_address: String = "secondaryWinsAddress";
        /// Kind of translation of a NAT profile.
        nat_type: NatType = "natType";
        /// DHCP range of a one-to-many NAT profile.
        dhcp_config: DhcpConfig = "dhcpConfig";
        /// Subnet mask of each network of a routed profile.
        range_subnet_mask: String = "rangeSubnetMask";
        /// First address of the block of a routed profile.
        base_ip: String = "baseIP" | "baseIp";
        /// Id of the external profile that a NAT or routed profile is connected to.
        external_network_profile_id: String = "externalNetworkProfileId";
        /// Display name of that external profile.
        external_network_profile_name: String = "externalNetworkProfileName";
        /// Id of the address group of NSX.
        address_group_id: String = "addressGroupId";
        /// Id of the distributed router of NSX.
        dlr_edge_id: String = "dlrEdgeId";
    }
}

impl NetworkProfile {
    /// Returns the type: from the profile, or else from `@type` in any letter case.
    #[must_use]
    pub fn kind(&self) -> Option<ProfileType> {
        if let Some(kind) = &self.profile_type {
            // Decoding keeps the letter case, so `external` would be an unknown type.
            return Some(ProfileType::from(kind.as_str().to_uppercase().as_str()));
        }
        let name = self.type_name.as_deref()?.to_uppercase();
        Some(ProfileType::from(name.strip_suffix("NETWORKPROFILE").unwrap_or(&name)))
    }

    /// Returns the range with this id.
    #[must_use]
    pub fn range(&self, id: &str) -> Option<&ProfileRange> {
        self.defined_ranges.as_ref()?.iter().find(|range| range.id.as_deref() == Some(id))
    }

    /// Returns the addresses in the profile: those of its ranges, then the others.
    pub fn addresses(&self) -> impl Iterator<Item = &ProfileAddress> {
        let ranged = self.defined_ranges.iter().flatten().flat_map(|range| range.defined_addresses.iter().flatten());
        ranged.chain(self.defined_addresses.iter().flatten())
    }
}

model! {
    /// Addresses that DHCP assigns.
    pub struct DhcpConfig {
        /// First address that DHCP assigns.
        dhcp_start_ip_address: String = "dhcpStartIPAddress" | "dhcpStartIpAddress";
        /// Last address that DHCP assigns.
        dhcp_end_ip_address: String = "dhcpEndIPAddress" | "dhcpEndIpAddress";
        /// Length of a lease, in seconds.
        dhcp_lease_time_in_seconds: i64 = "dhcpLeaseTimeInSeconds";
    }
}

model! {
    /// Range of addresses.
    pub struct ProfileRange {
        /// Id of the range, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// First address; absent if an IPAM endpoint manages the range.
        begin_ipv4_address: String = "beginIPv4Address" | "beginIpv4Address";
        /// Last address; absent if an IPAM endpoint manages the range.
        end_ipv4_address: String = "endIPv4Address" | "endIpv4Address";
        /// State of the range.
        state: AddressState = "state";
        /// Id of the range at the IPAM endpoint.
        external_id: String = "externalId";
        /// Time of creation.
        created_date: Timestamp = "createdDate";
        /// Time of the last change.
        last_modified_date: Timestamp = "lastModifiedDate";
        /// Addresses of the range; only in a complete profile.
        defined_addresses: Vec<ProfileAddress> = "definedAddresses";
    }
}

impl ProfileRange {
    /// Returns the first and the last address; [`None`] if an IPAM endpoint manages the range.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if one of them is not an IPv4 address, or the last is below the first.
    pub fn bounds(&self) -> Result<Option<(Ipv4Addr, Ipv4Addr)>, Error> {
        bounds(self.begin_ipv4_address.as_deref(), self.end_ipv4_address.as_deref())
    }
}

fn bounds(begin: Option<&str>, end: Option<&str>) -> Result<Option<(Ipv4Addr, Ipv4Addr)>, Error> {
    let (Some(begin), Some(end)) = (begin, end) else { return Ok(None) };
    // Text and not addresses in the model: one odd text must not make a whole profile unreadable.
    let parse = |text: &str| {
        text.trim().parse::<Ipv4Addr>().map_err(|_| Error::invalid("address of a range", text, "an IPv4 address"))
    };
    let bounds = (parse(begin)?, parse(end)?);
    if bounds.1 < bounds.0 {
        return Err(Error::invalid("end of a range", end, format!("an address not below {begin}")));
    }
    Ok(Some(bounds))
}

model! {
    /// Range with the numbers of its addresses.
    pub struct RangeSummary {
        // The members of a range, and counts in place of the addresses.
        /// Id of the range, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// First address; absent if an IPAM endpoint manages the range.
        begin_ipv4_address: String = "beginIPv4Address" | "beginIpv4Address";
        /// Last address; absent if an IPAM endpoint manages the range.
        end_ipv4_address: String = "endIPv4Address" | "endIpv4Address";
        /// State of the range.
        state: AddressState = "state";
        /// Id of the range at the IPAM endpoint.
        external_id: String = "externalId";
        /// Time of creation.
        created_date: Timestamp = "createdDate";
        /// Time of the last change.
        last_modified_date: Timestamp = "lastModifiedDate";
        /// Number of all addresses.
        total_addresses: i64 = "totalAddresses";
        /// Number of addresses in use.
        allocated_addresses: i64 = "allocatedAddresses";
        /// Number of free addresses.
        unallocated_addresses: i64 = "unallocatedAddresses";
        /// Number of addresses of destroyed machines, not free yet.
        destroyed_addresses: i64 = "destroyedAddresses";
        /// Number of addresses of expired machines, not free yet.
        expired_addresses: i64 = "expiredAddresses";
    }
}

impl RangeSummary {
    /// Returns the first and the last address; [`None`] if an IPAM endpoint manages the range.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if one of them is not an IPv4 address, or the last is below the first.
    pub fn bounds(&self) -> Result<Option<(Ipv4Addr, Ipv4Addr)>, Error> {
        bounds(self.begin_ipv4_address.as_deref(), self.end_ipv4_address.as_deref())
    }
}

model! {
    /// Address of a network profile.
    pub struct ProfileAddress {
        // The number of the network card is a text in the reference and a number in clients; both are read.
        /// Id of the address, a UUID.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// The address, dotted.
        ipv4_address: String = "IPv4Address" | "ipv4Address" | "iPv4Address";
        /// The address as a number, for sorting.
        ip_sort_value: i64 = "IPSortValue" | "ipSortValue" | "iPSortValue";
        /// State of the address.
        state: AddressState = "state";
        /// The state as a number.
        state_value: i64 = "stateValue";
        /// Id of the range.
        static_ipv4_range_id: String = "staticIPv4RangeId" | "staticIpv4RangeId";
        /// Id of the profile.
        network_profile_id: String = "networkProfileId";
        /// Host name.
        host_name: String = "hostName";
        /// Id of the machine that has the address.
        virtual_machine_id: String = "virtualMachineId";
        /// Name of the machine that has the address.
        virtual_machine_name: String = "virtualMachineName";
        /// Index of the machine's network card.
        network_interface_card_offset: i64 = "networkInterfaceCardOffset";
        /// Id of the address in another system.
        external_reference_id: String = "externalReferenceId";
        /// Name of the address in another system.
        external_reference_name: String = "externalReferenceName";
        /// Time of creation.
        created_date: Timestamp = "createdDate";
        /// Time of the last change.
        last_modified_date: Timestamp = "lastModifiedDate";
    }
}

impl ProfileAddress {
    /// Returns true if the address cannot be allocated now. An unknown or missing state counts as in use: to allocate
    /// an address twice is worse than not to allocate it.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        // Only a state that surely means free counts as free.
        !self.state.as_ref().is_some_and(|state| state.as_str().eq_ignore_ascii_case("UNALLOCATED"))
    }
}

rows!(NetworkProfile.id, RangeSummary.id, ProfileAddress.id);
