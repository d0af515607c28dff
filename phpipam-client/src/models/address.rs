//! Addresses.

use std::net::IpAddr;

use super::{
    AddressId, CustomerId, DeviceId, Link, Location, LocationId, Reference, ServerTime, SubnetId, TagId, model,
};

model! {
    /// An address.
    ///
    /// The server sends it in three forms (transformed, raw, and decimal for all rows but the first); this is one.
    pub struct Address {
        /// Its id.
        id: AddressId = "id",
        /// The subnet it is in.
        subnet_id: Option<SubnetId> = "subnetId",
        /// The address; missing where an old server applied a filter.
        ip: Option<IpAddr> = "ip" | "ip_addr",
        /// Whether it is the subnet's gateway.
        is_gateway: bool = "is_gateway",
        /// Free text, up to 64 characters.
        description: Option<String> = "description",
        /// The host name.
        hostname: Option<String> = "hostname",
        /// The MAC address, as it was entered.
        mac: Option<String> = "mac",
        /// The owner.
        owner: Option<String> = "owner",
        /// The tag (its state: offline, used, reserved, DHCP or another one).
        tag: Option<TagId> = "tag" | "state",
        /// The device.
        device_id: Option<DeviceId> = "deviceId" | "switch",
        /// The location.
        location: Option<Reference<LocationId, Location>> = "location",
        /// The port of the device.
        port: Option<String> = "port",
        /// A note.
        note: Option<String> = "note",
        /// When it was last seen on the network; `None` is never.
        last_seen: Option<ServerTime> = "lastSeen",
        /// Whether status checks leave it out.
        exclude_ping: bool = "excludePing",
        /// Whether no PTR record is made.
        ptr_ignore: bool = "PTRignore",
        /// The id of its PTR record in PowerDNS, 0 for none.
        ptr: Option<i64> = "PTR",
        /// The name of its address object on a firewall.
        firewall_address_object: Option<String> = "firewallAddressObject",
        /// When it was last changed.
        edit_date: Option<ServerTime> = "editDate",
        /// The customer; since 1.4.
        customer_id: Option<CustomerId> = "customer_id",
        /// Links, where the app shows them. Some are wrong.
        links: Vec<Link> = "links",
    }
}
