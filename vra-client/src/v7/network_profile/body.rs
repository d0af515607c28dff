//! What a network profile is made of.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::model::NatType;
use crate::error::Error;
use crate::lenient::{IntoJson, JsonObject, request_body};

/// The members of the kinds, for [`NetworkProfileBody::with_nulls`].
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
    /// A network profile to be made. Only what was set is sent.
    pub struct NetworkProfileBody {
        /// Free text.
        with_description: String = "description";
        /// Whether it is hidden; not, unless set.
        with_hidden: bool = "isHidden";
        /// The gateway. External and NAT.
        with_gateway: Ipv4Addr = "gatewayAddress";
        /// The first DNS server.
        with_primary_dns: Ipv4Addr = "primaryDnsAddress";
        /// The second DNS server.
        with_secondary_dns: Ipv4Addr = "secondaryDnsAddress";
        /// The domain.
        with_dns_suffix: String = "dnsSuffix";
        /// The search domains.
        with_dns_search_suffix: String = "dnsSearchSuffix";
        /// The first WINS server.
        with_primary_wins: Ipv4Addr = "primaryWinsAddress";
        /// The second WINS server.
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

    /// The profile of a network that exists.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the mask is none.
    pub fn external(name: impl Into<String>, subnet_mask: Ipv4Addr) -> Result<Self, Error> {
        let new = Self::of("ExternalNetworkProfile", "EXTERNAL", name.into());
        Ok(new.with_hidden(false).with_member("subnetMask", mask("subnet mask", subnet_mask)?))
    }

    /// The profile of a network that an IPAM endpoint manages; its ranges are made by [`RangeBody::of_endpoint`].
    /// 7.1 and later.
    #[must_use]
    pub fn external_ipam(
        name: impl Into<String>,
        endpoint_id: impl Into<String>,
        address_space: impl Into<String>,
    ) -> Self {
        Self::of("ExternalNetworkProfile", "EXTERNAL", name.into())
            .with_member("id", Value::Null)
            .with_member("description", Value::Null)
            .with_member("IPAMEndpointId", endpoint_id.into())
            .with_member("addressSpaceExternalId", address_space.into())
    }

    /// The profile of networks behind address translation, before an external one given by id and name.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the mask is none.
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
            .with_ranges([]))
    }

    /// The profile of routed networks, before an external one given by id and name: the block begins at `base` and has
    /// `subnet_mask`, each network in it has `range_subnet_mask`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if one of the masks is none, or the networks are larger than the block.
    pub fn routed(
        name: impl Into<String>,
        base: Ipv4Addr,
        subnet_mask: Ipv4Addr,
        range_subnet_mask: Ipv4Addr,
        external_id: impl Into<String>,
        external_name: impl Into<String>,
    ) -> Result<Self, Error> {
        let (block, range) = (mask("subnet mask", subnet_mask)?, mask("range subnet mask", range_subnet_mask)?);
        if range_subnet_mask < subnet_mask {
            return Err(Error::invalid("range subnet mask", range, format!("a mask from {block} on")));
        }
        Ok(Self::of("RoutedNetworkProfile", "ROUTED", name.into())
            .with_hidden(false)
            .with_member("baseIP", base.to_string())
            .with_member("subnetMask", block)
            .with_member("rangeSubnetMask", range)
            .with_member("externalNetworkProfileId", external_id.into())
            .with_member("externalNetworkProfileName", external_name.into()))
    }

    /// The ranges.
    #[must_use]
    pub fn with_ranges(self, ranges: impl IntoIterator<Item = RangeBody>) -> Self {
        self.with_member("definedRanges", ranges.into_iter().collect::<Vec<_>>().into_json())
    }

    /// What DHCP gives out, for NAT one to many: the first and the last address, and for how many seconds.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the last address comes before the first.
    pub fn with_dhcp(self, begin: Ipv4Addr, end: Ipv4Addr, lease_seconds: u32) -> Result<Self, Error> {
        ordered(begin, end)?;
        let config = json!({
            "dhcpStartIPAddress": begin.to_string(),
            "dhcpEndIPAddress": end.to_string(),
            "dhcpLeaseTimeInSeconds": lease_seconds,
        });
        Ok(self.with_member("dhcpConfig", config))
    }

    /// Sends `null` for each member of the kind that was not set, as some clients do.
    #[must_use]
    pub fn with_nulls(mut self) -> Self {
        let of_kind: &[&str] = match self.body.get("profileType").and_then(Value::as_str) {
            Some("ROUTED") => &["addressGroupId", "dlrEdgeId"],
            _ => &["gatewayAddress"],
        };
        for member in COMMON.iter().chain(of_kind) {
            self.body.entry(*member).or_insert(Value::Null);
        }
        self
    }
}

request_body! {
    /// A range of a network profile to be made.
    pub struct RangeBody {
        /// Free text.
        with_description: String = "description";
        /// Its id at an IPAM endpoint; `null` where some clients name none.
        with_external_id: Option<String> = "externalId";
    }
}

impl RangeBody {
    /// A range from the first to the last address. Its addresses are made by the server.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the last address comes before the first.
    pub fn new(name: impl Into<String>, begin: Ipv4Addr, end: Ipv4Addr) -> Result<Self, Error> {
        ordered(begin, end)?;
        Ok(Self { body: JsonObject::new() }
            .with_member("name", name.into())
            .with_member("beginIPv4Address", begin.to_string())
            .with_member("endIPv4Address", end.to_string())
            .with_member("state", "UNALLOCATED")
            .with_member("definedAddresses", Value::Null))
    }

    /// A range that an IPAM endpoint manages, which has the bounds. 7.1 and later.
    #[must_use]
    pub fn of_endpoint(name: impl Into<String>, external_id: impl Into<String>) -> Self {
        Self { body: JsonObject::new() }
            .with_member("externalId", external_id.into())
            .with_member("name", name.into())
            .with_member("state", "UNALLOCATED")
            .with_member("beginIPv4Address", Value::Null)
            .with_member("endIPv4Address", Value::Null)
    }
}

fn ordered(begin: Ipv4Addr, end: Ipv4Addr) -> Result<(), Error> {
    if end < begin {
        return Err(Error::invalid("end of the range", end.to_string(), format!("an address from {begin} on")));
    }
    Ok(())
}

/// A mask: ones, then zeros.
fn mask(field: &str, mask: Ipv4Addr) -> Result<String, Error> {
    let bits = mask.to_bits();
    if bits.leading_ones() + bits.trailing_zeros() < 32 {
        return Err(Error::invalid(field, mask.to_string(), "a mask such as 255.255.255.0"));
    }
    Ok(mask.to_string())
}
