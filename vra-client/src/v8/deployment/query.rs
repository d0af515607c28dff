//! Conditions on deployments and resources.

use super::model::DeploymentStatus;
use super::request::DeploymentRequestStatus;
use crate::lenient::{Timestamp, open_enum};
use crate::v8::conditions::conditions;

open_enum! {
    /// Related object that a deployment is read with.
    pub enum DeploymentExpansion {
        /// Cloud template.
        Blueprint = "blueprint",
        /// Catalog item.
        Catalog = "catalog",
        /// Last request.
        LastRequest = "lastRequest",
        /// Project.
        Project = "project",
        /// Resources.
        Resources = "resources",
        /// Requests in progress.
        InProgressRequests = "inprogressRequests",
    }
}

conditions! {
    /// Conditions on deployments. A condition that is added several times is satisfied by any of its values; different
    /// conditions must hold together.
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// use vra_client::v8::{DeploymentExpansion, DeploymentQuery, DeploymentStatus};
    ///
    /// let query = DeploymentQuery::new()
    ///     .with_status(DeploymentStatus::CreateFailed)
    ///     .with_status(DeploymentStatus::UpdateFailed)
    ///     .with_created(Some("2020-12-01T08:00:00.000Z".into()), None)
    ///     .with_expanded(DeploymentExpansion::LastRequest);
    /// let target = client.deployments().find(query).request().target();
    /// assert!(target.contains("?status=CREATE_FAILED&status=UPDATE_FAILED&createdAt=2020-12-01T08:00:00.000Z,&"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub struct DeploymentQuery {
        /// Sets the name, exactly.
        with_name = set "name";
        /// Sets a text that is a part of the deployment or of one of its resources.
        with_search = set "search";
        /// Adds a project, by id.
        with_project = add "projects";
        /// Adds a type of resources that it has.
        with_resource_type = add "resourceTypes";
        /// Adds a cloud account.
        with_cloud_account = add "cloudAccounts";
        /// Adds a type of cloud accounts.
        with_cloud_type = add "cloudTypes";
        /// Adds an owner.
        with_owner = add "ownedBy";
        /// Adds a user that requested it.
        with_requester = add "requestedBy";
        /// Adds a tag.
        with_tag = add "tags";
    }
}

impl DeploymentQuery {
    /// Adds a status.
    pub fn with_status(mut self, status: DeploymentStatus) -> Self {
        // Repeated rather than separated by commas: the description declares repetition, and a value can have a comma.
        self.conditions.add("status", status.as_str());
        self
    }

    /// Adds a status of the last request: `ABORTED`, `APPROVAL_PENDING`, `APPROVAL_REJECTED`, `FAILED`, `INPROGRESS`,
    /// `PENDING` or `SUCCESSFUL`.
    pub fn with_last_request_status(mut self, status: DeploymentRequestStatus) -> Self {
        self.conditions.add("lastRequestStatus", status.as_str());
        self
    }

    /// Sets the interval of the creation; either side can be open.
    pub fn with_created(mut self, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        self.conditions.set_interval("createdAt", from, to);
        self
    }

    /// Sets the interval of the last change; either side can be open.
    pub fn with_last_updated(mut self, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        self.conditions.set_interval("lastUpdatedAt", from, to);
        self
    }

    /// Sets the interval of the end of the lease; either side can be open.
    pub fn with_expires(mut self, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        self.conditions.set_interval("expiresAt", from, to);
        self
    }

    /// Sets whether deployments are listed that were deleted and are not gone yet. Default: those that exist.
    pub fn with_deleted(mut self, deleted: bool) -> Self {
        // Sent also if it is false, since a later default would be the server's.
        self.conditions.set("deleted", deleted.to_string());
        self
    }

    /// Adds a related object that each deployment is read with.
    pub fn with_expanded(mut self, expansion: DeploymentExpansion) -> Self {
        self.conditions.add("expand", expansion.as_str());
        self
    }
}

conditions! {
    /// Conditions on the resources of a deployment.
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// use vra_client::v8::DeploymentResourceQuery;
    ///
    /// let query = DeploymentResourceQuery::new().with_type("Cloud.vSphere.Machine").with_type("Cloud.Machine");
    /// let list = client.deployments().find_resources("d1", query);
    /// assert!(list.request().target().contains("resourceTypes=Cloud.vSphere.Machine&resourceTypes=Cloud.Machine"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub struct DeploymentResourceQuery {
        /// Adds a name.
        with_name = add "names";
        /// Adds a type, such as `Cloud.vSphere.Machine`.
        with_type = add "resourceTypes";
        /// Adds a tag.
        with_tag = add "tags";
    }
}

impl DeploymentResourceQuery {
    /// Reads the request in progress of each resource too.
    pub fn with_current_request(mut self) -> Self {
        // The only object that this list can be read with.
        self.conditions.set("expand", "currentRequest");
        self
    }
}

conditions! {
    /// Conditions on the resources of all deployments.
    ///
    /// ```
    /// use vra_client::v8::ResourceQuery;
    ///
    /// let query = ResourceQuery::new().with_project("p1").with_search("web").with_expanded("deployment");
    /// assert_ne!(query, ResourceQuery::new());
    /// ```
    pub struct ResourceQuery {
        /// Sets a text that is a part of the resource.
        with_search = set "search";
        /// Adds a project, by id.
        with_project = add "projects";
        /// Adds a type, such as `Cloud.vSphere.Machine`.
        with_type = add "resourceTypes";
        /// Adds a cloud account.
        with_cloud_account = add "cloudAccounts";
        /// Adds a type of cloud accounts.
        with_cloud_type = add "cloudTypes";
        /// Adds a tag.
        with_tag = add "tags";
        /// Adds a related object that each resource is read with: `project`, `deployment` or `currentRequest`.
        with_expanded = add "expand";
    }
}

impl ResourceQuery {}
