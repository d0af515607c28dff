//! State of the server.

use std::time::Duration;

use serde_json::Value;

use super::config::User;
use super::rows::{CatalogItem, Compute, Profile, Request, Resource, Token, WorkItem};
use crate::testing::id::uuid;
use crate::testing::table::Table;

/// State of the server. Requests change it, and tests do so through [`Server::seed`](super::Server::seed).
///
/// ```
/// use vra_client::testing::v7::{Server, Store, User};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::builder().example_data().start().await?;
/// let count = server.seed(|store| {
///     store.add_user(User::new("ann@example.com", "secret"));
///     store.add_ipam_range(Store::IPAM_ENDPOINT, "lab", [10, 0, 0, 1].into(), [10, 0, 0, 9].into());
///     store.resource_count()
/// });
/// assert_eq!(count, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Store {
    last: u64,
    pub(super) users: Vec<User>,
    pub(super) tokens: Vec<Token>,
    pub(super) tenants: Table,
    /// Tenant and row. The tenant is not a member of the row.
    pub(super) directories: Vec<(String, Value)>,
    pub(super) principals: Vec<(String, Value)>,
    /// Tenant, principal and role.
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
    /// Id of the endpoint, and row.
    pub(super) ipam_ranges: Vec<(String, Value)>,
    pub(super) ipam_spaces: Vec<(String, Value)>,
    /// Number of polls that find a request in progress.
    pub(super) polls_in_progress: u32,
    /// Lifetime of a token.
    pub(super) token_lifetime: Duration,
    /// Number of addresses that were assigned without a network profile, as DHCP would.
    // A machine without a network profile has an address all the same on a real server; a test can then tell both kinds.
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

    /// Returns a number that was not used before.
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Returns an id that was not used before.
    pub(super) fn id(&mut self) -> String {
        // From a counter and not from a random source: a test that failed gets the same ids when it is run again.
        let number = self.number();
        uuid(number)
    }

    /// Returns the name of a tenant for display; null if there is no such tenant.
    pub(super) fn tenant_label(&self, id: &str) -> Value {
        self.tenants.get(id).and_then(|row| row.get("name")).cloned().unwrap_or_default()
    }

    /// Returns the name of a business group; null if there is no such group.
    pub(super) fn subtenant_label(&self, id: &str) -> Value {
        self.subtenants.get(id).and_then(|row| row.get("name")).cloned().unwrap_or_default()
    }

    /// Returns the organization as catalog rows have it: tenant and business group, each with its name.
    pub(super) fn organization(&self, tenant: &str, subtenant: &str) -> Value {
        serde_json::json!({
            "tenantRef": tenant, "tenantLabel": self.tenant_label(tenant),
            "subtenantRef": subtenant, "subtenantLabel": self.subtenant_label(subtenant),
        })
    }

    /// Returns the name of a user for display; the user itself if the directory does not have it.
    pub(super) fn display_name(&self, user: &str) -> String {
        let row = self.principals.iter().find(|(_, row)| full_name(row).as_deref() == Some(user));
        let name = row.and_then(|(_, row)| row.get("name")).and_then(Value::as_str);
        name.unwrap_or(user).to_owned()
    }

    /// Returns a request by its id.
    pub(super) fn request(&self, id: &str) -> Option<&Request> {
        self.requests.iter().find(|request| request.id == id)
    }

    /// Returns a request by its id, to be changed.
    pub(super) fn request_mut(&mut self, id: &str) -> Option<&mut Request> {
        self.requests.iter_mut().find(|request| request.id == id)
    }

    /// Returns a resource by its id.
    pub(super) fn resource(&self, id: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.id == id)
    }

    /// Returns the bounds of a range of an IPAM endpoint, by its id at the endpoint.
    pub(super) fn endpoint_range(&self, external_id: &str) -> Option<Value> {
        let row = self.ipam_ranges.iter().find(|(_, row)| row["externalId"].as_str() == Some(external_id));
        row.map(|(_, row)| serde_json::json!({"begin": row["beginIPv4Address"], "end": row["endIPv4Address"]}))
    }
}

/// Returns `name@domain` of a principal.
pub(super) fn full_name(row: &Value) -> Option<String> {
    let id = row.get("principalId")?;
    Some(format!("{}@{}", id.get("name")?.as_str()?, id.get("domain")?.as_str()?))
}
