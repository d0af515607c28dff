//! Deployments: what a request made, with its components, owners, actions and expiry.

use super::reference::Reference;
use super::request::CatalogRequest;
use super::resource::ResourceOperation;
use crate::lenient::{JsonObject, Timestamp, distinct, model};
use crate::list::rows;
use crate::v7::Money;

model! {
    /// Deployment: what a request made, with its components, owners, actions and expiry.
    ///
    /// The members that published clients read have fields; the others are kept in [`extra`](Self::extra).
    ///
    /// ```
    /// use vra_client::v7::Deployment;
    ///
    /// let deployment: Deployment = serde_json::from_str(r#"{"id": "d1", "name": "web", "expiryDate": "2019-03-04T00:59:28.210Z",
    ///     "owners": [{"id": "tony@example.com", "name": "Tony"}],
    ///     "components": [{"id": "m1", "type": "Infrastructure.Virtual", "parentId": "d1",
    ///         "data": {"Component": "machine", "ip_address": "10.60.1.10"}}]}"#)?;
    /// assert!(deployment.expiry_date.as_ref().is_some_and(|end| end.time().is_ok()));
    /// assert_eq!(deployment.ip_addresses(), ["10.60.1.10"]);
    /// let machines = deployment.components_of("machine");
    /// assert_eq!(machines[0].id.as_deref(), Some("m1"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct Deployment {
        // No response is published. The members are those that clients read, and any of them may be missing: rows of a
        // list without a request were seen by one of them.
        /// Id of the deployment, a UUID. It is also the id of the [`Resource`](crate::v7::Resource).
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Time of creation.
        created_date: Timestamp = "createdDate";
        /// Time when the lease ends; absent or `null` without an end.
        expiry_date: Timestamp = "expiryDate";
        /// Item that it was requested from.
        catalog_item: Reference = "catalogItem";
        /// Business group that it belongs to.
        subtenant: Reference = "subtenant";
        /// Users and groups that own it.
        owners: Vec<DeploymentOwner> = "owners";
        /// Machines, networks and other parts.
        components: Vec<DeploymentComponent> = "components";
        /// Actions that its present state allows. Published clients read id, name, description and type of each.
        operations: Vec<ResourceOperation> = "operations";
        /// Request that made it or changed it last.
        request: CatalogRequest = "request";
        /// Costs of the present month so far.
        expense_month_to_date: Money = "expenseMonthToDate";
    }
}

impl Deployment {
    /// Returns the components that a component of the blueprint became, by its name there; a cluster has several.
    #[must_use]
    pub fn components_of(&self, blueprint_component: &str) -> Vec<&DeploymentComponent> {
        let components = self.components.iter().flatten();
        components.filter(|component| component.blueprint_component() == Some(blueprint_component)).collect()
    }

    /// Returns the addresses of all components, each once.
    #[must_use]
    pub fn ip_addresses(&self) -> Vec<&str> {
        distinct(self.components.iter().flatten().flat_map(DeploymentComponent::ip_addresses))
    }

    /// Returns the action with this binding, such as `composition.resource.action.deployment.destroy`, if the deployment
    /// has it among its [`operations`](Self::operations).
    ///
    /// No source says that a deployment lists bindings. [`Catalog::action`](crate::v7::Catalog::action) finds the action
    /// by another call.
    #[must_use]
    pub fn operation(&self, binding_id: &str) -> Option<&ResourceOperation> {
        self.operations.as_ref()?.iter().find(|operation| operation.is_action(binding_id))
    }
}

model! {
    /// Owner of a deployment.
    pub struct DeploymentOwner {
        // Not the owner of a resource: that one has other members for the same two values.
        /// Owner as `user@domain` or `group@domain`.
        id: String = "id";
        /// Display name of the owner.
        name: String = "name";
    }
}

model! {
    /// Component of a deployment: a machine, a network and others.
    pub struct DeploymentComponent {
        // Flat like `ResourceView`, but with `id` and `type` where that has `resourceId` and `resourceType`.
        /// Id of the component. It is also the id of its [`Resource`](crate::v7::Resource).
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Type, such as `Infrastructure.Virtual`, which is a subtype of `Infrastructure.Machine`.
        kind: String = "type";
        /// Id of the deployment, or of the component that it is part of.
        parent_id: String = "parentId";
        /// Values of the provider as plain JSON, such as `MachineStatus` and `ip_address`.
        data: JsonObject = "data";
    }
}

impl DeploymentComponent {
    /// Returns the name of the component in the blueprint that this one was made from.
    #[must_use]
    pub fn blueprint_component(&self) -> Option<&str> {
        self.data.as_ref()?.get("Component")?.as_str().filter(|name| !name.is_empty())
    }

    /// Returns the addresses of a machine: those of its networks, then `ip_address`, each once.
    ///
    /// The result is empty until late in a request.
    #[must_use]
    pub fn ip_addresses(&self) -> Vec<&str> {
        let Some(data) = &self.data else { return Vec::new() };
        let networks = data.get("NETWORK_LIST").and_then(serde_json::Value::as_array).into_iter().flatten();
        // A row of the captured plain data has its values in a `data` of its own.
        let of_networks = networks.filter_map(|row| row.pointer("/data/NETWORK_ADDRESS")?.as_str());
        let single = data.get("ip_address");
        // A text, and a list if the machine has several; another form has no address that could be read.
        let list = single.and_then(serde_json::Value::as_array).into_iter().flatten();
        let own = single.into_iter().chain(list).filter_map(serde_json::Value::as_str);
        distinct(of_networks.chain(own))
    }
}

rows!(Deployment.id, DeploymentComponent.id);
