//! IP range, as the server returns it.

use crate::v8::iaas::common::iaas_object;
use std::net::IpAddr;

use crate::list::rows;
use crate::v8::iaas::common::{IpVersion, Tag, fabric_network_ids};

iaas_object! {
    /// IP range of the product's own address management.
    pub struct NetworkIpRange {
        /// Id.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// First address.
        start_ip_address: String = "startIPAddress";
        /// Last address.
        end_ip_address: String = "endIPAddress";
        /// Version; absent is 4.
        ip_version: IpVersion = "ipVersion";
        /// Id of the range elsewhere.
        external_id: String = "externalId";
        /// Number of addresses. Only newer releases have the counts, and only if one range is read.
        total_number_of_ips: i64 = "totalNumberOfIPs";
        /// Number of free addresses.
        number_of_available_ips: i64 = "numberOfAvailableIPs";
        /// Number of allocated addresses.
        number_of_allocated_ips: i64 = "numberOfAllocatedIPs";
        /// Number of released addresses that cannot be allocated yet.
        number_of_released_ips: i64 = "numberOfReleasedIPs";
        /// Number of addresses that the server allocated for machines.
        number_of_system_allocated_ips: i64 = "numberOfSystemAllocatedIPs";
        /// Number of addresses that users allocated.
        number_of_user_allocated_ips: i64 = "numberOfUserAllocatedIPs";
        /// Tags.
        tags: Vec<Tag> = "tags";
    }
}

impl NetworkIpRange {
    /// Returns the first and the last address; [`None`] if one is missing or is not an address.
    #[must_use]
    pub fn bounds(&self) -> Option<(IpAddr, IpAddr)> {
        let parse = |text: &Option<String>| text.as_deref()?.trim().parse().ok();
        Some((parse(&self.start_ip_address)?, parse(&self.end_ip_address)?))
    }

    /// Returns the ids of the fabric networks that the range belongs to, which are in the links only.
    #[must_use]
    pub fn fabric_network_ids(&self) -> Vec<String> {
        fabric_network_ids(self.links.as_ref())
    }
}

rows!(NetworkIpRange.id);
