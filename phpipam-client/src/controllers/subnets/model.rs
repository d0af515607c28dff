//! Subnets and folders as they are read and written.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use crate::controllers::addresses::model::Address;
use crate::controllers::links::Link;
use crate::controllers::permissions::Permissions;
use crate::controllers::request_body::request_body;
use crate::controllers::subnets::usage::Usage;
use crate::controllers::tools::locations::model::Location;
use crate::controllers::tools::nameservers::model::Nameserver;
use crate::wire::{
    AddressId, CustomerId, DeviceId, LocationId, NameserverId, Reference, ScanAgentId, SectionId, ServerTime, SubnetId,
    TagId, VlanId, VrfId, model, optional_object,
};

model! {
    /// A subnet, or a folder (`is_folder`), which has neither network nor mask.
    pub struct Subnet {
        /// Its id.
        id: SubnetId = "id",
        /// The network's first address; `0.0.0.0` for a folder.
        subnet: Option<IpAddr> = "subnet",
        /// The prefix length; none for a folder.
        mask: Option<u8> = "mask",
        /// The section it is in.
        section_id: Option<SectionId> = "sectionId",
        /// Free text.
        description: Option<String> = "description",
        /// The subnet of the other family it is linked to.
        linked_subnet: Option<SubnetId> = "linked_subnet",
        /// The name of its address object on a firewall.
        firewall_address_object: Option<String> = "firewallAddressObject",
        /// The VRF.
        vrf_id: Option<VrfId> = "vrfId",
        /// The subnet or folder above it; `None` at the top of its section.
        master_subnet_id: Option<SubnetId> = "masterSubnetId",
        /// Whether users may ask for addresses in it.
        allow_requests: bool = "allowRequests",
        /// The VLAN.
        vlan_id: Option<VlanId> = "vlanId",
        /// Whether its description is shown instead of its network.
        show_name: bool = "showName",
        /// The device.
        device_id: Option<DeviceId> = "device",
        /// Which groups may do what in it.
        permissions: Permissions = "permissions",
        /// Whether its hosts' status is checked.
        ping_subnet: bool = "pingSubnet",
        /// Whether new hosts are looked for.
        discover_subnet: bool = "discoverSubnet",
        /// Whether names are resolved.
        resolve_dns: bool = "resolveDNS",
        /// Whether it has a PTR zone in PowerDNS.
        dns_recursive: bool = "DNSrecursive",
        /// Whether records are shown.
        dns_records: bool = "DNSrecords",
        /// The set of name servers.
        nameserver_id: Option<NameserverId> = "nameserverId",
        /// The scan agent.
        scan_agent: Option<ScanAgentId> = "scanAgent",
        /// The customer; since 1.4.
        customer_id: Option<CustomerId> = "customer_id",
        /// Whether it is a folder.
        is_folder: bool = "isFolder",
        /// Whether it is marked full: nothing is handed out from it.
        is_full: bool = "isFull",
        /// Whether network and broadcast address may be used; since 1.5.
        is_pool: Option<bool> = "isPool",
        /// The tag; written as `state`.
        tag: Option<TagId> = "tag" | "state",
        /// The percentage of use from which the server warns.
        threshold: Option<u32> = "threshold",
        /// The location.
        location: Option<Reference<LocationId, Location>> = "location",
        /// When it was last changed.
        edit_date: Option<ServerTime> = "editDate",
        /// When its hosts' status was last checked.
        last_scan: Option<ServerTime> = "lastScan",
        /// When new hosts were last looked for.
        last_discovery: Option<ServerTime> = "lastDiscovery",
        /// The set of name servers itself, in responses that have it.
        nameservers: Option<Nameserver> = "nameservers",
        /// The id of the gateway's address; see [`gateway_ip`](Subnet::gateway_ip) before using it.
        gateway_id: Option<AddressId> = "gatewayId",
        /// The gateway as the server sent it; see [`gateway_ip`](Subnet::gateway_ip) before using it.
        gateway: Option<Gateway> = "gateway",
        /// What the server calculated, for people; its forms vary. Calculate it from the network instead.
        calculation: Option<Value> = "calculation",
        /// How full it is, in the lists of a section.
        usage: Option<Usage> = "usage",
        /// Its addresses, in the list of a section with addresses.
        addresses: Vec<Address> = "addresses",
        /// Links, where the app shows them. Some are wrong.
        links: Vec<Link> = "links",
    }
}

impl Subnet {
    /// The network; `None` for a folder, or when the server keeps something that is no network.
    #[must_use]
    pub fn network(&self) -> Option<IpNet> {
        if self.is_folder {
            return None;
        }
        IpNet::new(self.subnet?, self.mask?).ok()
    }

    /// The gateway, if the server sent one that is this subnet's.
    ///
    /// The list of all subnets looks gateways up by the wrong id since 1.4, so one that names another subnet, or
    /// that is marked as none, is not believed; `None` there does not mean that there is none. Ask for the single subnet, or for the addresses with
    /// `is_gateway`.
    #[must_use]
    pub fn gateway_ip(&self) -> Option<IpAddr> {
        let gateway = self.gateway.as_ref()?;
        let ours = gateway.subnet_id.is_none_or(|subnet| subnet == self.id);
        gateway.ip.filter(|_| ours && gateway.is_gateway != Some(false))
    }
}

model! {
    /// The gateway of a subnet: in single subnets its address and id, in lists a whole row, often of another subnet.
    pub struct Gateway {
        /// The id of the address.
        id: Option<AddressId> = "id",
        /// The address.
        ip: Option<IpAddr> = "ip_addr" | "ip",
        /// The subnet of the address, in lists.
        subnet_id: Option<SubnetId> = "subnetId",
        /// Whether the row is marked as gateway, in lists.
        is_gateway: Option<bool> = "is_gateway",
        /// Its description, in lists.
        description: Option<String> = "description",
        /// Its host name, in lists.
        hostname: Option<String> = "hostname",
    }
}

optional_object!(Gateway, Nameserver, Usage);

request_body! {
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
        /// Sets the tag: the server's name for it is `state` here, and `tag` in responses.
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
