//! Resources, within a deployment and in the list of all.

use serde_json::Number;

use super::request::DeploymentRequest;
use crate::lenient::{JsonObject, Timestamp, model, request_body};
use crate::list::rows;
use crate::v8::reference::ResourceReference;

model! {
    /// Resource of a deployment: a machine, a network, a disk and others.
    ///
    /// ```
    /// use vra_client::v8::DeploymentResource;
    ///
    /// let machine: DeploymentResource = serde_json::from_str(
    ///     r#"{"name": "web", "type": "Cloud.vSphere.Machine", "properties": {
    ///         "address": "10.0.0.7", "networks": [{"name": "dmz", "address": "10.0.0.7"}, {"address": "10.1.0.7"}]}}"#,
    /// )?;
    /// assert!(machine.is_machine());
    /// assert_eq!(machine.ip_addresses(), ["10.0.0.7", "10.1.0.7"]);
    /// assert_eq!(machine.networks()[0].name, Some("dmz"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct DeploymentResource {
        // Captured. `properties` stays JSON: its members differ by type and release, and the few that are the same have
        // methods.
        /// Id, a UUID.
        id: String = "id";
        /// Name in the cloud template, with a number if there are several, such as `UbuntuMachine[0]`.
        name: String = "name";
        /// Type, such as `Cloud.vSphere.Machine`.
        resource_type: String = "type";
        /// Description, free text.
        description: String = "description";
        /// `OK`, `PARTIAL` or `TAINTED`.
        state: String = "state";
        /// `SUCCESS` if the provider still has it, else `MISSING` or `STALE`.
        sync_status: String = "syncStatus";
        /// `DISCOVERED`, `ONBOARDED` or `MIGRATED`; absent for what the server made.
        origin: String = "origin";
        /// Names of resources that it needs.
        depends_on: Vec<String> = "dependsOn";
        /// Properties, by the type of the resource.
        properties: JsonObject = "properties";
        /// Request in progress, if it was asked for.
        current_request: DeploymentRequest = "currentRequest";
        /// Cost so far.
        expense: Expense = "expense";
        /// Time of creation.
        created_at: Timestamp = "createdAt";
    }
}

model! {
    /// Resource in the list of all resources.
    pub struct Resource {
        // Described only. Unlike a resource of a deployment it has no state, and names project and deployment.
        /// Id, a UUID.
        id: String = "id";
        /// Name.
        name: String = "name";
        /// Type, such as `Cloud.vSphere.Machine`.
        resource_type: String = "type";
        /// Description, free text.
        description: String = "description";
        /// `SUCCESS` if the provider still has it, else `MISSING` or `STALE`.
        sync_status: String = "syncStatus";
        /// `DISCOVERED`, `ONBOARDED` or `MIGRATED`; absent for what the server made.
        origin: String = "origin";
        /// Properties, by the type of the resource.
        properties: JsonObject = "properties";
        /// Id of the deployment, if it is in one.
        deployment_id: String = "deploymentId";
        /// The deployment, if it was asked for.
        deployment: DeploymentReference = "deployment";
        /// Id of the project.
        project_id: String = "projectId";
        /// The project, if it was asked for.
        project: ResourceReference = "project";
        /// Request in progress, if it was asked for.
        current_request: DeploymentRequest = "currentRequest";
        /// Cost so far.
        expense: Expense = "expense";
        /// Id of the organization.
        org_id: String = "orgId";
        /// Time of creation.
        created_at: Timestamp = "createdAt";
    }
}

model! {
    /// Deployment that a resource is in.
    pub struct DeploymentReference {
        // Described only. More than other references have, so that a list of machines can show owners and leases.
        /// Id.
        id: String = "id";
        /// Name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Owner.
        owned_by: String = "ownedBy";
        /// Time when it will be deleted.
        lease_expire_at: Timestamp = "leaseExpireAt";
        /// Id of the icon.
        icon_id: String = "iconId";
    }
}

model! {
    /// Cost of a deployment or a resource.
    pub struct Expense {
        // Numbers as they were written: amounts are decimal, and a float would change them.
        /// Cost of everything.
        total_expense: Number = "totalExpense";
        /// Cost of CPU and memory.
        compute_expense: Number = "computeExpense";
        /// Cost of the storage.
        storage_expense: Number = "storageExpense";
        /// Cost of the network.
        network_expense: Number = "networkExpense";
        /// Cost of anything else.
        additional_expense: Number = "additionalExpense";
        /// Currency.
        unit: String = "unit";
        /// Message of the last computation.
        message: String = "message";
        /// Code of that message.
        code: String = "code";
        /// Time of the last computation.
        last_updated_time: Timestamp = "lastUpdatedTime";
    }
}

model! {
    /// Type of resources.
    pub struct ResourceType {
        // Described only.
        /// Id, such as `Cloud.vSphere.Machine`.
        id: String = "id";
        /// Name.
        name: String = "name";
        /// Display name.
        display_name: String = "displayName";
        /// Description, free text.
        description: String = "description";
        /// JSON schema of the properties.
        schema: JsonObject = "schema";
        /// Type of the account, such as `vSphere`.
        account_type: String = "accountType";
        /// True if it can be made without a cloud template.
        composable: bool = "composable";
        /// Id of the provider.
        provider_id: String = "providerId";
        /// Id of the project that it belongs to.
        project_id: String = "projectId";
        /// Id of the organization.
        org_id: String = "orgId";
        /// Time of creation.
        created_at: Timestamp = "createdAt";
        /// User that created it.
        created_by: String = "createdBy";
        /// Time of the last change.
        updated_at: Timestamp = "updatedAt";
        /// User that changed it last.
        updated_by: String = "updatedBy";
    }
}

request_body! {
    /// Body of the call that makes a resource without a cloud template.
    ///
    /// ```
    /// use vra_client::{lenient::JsonObject, v8::ResourceBody};
    ///
    /// let body = ResourceBody::new("disk 1", "Cloud.vSphere.Disk", JsonObject::new()).with_project("p1");
    /// assert_eq!(body.as_json()["type"], "Cloud.vSphere.Disk");
    /// ```
    pub struct ResourceBody {
        /// Sets the project, by id.
        with_project: String = "projectId";
        /// Sets the deployment that it becomes a part of, by id.
        with_deployment: String = "deploymentId";
    }
}

impl ResourceBody {
    /// Makes a body with the name, the type and the properties of the type.
    #[must_use]
    pub fn new(name: impl Into<String>, resource_type: impl Into<String>, properties: JsonObject) -> Self {
        // Properties are not required by the call, but by the schema of most types.
        Self { body: JsonObject::new() }
            .with_member("name", name.into())
            .with_member("type", resource_type.into())
            .with_member("properties", properties)
    }
}

model! {
    /// Resource that is being made.
    pub struct SubmittedResource {
        // Ids only: the resource itself does not exist yet.
        /// Id of the request to wait for.
        request_id: String = "requestId";
        /// Id of the resource.
        resource_id: String = "resourceId";
        /// Id of the deployment.
        deployment_id: String = "deploymentId";
        /// Id of the project.
        project_id: String = "projectId";
    }
}

rows!(DeploymentResource.id, Resource.id, ResourceType.id);
