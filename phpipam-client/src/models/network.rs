//! What subnets and addresses refer to: VLANs, VRFs, layer 2 domains, locations, devices.

use super::{
    CustomerId, DeviceId, DeviceTypeId, Hidden, L2DomainId, Link, LocationId, RackId, ServerTime, TextList, VlanId,
    VrfId, model,
};

model! {
    /// A VLAN.
    pub struct Vlan {
        /// Its id, which is not its number.
        id: VlanId = "id" | "vlanId",
        /// The layer 2 domain it is in.
        domain_id: Option<L2DomainId> = "domainId",
        /// Its name.
        name: Option<String> = "name",
        /// Its number, unique in its domain at most.
        number: Option<u32> = "number",
        /// Free text.
        description: Option<String> = "description",
        /// When it was last changed.
        edit_date: Option<ServerTime> = "editDate",
        /// The customer; since 1.4.
        customer_id: Option<CustomerId> = "customer_id",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

model! {
    /// A VRF.
    pub struct Vrf {
        /// Its id.
        id: VrfId = "id" | "vrfId",
        /// Its name, unique on the server.
        name: Option<String> = "name",
        /// The route distinguisher.
        rd: Option<String> = "rd",
        /// Free text.
        description: Option<String> = "description",
        /// The ids of the sections that may use it.
        sections: TextList = "sections",
        /// When it was last changed.
        edit_date: Option<ServerTime> = "editDate",
        /// The customer; since 1.4.
        customer_id: Option<CustomerId> = "customer_id",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

model! {
    /// A layer 2 domain: VLAN numbers are unique in one.
    pub struct L2Domain {
        /// Its id; 1 is the default domain.
        id: L2DomainId = "id",
        /// Its name.
        name: Option<String> = "name",
        /// Free text.
        description: Option<String> = "description",
        /// The ids of the sections that may use it; written as `permissions`.
        sections: TextList = "sections" | "permissions",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

model! {
    /// A location.
    pub struct Location {
        /// Its id.
        id: LocationId = "id",
        /// Its name.
        name: Option<String> = "name",
        /// Free text.
        description: Option<String> = "description",
        /// The postal address.
        address: Option<String> = "address",
        /// The latitude in degrees, as text.
        latitude: Option<String> = "lat",
        /// The longitude in degrees, as text.
        longitude: Option<String> = "long",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

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
