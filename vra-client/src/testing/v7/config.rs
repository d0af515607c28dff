//! What a test chooses.

/// The tenant that every server has.
pub(super) const TENANT: &str = "qe";

/// Which releases the server behaves like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Release {
    /// 6.2: no flat views, no templates, no lists of addresses; machines are not parts of deployments; a network
    /// profile that is put back without its addresses loses them.
    V6_2,
    /// 7.1 to 7.6.
    #[default]
    V7,
}

/// Who may log in.
#[derive(Debug, Clone)]
#[must_use]
pub struct User {
    pub(super) name: String,
    pub(super) password: String,
    pub(super) tenant: String,
    pub(super) fabric: bool,
}

impl User {
    /// A user by `user@domain`, of the tenant [`Server::TENANT`](super::Server::TENANT), with all rights.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        let tenant = TENANT.to_owned();
        Self { name: name.into(), password: password.into(), tenant, fabric: true }
    }

    /// Of another tenant.
    pub fn of_tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = tenant.into();
        self
    }

    /// Not a fabric administrator: network profiles answer 403.
    pub fn without_fabric_admin(mut self) -> Self {
        self.fabric = false;
        self
    }
}

/// An item of the catalog: a blueprint that makes machines.
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

/// A machine of a blueprint.
#[derive(Debug, Clone)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) cpu: i64,
    pub(super) memory: i64,
    pub(super) storage: i64,
}

impl Item {
    /// An item that makes one machine, the component `machine`, with 1 processor, 1024 MB and 8 GB. Everybody may
    /// request it for the first business group of the tenant, without approval.
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

    /// Listed under this service.
    pub fn of_service(mut self, service: impl Into<String>) -> Self {
        self.service = service.into();
        self
    }

    /// For this business group, by id.
    pub fn for_subtenant(mut self, id: impl Into<String>) -> Self {
        self.subtenant = Some(id.into());
        self
    }

    /// Makes a machine of this name, with so many processors, MB of memory and GB of storage; in place of the one that
    /// is there without saying so, and beside those that were named before.
    pub fn with_component(mut self, name: impl Into<String>, cpu: i64, memory_mb: i64, storage_gb: i64) -> Self {
        self.components.push(Component { name: name.into(), cpu, memory: memory_mb, storage: storage_gb });
        self
    }

    /// Has to be approved by this user first.
    pub fn with_approval(mut self, approver: impl Into<String>) -> Self {
        self.approver = Some(approver.into());
        self
    }

    /// Fails in the end, with these details.
    pub fn with_failure(mut self, details: impl Into<String>) -> Self {
        self.failure = Some(details.into());
        self
    }

    /// Is being worked on for so many polls_in_progress at the request, in place of the server's own number.
    pub fn with_polls_in_progress(mut self, polls_in_progress: u32) -> Self {
        self.polls_in_progress = Some(polls_in_progress);
        self
    }

    /// The links of its flat form name another id than its own, as documented for 7.3.
    pub fn with_separate_link_id(mut self) -> Self {
        self.separate_link_id = true;
        self
    }
}
