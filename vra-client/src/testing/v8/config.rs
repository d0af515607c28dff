//! Configuration of the server: release, users, items of the catalog.

use serde_json::{Map, Value};

/// Organization of VCF Automation 9, by its name in URLs.
pub(super) const TENANT: &str = "acme";

/// Release that the server behaves like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum Release {
    /// vRealize Automation 8.10: addresses of a range cannot be listed, allocated or released, a range has no counts,
    /// and its link to a single network is `fabric-network`.
    V8_10,
    /// Aria Automation 8.18.
    #[default]
    V8_18,
    /// VCF Automation 9: a refresh token of an organization is the only login.
    Vcf9,
}

/// User who may log in.
///
/// ```
/// use vra_client::testing::v8::{Server, User};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let local = User::new("configadmin", "secret");
/// let directory = User::new("ann", "secret").of_domain("corp.example");
/// let server = Server::builder().user(local).user(directory).start().await?;
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
    pub(super) domain: Option<String>,
    pub(super) forbidden: bool,
}

impl User {
    /// Creates a user without a domain.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self { name: name.into(), password: password.into(), domain: None, forbidden: false }
    }

    /// Sets the domain of the directory. The user then logs in with it, or as `name@domain`.
    pub fn of_domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Takes the role in the IaaS service away. Its calls then fail with status 403.
    pub fn without_iaas(mut self) -> Self {
        self.forbidden = true;
        self
    }
}

/// Item of the catalog: a template with one or more machines.
///
/// ```
/// use serde_json::json;
/// use vra_client::testing::v8::{Item, Server};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let item = Item::new("Shop")
///     .with_machine("front", "lab-net")
///     .with_machine("back", "lab-net")
///     .with_required_input("size", json!({"type": "string", "enum": ["small", "large"]}));
/// let server = Server::builder().example_data().start().await?;
/// let id = server.seed(|store| store.add_item(item));
/// assert_eq!(id.len(), 36);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Item {
    pub(super) name: String,
    pub(super) machines: Vec<(String, Option<String>)>,
    pub(super) inputs: Map<String, Value>,
    pub(super) required: Vec<Value>,
    pub(super) versions: Vec<String>,
    pub(super) project: Option<String>,
    pub(super) failure: Option<String>,
}

impl Item {
    /// Creates an item without machines and inputs, for the project [`Server::PROJECT`](super::Server::PROJECT).
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            machines: Vec::new(),
            inputs: Map::new(),
            required: Vec::new(),
            versions: vec!["1".to_owned()],
            project: None,
            failure: None,
        }
    }

    /// Adds a machine with a network card in the fabric network of this name.
    ///
    /// The address comes from the network's IP ranges: of an imported IPAM package if the network has an external
    /// range, else of the server itself. In a network without any range, DHCP assigns one.
    pub fn with_machine(mut self, name: impl Into<String>, network: impl Into<String>) -> Self {
        self.machines.push((name.into(), Some(network.into())));
        self
    }

    /// Adds an input with its JSON schema.
    pub fn with_input(mut self, name: impl Into<String>, schema: Value) -> Self {
        self.inputs.insert(name.into(), schema);
        self
    }

    /// Adds an input that a request must have, with its JSON schema.
    pub fn with_required_input(mut self, name: impl Into<String>, schema: Value) -> Self {
        let name = name.into();
        self.required.push(name.clone().into());
        self.with_input(name, schema)
    }

    /// Sets the versions, newest last. An item with versions other than `1` has its schema only there, as real ones do.
    pub fn with_versions<T: Into<String>>(mut self, versions: impl IntoIterator<Item = T>) -> Self {
        self.versions = versions.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the project that the item is for, by its id.
    pub fn for_project(mut self, id: impl Into<String>) -> Self {
        self.project = Some(id.into());
        self
    }

    /// Lets every request for the item fail at its end, with these details.
    pub fn with_failure(mut self, details: impl Into<String>) -> Self {
        self.failure = Some(details.into());
        self
    }
}
