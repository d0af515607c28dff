//! What the server remembers.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::catalog::{Request, Resource};
use super::config::{Item, User};
use super::network::Profile;
use super::work_items::WorkItem;

/// What the server remembers. Changed by requests, and by tests through [`Server::seed`](super::Server::seed).
#[derive(Debug)]
pub struct Store {
    last: u64,
    pub(super) users: Vec<User>,
    pub(super) tokens: Vec<Token>,
    pub(super) tenants: Table,
    /// Rows with a member `tenant` that is not shown.
    pub(super) directories: Vec<(String, Value)>,
    pub(super) principals: Vec<(String, Value)>,
    /// Tenant, principal, role.
    pub(super) assigned: Vec<(String, String, String)>,
    pub(super) subtenants: Table,
    pub(super) items: Vec<CatalogItem>,
    pub(super) requests: Vec<Request>,
    pub(super) resources: Vec<Resource>,
    pub(super) work_items: Vec<WorkItem>,
    pub(super) reservations: Table,
    pub(super) policies: Table,
    pub(super) key_pairs: Table,
    pub(super) profiles: Vec<Profile>,
    pub(super) compute: Vec<Compute>,
    pub(super) services: Table,
    /// Endpoint and row.
    pub(super) ipam_ranges: Vec<(String, Value)>,
    pub(super) ipam_spaces: Vec<(String, Value)>,
    /// For how many looks a request is being worked on.
    pub(super) looks: u32,
    /// How long a token lasts.
    pub(super) token_life: Duration,
    /// Addresses given out where no network profile is.
    pub(super) dhcp: u8,
}

/// A token that was given out.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) id: String,
    pub(super) user: String,
    pub(super) tenant: String,
    pub(super) until: SystemTime,
}

/// An item with its ids.
#[derive(Debug, Clone)]
pub(super) struct CatalogItem {
    pub(super) id: String,
    pub(super) link_id: String,
    pub(super) service_id: String,
    pub(super) tenant: String,
    pub(super) subtenant: String,
    pub(super) created: SystemTime,
    pub(super) item: Item,
}

/// A cluster with what hangs on it.
#[derive(Debug)]
pub(super) struct Compute {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) networks: Vec<(String, String)>,
    pub(super) storages: Vec<(String, String)>,
    pub(super) pools: Vec<(String, String)>,
}

impl Store {
    pub(super) fn new(looks: u32, token_life: Duration) -> Self {
        Self {
            last: 0,
            users: Vec::new(),
            tokens: Vec::new(),
            tenants: Table::new("id"),
            directories: Vec::new(),
            principals: Vec::new(),
            assigned: Vec::new(),
            subtenants: Table::new("id"),
            items: Vec::new(),
            requests: Vec::new(),
            resources: Vec::new(),
            work_items: Vec::new(),
            reservations: Table::new("id"),
            policies: Table::new("id"),
            key_pairs: Table::new("id"),
            profiles: Vec::new(),
            compute: Vec::new(),
            services: Table::new("id"),
            ipam_ranges: Vec::new(),
            ipam_spaces: Vec::new(),
            looks,
            token_life,
            dhcp: 0,
        }
    }

    /// A number that was not used before.
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// An id that was not used before. The same order of calls gives the same ids.
    pub(super) fn id(&mut self) -> String {
        let number = self.number();
        uuid(number)
    }

    /// The name of a tenant.
    pub(super) fn tenant_label(&self, id: &str) -> Value {
        self.tenants.get(id).and_then(|row| row.get("name")).cloned().unwrap_or_default()
    }

    /// The name of a business group.
    pub(super) fn subtenant_label(&self, id: &str) -> Value {
        self.subtenants.get(id).and_then(|row| row.get("name")).cloned().unwrap_or_default()
    }

    pub(super) fn organization(&self, tenant: &str, subtenant: &str) -> Value {
        serde_json::json!({
            "tenantRef": tenant, "tenantLabel": self.tenant_label(tenant),
            "subtenantRef": subtenant, "subtenantLabel": self.subtenant_label(subtenant),
        })
    }

    /// A user's name for display, from the directory.
    pub(super) fn display_name(&self, user: &str) -> String {
        let row = self.principals.iter().find(|(_, row)| full_name(row).as_deref() == Some(user));
        let name = row.and_then(|(_, row)| row.get("name")).and_then(Value::as_str);
        name.unwrap_or(user).to_owned()
    }
}

/// `name@domain` of a principal.
pub(super) fn full_name(row: &Value) -> Option<String> {
    let id = row.get("principalId")?;
    Some(format!("{}@{}", id.get("name")?.as_str()?, id.get("domain")?.as_str()?))
}

/// An id that looks like the server's own.
pub(super) fn uuid(seed: u64) -> String {
    let mut state = seed;
    let (high, low) = (ipam_core::testing::splitmix64(&mut state), ipam_core::testing::splitmix64(&mut state));
    let (high, low) = (format!("{high:016x}"), format!("{low:016x}"));
    let part = |text: &str, from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
    format!(
        "{}-{}-4{}-a{}-{}",
        part(&high, 0, 8),
        part(&high, 8, 12),
        part(&high, 13, 16),
        part(&low, 1, 4),
        part(&low, 4, 16)
    )
}

/// An id that depends on a name only.
pub(super) fn uuid_of(name: &str) -> String {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    uuid(hash)
}

/// Rows that are told apart by one of their members.
#[derive(Debug)]
pub(super) struct Table {
    key: &'static str,
    pub(super) rows: Vec<Value>,
}

impl Table {
    fn new(key: &'static str) -> Self {
        Self { key, rows: Vec::new() }
    }

    fn is(&self, row: &Value, id: &str) -> bool {
        match row.get(self.key) {
            Some(Value::String(text)) => text == id,
            Some(Value::Number(number)) => number.to_string() == id,
            _ => false,
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<&Value> {
        self.rows.iter().find(|row| self.is(row, id))
    }

    /// Puts a row in the place of the one of its id, or behind all others; says whether there was one.
    pub(super) fn put(&mut self, id: &str, row: Value) -> bool {
        match self.rows.iter().position(|old| self.is(old, id)).and_then(|at| self.rows.get_mut(at)) {
            Some(old) => {
                *old = row;
                true
            }
            None => {
                self.rows.push(row);
                false
            }
        }
    }

    pub(super) fn remove(&mut self, id: &str) -> bool {
        let before = self.rows.len();
        let key = self.key;
        let table = Self::new(key);
        self.rows.retain(|row| !table.is(row, id));
        self.rows.len() < before
    }
}
