//! Tables of the database with their columns and defaults, in the order in which the server shows them.

use super::table::{Cell, Column, Table, Type};

/// Kind of object that a server keeps: a table of its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Object {
    /// Section.
    Section,
    /// Subnet or folder. Folders are rows of the same table, with `isFolder` 1.
    Subnet,
    /// IP address.
    Address,
    /// VLAN.
    Vlan,
    /// VRF.
    Vrf,
    /// Layer 2 domain.
    L2Domain,
    /// Set of name servers.
    Nameservers,
    /// Tag of addresses.
    Tag,
    /// Device.
    Device,
    /// Device type.
    DeviceType,
    /// Scan agent.
    ScanAgent,
    /// Location.
    Location,
    /// Rack.
    Rack,
    /// Customer.
    Customer,
    /// NAT rule.
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

    /// Returns an empty table for this kind of object.
    pub(super) fn table(self) -> Table {
        match self {
            Self::Section => sections(),
            Self::Subnet => subnets(),
            Self::Address => addresses(),
            Self::Vlan => Table::new(
                "vlans",
                vec![
                    key("vlanId"),
                    // The default domain has id 1; VLANs of deleted domains move there.
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
                // Reads show `permissions` as `sections`; the column holds ids of sections, such as "1;2" (Q33).
                vec![key("id"), text("name", 64), text("description", 65_535), text("permissions", 128)],
            ),
            Self::Nameservers => Table::new(
                "nameservers",
                vec![
                    key("id"),
                    text("name", 255),
                    // All servers of the set in one text, separated by `;` (Q33).
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
                    // Flags of tags are SET('No','Yes'), and texts on every PHP (Q05).
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
                    // Texts, so they stay texts where other numbers are JSON numbers.
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
                    // A part of the postal address; the API calls it `tag`, as it does the state of an address.
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
                    // JSON as text: `tools/nat` shows it so, and `…/objects/` decodes it.
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

    /// Returns the name of the column that holds the id.
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
            // Q03: BINARY(1) in the real schema, so a text on every PHP.
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
    // The API does not look for a section of that name. A duplicate is 500 with SQLSTATE 1062, which names this key.
    .with_unique("PRIMARY", &["name"])
}

fn subnets() -> Table {
    Table::new(
        "subnets",
        vec![
            key("id"),
            text("subnet", 255),
            // Q03, Q39: VARCHAR(3), always a text; empty or null for folders.
            text("mask", 3),
            number("sectionId"),
            text("description", 65_535),
            number("linked_subnet"),
            text("firewallAddressObject", 100),
            number("vrfId"),
            required("masterSubnetId", 0),
            // NOT NULL, like all flags here: JSON `false` arrives as an empty text, so as NULL, and is refused.
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
            // Q40: `customer_id` exists since 1.4, `isPool` since 1.5.
            number("customer_id"),
            required("isFolder", 0),
            required("isFull", 0),
            required("isPool", 0),
            // Reads of subnets say `tag`, writes need `state`.
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
            // The decimal number of the address. The unique key over it and `subnetId` is checked in `Store`, by an
            // index.
            text("ip_addr", 100),
            required("is_gateway", 0),
            // Much shorter than other descriptions. A longer text is 500 with SQLSTATE 1406.
            text("description", 64),
            text("hostname", 255),
            text("mac", 20),
            text("owner", 128),
            // Q26: the columns `state` and `switch` are `tag` and `deviceId` to the API.
            default(number("state"), 2),
            number("switch"),
            number("location"),
            text("port", 32),
            text("note", 65_535),
            // Q07: never seen; null up to 1.4.7.
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
            // An ENUM of digits: a text on every PHP, unlike the numbers around it.
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
            // In 1.8.2, and not in 1.7.4.
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

/// Returns an enumeration whose first value is the default.
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
