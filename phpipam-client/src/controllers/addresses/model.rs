//! Addresses as they are read and written, and the result of a status check.

use std::net::IpAddr;

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::controllers::tools::locations::model::Location;
use crate::wire::{AddressId, CustomerId, DeviceId, LocationId, Reference, ServerTime, SubnetId, TagId, model};

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

model! {
    /// What the server found when it checked an address.
    pub struct Ping {
        /// How it checked, such as `ping`.
        scan_type: Option<String> = "scan_type",
        /// The exit code of the check; 0 is online.
        exit_code: Option<i64> = "exit_code",
        /// The same as a word, such as `SUCCESS`.
        result_code: Option<String> = "result_code",
        /// The same as a sentence.
        message: Option<String> = "message",
    }
}

impl Ping {
    /// Whether the address answered.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.exit_code == Some(0)
    }
}

request_body! {
    /// Fields of an address, to create, allocate or change one.
    ///
    /// ```
    /// use phpipam_client::models::{AddressFields, Tag};
    ///
    /// let fields = AddressFields::new()
    ///     .with_hostname("db1.lab.example")
    ///     .with_tag(Tag::RESERVED)
    ///     .clear_note()
    ///     .with_custom_field("custom_ticket", "INC-7");
    /// ```
    pub struct AddressFields {
        /// Sets the host name.
        String, "hostname", null => with_hostname clear_hostname patch_hostname;
        /// Sets the description, up to 64 characters.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the MAC address; the server brings it into the form `00:11:22:aa:bb:cc`.
        String, "mac", null => with_mac clear_mac patch_mac;
        /// Sets the owner.
        String, "owner", null => with_owner clear_owner patch_owner;
        /// Sets the tag.
        TagId, "tag", never => with_tag;
        /// Sets the device.
        DeviceId, "deviceId", null => with_device clear_device patch_device;
        /// Sets the port of the device.
        String, "port", null => with_port clear_port patch_port;
        /// Sets the note.
        String, "note", null => with_note clear_note patch_note;
        /// Sets the location.
        LocationId, "location", null => with_location clear_location patch_location;
        /// Sets the customer; since 1.4.
        CustomerId, "customer_id", null => with_customer clear_customer patch_customer;
        /// Makes it the subnet's gateway, and the old gateway none.
        bool, "is_gateway", zero => with_is_gateway;
        /// Leaves it out of status checks.
        bool, "excludePing", zero => with_exclude_ping;
        /// Makes no PTR record for it.
        bool, "PTRignore", zero => with_ptr_ignore;
        /// Sets when it was last seen, on the server's clock.
        ServerTime, "lastSeen", null => with_last_seen clear_last_seen patch_last_seen;
    }
}

impl AddressFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
