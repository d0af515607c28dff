//! Devices as they are read and written.

use std::net::IpAddr;

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{DeviceId, DeviceTypeId, Hidden, LocationId, RackId, ServerTime, TextList, model};

model! {
    /// A device.
    pub struct Device {
        /// Its id.
        id: DeviceId = "id",
        /// Its name.
        hostname: Option<String> = "hostname",
        /// Its address, as it was entered.
        ip: Option<String> = "ip" | "ip_addr",
        /// The id of its type.
        device_type: Option<DeviceTypeId> = "type",
        /// Free text.
        description: Option<String> = "description",
        /// The ids of the sections that may use it.
        sections: TextList = "sections",
        /// The SNMP community.
        snmp_community: Option<Hidden> = "snmp_community",
        /// The SNMP version; 0 is none.
        snmp_version: Option<String> = "snmp_version",
        /// The SNMP port.
        snmp_port: Option<u32> = "snmp_port",
        /// The SNMP timeout, in milliseconds.
        snmp_timeout: Option<i64> = "snmp_timeout",
        /// The SNMP queries.
        snmp_queries: Option<String> = "snmp_queries",
        /// SNMPv3: security level.
        snmp_v3_sec_level: Option<String> = "snmp_v3_sec_level",
        /// SNMPv3: authentication protocol.
        snmp_v3_auth_protocol: Option<String> = "snmp_v3_auth_protocol",
        /// SNMPv3: authentication password.
        snmp_v3_auth_pass: Option<Hidden> = "snmp_v3_auth_pass",
        /// SNMPv3: privacy protocol.
        snmp_v3_priv_protocol: Option<String> = "snmp_v3_priv_protocol",
        /// SNMPv3: privacy password.
        snmp_v3_priv_pass: Option<Hidden> = "snmp_v3_priv_pass",
        /// SNMPv3: context name.
        snmp_v3_ctx_name: Option<String> = "snmp_v3_ctx_name",
        /// SNMPv3: context engine.
        snmp_v3_ctx_engine_id: Option<String> = "snmp_v3_ctx_engine_id",
        /// The id of its rack.
        rack: Option<RackId> = "rack",
        /// The first unit in the rack.
        rack_start: Option<i64> = "rack_start",
        /// How many units it takes.
        rack_size: Option<i64> = "rack_size",
        /// Whether it takes the rack's whole depth; since 1.8.
        rack_deep: Option<bool> = "rack_deep",
        /// The location.
        location: Option<LocationId> = "location",
        /// When it was last changed.
        edit_date: Option<ServerTime> = "editDate",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a device, to create or change one.
    ///
    /// ```
    /// use phpipam_client::models::DeviceFields;
    ///
    /// let fields = DeviceFields::new()
    ///     .with_ip(std::net::Ipv4Addr::new(192, 0, 2, 10))
    ///     .with_snmp_version(2)
    ///     .with_snmp_community("s3cret");
    /// assert!(!format!("{fields:?}").contains("s3cret"));
    /// ```
    pub struct DeviceFields {
        /// Sets the host name.
        String, "hostname", never => with_hostname;
        /// Sets the address.
        IpAddr, "ip_addr", null => with_ip clear_ip patch_ip;
        /// Sets the type, which must exist.
        DeviceTypeId, "type", never => with_device_type;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the ids of the sections that may use it; all of them if none are named when it is created.
        TextList, "sections", null => with_sections clear_sections patch_sections;
        /// Sets the SNMP version: 1 to 3, or 0 for none.
        u8, "snmp_version", never => with_snmp_version;
        /// Sets the SNMP community.
        Hidden, "snmp_community", null => with_snmp_community clear_snmp_community patch_snmp_community;
        /// Sets the SNMP port.
        u32, "snmp_port", null => with_snmp_port clear_snmp_port patch_snmp_port;
        /// Sets the SNMP timeout, in milliseconds.
        u32, "snmp_timeout", null => with_snmp_timeout clear_snmp_timeout patch_snmp_timeout;
        /// Sets the SNMP queries, separated by semicolons.
        TextList, "snmp_queries", null => with_snmp_queries clear_snmp_queries patch_snmp_queries;
        /// Sets the security level of SNMPv3: `none`, `noAuthNoPriv`, `authNoPriv` or `authPriv`.
        String, "snmp_v3_sec_level", never => with_snmp_v3_sec_level;
        /// Sets the authentication protocol of SNMPv3: `none`, `MD5` or `SHA`.
        String, "snmp_v3_auth_protocol", never => with_snmp_v3_auth_protocol;
        /// Sets the authentication password of SNMPv3.
        Hidden, "snmp_v3_auth_pass", null => with_snmp_v3_auth_pass clear_snmp_v3_auth_pass patch_snmp_v3_auth_pass;
        /// Sets the privacy protocol of SNMPv3: `none`, `DES` or `AES`.
        String, "snmp_v3_priv_protocol", never => with_snmp_v3_priv_protocol;
        /// Sets the privacy password of SNMPv3.
        Hidden, "snmp_v3_priv_pass", null => with_snmp_v3_priv_pass clear_snmp_v3_priv_pass patch_snmp_v3_priv_pass;
        /// Sets the context name of SNMPv3.
        String, "snmp_v3_ctx_name", null => with_snmp_v3_ctx_name clear_snmp_v3_ctx_name patch_snmp_v3_ctx_name;
        /// Sets the context engine of SNMPv3.
        String, "snmp_v3_ctx_engine_id", null =>
            with_snmp_v3_ctx_engine_id clear_snmp_v3_ctx_engine_id patch_snmp_v3_ctx_engine_id;
        /// Sets the rack. The server does not check that it exists.
        RackId, "rack", null => with_rack clear_rack patch_rack;
        /// Sets the first unit in the rack.
        u32, "rack_start", null => with_rack_start clear_rack_start patch_rack_start;
        /// Sets how many units it takes.
        u32, "rack_size", null => with_rack_size clear_rack_size patch_rack_size;
        /// Says whether it takes the rack's whole depth; since 1.8.
        bool, "rack_deep", zero => with_rack_deep;
        /// Sets the location. The server does not check that it exists.
        LocationId, "location", null => with_location clear_location patch_location;
    }
}

impl DeviceFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
