//! What the server remembers.

use std::time::Duration;

use serde_json::Value;

use super::config::User;
use super::rows::{CatalogItem, Compute, Profile, Request, Resource, Table, Token, WorkItem, uuid};

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
    /// For how many polls_in_progress a request is being worked on.
    pub(super) polls_in_progress: u32,
    /// How long a token lasts.
    pub(super) token_lifetime: Duration,
    /// Addresses given out where no network profile is.
    pub(super) dhcp: u8,
}

impl Store {
    pub(super) fn new(polls_in_progress: u32, token_lifetime: Duration) -> Self {
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
            polls_in_progress,
            token_lifetime,
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

    pub(super) fn request(&self, id: &str) -> Option<&Request> {
        self.requests.iter().find(|request| request.id == id)
    }

    pub(super) fn request_mut(&mut self, id: &str) -> Option<&mut Request> {
        self.requests.iter_mut().find(|request| request.id == id)
    }

    pub(super) fn resource(&self, id: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.id == id)
    }

    /// A range of an IPAM endpoint by the id that it has there.
    pub(super) fn endpoint_range(&self, external_id: &str) -> Option<Value> {
        let row = self.ipam_ranges.iter().find(|(_, row)| row["externalId"].as_str() == Some(external_id));
        row.map(|(_, row)| serde_json::json!({"begin": row["beginIPv4Address"], "end": row["endIPv4Address"]}))
    }
}

/// `name@domain` of a principal.
pub(super) fn full_name(row: &Value) -> Option<String> {
    let id = row.get("principalId")?;
    Some(format!("{}@{}", id.get("name")?.as_str()?, id.get("domain")?.as_str()?))
}
