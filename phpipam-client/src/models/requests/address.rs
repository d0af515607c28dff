//! Fields of an address.

use crate::lenient::{CustomerId, DeviceId, LocationId, ServerTime, TagId};
use crate::patch::request;

request! {
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
