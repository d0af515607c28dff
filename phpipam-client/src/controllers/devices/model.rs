//! Models of devices.

use std::net::IpAddr;

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{DeviceId, DeviceTypeId, Hidden, LocationId, RackId, ServerTime, TextList, model};

model! {
    /// Device.
    pub struct Device {
        /// Id.
        id: DeviceId = "id",
        /// Host name.
        hostname: Option<String> = "hostname",
        /// Address, as it was entered.
        ip: Option<String> = "ip" | "ip_addr",
        /// Id of the device type.
        device_type: Option<DeviceTypeId> = "type",
        /// Free text.
        description: Option<String> = "description",
        /// Ids of the sections that may use it.
        sections: TextList = "sections",
        /// SNMP community.
        snmp_community: Option<Hidden> = "snmp_community",
        /// SNMP version; 0 for none.
        snmp_version: Option<String> = "snmp_version",
        /// SNMP port.
        snmp_port: Option<u32> = "snmp_port",
        /// SNMP timeout, in milliseconds.
        snmp_timeout: Option<i64> = "snmp_timeout",
        /// SNMP queries, separated by semicolons.
        snmp_queries: Option<String> = "snmp_queries",
        /// Security level of SNMPv3.
        snmp_v3_sec_level: Option<String> = "snmp_v3_sec_level",
        /// Authentication protocol of SNMPv3.
        snmp_v3_auth_protocol: Option<String> = "snmp_v3_auth_protocol",
        /// Authentication password of SNMPv3.
        snmp_v3_auth_pass: Option<Hidden> = "snmp_v3_auth_pass",
        /// Privacy protocol of SNMPv3.
        snmp_v3_priv_protocol: Option<String> = "snmp_v3_priv_protocol",
        /// Privacy password of SNMPv3.
        snmp_v3_priv_pass: Option<Hidden> = "snmp_v3_priv_pass",
        /// Context name of SNMPv3.
        snmp_v3_ctx_name: Option<String> = "snmp_v3_ctx_name",
        /// Context engine id of SNMPv3.
        snmp_v3_ctx_engine_id: Option<String> = "snmp_v3_ctx_engine_id",
        /// Id of its rack.
        rack: Option<RackId> = "rack",
        /// First unit in the rack.
        rack_start: Option<i64> = "rack_start",
        /// Number of units.
        rack_size: Option<i64> = "rack_size",
        /// True if it takes the whole depth of the rack; since 1.8, `None` before.
        rack_deep: Option<bool> = "rack_deep",
        /// Location.
        location: Option<LocationId> = "location",
        /// Time of the last change.
        edit_date: Option<ServerTime> = "editDate",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a device, to create or change one. Fields that are not set stay as they are.
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
        /// Sets the device type, which must exist.
        DeviceTypeId, "type", never => with_device_type;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the ids of the sections that may use it. Default of a new device: all sections with
        /// [`devices().create`](crate::controllers::Devices::create), none with
        /// [`tools().devices().create`](crate::controllers::tools::Devices::create).
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
        /// Sets the number of units.
        u32, "rack_size", null => with_rack_size clear_rack_size patch_rack_size;
        /// Sets whether it takes the whole depth of the rack. Since 1.8; older servers refuse with kind
        /// [`Invalid`](crate::RefusalKind::Invalid).
        bool, "rack_deep", zero => with_rack_deep;
        /// Sets the location. The server does not check that it exists.
        LocationId, "location", null => with_location clear_location patch_location;
    }
}

impl DeviceFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
