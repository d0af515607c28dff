//! Models of addresses, and the result of a ping.

use std::net::IpAddr;

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::controllers::tools::locations::model::Location;
use crate::wire::{AddressId, CustomerId, DeviceId, LocationId, Reference, ServerTime, SubnetId, TagId, model};

model! {
    /// Address.
    ///
    /// The server sends it in three forms, and all are read:
    /// - With the names of the API, such as `tag` and `deviceId`, and a dotted address: most calls.
    /// - With the names of the database, such as `state` and `switch`: the addresses in the list of a section with
    ///   addresses, and those of a NAT rule with whole rows.
    /// - With the address as a decimal number: the search, and on 1.8.2 every row but the first of the lists by host
    ///   name, MAC address, tag and device.
    pub struct Address {
        /// Id.
        id: AddressId = "id",
        /// Subnet of the address.
        subnet_id: Option<SubnetId> = "subnetId",
        /// Address. `None` in filtered lists of 1.3.0 and 1.4.0, such as
        /// [`list_filtered`](crate::controllers::Addresses::list_filtered): these releases leave it out. Later releases
        /// of 1.3 and 1.4 send it.
        ip: Option<IpAddr> = "ip" | "ip_addr",
        /// True if it is the subnet's gateway.
        is_gateway: bool = "is_gateway",
        /// Free text, up to 64 characters.
        description: Option<String> = "description",
        /// Host name.
        hostname: Option<String> = "hostname",
        /// MAC address, as it was entered.
        mac: Option<String> = "mac",
        /// Owner.
        owner: Option<String> = "owner",
        /// Tag, which is its state: offline, used, reserved, DHCP or one of your own.
        tag: Option<TagId> = "tag" | "state",
        /// Device.
        device_id: Option<DeviceId> = "deviceId" | "switch",
        /// Location.
        location: Option<Reference<LocationId, Location>> = "location",
        /// Port of the device.
        port: Option<String> = "port",
        /// Note.
        note: Option<String> = "note",
        /// Time when it was last seen on the network; `None` for never.
        last_seen: Option<ServerTime> = "lastSeen",
        /// True if status checks leave it out.
        exclude_ping: bool = "excludePing",
        /// True if no PTR record is created for it.
        ptr_ignore: bool = "PTRignore",
        /// Id of its PTR record in PowerDNS. The server sends 0 if there is none; `None` if it sends no id at all.
        ptr: Option<i64> = "PTR",
        /// Name of its address object on a firewall.
        firewall_address_object: Option<String> = "firewallAddressObject",
        /// Time of the last change.
        edit_date: Option<ServerTime> = "editDate",
        /// Customer; since 1.4, `None` before.
        customer_id: Option<CustomerId> = "customer_id",
        /// Links, if the app is set up to show them. Some are wrong.
        links: Vec<Link> = "links",
    }
}

model! {
    /// Result of a ping by the server.
    ///
    /// ```
    /// let ping: phpipam_client::models::Ping =
    ///     serde_json::from_str(r#"{"scan_type": "ping", "exit_code": "0", "result_code": "SUCCESS"}"#)?;
    /// assert!(ping.is_online());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct Ping {
        /// Kind of check, such as `ping`.
        scan_type: Option<String> = "scan_type",
        /// Exit code of the check; 0 for online.
        exit_code: Option<i64> = "exit_code",
        /// Exit code as a word, such as `SUCCESS`.
        result_code: Option<String> = "result_code",
        /// Exit code as a sentence.
        message: Option<String> = "message",
    }
}

impl Ping {
    /// Returns true if the address replied.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.exit_code == Some(0)
    }
}

request_body! {
    /// Fields of an address, to create, allocate or change one. Fields that are not set stay as they are.
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
        /// Sets the tag. Default of a new address: [`Tag::USED`](crate::models::Tag::USED).
        TagId, "tag", never => with_tag;
        /// Sets the device.
        DeviceId, "deviceId", null => with_device clear_device patch_device;
        /// Sets the port of the device.
        String, "port", null => with_port clear_port patch_port;
        /// Sets the note.
        String, "note", null => with_note clear_note patch_note;
        /// Sets the location.
        LocationId, "location", null => with_location clear_location patch_location;
        /// Sets the customer. Since 1.4; 1.3 refuses with kind [`Invalid`](crate::RefusalKind::Invalid).
        CustomerId, "customer_id", null => with_customer clear_customer patch_customer;
        /// Sets whether it is the subnet's gateway. True takes the flag away from the old gateway. Default: false.
        bool, "is_gateway", zero => with_is_gateway;
        /// Sets whether status checks leave it out. Default: false.
        bool, "excludePing", zero => with_exclude_ping;
        /// Sets whether no PTR record is created for it. Default: false.
        bool, "PTRignore", zero => with_ptr_ignore;
        /// Sets the time when it was last seen, on the server's clock.
        ServerTime, "lastSeen", null => with_last_seen clear_last_seen patch_last_seen;
    }
}

impl AddressFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
