//! Models of subnets and folders.

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
    /// Subnet or folder (`is_folder`). A folder has no network; [`network`](Subnet::network) is `None` for it.
    ///
    /// ```
    /// use phpipam_client::models::Subnet;
    ///
    /// let subnet: Subnet = serde_json::from_str(r#"{"id": "8", "subnet": "10.20.1.0", "mask": "24"}"#)?;
    /// assert_eq!(subnet.network(), Some("10.20.1.0/24".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct Subnet {
        /// Id.
        id: SubnetId = "id",
        /// Network address; for a folder `0.0.0.0`, as the server sends it.
        subnet: Option<IpAddr> = "subnet",
        // VARCHAR in the server's table: a text also where other numbers are native (Q03), empty or NULL for a folder
        // (Q39).
        /// Prefix length; `None` for a folder.
        mask: Option<u8> = "mask",
        /// Section of the subnet.
        section_id: Option<SectionId> = "sectionId",
        /// Free text; the name of a folder.
        description: Option<String> = "description",
        /// Linked subnet of the other address family.
        linked_subnet: Option<SubnetId> = "linked_subnet",
        /// Name of its address object on a firewall.
        firewall_address_object: Option<String> = "firewallAddressObject",
        /// VRF.
        vrf_id: Option<VrfId> = "vrfId",
        /// Parent subnet or folder; `None` at the top of its section.
        master_subnet_id: Option<SubnetId> = "masterSubnetId",
        /// True if users may request addresses in it.
        allow_requests: bool = "allowRequests",
        /// VLAN.
        vlan_id: Option<VlanId> = "vlanId",
        /// True if the web interface shows its description in place of its network.
        show_name: bool = "showName",
        /// Device.
        device_id: Option<DeviceId> = "device",
        /// Permissions of groups.
        permissions: Permissions = "permissions",
        /// True if the status of its hosts is checked.
        ping_subnet: bool = "pingSubnet",
        /// True if new hosts are searched for.
        discover_subnet: bool = "discoverSubnet",
        /// True if host names are resolved.
        resolve_dns: bool = "resolveDNS",
        /// True if it has a PTR zone in PowerDNS.
        dns_recursive: bool = "DNSrecursive",
        /// True if the web interface shows DNS records.
        dns_records: bool = "DNSrecords",
        /// Set of name servers.
        nameserver_id: Option<NameserverId> = "nameserverId",
        /// Scan agent.
        scan_agent: Option<ScanAgentId> = "scanAgent",
        /// Customer; since 1.4, `None` before.
        customer_id: Option<CustomerId> = "customer_id",
        /// True for a folder.
        is_folder: bool = "isFolder",
        /// True if it is marked full: no address is allocated from it.
        is_full: bool = "isFull",
        // No plain flag: before 1.5 it is absent (Q40), which is not the same as "no pool".
        /// True if network and broadcast address may be used; since 1.5, `None` before.
        is_pool: Option<bool> = "isPool",
        /// Tag; its name is `state` in a change.
        tag: Option<TagId> = "tag" | "state",
        /// Percentage of use above which the server warns.
        threshold: Option<u32> = "threshold",
        // The lists of all subnets put the object here, `[]` for none, and 1.8 `false` for a deleted one. Elsewhere it
        // is the id (Q31).
        /// Location.
        location: Option<Reference<LocationId, Location>> = "location",
        /// Time of the last change.
        edit_date: Option<ServerTime> = "editDate",
        /// Time of the last check of its hosts' status.
        last_scan: Option<ServerTime> = "lastScan",
        /// Time of the last search for new hosts.
        last_discovery: Option<ServerTime> = "lastDiscovery",
        /// Set of name servers with its contents, in responses that have it.
        nameservers: Option<Nameserver> = "nameservers",
        /// Id of the gateway's address. **Wrong in lists**; see [`gateway_ip`](Subnet::gateway_ip).
        gateway_id: Option<AddressId> = "gatewayId",
        /// Gateway as the server sent it. **Wrong in lists**; use [`gateway_ip`](Subnet::gateway_ip).
        gateway: Option<Gateway> = "gateway",
        // Kept as it came: the keys have spaces and depend on the family, and `Subnet Class` may be `false` (Q38).
        /// Results of the server's calculation, as text for people; forms vary. Calculate them from the network
        /// instead.
        calculation: Option<Value> = "calculation",
        /// Usage, in the lists of a section.
        usage: Option<Usage> = "usage",
        /// Addresses, in the list of a section with addresses.
        addresses: Vec<Address> = "addresses",
        /// Links, if the app is set up to show them. Some are wrong.
        links: Vec<Link> = "links",
    }
}

impl Subnet {
    /// Returns the network; `None` for a folder, or if the server's values are not a network.
    #[must_use]
    pub fn network(&self) -> Option<IpNet> {
        if self.is_folder {
            return None;
        }
        IpNet::new(self.subnet?, self.mask?).ok()
    }

    /// Returns the gateway, if the server sent the one of this subnet.
    ///
    /// Since 1.4 the list of all subnets looks gateways up by the wrong id. A gateway of another subnet, or one
    /// that is not marked as a gateway, is therefore left out: `None` in a list does not mean that there is none. For a
    /// reliable result read the single subnet, or its addresses with `is_gateway`.
    #[must_use]
    pub fn gateway_ip(&self) -> Option<IpAddr> {
        let gateway = self.gateway.as_ref()?;
        // 1.3 and single objects send no subnet here, and are right (Q35).
        let ours = gateway.subnet_id.is_none_or(|subnet| subnet == self.id);
        gateway.ip.filter(|_| ours && gateway.is_gateway != Some(false))
    }
}

model! {
    /// Gateway of a subnet: address and id in a single subnet, a whole row in lists, often of another subnet.
    pub struct Gateway {
        /// Id of the address.
        id: Option<AddressId> = "id",
        /// Address.
        ip: Option<IpAddr> = "ip_addr" | "ip",
        /// Subnet of the address, in lists.
        subnet_id: Option<SubnetId> = "subnetId",
        /// True if the row is marked as a gateway, in lists.
        is_gateway: Option<bool> = "is_gateway",
        /// Description, in lists.
        description: Option<String> = "description",
        /// Host name, in lists.
        hostname: Option<String> = "hostname",
    }
}

optional_object!(Gateway, Nameserver, Usage);

request_body! {
    /// Fields of a subnet or a folder, to create or change one. Fields that are not set stay as they are.
    ///
    /// Network and prefix length are not fields: [`create`](crate::controllers::Subnets::create),
    /// [`resize`](crate::controllers::Subnets::resize) and [`split`](crate::controllers::Subnets::split) set them.
    ///
    /// ```
    /// use phpipam_client::models::{SubnetFields, VlanId};
    ///
    /// let fields = SubnetFields::new().with_description("servers").with_vlan(VlanId::new(7)).clear_vrf();
    /// ```
    pub struct SubnetFields {
        /// Sets the description, which is the name of a folder.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the section; in a change, moves the subnet to it.
        SectionId, "sectionId", never => with_section;
        // 0 is the top of the section here (Q06). VLAN and VRF are cleared by NULL instead: the server looks 0 up and
        // refuses with 404, "Vlan does not exist".
        /// Sets the parent subnet or folder; cleared, it is at the top of its section. The server checks it in a
        /// creation only.
        SubnetId, "masterSubnetId", zero => with_master_subnet clear_master_subnet patch_master_subnet;
        /// Sets the linked subnet of the other address family.
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
        /// Sets the customer. The server does not check that it exists. Since 1.4; 1.3 refuses with kind
        /// [`Invalid`](crate::RefusalKind::Invalid).
        CustomerId, "customer_id", null => with_customer clear_customer patch_customer;
        // Only reads rename the column: a body with `tag` is refused (400).
        /// Sets the tag. The server's name is `state` here and `tag` in responses.
        TagId, "state", never => with_tag;
        /// Sets the percentage of use above which the server warns; 0 for never.
        u32, "threshold", zero => with_threshold;
        /// Sets whether it is a folder. [`create_folder`](crate::controllers::Subnets::create_folder) sets it by
        /// itself. With [`create`](crate::controllers::Subnets::create), true makes a folder, and the server ignores the
        /// network.
        bool, "isFolder", zero => with_is_folder;
        /// Sets whether it is marked full: no address is allocated from it then. Default: false.
        bool, "isFull", zero => with_is_full;
        /// Sets whether network and broadcast address may be used. Default: false. Since 1.5; older servers refuse with
        /// kind [`Invalid`](crate::RefusalKind::Invalid).
        bool, "isPool", zero => with_is_pool;
        /// Sets whether users may request addresses in it. Default: false.
        bool, "allowRequests", zero => with_allow_requests;
        /// Sets whether the web interface shows its description in place of its network. Default: false.
        bool, "showName", zero => with_show_name;
        /// Sets whether the status of its hosts is checked. Default: false.
        bool, "pingSubnet", zero => with_ping_subnet;
        /// Sets whether new hosts are searched for. Default: false.
        bool, "discoverSubnet", zero => with_discover_subnet;
        /// Sets whether host names are resolved. Default: false.
        bool, "resolveDNS", zero => with_resolve_dns;
        /// Sets whether it has a PTR zone in PowerDNS. Default: false.
        bool, "DNSrecursive", zero => with_dns_recursive;
        /// Sets whether the web interface shows DNS records. Default: false.
        bool, "DNSrecords", zero => with_dns_records;
        /// Sets the time of the last check of its hosts' status, on the server's clock.
        ServerTime, "lastScan", null => with_last_scan clear_last_scan patch_last_scan;
        /// Sets the time of the last search for new hosts, on the server's clock.
        ServerTime, "lastDiscovery", null => with_last_discovery clear_last_discovery patch_last_discovery;
    }
}

impl SubnetFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
