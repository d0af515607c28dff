//! What is known of network profiles, ranges and addresses.

use std::net::Ipv4Addr;

use crate::error::Error;
use crate::lenient::{Timestamp, model, open_enum};
use crate::list::rows;

open_enum! {
    /// The kind of a network profile.
    pub enum ProfileType {
        /// A network that exists.
        External = "EXTERNAL",
        /// A network behind address translation, made when it is wanted.
        Nat = "NAT",
        /// A network that is routed, made when it is wanted.
        Routed = "ROUTED",
        /// A network of its own; 6.2 only.
        Private = "PRIVATE",
    }
}

open_enum! {
    /// How a NAT profile translates.
    pub enum NatType {
        /// One outer address for each inner one.
        OneToOne = "ONETOONE",
        /// One outer address for all.
        OneToMany = "ONETOMANY",
    }
}

open_enum! {
    /// Whether an address is in use.
    pub enum AddressState {
        /// Free.
        Unallocated = "UNALLOCATED",
        /// In use.
        Allocated = "ALLOCATED",
        /// The machine is gone; the address becomes free at the next run of a job, about every 30 minutes.
        Destroyed = "DESTROYED",
        /// The lease ended; the address becomes free later.
        Expired = "EXPIRED",
    }
}

model! {
    /// A network profile. Which members there are depends on its kind; rows of a list have no ranges and addresses.
    pub struct NetworkProfile {
        /// `ExternalNetworkProfile`, `NATNetworkProfile`, `RoutedNetworkProfile`, `PrivateNetworkProfile`.
        type_name: String = "@type";
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// The kind.
        profile_type: ProfileType = "profileType";
        /// Whether it is hidden.
        is_hidden: bool = "isHidden" | "ishidden";
        /// When it was made.
        created_date: Timestamp = "createdDate";
        /// When it was last changed.
        last_modified_date: Timestamp = "lastModifiedDate";
        /// The ranges.
        defined_ranges: Vec<ProfileRange> = "definedRanges";
        /// Addresses outside the ranges.
        defined_addresses: Vec<ProfileAddress> = "definedAddresses";
        /// Addresses that became free.
        reclaimed_addresses: Vec<ProfileAddress> = "reclaimedAddresses";
        /// The IPAM endpoint; 7.1 and later.
        ipam_endpoint_id: String = "IPAMEndpointId" | "ipamEndpointId" | "iPAMEndpointId";
        /// Its name.
        ipam_endpoint_name: String = "IPAMEndpointName" | "ipamEndpointName" | "iPAMEndpointName";
        /// The address space there.
        address_space_external_id: String = "addressSpaceExternalId";
        /// The mask, dotted.
        subnet_mask: String = "subnetMask";
        /// The gateway.
        gateway_address: String = "gatewayAddress";
        /// The first DNS server.
        primary_dns_address: String = "primaryDnsAddress";
        /// The second DNS server.
        secondary_dns_address: String = "secondaryDnsAddress";
        /// The domain.
        dns_suffix: String = "dnsSuffix";
        /// The search domains.
        dns_search_suffix: String = "dnsSearchSuffix";
        /// The first WINS server.
        primary_wins_address: String = "primaryWinsAddress";
        /// The second WINS server.
        secondary_wins_address: String = "secondaryWinsAddress";
        /// How a NAT profile translates.
        nat_type: NatType = "natType";
        /// What DHCP gives out, for NAT one to many.
        dhcp_config: DhcpConfig = "dhcpConfig";
        /// The mask of one network of a routed profile.
        range_subnet_mask: String = "rangeSubnetMask";
        /// Where the networks of a routed profile begin.
        base_ip: String = "baseIP" | "baseIp";
        /// The external profile behind a NAT or routed one.
        external_network_profile_id: String = "externalNetworkProfileId";
        /// Its name.
        external_network_profile_name: String = "externalNetworkProfileName";
        /// The address group of NSX.
        address_group_id: String = "addressGroupId";
        /// The distributed router of NSX.
        dlr_edge_id: String = "dlrEdgeId";
    }
}

impl NetworkProfile {
    /// The kind: as the profile says, or else by its type in any letter case.
    #[must_use]
    pub fn kind(&self) -> Option<ProfileType> {
        if let Some(kind) = &self.profile_type {
            // The word is kept as it came, so another letter case would be unknown.
            return Some(ProfileType::from(kind.as_str().to_uppercase().as_str()));
        }
        let name = self.type_name.as_deref()?.to_uppercase();
        Some(ProfileType::from(name.strip_suffix("NETWORKPROFILE").unwrap_or(&name)))
    }

    /// The range of this id.
    #[must_use]
    pub fn range(&self, id: &str) -> Option<&ProfileRange> {
        self.defined_ranges.as_ref()?.iter().find(|range| range.id.as_deref() == Some(id))
    }

    /// The addresses that came with the profile: those of its ranges, then the others.
    pub fn addresses(&self) -> impl Iterator<Item = &ProfileAddress> {
        let ranged = self.defined_ranges.iter().flatten().flat_map(|range| range.defined_addresses.iter().flatten());
        ranged.chain(self.defined_addresses.iter().flatten())
    }
}

model! {
    /// What DHCP gives out.
    pub struct DhcpConfig {
        /// The first address.
        dhcp_start_ip_address: String = "dhcpStartIPAddress" | "dhcpStartIpAddress";
        /// The last address.
        dhcp_end_ip_address: String = "dhcpEndIPAddress" | "dhcpEndIpAddress";
        /// For how long, in seconds.
        dhcp_lease_time_in_seconds: i64 = "dhcpLeaseTimeInSeconds";
    }
}

model! {
    /// A range of addresses.
    pub struct ProfileRange {
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// The first address; none if the range is an IPAM endpoint's.
        begin_ipv4_address: String = "beginIPv4Address" | "beginIpv4Address";
        /// The last address.
        end_ipv4_address: String = "endIPv4Address" | "endIpv4Address";
        /// Whether it is in use.
        state: AddressState = "state";
        /// Its id at the IPAM endpoint.
        external_id: String = "externalId";
        /// When it was made.
        created_date: Timestamp = "createdDate";
        /// When it was last changed.
        last_modified_date: Timestamp = "lastModifiedDate";
        /// Its addresses; only with a complete profile.
        defined_addresses: Vec<ProfileAddress> = "definedAddresses";
    }
}

impl ProfileRange {
    /// The first and the last address; none if the range is an IPAM endpoint's.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if one of them is no address, or the last comes before the first.
    pub fn bounds(&self) -> Result<Option<(Ipv4Addr, Ipv4Addr)>, Error> {
        bounds(self.begin_ipv4_address.as_deref(), self.end_ipv4_address.as_deref())
    }
}

fn bounds(begin: Option<&str>, end: Option<&str>) -> Result<Option<(Ipv4Addr, Ipv4Addr)>, Error> {
    let (Some(begin), Some(end)) = (begin, end) else { return Ok(None) };
    let parse = |text: &str| {
        text.trim().parse::<Ipv4Addr>().map_err(|_| Error::invalid("address of a range", text, "an IPv4 address"))
    };
    let bounds = (parse(begin)?, parse(end)?);
    if bounds.1 < bounds.0 {
        return Err(Error::invalid("end of a range", end, format!("an address from {begin} on")));
    }
    Ok(Some(bounds))
}

model! {
    /// A range with the counts of its addresses.
    pub struct RangeSummary {
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// The first address.
        begin_ipv4_address: String = "beginIPv4Address" | "beginIpv4Address";
        /// The last address.
        end_ipv4_address: String = "endIPv4Address" | "endIpv4Address";
        /// Whether it is in use.
        state: AddressState = "state";
        /// Its id at the IPAM endpoint.
        external_id: String = "externalId";
        /// When it was made.
        created_date: Timestamp = "createdDate";
        /// When it was last changed.
        last_modified_date: Timestamp = "lastModifiedDate";
        /// How many addresses there are.
        total_addresses: i64 = "totalAddresses";
        /// How many are in use.
        allocated_addresses: i64 = "allocatedAddresses";
        /// How many are free.
        unallocated_addresses: i64 = "unallocatedAddresses";
        /// How many had a machine that is gone.
        destroyed_addresses: i64 = "destroyedAddresses";
        /// How many had a lease that ended.
        expired_addresses: i64 = "expiredAddresses";
    }
}

impl RangeSummary {
    /// The first and the last address.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if one of them is no address, or the last comes before the first.
    pub fn bounds(&self) -> Result<Option<(Ipv4Addr, Ipv4Addr)>, Error> {
        bounds(self.begin_ipv4_address.as_deref(), self.end_ipv4_address.as_deref())
    }
}

model! {
    /// An address.
    pub struct ProfileAddress {
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// The address.
        ipv4_address: String = "IPv4Address" | "ipv4Address" | "iPv4Address";
        /// The address as a number.
        ip_sort_value: i64 = "IPSortValue" | "ipSortValue" | "iPSortValue";
        /// Whether it is in use.
        state: AddressState = "state";
        /// The state as a number.
        state_value: i64 = "stateValue";
        /// The range.
        static_ipv4_range_id: String = "staticIPv4RangeId" | "staticIpv4RangeId";
        /// The profile.
        network_profile_id: String = "networkProfileId";
        /// The host name.
        host_name: String = "hostName";
        /// The machine.
        virtual_machine_id: String = "virtualMachineId";
        /// Its name.
        virtual_machine_name: String = "virtualMachineName";
        /// Which of its network cards.
        network_interface_card_offset: i64 = "networkInterfaceCardOffset";
        /// Its id elsewhere.
        external_reference_id: String = "externalReferenceId";
        /// Its name elsewhere.
        external_reference_name: String = "externalReferenceName";
        /// When it was made.
        created_date: Timestamp = "createdDate";
        /// When it was last changed.
        last_modified_date: Timestamp = "lastModifiedDate";
    }
}

impl ProfileAddress {
    /// Whether it cannot be given out now. A state that is not known, or none, counts as in use: giving an address out
    /// twice is worse than not at all.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        !self.state.as_ref().is_some_and(|state| state.as_str().eq_ignore_ascii_case("UNALLOCATED"))
    }
}

rows!(NetworkProfile.id, RangeSummary.id, ProfileAddress.id);
