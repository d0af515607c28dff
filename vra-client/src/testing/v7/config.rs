//! Configuration of the server: release, users, items.

/// Tenant that every server has.
pub(super) const TENANT: &str = "qe";

/// Release that the server behaves like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Release {
    /// Release 6.2. It has no flat views, no templates and no lists of addresses. Machines are not parts of deployments. A
    /// network profile that is updated without its addresses loses them.
    V6_2,
    /// Releases 7.1 to 7.6.
    #[default]
    V7,
}

/// User who may log in.
///
/// ```
/// use vra_client::testing::v7::{Server, User};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let clerk = User::new("ann@example.com", "secret").without_fabric_admin();
/// let root = User::new("administrator@vsphere.local", "secret").of_tenant("vsphere.local");
/// let server = Server::builder().user(clerk).user(root).start().await?;
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct User {
    pub(super) name: String,
    pub(super) password: String,
    pub(super) tenant: String,
    pub(super) fabric: bool,
}

impl User {
    /// Creates a user by `user@domain`, of the tenant [`Server::TENANT`](super::Server::TENANT), with all permissions.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        let tenant = TENANT.to_owned();
        Self { name: name.into(), password: password.into(), tenant, fabric: true }
    }

    /// Sets the tenant, by its name in URLs.
    pub fn of_tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = tenant.into();
        self
    }

    /// Takes the role of a fabric administrator away. Calls for network profiles then fail with status 403.
    pub fn without_fabric_admin(mut self) -> Self {
        self.fabric = false;
        self
    }
}

/// Item of the catalog: a blueprint with one or more machines.
///
#[cfg_attr(feature = "v7", doc = "```")]
#[cfg_attr(not(feature = "v7"), doc = "```text")]
/// use vra_client::testing::v7::{Item, Server};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let item = Item::new("Shop")
///     .of_service("Web")
///     .with_component("front", 2, 4096, 40)
///     .with_component("back", 4, 8192, 80)
///     .with_approval(Server::USER);
/// let server = Server::start().await?;
/// server.seed(|store| store.add_item(item));
/// # let client = vra_client::v7::Client::builder(server.url())
/// #     .with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(vra_client::HttpOptions::new().with_allow_http(true))
/// #     .build()?;
/// let item = client.catalog().item_named("Shop").await?;
/// let template = client.catalog().template_of(&item)?.await?;
/// assert!(template.data.unwrap().contains_key("front"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Item {
    pub(super) name: String,
    pub(super) service: String,
    pub(super) subtenant: Option<String>,
    pub(super) components: Vec<Component>,
    pub(super) approver: Option<String>,
    pub(super) failure: Option<String>,
    pub(super) polls_in_progress: Option<u32>,
    pub(super) separate_link_id: bool,
}

/// Machine of a blueprint, with its default size.
#[derive(Debug, Clone)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) cpu: i64,
    pub(super) memory: i64,
    pub(super) storage: i64,
}

impl Item {
    /// Creates an item with one machine, the component `machine`, of 1 processor, 1024 MB of memory and 8 GB of storage.
    ///
    /// Every user of the tenant may request it, for the business group
    /// [`Server::SUBTENANT`](super::Server::SUBTENANT), without approval. It is listed under the service `Infrastructure`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            service: "Infrastructure".to_owned(),
            subtenant: None,
            components: Vec::new(),
            approver: None,
            failure: None,
            polls_in_progress: None,
            separate_link_id: false,
        }
    }

    /// Sets the name of the catalog service that lists the item.
    pub fn of_service(mut self, service: impl Into<String>) -> Self {
        self.service = service.into();
        self
    }

    /// Sets the business group that the item is for, by its id.
    pub fn for_subtenant(mut self, id: impl Into<String>) -> Self {
        self.subtenant = Some(id.into());
        self
    }

    /// Adds a machine: its component name, the number of processors, MB of memory and GB of storage. The first one replaces
    /// the default machine.
    pub fn with_component(mut self, name: impl Into<String>, cpu: i64, memory_mb: i64, storage_gb: i64) -> Self {
        self.components.push(Component { name: name.into(), cpu, memory: memory_mb, storage: storage_gb });
        self
    }

    /// Requires an approval by this user (`user@domain`) before the work begins.
    pub fn with_approval(mut self, approver: impl Into<String>) -> Self {
        self.approver = Some(approver.into());
        self
    }

    /// Lets every request for the item fail at its end, with these details.
    pub fn with_failure(mut self, details: impl Into<String>) -> Self {
        self.failure = Some(details.into());
        self
    }

    /// Sets the number of polls that find a request for this item in progress, instead of
    /// [`ServerBuilder::polls_in_progress`](super::ServerBuilder::polls_in_progress).
    pub fn with_polls_in_progress(mut self, polls_in_progress: u32) -> Self {
        self.polls_in_progress = Some(polls_in_progress);
        self
    }

    /// Gives the links of the flat form an id that differs from the item's own, as documented for 7.3. A client that builds
    /// the path from the id instead of following the link then fails.
    pub fn with_separate_link_id(mut self) -> Self {
        self.separate_link_id = true;
        self
    }
}
