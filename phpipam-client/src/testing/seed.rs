//! Seeding a server: typed functions for the usual objects, and a general one for all others.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Map, Value};

use super::config::UserAccount;
use super::custom_column::CustomColumn;
use super::ip_number::{self, Net};
use super::refusal::Refusal;
use super::schema::Object;
use super::store::{Account, Store};
use super::table::{Cell, Fields, Type};

/// Error of [`Store::add`]: the database would refuse the row. The text names the column or quotes the database.
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
            Refusal::Fail { message, .. } | Refusal::Uncaught(message) => Self(message.into_owned()),
            Refusal::Html(text) => Self(text),
            Refusal::Fatal => Self("the server has no such table".to_owned()),
        }
    }
}

impl Store {
    /// Adds a row of any kind and returns its id.
    ///
    /// Names are those of columns or of the API (`ip`, `tag`, `deviceId`). Networks and addresses may be in text form.
    /// The database checks types, lengths and unique keys; the checks of the API (overlaps, references) are not made,
    /// and its defaults (permissions of the section) not filled in.
    ///
    /// ```
    /// use phpipam_client::testing::{Object, SeedError, Server};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::start().await?;
    /// server.seed(|store| {
    ///     let location = store.add(Object::Location, &[("name", "Oslo"), ("lat", "59.91")])?;
    ///     assert_eq!(store.row(Object::Location, location).unwrap()["name"], "Oslo");
    ///
    ///     let error = store.add(Object::Location, &[("colour", "red")]).unwrap_err();
    ///     assert_eq!(error.to_string(), "locations has no column colour");
    ///     Ok::<_, SeedError>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SeedError`] if a column does not exist, a value does not fit its column, or a unique key has the value already
    /// (name of a section, address in its subnet).
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

    /// Sets a column of a row.
    ///
    /// Nothing is checked: a value that the database would refuse is stored, an unknown id or column changes nothing.
    /// An empty value is null. Names and forms are those of [`add`](Self::add).
    ///
    /// ```
    /// use phpipam_client::testing::{Object, Server};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::start().await?;
    /// server.seed(|store| {
    ///     let section = store.add_section("Lab");
    ///     let subnet = store.add_subnet(section, "192.0.2.0/24".parse().unwrap());
    ///     let router = store.add_address(subnet, "192.0.2.1".parse().unwrap(), "router");
    ///     store.set_field(Object::Address, router, "is_gateway", "1");
    ///     store.set_field(Object::Address, router, "tag", "3"); // Reserved
    ///
    ///     let row = store.row(Object::Address, router).unwrap();
    ///     assert_eq!(row["is_gateway"], 1);
    ///     assert_eq!(row["state"], 3, "the database says state where the API says tag");
    ///     assert_eq!(row["ip_addr"], "3221225985", "addresses are stored as decimal numbers");
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_field(&mut self, object: Object, id: u64, field: &str, value: &str) {
        let column = column_name(object, field);
        let text = stored(column, value);
        // The type of the column decides between number and text, as clients see the difference.
        let numeric = self.table(object).columns().iter().any(|c| c.name == column && c.kind == Type::Int);
        let cell = match text.parse() {
            Ok(number) if numeric => Cell::Int(number),
            _ if text.is_empty() => Cell::Null,
            _ => Cell::Text(text),
        };
        self.set(object, id, column, cell);
    }

    /// Returns a row with the columns of the database, or `None` if there is no such row.
    ///
    /// Addresses are decimal; `tag` and `deviceId` of the API are the columns `state` and `switch`.
    #[must_use]
    pub fn row(&self, object: Object, id: u64) -> Option<Map<String, Value>> {
        let table = self.table(object);
        table.contains(id).then(|| table.json(id, false))
    }

    /// Returns the ids of all rows of a kind, in ascending order.
    #[must_use]
    pub fn ids(&self, object: Object) -> Vec<u64> {
        self.table(object).ids().collect()
    }

    /// Returns the addresses in use in a subnet with the ids of their rows, in ascending order. Empty if there is no
    /// such subnet.
    #[must_use]
    pub fn used(&self, subnet: u64) -> Vec<(IpAddr, u64)> {
        self.addresses_of(subnet).map(|(ip, id)| (ip_number::ip(ip), id)).collect()
    }

    /// Removes a row, and nothing if there is no such row. A subnet is removed with its children and addresses.
    ///
    /// No request does it and no changelog has it: to a client it looks like a change by another one.
    pub fn delete(&mut self, object: Object, id: u64) {
        if object == Object::Subnet { self.remove_subnet(id) } else { self.remove(object, id) }
    }

    /// Removes all rows of a kind; with subnets also all addresses.
    pub fn clear(&mut self, object: Object) {
        for id in self.ids(object) {
            self.delete(object, id);
        }
        if let Some(table) = self.tables.get_mut(&object) {
            table.clear();
        }
    }

    /// Adds a section and returns its id. The section is strict: the API refuses overlapping subnets in it.
    ///
    /// A second section of the same name is added, although the API would refuse it.
    pub fn add_section(&mut self, name: &str) -> u64 {
        // The rights of the sections of the example data: Guests (3) read, Operators (2) write.
        let permissions = r#"{"3":"1","2":"2"}"#;
        self.seed(Object::Section, &[("name", name), ("strictMode", "1"), ("permissions", permissions)])
    }

    /// Adds a subnet with the permissions of its section, and returns its id.
    ///
    /// Its parent is the smallest subnet of the section that contains it. Host bits of `net` are dropped. Overlaps are
    /// not checked, and neither is that the section exists.
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

    /// Adds a folder at the top of a section and returns its id. A folder is a subnet without a network.
    pub fn add_folder(&mut self, section: u64, name: &str) -> u64 {
        let section = section.to_string();
        self.seed(Object::Subnet, &[("subnet", "0"), ("isFolder", "1"), ("sectionId", &section), ("description", name)])
    }

    /// Adds an address with a host name and returns the id of its row.
    ///
    /// An address that the subnet already has is left as it is, and the id of its row is returned. It is not checked
    /// that the subnet exists and contains the address.
    pub fn add_address(&mut self, subnet: u64, ip: IpAddr, hostname: &str) -> u64 {
        if let Some(id) = self.address_at(subnet, ip_number::of(ip)) {
            return id;
        }
        let (subnet, ip) = (subnet.to_string(), ip.to_string());
        self.seed(Object::Address, &[("subnetId", &subnet), ("ip_addr", &ip), ("hostname", hostname)])
    }

    /// Adds up to `count` free addresses from the first usable one on, and returns the number of added addresses.
    ///
    /// It is less than `count` if the subnet becomes full, and 0 for a folder or an unknown subnet.
    ///
    /// ```
    /// use phpipam_client::models::{AddressFields, SubnetId};
    /// use phpipam_client::testing::Server;
    /// # use phpipam_client::{Auth, Client, HttpOptions};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::start().await?;
    /// let subnet = server.seed(|store| {
    ///     let section = store.add_section("Lab");
    ///     let subnet = store.add_subnet(section, "192.0.2.0/29".parse().unwrap());
    ///     assert_eq!(store.fill(subnet, 100), 6);
    ///     subnet
    /// });
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// let taken = client.addresses().allocate_first_free(SubnetId::new(subnet), &AddressFields::new()).await;
    /// assert!(taken.unwrap_err().is_exhausted());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// Adds a VLAN to the default L2 domain and returns its id.
    pub fn add_vlan(&mut self, number: u16, name: &str) -> u64 {
        self.seed(Object::Vlan, &[("number", &number.to_string()), ("name", name)])
    }

    /// Adds a VRF and returns its id.
    pub fn add_vrf(&mut self, name: &str) -> u64 {
        self.seed(Object::Vrf, &[("name", name)])
    }

    /// Adds a set of name servers and returns its id.
    pub fn add_nameservers(&mut self, name: &str, servers: &[IpAddr]) -> u64 {
        let list = servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(";");
        self.seed(Object::Nameservers, &[("name", name), ("namesrv1", &list)])
    }

    /// Adds an address tag and returns its id. The built-in ones are 1 Offline, 2 Used, 3 Reserved and 4 DHCP.
    pub fn add_tag(&mut self, name: &str) -> u64 {
        self.seed(Object::Tag, &[("type", name)])
    }

    /// Adds a custom field to a kind of object. Existing rows get its default.
    pub fn add_custom_field(&mut self, object: Object, field: CustomColumn) {
        if let Some(table) = self.tables.get_mut(&object) {
            table.add_column(field.column);
        }
    }

    /// Adds a user account.
    pub fn add_user(&mut self, user: UserAccount) {
        self.accounts.push(Account { user, token: None });
    }

    /// Refuses or allows logins of an account. A token that was given before stays valid, as on a real server.
    pub fn set_user_disabled(&mut self, name: &str, disabled: bool) {
        for account in self.accounts.iter_mut().filter(|a| a.user.name == name) {
            account.user.disabled = disabled;
        }
    }

    /// Enables or disables the API. While it is disabled, every call is 503 `API server disabled`.
    pub fn set_api_enabled(&mut self, enabled: bool) {
        self.api_enabled = enabled;
    }

    /// Allows or refuses VLANs with the same number in one domain. Default: refused with 409.
    pub fn set_vlan_duplicates(&mut self, allowed: bool) {
        self.vlan_duplicates = allowed;
    }

    /// Gives the server a ping program or takes it away. Without one a ping gets HTML with status 200. Default: it has
    /// one.
    pub fn set_can_ping(&mut self, can_ping: bool) {
        self.can_ping = can_ping;
    }

    /// Adds a group of users and returns its id. The built-in ones are 2 Operators and 3 Guests.
    pub fn add_group(&mut self, name: &str) -> u64 {
        let id = self.groups.keys().next_back().map_or(2, |last| last + 1);
        self.groups.insert(id, (name.to_owned(), None));
        id
    }

    /// Resets the count of failed logins, which ends a block.
    pub fn unblock(&mut self) {
        self.failures = (0, None);
    }

    /// Adds a row whose columns are known to exist, also where the database would refuse it.
    ///
    /// The typed functions return an id and no error, so that seeding stays short; a refused row is stored without
    /// checks.
    pub(super) fn seed(&mut self, object: Object, fields: &[(&str, &str)]) -> u64 {
        match self.add(object, fields) {
            Ok(id) => id,
            Err(_) => {
                // An empty row first: nothing in it is refused, and the cells are set without checks afterwards.
                let id = self.tables.get_mut(&object).and_then(|t| t.insert(&Fields::new()).ok()).unwrap_or(0);
                for (name, value) in fields {
                    self.set_field(object, id, name, value);
                }
                id
            }
        }
    }

    /// Adds the rows of a fresh installation.
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

/// Returns the column for a name of the API.
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
