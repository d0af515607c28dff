//! Provisioned resources and the actions on them.

use super::cost::{Costs, Lease};
use super::forms::Forms;
use super::reference::{Organization, Owner, ProviderBinding, Reference};
use crate::lenient::{JsonObject, Timestamp, distinct, model};
use crate::list::rows;
use crate::v7::{Link, Literal, LiteralMap, Money, TimeSpan};

model! {
    /// Provisioned resource: a deployment, a machine, a network and others.
    ///
    /// ```
    /// use vra_client::v7::Resource;
    ///
    /// let machine: Resource = serde_json::from_str(r#"{"id": "r1", "resourceData": {"entries": [
    ///     {"key": "MachineStatus", "value": {"type": "string", "value": "On"}},
    ///     {"key": "ip_address", "value": {"type": "string", "value": "10.60.1.10"}}]}}"#)?;
    /// assert_eq!(machine.data("MachineStatus").and_then(|status| status.as_str()), Some("On"));
    /// assert_eq!(machine.ip_addresses(), ["10.60.1.10"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct Resource {
        // From captured responses of 6.2 and 7.x. Which members are `null` depends on the call: lists leave out
        // operations and data unless a parameter asks for them.
        /// Type of the object in `@type`: `ConsumerResource` or `CatalogResource`. It may be missing.
        type_name: String = "@type";
        /// Id of the resource, a UUID.
        id: String = "id";
        /// Id of the icon.
        icon_id: String = "iconId";
        /// Type, such as `composition.resource.type.deployment` or `Infrastructure.Virtual`. The latter is a subtype of
        /// `Infrastructure.Machine`, which lists by type accept.
        resource_type_ref: Reference = "resourceTypeRef";
        /// Name of the resource.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// `ACTIVE` and others.
        status: String = "status";
        /// Item that it was requested from.
        catalog_item: Reference = "catalogItem";
        /// Id of the request that made it.
        request_id: String = "requestId";
        /// State of that request.
        request_state: String = "requestState";
        /// The resource at the service that provides it.
        provider_binding: ProviderBinding = "providerBinding";
        /// Users and groups that own it.
        owners: Vec<Owner> = "owners";
        /// Tenant and business group that it belongs to.
        organization: Organization = "organization";
        /// Time of creation.
        date_created: Timestamp = "dateCreated";
        /// Time of the last change.
        last_updated: Timestamp = "lastUpdated";
        /// Time when it will be destroyed.
        destroy_date: Timestamp = "destroyDate";
        /// True if it has a lease.
        has_lease: bool = "hasLease";
        /// Begin and end of the lease.
        lease: Lease = "lease";
        /// Length of the lease, as the user interface shows it.
        lease_for_display: TimeSpan = "leaseForDisplay";
        /// True if it has costs.
        has_costs: bool = "hasCosts";
        /// Price per span of time.
        costs: Costs = "costs";
        /// Costs so far.
        cost_to_date: Money = "costToDate";
        /// Costs of the whole lease.
        total_cost: Money = "totalCost";
        /// Costs of the present month so far.
        expense_month_to_date: Money = "expenseMonthToDate";
        /// Deployment that it is part of.
        parent_resource_ref: Reference = "parentResourceRef";
        /// Child resources; the shape is not known.
        child_resources: Vec<JsonObject> = "childResources";
        /// True if it has child resources.
        has_children: bool = "hasChildren";
        /// Actions that its present state allows. Only in lists with query `withOperations`.
        operations: Vec<ResourceOperation> = "operations";
        /// Forms of the resource.
        forms: Forms = "forms";
        /// Requests that wait for this resource; the shape is not known.
        pending_requests: Vec<JsonObject> = "pendingRequests";
        /// Values of the provider, such as `MachineStatus` and `ip_address`.
        resource_data: LiteralMap = "resourceData";
    }
}

impl Resource {
    /// Returns a value of the provider, such as `MachineStatus`.
    #[must_use]
    pub fn data(&self, key: &str) -> Option<&Literal> {
        self.resource_data.as_ref()?.get(key)
    }

    /// Returns the addresses of a machine: those of its networks, then `ip_address`, each once.
    ///
    /// The result is empty until late in a request.
    #[must_use]
    pub fn ip_addresses(&self) -> Vec<&str> {
        let mut found: Vec<&str> = self.networks().into_iter().filter_map(|network| network.address).collect();
        if let Some(data) = &self.resource_data {
            found.extend(texts(data, "ip_address"));
        }
        distinct(found)
    }

    /// Returns the network cards of a machine, from `NETWORK_LIST`.
    #[must_use]
    pub fn networks(&self) -> Vec<MachineNetwork<'_>> {
        let items = self.data("NETWORK_LIST").map(Literal::items).unwrap_or_default();
        let network = |values| MachineNetwork {
            name: text(values, "NETWORK_NAME"),
            address: text(values, "NETWORK_ADDRESS"),
            mac_address: text(values, "NETWORK_MAC_ADDRESS"),
            profile: text(values, "NETWORK_PROFILE"),
        };
        // An item of another shape is skipped: one odd card must not hide the addresses of the others.
        items.iter().filter_map(Literal::as_values).map(network).collect()
    }

    /// Returns the action with this binding, such as `Infrastructure.Machine.Action.Reprovision`, if the resource was
    /// read with its [`operations`](Self::operations) and its state allows it.
    #[must_use]
    pub fn operation(&self, binding_id: &str) -> Option<&ResourceOperation> {
        self.operations.as_ref()?.iter().find(|operation| operation.is_action(binding_id))
    }
}

fn text<'a>(values: &'a LiteralMap, key: &str) -> Option<&'a str> {
    values.get(key).and_then(Literal::as_str).filter(|text| !text.is_empty())
}

/// Network card of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MachineNetwork<'a> {
    /// Name of the network.
    pub name: Option<&'a str>,
    /// IP address.
    pub address: Option<&'a str>,
    /// MAC address.
    pub mac_address: Option<&'a str>,
    /// Name of the network profile.
    pub profile: Option<&'a str>,
}

model! {
    /// Action on a resource.
    pub struct ResourceOperation {
        // Printed in the manual of 6.2 and captured in 7.x. For an extension provider and binding are `null`.
        /// Type of the object in `@type`: `ConsumerResourceOperation`.
        type_name: String = "@type";
        /// Id of the action, which differs between installations.
        id: String = "id";
        /// Display name, in the server's language.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Id of the icon.
        icon_id: String = "iconId";
        /// `ACTION`, which can be requested, or `EXTENSION`, which opens a window of the user interface.
        kind: String = "type";
        /// Id of the extension.
        extension_id: String = "extensionId";
        /// Id of the provider; `null` for an extension.
        provider_type_id: String = "providerTypeId";
        /// Binding of the action, the same on all installations, such as `Infrastructure.Machine.Action.Reprovision`.
        binding_id: String = "bindingId";
        /// True if the action has a form with values.
        has_form: bool = "hasForm";
        /// Size of the form.
        form_scale: String = "formScale";
    }
}

impl ResourceOperation {
    /// Returns true if it is the action with this binding. Extensions cannot be requested, so they are none.
    #[must_use]
    pub fn is_action(&self, binding_id: &str) -> bool {
        // By `type` and not only by the binding: windows such as the remote console are rows of the same list, and
        // posting one fails.
        let extension = self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("EXTENSION"));
        !extension && self.binding_id.as_deref() == Some(binding_id)
    }
}

model! {
    /// Provisioned resource in the flat form of 7.x.
    pub struct ResourceView {
        // From captured responses of 7.x. Unlike in `Resource`, references are plain ids and `data` is plain JSON, so
        // the two cannot share a type.
        /// Type of the object in `@type`: `CatalogResourceView`.
        type_name: String = "@type";
        /// Id of the resource, a UUID.
        resource_id: String = "resourceId";
        /// Id of the icon.
        icon_id: String = "iconId";
        /// Name of the resource.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// `On`, `Off` and others, for machines.
        status: String = "status";
        /// Id of the item that it was requested from.
        catalog_item_id: String = "catalogItemId";
        /// Display name of that item.
        catalog_item_label: String = "catalogItemLabel";
        /// Id of the request that made it.
        request_id: String = "requestId";
        /// State of that request.
        request_state: String = "requestState";
        /// Type, such as `Infrastructure.Virtual`, which is a subtype of `Infrastructure.Machine`.
        resource_type: String = "resourceType";
        /// Display names of the owners.
        owners: Vec<String> = "owners";
        /// Id of the business group.
        business_group_id: String = "businessGroupId";
        /// Id of the tenant.
        tenant_id: String = "tenantId";
        /// Time of creation.
        date_created: Timestamp = "dateCreated";
        /// Time of the last change.
        last_updated: Timestamp = "lastUpdated";
        /// Begin and end of the lease.
        lease: Lease = "lease";
        /// Price per span of time.
        costs: Costs = "costs";
        /// Costs so far.
        cost_to_date: Money = "costToDate";
        /// Costs of the whole lease.
        total_cost: Money = "totalCost";
        /// Id of the deployment that it is part of.
        parent_resource_id: String = "parentResourceId";
        /// True if it has child resources.
        has_children: bool = "hasChildren";
        /// Values of the provider as plain JSON.
        data: JsonObject = "data";
        /// Links to its actions and to related objects.
        links: Vec<Link> = "links";
    }
}

model! {
    /// Type of resources.
    pub struct ResourceType {
        // Member names only.
        /// Type of the object in `@type`: `ResourceType` and others.
        type_name: String = "@type";
        /// Id of the type, such as `Infrastructure.Virtual`.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Display name of several.
        pluralized_name: String = "pluralizedName";
        /// Description, free text.
        description: String = "description";
        /// Id of the provider.
        provider_type_id: String = "providerTypeId";
        /// True if resources of the type have a list of their own.
        primary: bool = "primary";
        /// True if resources of the type have costs.
        costed: bool = "costed";
        /// `ACTIVE` and others.
        status: String = "status";
        /// Schema of the resource data.
        schema: JsonObject = "schema";
        /// Forms of its resources.
        forms: Forms = "forms";
    }
}

/// Returns the text of a literal, or the texts of all items of a list.
fn texts<'a>(data: &'a LiteralMap, key: &str) -> Vec<&'a str> {
    match data.get(key) {
        // A machine with several addresses may have a list here, one with a single address has a text.
        Some(Literal::Multiple(list)) => list.items.iter().flatten().filter_map(Literal::as_str).collect(),
        Some(literal) => literal.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}

rows!(Resource.id, ResourceOperation.id, ResourceView.resource_id, ResourceType.id);
