//! Deployments and their status.

use super::request::DeploymentRequest;
use super::resource::{DeploymentResource, Expense};
use crate::lenient::{JsonObject, Timestamp, model, open_enum, request_body};
use crate::list::rows;
use crate::v8::reference::ResourceReference;

open_enum! {
    /// Status of a deployment: its last operation, and how that went.
    pub enum DeploymentStatus {
        /// Being made.
        CreateInProgress = "CREATE_INPROGRESS",
        /// Made.
        CreateSuccessful = "CREATE_SUCCESSFUL",
        /// Not made, or in part only.
        CreateFailed = "CREATE_FAILED",
        /// Being changed.
        UpdateInProgress = "UPDATE_INPROGRESS",
        /// Changed.
        UpdateSuccessful = "UPDATE_SUCCESSFUL",
        /// Not changed, or in part only.
        UpdateFailed = "UPDATE_FAILED",
        /// Being deleted.
        DeleteInProgress = "DELETE_INPROGRESS",
        /// Deleted; it can be read for a while.
        DeleteSuccessful = "DELETE_SUCCESSFUL",
        /// Not deleted, or in part only.
        DeleteFailed = "DELETE_FAILED",
    }
}

model! {
    /// Deployment: what a request made.
    ///
    /// Requests in progress, if they were asked for, are in [`extra`](Self::extra) under `inprogressRequests`, since
    /// their shape is not published.
    ///
    /// ```
    /// use vra_client::v8::{Deployment, DeploymentStatus};
    ///
    /// let json = r#"{"id": "d1", "name": "web 1", "status": "CREATE_SUCCESSFUL", "leaseExpireAt": "2022-03-01T09:27:00Z"}"#;
    /// let deployment: Deployment = serde_json::from_str(json)?;
    /// assert_eq!(deployment.status, Some(DeploymentStatus::CreateSuccessful));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct Deployment {
        // Captured twice; one of the two lacks owner and lease.
        /// Id, a UUID.
        id: String = "id";
        /// Name, unique in the organization.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Status.
        status: DeploymentStatus = "status";
        /// True if it was deleted.
        deleted: bool = "deleted";
        /// Owner.
        owned_by: String = "ownedBy";
        /// Time when it will be deleted.
        lease_expire_at: Timestamp = "leaseExpireAt";
        /// Id of the project.
        project_id: String = "projectId";
        /// The project, if it was asked for.
        project: ResourceReference = "project";
        /// Id of the catalog item that it was requested from.
        catalog_item_id: String = "catalogItemId";
        /// Version of that item.
        catalog_item_version: String = "catalogItemVersion";
        /// That item, if it was asked for.
        catalog: ResourceReference = "catalog";
        /// Id of the cloud template.
        blueprint_id: String = "blueprintId";
        /// Version of the cloud template.
        blueprint_version: String = "blueprintVersion";
        /// The cloud template, if it was asked for.
        blueprint: ResourceReference = "blueprint";
        /// Inputs of the request that made it. The server masks secrets.
        inputs: JsonObject = "inputs";
        /// The last request, if it was asked for.
        last_request: DeploymentRequest = "lastRequest";
        /// Resources, if they were asked for, with a summary of their properties.
        resources: Vec<DeploymentResource> = "resources";
        /// Cost so far.
        expense: Expense = "expense";
        /// Id of the icon.
        icon_id: String = "iconId";
        /// Id of the organization.
        org_id: String = "orgId";
        /// Time of creation.
        created_at: Timestamp = "createdAt";
        /// User that created it.
        created_by: String = "createdBy";
        /// Time of the last change.
        last_updated_at: Timestamp = "lastUpdatedAt";
        /// User or service that changed it last.
        last_updated_by: String = "lastUpdatedBy";
    }
}

impl Deployment {
    /// Returns the reason why the last operation failed, if it did and the last request was read too.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        let details = self.last_request.as_ref()?.details.as_deref()?;
        // Empty for a success, and for requests in progress.
        Some(details).filter(|details| !details.trim().is_empty())
    }
}

request_body! {
    /// Changes to a deployment. Only the members that were set are sent.
    ///
    /// ```
    /// use vra_client::v8::DeploymentUpdateBody;
    ///
    /// let body = DeploymentUpdateBody::new().with_description("order 4711");
    /// assert_eq!(serde_json::to_value(&body)?, serde_json::json!({"description": "order 4711"}));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct DeploymentUpdateBody {
        /// Sets the name, which has to be unique in the organization.
        with_name: String = "name";
        /// Sets the description.
        with_description: String = "description";
        /// Sets the icon, by id.
        with_icon: String = "iconId";
    }
}

impl DeploymentUpdateBody {
    /// Makes a body that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { body: JsonObject::new() }
    }
}

impl Default for DeploymentUpdateBody {
    fn default() -> Self {
        Self::new()
    }
}

model! {
    /// Number of deployments of a project.
    pub struct DeploymentCount {
        // The server returns a page without rows.
        /// Number.
        total: i64 = "totalElements";
    }
}

rows!(Deployment.id);
