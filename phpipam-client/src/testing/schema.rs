//! The tables, their columns in the order the server shows them, and their defaults.

use super::table::{Cell, Column, Table, Type};

/// A kind of object the server keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Object {
    /// A section.
    Section,
    /// A subnet or a folder.
    Subnet,
    /// An IP address.
    Address,
    /// A VLAN.
    Vlan,
    /// A VRF.
    Vrf,
    /// A layer 2 domain.
    L2Domain,
    /// A set of name servers.
    Nameservers,
    /// An address tag.
    Tag,
    /// A device.
    Device,
    /// A device type.
    DeviceType,
    /// A scan agent.
    ScanAgent,
    /// A location.
    Location,
    /// A rack.
    Rack,
    /// A customer.
    Customer,
    /// A NAT rule.
    Nat,
}

impl Object {
    pub(super) const ALL: [Self; 15] = [
        Self::Section,
        Self::Subnet,
        Self::Address,
        Self::Vlan,
        Self::Vrf,
        Self::L2Domain,
        Self::Nameservers,
        Self::Tag,
        Self::Device,
        Self::DeviceType,
        Self::ScanAgent,
        Self::Location,
        Self::Rack,
        Self::Customer,
        Self::Nat,
    ];

    /// The empty table of this object.
    pub(super) fn table(self) -> Table {
        match self {
            Self::Section => sections(),
            Self::Subnet => subnets(),
            Self::Address => addresses(),
            Self::Vlan => Table::new(
                "vlans",
                vec![
                    key("vlanId"),
                    required("domainId", 1),
                    text("name", 255),
                    number("number"),
                    text("description", 65_535),
                    moment("editDate"),
                    number("customer_id"),
                ],
            ),
            Self::Vrf => Table::new(
                "vrf",
                vec![
                    key("vrfId"),
                    text("name", 32),
                    text("rd", 32),
                    text("description", 256),
                    text("sections", 128),
                    moment("editDate"),
                    number("customer_id"),
                ],
            ),
            Self::L2Domain => Table::new(
                "vlanDomains",
                vec![key("id"), text("name", 64), text("description", 65_535), text("permissions", 128)],
            ),
            Self::Nameservers => Table::new(
                "nameservers",
                vec![
                    key("id"),
                    text("name", 255),
                    text("namesrv1", 255),
                    text("description", 65_535),
                    text("permissions", 128),
                    moment("editDate"),
                ],
            ),
            Self::Tag => Table::new(
                "ipTags",
                vec![
                    key("id"),
                    text("type", 32),
                    default(number("showtag"), 1),
                    default_text(text("bgcolor", 7), "#000"),
                    default_text(text("fgcolor", 7), "#fff"),
                    one_of("compress", &["No", "Yes"]),
                    one_of("locked", &["No", "Yes"]),
                    default(number("updateTag"), 0),
                ],
            ),
            Self::Device => devices(),
            Self::DeviceType => Table::new(
                "deviceTypes",
                vec![
                    key("tid"),
                    text("tname", 128),
                    text("tdescription", 128),
                    default_text(text("bgcolor", 7), "#E6E6E6"),
                    default_text(text("fgcolor", 7), "#000"),
                ],
            ),
            Self::ScanAgent => Table::new(
                "scanAgents",
                vec![
                    key("id"),
                    text("name", 128),
                    text("description", 65_535),
                    one_of("type", &["direct", "api", "mysql"]),
                    text("code", 32),
                    moment("last_access"),
                ],
            ),
            Self::Location => Table::new(
                "locations",
                vec![
                    key("id"),
                    text("name", 128),
                    text("description", 65_535),
                    text("address", 128),
                    text("lat", 31),
                    text("long", 31),
                ],
            ),
            Self::Rack => Table::new(
                "racks",
                vec![
                    key("id"),
                    text("name", 64),
                    number("size"),
                    default(number("subrack"), 0),
                    number("location"),
                    default(number("row"), 1),
                    required("hasBack", 0),
                    required("topDown", 0),
                    text("description", 65_535),
                    number("customer_id"),
                ],
            ),
            Self::Customer => Table::new(
                "customers",
                vec![
                    key("id"),
                    text("title", 128),
                    text("address", 255),
                    text("postcode", 32),
                    text("city", 255),
                    text("state", 255),
                    text("lat", 31),
                    text("long", 31),
                    text("contact_person", 65_535),
                    text("contact_phone", 32),
                    text("contact_mail", 254),
                    text("note", 65_535),
                    one_of("status", &["Active", "Reserved", "Inactive"]),
                ],
            ),
            Self::Nat => Table::new(
                "nat",
                vec![
                    key("id"),
                    text("name", 64),
                    one_of("type", &["source", "static", "destination"]),
                    text("src", 65_535),
                    text("dst", 65_535),
                    number("src_port"),
                    number("dst_port"),
                    number("device"),
                    text("description", 65_535),
                    one_of("policy", &["No", "Yes"]),
                    text("policy_dst", 255),
                ],
            ),
        }
    }

    /// The name of the id in rows of this object.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Vlan => "vlanId",
            Self::Vrf => "vrfId",
            Self::DeviceType => "tid",
            _ => "id",
        }
    }
}

fn sections() -> Table {
    Table::new(
        "sections",
        vec![
            key("id"),
            text("name", 128),
            text("description", 65_535),
            default(number("masterSection"), 0),
            text("permissions", 1024),
            default_text(required_text("strictMode", 1), "1"),
            text("subnetOrdering", 16),
            number("order"),
            moment("editDate"),
            required("showSubnet", 1),
            required("showVLAN", 0),
            required("showVRF", 0),
            required("showSupernetOnly", 0),
            text("DNS", 128),
        ],
    )
    .with_unique("PRIMARY", &["name"])
}

fn subnets() -> Table {
    Table::new(
        "subnets",
        vec![
            key("id"),
            text("subnet", 255),
            text("mask", 3),
            number("sectionId"),
            text("description", 65_535),
            number("linked_subnet"),
            text("firewallAddressObject", 100),
            number("vrfId"),
            required("masterSubnetId", 0),
            required("allowRequests", 0),
            number("vlanId"),
            required("showName", 0),
            default(number("device"), 0),
            text("permissions", 1024),
            required("pingSubnet", 0),
            required("discoverSubnet", 0),
            required("resolveDNS", 0),
            required("DNSrecursive", 0),
            required("DNSrecords", 0),
            default(number("nameserverId"), 0),
            number("scanAgent"),
            number("customer_id"),
            required("isFolder", 0),
            required("isFull", 0),
            required("isPool", 0),
            default(number("state"), 2),
            default(number("threshold"), 0),
            number("location"),
            moment("editDate"),
            moment("lastScan"),
            moment("lastDiscovery"),
        ],
    )
}

fn addresses() -> Table {
    Table::new(
        "ipaddresses",
        vec![
            key("id"),
            number("subnetId"),
            text("ip_addr", 100),
            required("is_gateway", 0),
            text("description", 64),
            text("hostname", 255),
            text("mac", 20),
            text("owner", 128),
            default(number("state"), 2),
            number("switch"),
            number("location"),
            text("port", 32),
            text("note", 65_535),
            default_text(moment("lastSeen"), "1970-01-01 00:00:01"),
            required("excludePing", 0),
            required("PTRignore", 0),
            default(number("PTR"), 0),
            text("firewallAddressObject", 100),
            moment("editDate"),
            number("customer_id"),
        ],
    )
}

fn devices() -> Table {
    let level = &["none", "noAuthNoPriv", "authNoPriv", "authPriv"];
    Table::new(
        "devices",
        vec![
            key("id"),
            text("hostname", 255),
            text("ip_addr", 100),
            default(number("type"), 0),
            text("description", 256),
            text("sections", 1024),
            text("snmp_community", 100),
            one_of("snmp_version", &["0", "1", "2", "3"]),
            default(number("snmp_port"), 161),
            default(number("snmp_timeout"), 1000),
            text("snmp_queries", 128),
            one_of("snmp_v3_sec_level", level),
            one_of("snmp_v3_auth_protocol", &["none", "MD5", "SHA"]),
            text("snmp_v3_auth_pass", 64),
            one_of("snmp_v3_priv_protocol", &["none", "DES", "AES"]),
            text("snmp_v3_priv_pass", 64),
            text("snmp_v3_ctx_name", 64),
            text("snmp_v3_ctx_engine_id", 64),
            number("rack"),
            number("rack_start"),
            number("rack_size"),
            default(number("rack_deep"), 0),
            number("location"),
            moment("editDate"),
        ],
    )
}

fn column(name: &str, kind: Type, nullable: bool, default: Cell) -> Column {
    Column { name: name.to_owned(), kind, nullable, default, custom: None, must_be_given: false }
}

fn key(name: &str) -> Column {
    column(name, Type::Int, false, Cell::Null)
}

fn number(name: &str) -> Column {
    column(name, Type::Int, true, Cell::Null)
}

fn required(name: &str, value: i64) -> Column {
    column(name, Type::Int, false, Cell::Int(value))
}

fn text(name: &str, limit: usize) -> Column {
    column(name, Type::Text(limit), true, Cell::Null)
}

fn required_text(name: &str, limit: usize) -> Column {
    column(name, Type::Text(limit), false, Cell::Null)
}

fn moment(name: &str) -> Column {
    column(name, Type::DateTime, true, Cell::Null)
}

/// The first value is the default.
fn one_of(name: &str, values: &[&str]) -> Column {
    let default = values.first().map_or(Cell::Null, |v| Cell::text(*v));
    column(name, Type::OneOf(values.iter().map(|v| (*v).to_owned()).collect()), true, default)
}

fn default(mut column: Column, value: i64) -> Column {
    column.default = Cell::Int(value);
    column
}

fn default_text(mut column: Column, value: &str) -> Column {
    column.default = Cell::text(value);
    column
}
