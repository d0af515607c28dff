//! Bodies of the calls that create network profiles.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::model::NatType;
use crate::error::Error;
use crate::lenient::{IntoJson, JsonObject, request_body};

/// Members that [`NetworkProfileBody::with_nulls`] sends for every kind.
// The members of an external profile in the reference; the others share them, and differ in the last few.
const COMMON: &[&str] = &[
    "description",
    "definedAddresses",
    "reclaimedAddresses",
    "IPAMEndpointId",
    "IPAMEndpointName",
    "addressSpaceExternalId",
    "primaryDnsAddress",
    "secondaryDnsAddress",
    "dnsSuffix",
    "dnsSearchSuffix",
    "primaryWinsAddress",
    "secondaryWinsAddress",
];

request_body! {
    /// Body of the call that creates a network profile. Only the members that were set are sent.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    /// use vra_client::v7::{NatType, NetworkProfileBody, RangeBody};
    ///
    /// let mask = Ipv4Addr::new(255, 255, 255, 0);
    /// let external = NetworkProfileBody::external("Servers", mask)?
    ///     .with_gateway(Ipv4Addr::new(10, 60, 1, 1))
    ///     .with_ranges([RangeBody::new("servers", Ipv4Addr::new(10, 60, 1, 10), Ipv4Addr::new(10, 60, 1, 99))?]);
    /// assert_eq!(external.as_json()["profileType"], "EXTERNAL");
    ///
    /// // One outer address for all machines, which get theirs by DHCP.
    /// let nat = NetworkProfileBody::nat("Lab", &NatType::OneToMany, mask, "597ff2c1", "Servers")?
    ///     .with_dhcp(Ipv4Addr::new(192, 168, 5, 10), Ipv4Addr::new(192, 168, 5, 99), 86_400)?;
    /// assert_eq!(nat.as_json()["externalNetworkProfileName"], "Servers");
    ///
    /// // A /16, cut into networks of /24.
    /// let base = Ipv4Addr::new(172, 16, 0, 0);
    /// let block = Ipv4Addr::new(255, 255, 0, 0);
    /// let routed = NetworkProfileBody::routed("Routed", base, block, mask, "597ff2c1", "Servers")?;
    /// assert_eq!(routed.as_json()["rangeSubnetMask"], "255.255.255.0");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub struct NetworkProfileBody {
        /// Sets the description.
        with_description: String = "description";
        /// Hides the profile in the user interface. Default: false; not sent for an IPAM endpoint's profile.
        with_hidden: bool = "isHidden";
        /// Sets the address of the gateway. External and NAT.
        with_gateway: Ipv4Addr = "gatewayAddress";
        /// Sets the address of the first DNS server.
        with_primary_dns: Ipv4Addr = "primaryDnsAddress";
        /// Sets the address of the second DNS server.
        with_secondary_dns: Ipv4Addr = "secondaryDnsAddress";
        /// Sets the DNS domain.
        with_dns_suffix: String = "dnsSuffix";
        /// Sets the DNS search domains, in one text.
        with_dns_search_suffix: String = "dnsSearchSuffix";
        /// Sets the address of the first WINS server.
        with_primary_wins: Ipv4Addr = "primaryWinsAddress";
        /// Sets the address of the second WINS server.
        with_secondary_wins: Ipv4Addr = "secondaryWinsAddress";
    }
}

impl NetworkProfileBody {
    fn of(kind: &str, profile_type: &str, name: String) -> Self {
        Self { body: JsonObject::new() }
            .with_member("@type", kind)
            .with_member("profileType", profile_type)
            .with_member("name", name)
    }

    /// Makes the profile of an existing network.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the mask is not a subnet mask.
    pub fn external(name: impl Into<String>, subnet_mask: Ipv4Addr) -> Result<Self, Error> {
        let new = Self::of("ExternalNetworkProfile", "EXTERNAL", name.into());
        Ok(new.with_hidden(false).with_member("subnetMask", mask("subnet mask", subnet_mask)?))
    }

    /// Makes the profile of an existing network whose addresses an IPAM endpoint manages. 7.1 and later.
    ///
    /// Its ranges are made by [`RangeBody::of_endpoint`].
    #[must_use]
    pub fn external_ipam(
        name: impl Into<String>,
        endpoint_id: impl Into<String>,
        address_space: impl Into<String>,
    ) -> Self {
        Self::of("ExternalNetworkProfile", "EXTERNAL", name.into())
            // Both members are `null` in the manual's example of such a profile.
            .with_member("id", Value::Null)
            .with_member("description", Value::Null)
            .with_member("IPAMEndpointId", endpoint_id.into())
            .with_member("addressSpaceExternalId", address_space.into())
    }

    /// Makes the profile of networks behind address translation. They are connected to an external profile, given by id
    /// and name.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the mask is not a subnet mask.
    pub fn nat(
        name: impl Into<String>,
        nat_type: &NatType,
        subnet_mask: Ipv4Addr,
        external_id: impl Into<String>,
        external_name: impl Into<String>,
    ) -> Result<Self, Error> {
        Ok(Self::of("NATNetworkProfile", "NAT", name.into())
            .with_hidden(false)
            .with_member("natType", nat_type.as_str())
            .with_member("subnetMask", mask("subnet mask", subnet_mask)?)
            .with_member("externalNetworkProfileId", external_id.into())
            .with_member("externalNetworkProfileName", external_name.into())
            // Published clients send the list even when it is empty; for NAT it may be.
            .with_ranges([]))
    }

    /// Makes the profile of routed networks. They are connected to an external profile, given by id and name. The block
    /// begins at `base` and has `subnet_mask`; each network in it has `range_subnet_mask`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if one of the masks is not a subnet mask, or the networks are larger than the block.
    pub fn routed(
        name: impl Into<String>,
        base: Ipv4Addr,
        subnet_mask: Ipv4Addr,
        range_subnet_mask: Ipv4Addr,
        external_id: impl Into<String>,
        external_name: impl Into<String>,
    ) -> Result<Self, Error> {
        let (block, range) = (mask("subnet mask", subnet_mask)?, mask("range subnet mask", range_subnet_mask)?);
        // Addresses compare as numbers, so a longer mask is the greater one.
        if range_subnet_mask < subnet_mask {
            return Err(Error::invalid(
                "range subnet mask",
                range,
                format!("a mask of the networks in the block, at least {block}"),
            ));
        }
        Ok(Self::of("RoutedNetworkProfile", "ROUTED", name.into())
            .with_hidden(false)
            .with_member("baseIP", base.to_string())
            .with_member("subnetMask", block)
            .with_member("rangeSubnetMask", range)
            .with_member("externalNetworkProfileId", external_id.into())
            .with_member("externalNetworkProfileName", external_name.into()))
    }

    /// Sets the ranges, in place of those that were set before.
    #[must_use]
    pub fn with_ranges(self, ranges: impl IntoIterator<Item = RangeBody>) -> Self {
        self.with_member("definedRanges", ranges.into_iter().collect::<Vec<_>>().into_json())
    }

    /// Sets the addresses that DHCP assigns, from `begin` to `end`, and the length of a lease. For one-to-many NAT.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the last address is below the first.
    pub fn with_dhcp(self, begin: Ipv4Addr, end: Ipv4Addr, lease_seconds: u32) -> Result<Self, Error> {
        ordered(begin, end)?;
        let config = json!({
            "dhcpStartIPAddress": begin.to_string(),
            "dhcpEndIPAddress": end.to_string(),
            "dhcpLeaseTimeInSeconds": lease_seconds,
        });
        Ok(self.with_member("dhcpConfig", config))
    }

    /// Sends `null` for each member of the kind that was not set.
    ///
    /// Published clients do so, and a server may refuse a body without the members; without this call they are not
    /// sent.
    #[must_use]
    pub fn with_nulls(mut self) -> Self {
        let of_kind: &[&str] = match self.body.get("profileType").and_then(Value::as_str) {
            Some("ROUTED") => &["addressGroupId", "dlrEdgeId"],
            _ => &["gatewayAddress"],
        };
        // `or_insert`: what was set stays.
        for member in COMMON.iter().chain(of_kind) {
            self.body.entry(*member).or_insert(Value::Null);
        }
        self
    }
}

request_body! {
    /// Range of a network profile that is created.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    /// use vra_client::v7::RangeBody;
    ///
    /// let range = RangeBody::new("servers", Ipv4Addr::new(10, 60, 1, 10), Ipv4Addr::new(10, 60, 1, 99))?;
    /// assert_eq!(range.as_json()["endIPv4Address"], "10.60.1.99");
    /// assert!(RangeBody::new("empty", Ipv4Addr::new(10, 60, 1, 10), Ipv4Addr::new(10, 60, 1, 9)).is_err());
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub struct RangeBody {
        /// Sets the description.
        with_description: String = "description";
        /// Sets the id of the range at an IPAM endpoint. [`None`] sends `null`, as some clients do for a range without
        /// endpoint.
        with_external_id: Option<String> = "externalId";
    }
}

impl RangeBody {
    /// Makes a range from the first to the last address. The server makes its addresses.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the last address is below the first.
    pub fn new(name: impl Into<String>, begin: Ipv4Addr, end: Ipv4Addr) -> Result<Self, Error> {
        ordered(begin, end)?;
        Ok(Self { body: JsonObject::new() }
            .with_member("name", name.into())
            .with_member("beginIPv4Address", begin.to_string())
            .with_member("endIPv4Address", end.to_string())
            .with_member("state", "UNALLOCATED")
            // The server computes the addresses of a new range; a list of them could contradict the bounds.
            .with_member("definedAddresses", Value::Null))
    }

    /// Makes a range that an IPAM endpoint manages, by its id there. The endpoint determines the addresses. 7.1 and
    /// later.
    ///
    /// [`IpamGateway::ranges`](crate::v7::IpamGateway::ranges) lists the ids.
    #[must_use]
    pub fn of_endpoint(name: impl Into<String>, external_id: impl Into<String>) -> Self {
        Self { body: JsonObject::new() }
            .with_member("externalId", external_id.into())
            .with_member("name", name.into())
            .with_member("state", "UNALLOCATED")
            // The server asks the endpoint for the bounds.
            .with_member("beginIPv4Address", Value::Null)
            .with_member("endIPv4Address", Value::Null)
    }
}

fn ordered(begin: Ipv4Addr, end: Ipv4Addr) -> Result<(), Error> {
    if end < begin {
        return Err(Error::invalid("end of the range", end.to_string(), format!("an address not below {begin}")));
    }
    Ok(())
}

/// Checks a subnet mask: ones, then zeros.
fn mask(field: &str, mask: Ipv4Addr) -> Result<String, Error> {
    let bits = mask.to_bits();
    if bits.leading_ones() + bits.trailing_zeros() < 32 {
        return Err(Error::invalid(field, mask.to_string(), "a subnet mask such as 255.255.255.0"));
    }
    Ok(mask.to_string())
}
