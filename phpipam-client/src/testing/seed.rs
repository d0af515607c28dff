//! Filling a server: typed functions for the usual objects, and a general one for the rest.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Map, Value};

use super::config::UserAccount;
use super::ip_number::{self, Net};
use super::refusal::Refusal;
use super::schema::Object;
use super::store::{Account, Store};
use super::table::{Cell, Column, Fields, Type};

/// A row that the server's database would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeedError(String);

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SeedError {}

impl From<Refusal> for SeedError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fail { message, .. } => Self(message.into_owned()),
            Refusal::Html(text) => Self(text),
            Refusal::Fatal => Self("the server has no such table".to_owned()),
        }
    }
}

/// A custom field: a column more on a kind of object.
#[derive(Debug, Clone)]
pub struct CustomColumn {
    column: Column,
}

impl CustomColumn {
    fn new(name: &str, kind: Type, sql: String, nullable: bool, default: Cell) -> Self {
        let column = Column {
            name: name.to_owned(),
            kind,
            nullable,
            default,
            custom: Some((sql, String::new())),
            must_be_given: false,
        };
        Self { column }
    }

    /// A text of at most so many characters.
    #[must_use]
    pub fn text(name: &str, limit: usize) -> Self {
        Self::new(name, Type::Text(limit), format!("varchar({limit})"), true, Cell::Null)
    }

    /// A whole number.
    #[must_use]
    pub fn number(name: &str) -> Self {
        Self::new(name, Type::Int, "int(8)".to_owned(), true, Cell::Null)
    }

    /// A number with a fraction.
    #[must_use]
    pub fn float(name: &str) -> Self {
        Self::new(name, Type::Float, "double".to_owned(), true, Cell::Null)
    }

    /// A flag that is never null.
    #[must_use]
    pub fn flag(name: &str, default: bool) -> Self {
        Self::new(name, Type::Int, "tinyint(1)".to_owned(), false, Cell::Int(i64::from(default)))
    }

    /// One of a few texts.
    #[must_use]
    pub fn one_of(name: &str, values: &[&str]) -> Self {
        let sql = format!("enum({})", values.iter().map(|v| format!("'{v}'")).collect::<Vec<_>>().join(","));
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        Self::new(name, Type::OneOf(values), sql, true, Cell::Null)
    }

    /// A date.
    #[must_use]
    pub fn date(name: &str) -> Self {
        Self::new(name, Type::Date, "date".to_owned(), true, Cell::Null)
    }

    /// Sets the default of a number.
    #[must_use]
    pub fn with_default(mut self, value: i64) -> Self {
        self.column.default = Cell::Int(value);
        self
    }

    /// Makes it required, as the checkbox "Required field" does: NOT NULL, with this default or without any. A text may have
    /// an empty default, which the API refuses when it is written. Rows that are there hold the default, or what the database
    /// fills in: an empty text, 0, the first choice.
    #[must_use]
    pub fn required(mut self, default: Option<&str>) -> Self {
        self.column.nullable = false;
        self.column.must_be_given = default.is_none();
        self.column.default = match (&self.column.kind, default) {
            (Type::Int | Type::Float, default) => Cell::Int(default.and_then(|text| text.parse().ok()).unwrap_or(0)),
            (Type::OneOf(choices), None) => choices.first().map_or(Cell::Null, Cell::text),
            (_, default) => Cell::text(default.unwrap_or_default()),
        };
        self
    }

    /// Sets the comment that the schema call shows.
    #[must_use]
    pub fn with_comment(mut self, text: impl Into<String>) -> Self {
        if let Some((_, comment)) = &mut self.column.custom {
            *comment = text.into();
        }
        self
    }
}

impl Store {
    /// Adds a row of any kind by column names, checked as the database does; returns its id. Networks and addresses may be given in
    /// text form. What the API would check or fill in beyond that (overlaps, permissions) is not.
    ///
    /// # Errors
    /// An unknown column, a value that does not fit its column, or a duplicate.
    pub fn add(&mut self, object: Object, fields: &[(&str, &str)]) -> Result<u64, SeedError> {
        let table = self.table(object);
        let mut row = Fields::with_capacity(fields.len());
        for (name, value) in fields {
            let column = column_name(object, name);
            if !table.has_column(column) {
                return Err(SeedError(format!("{} has no column {name}", table.name())));
            }
            row.push((column.to_owned(), Some(stored(column, value))));
        }
        Ok(self.insert_row(object, &row)?)
    }

    /// Sets a column of a row, without any check.
    pub fn set_field(&mut self, object: Object, id: u64, field: &str, value: &str) {
        let column = column_name(object, field);
        let text = stored(column, value);
        let numeric = self.table(object).columns().iter().any(|c| c.name == column && c.kind == Type::Int);
        let cell = match text.parse() {
            Ok(number) if numeric => Cell::Int(number),
            _ if text.is_empty() => Cell::Null,
            _ => Cell::Text(text),
        };
        self.set(object, id, column, cell);
    }

    /// A row as the database holds it (decimal addresses, `state`, `switch`), or `None`.
    #[must_use]
    pub fn row(&self, object: Object, id: u64) -> Option<Map<String, Value>> {
        let table = self.table(object);
        table.contains(id).then(|| table.json(id, false))
    }

    /// The ids of all rows of a kind.
    #[must_use]
    pub fn ids(&self, object: Object) -> Vec<u64> {
        self.table(object).ids().collect()
    }

    /// The addresses in use in a subnet, in order, with their ids.
    #[must_use]
    pub fn used(&self, subnet: u64) -> Vec<(IpAddr, u64)> {
        self.addresses_of(subnet).map(|(ip, id)| (ip_number::ip(ip), id)).collect()
    }

    /// Removes a row as an administrator would behind the client's back; a subnet goes with its children and addresses.
    pub fn delete(&mut self, object: Object, id: u64) {
        if object == Object::Subnet { self.remove_subnet(id) } else { self.remove(object, id) }
    }

    /// Removes all rows of a kind.
    pub fn clear(&mut self, object: Object) {
        for id in self.ids(object) {
            self.delete(object, id);
        }
        if let Some(table) = self.tables.get_mut(&object) {
            table.clear();
        }
    }

    /// Adds a section; overlaps are refused in it.
    pub fn add_section(&mut self, name: &str) -> u64 {
        let permissions = r#"{"3":"1","2":"2"}"#;
        self.seed(Object::Section, &[("name", name), ("strictMode", "1"), ("permissions", permissions)])
    }

    /// Adds a subnet under the smallest subnet of that section that contains it, with the section's permissions.
    pub fn add_subnet(&mut self, section: u64, net: IpNet) -> u64 {
        let first = ip_number::of(net.network());
        let master = Net::new(first, net.prefix_len()).and_then(|inner| self.enclosing(section, inner));
        let permissions = self.cell(Object::Section, section, "permissions").as_text();
        self.seed(
            Object::Subnet,
            &[
                ("subnet", &first.to_string()),
                ("mask", &net.prefix_len().to_string()),
                ("sectionId", &section.to_string()),
                ("masterSubnetId", &master.unwrap_or(0).to_string()),
                ("permissions", &permissions),
            ],
        )
    }

    /// Adds a folder at the top of a section.
    pub fn add_folder(&mut self, section: u64, name: &str) -> u64 {
        let section = section.to_string();
        self.seed(Object::Subnet, &[("subnet", "0"), ("isFolder", "1"), ("sectionId", &section), ("description", name)])
    }

    /// Adds an address with a host name; an address that is there already keeps its row, whose id is returned.
    pub fn add_address(&mut self, subnet: u64, ip: IpAddr, hostname: &str) -> u64 {
        if let Some(id) = self.address_at(subnet, ip_number::of(ip)) {
            return id;
        }
        let (subnet, ip) = (subnet.to_string(), ip.to_string());
        self.seed(Object::Address, &[("subnetId", &subnet), ("ip_addr", &ip), ("hostname", hostname)])
    }

    /// Fills a subnet from its first usable address with at most so many addresses; returns how many were added.
    pub fn fill(&mut self, subnet: u64, count: u64) -> u64 {
        let Some((first, last)) = self.net_of(subnet).map(|net| net.usable(self.is_pool(subnet))) else { return 0 };
        let mut added = 0;
        let mut next = first;
        while added < count && next <= last {
            if self.address_at(subnet, next).is_none() {
                self.add_address(subnet, ip_number::ip(next), "");
                added += 1;
            }
            next += 1;
        }
        added
    }

    /// Adds a VLAN to the default domain.
    pub fn add_vlan(&mut self, number: u16, name: &str) -> u64 {
        self.seed(Object::Vlan, &[("number", &number.to_string()), ("name", name)])
    }

    /// Adds a VRF.
    pub fn add_vrf(&mut self, name: &str) -> u64 {
        self.seed(Object::Vrf, &[("name", name)])
    }

    /// Adds a set of name servers.
    pub fn add_nameservers(&mut self, name: &str, servers: &[IpAddr]) -> u64 {
        let list = servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(";");
        self.seed(Object::Nameservers, &[("name", name), ("namesrv1", &list)])
    }

    /// Adds an address tag.
    pub fn add_tag(&mut self, name: &str) -> u64 {
        self.seed(Object::Tag, &[("type", name)])
    }

    /// Adds a custom field to a kind of object; rows that exist get its default.
    pub fn add_custom_field(&mut self, object: Object, field: CustomColumn) {
        if let Some(table) = self.tables.get_mut(&object) {
            table.add_column(field.column);
        }
    }

    /// Adds a user.
    pub fn add_user(&mut self, user: UserAccount) {
        self.accounts.push(Account { user, token: None });
    }

    /// Refuses or allows logins of a user; a token given before stays valid, as on the real server.
    pub fn set_user_disabled(&mut self, name: &str, disabled: bool) {
        for account in self.accounts.iter_mut().filter(|a| a.user.name == name) {
            account.user.disabled = disabled;
        }
    }

    /// Lets the server refuse every call with 503 `API server disabled`, or serve again.
    pub fn set_api_enabled(&mut self, enabled: bool) {
        self.api_enabled = enabled;
    }

    /// Allows or forbids VLANs with the same number in one domain.
    pub fn set_vlan_duplicates(&mut self, allowed: bool) {
        self.vlan_duplicates = allowed;
    }

    /// Lets the server have a ping program, or lack it: then it answers pings with HTML and status 200.
    pub fn set_can_ping(&mut self, can_ping: bool) {
        self.can_ping = can_ping;
    }

    /// Adds a group of users; returns its id.
    pub fn add_group(&mut self, name: &str) -> u64 {
        let id = self.groups.keys().next_back().map_or(2, |last| last + 1);
        self.groups.insert(id, (name.to_owned(), None));
        id
    }

    /// Forgets failed logins.
    pub fn unblock(&mut self) {
        self.failures = (0, None);
    }

    /// Adds a row whose columns are known to exist. Text longer than its column is cut rather than refused.
    pub(super) fn seed(&mut self, object: Object, fields: &[(&str, &str)]) -> u64 {
        match self.add(object, fields) {
            Ok(id) => id,
            Err(_) => {
                let id = self.tables.get_mut(&object).and_then(|t| t.insert(&Fields::new()).ok()).unwrap_or(0);
                for (name, value) in fields {
                    self.set_field(object, id, name, value);
                }
                id
            }
        }
    }

    /// What every installation has.
    pub(super) fn install(&mut self) {
        for (name, show, bg, compress) in [
            ("Offline", "1", "#f59c99", "No"),
            ("Used", "0", "#a9c9a4", "No"),
            ("Reserved", "1", "#9ac0cd", "No"),
            ("DHCP", "1", "#c9c9c9", "Yes"),
        ] {
            let (fg, locked) = ("#ffffff", "Yes");
            self.seed(
                Object::Tag,
                &[
                    ("type", name),
                    ("showtag", show),
                    ("bgcolor", bg),
                    ("fgcolor", fg),
                    ("compress", compress),
                    ("locked", locked),
                    ("updateTag", "1"),
                ],
            );
        }
        for name in ["Switch", "Router", "Firewall", "Hub", "Wireless", "Database", "Workstation", "Laptop", "Other"] {
            self.seed(Object::DeviceType, &[("tname", name), ("tdescription", name)]);
        }
        self.seed(Object::L2Domain, &[("name", "default"), ("description", "default L2 domain")]);
        let agent = [("name", "localhost"), ("description", "Scanning from local machine"), ("type", "direct")];
        self.seed(Object::ScanAgent, &agent);
    }
}

/// API names of columns.
pub(super) fn column_name(object: Object, name: &str) -> &str {
    match (object, name) {
        (Object::Subnet | Object::Address, "tag") => "state",
        (Object::Address, "ip") => "ip_addr",
        (Object::Address, "deviceId") => "switch",
        (Object::L2Domain | Object::Nameservers, "sections") => "permissions",
        (Object::Device, "ip") => "ip_addr",
        (Object::Customer, "tag") => "state",
        _ => name,
    }
}

fn stored(column: &str, value: &str) -> String {
    match (column, value.parse::<IpAddr>()) {
        ("subnet" | "ip_addr", Ok(ip)) => ip_number::of(ip).to_string(),
        _ => value.to_owned(),
    }
}
