//! Fields of a subnet.

use crate::lenient::{
    CustomerId, DeviceId, LocationId, NameserverId, ScanAgentId, SectionId, SubnetId, TagId, VlanId, VrfId,
};
use crate::patch::request;

request! {
    /// Fields of a subnet or a folder, to create or change one.
    ///
    /// Network and mask are no fields: a subnet is resized or split by calls of their own.
    pub struct SubnetFields {
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Moves it to a section.
        SectionId, "sectionId", never => with_section;
        /// Sets the subnet or folder above it; cleared, it is at the top. When changed, the server does not check it.
        SubnetId, "masterSubnetId", zero => with_master_subnet clear_master_subnet patch_master_subnet;
        /// Sets the linked subnet of the other family.
        SubnetId, "linked_subnet", null => with_linked_subnet clear_linked_subnet patch_linked_subnet;
        /// Sets the VLAN.
        VlanId, "vlanId", null => with_vlan clear_vlan patch_vlan;
        /// Sets the VRF.
        VrfId, "vrfId", null => with_vrf clear_vrf patch_vrf;
        /// Sets the device. The server does not check that it exists.
        DeviceId, "device", null => with_device clear_device patch_device;
        /// Sets the location. The server does not check that it exists.
        LocationId, "location", null => with_location clear_location patch_location;
        /// Sets the set of name servers. The server does not check that it exists.
        NameserverId, "nameserverId", zero => with_nameserver clear_nameserver patch_nameserver;
        /// Sets the scan agent.
        ScanAgentId, "scanAgent", null => with_scan_agent clear_scan_agent patch_scan_agent;
        /// Sets the customer; since 1.4. The server does not check that it exists.
        CustomerId, "customer_id", null => with_customer clear_customer patch_customer;
        /// Sets the tag: the server's name for it is `state` here, and `tag` in answers.
        TagId, "state", never => with_tag;
        /// Sets the percentage of use from which the server warns; 0 for never.
        u32, "threshold", zero => with_threshold;
        /// Makes it a folder. Must be sent to make one.
        bool, "isFolder", zero => with_is_folder;
        /// Marks it full: nothing is handed out from it.
        bool, "isFull", zero => with_is_full;
        /// Lets network and broadcast address be used; since 1.5.
        bool, "isPool", zero => with_is_pool;
        /// Lets users ask for addresses in it.
        bool, "allowRequests", zero => with_allow_requests;
        /// Shows its description instead of its network.
        bool, "showName", zero => with_show_name;
        /// Checks its hosts' status.
        bool, "pingSubnet", zero => with_ping_subnet;
        /// Looks for new hosts.
        bool, "discoverSubnet", zero => with_discover_subnet;
        /// Resolves names.
        bool, "resolveDNS", zero => with_resolve_dns;
        /// Gives it a PTR zone in PowerDNS.
        bool, "DNSrecursive", zero => with_dns_recursive;
        /// Shows records.
        bool, "DNSrecords", zero => with_dns_records;
    }
}

impl SubnetFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
