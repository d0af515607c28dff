//! What was provisioned, and what can be done to it.

use super::cost::{Costs, Lease};
use super::forms::Forms;
use super::reference::{Organization, Owner, ProviderBinding, Reference};
use super::request::CatalogRequest;
use crate::lenient::{JsonObject, Timestamp, model};
use crate::list::rows;
use crate::v7::{Link, Literal, LiteralMap, Money, TimeSpan};

model! {
    /// Something that was provisioned: a deployment, a machine, a network …
    pub struct Resource {
        /// `ConsumerResource` or `CatalogResource`; may be missing.
        type_name: String = "@type";
        /// The id.
        id: String = "id";
        /// The icon.
        icon_id: String = "iconId";
        /// What it is, such as `Infrastructure.Virtual` or `composition.resource.type.deployment`.
        resource_type_ref: Reference = "resourceTypeRef";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// `ACTIVE` …
        status: String = "status";
        /// The item it came from.
        catalog_item: Reference = "catalogItem";
        /// The request it came from.
        request_id: String = "requestId";
        /// How that request stands.
        request_state: String = "requestState";
        /// What it is at its provider.
        provider_binding: ProviderBinding = "providerBinding";
        /// Whose it is.
        owners: Vec<Owner> = "owners";
        /// The business group's.
        organization: Organization = "organization";
        /// When it was made.
        date_created: Timestamp = "dateCreated";
        /// When it was last changed.
        last_updated: Timestamp = "lastUpdated";
        /// When it is to be destroyed.
        destroy_date: Timestamp = "destroyDate";
        /// Whether it ends some day.
        has_lease: bool = "hasLease";
        /// When.
        lease: Lease = "lease";
        /// The lease for display.
        lease_for_display: TimeSpan = "leaseForDisplay";
        /// Whether it costs something.
        has_costs: bool = "hasCosts";
        /// What.
        costs: Costs = "costs";
        /// How much until now.
        cost_to_date: Money = "costToDate";
        /// How much altogether.
        total_cost: Money = "totalCost";
        /// How much this month.
        expense_month_to_date: Money = "expenseMonthToDate";
        /// The deployment it is part of.
        parent_resource_ref: Reference = "parentResourceRef";
        /// Its parts; the shape is not known.
        child_resources: Vec<JsonObject> = "childResources";
        /// Whether it has parts.
        has_children: bool = "hasChildren";
        /// What can be done to it. Only when asked for, and only what its state permits.
        operations: Vec<ResourceOperation> = "operations";
        /// Its forms.
        forms: Forms = "forms";
        /// Requests that are still to be done; the shape is not known.
        pending_requests: Vec<JsonObject> = "pendingRequests";
        /// What the provider says about it.
        resource_data: LiteralMap = "resourceData";
    }
}

impl Resource {
    /// A value of what the provider says about it, such as `MachineStatus`.
    #[must_use]
    pub fn data(&self, key: &str) -> Option<&Literal> {
        self.resource_data.as_ref()?.get(key)
    }

    /// The addresses of a machine: those of its networks, then `ip_address`, each once. Empty until late in a request.
    #[must_use]
    pub fn ip_addresses(&self) -> Vec<&str> {
        let mut found: Vec<&str> = self.networks().into_iter().filter_map(|network| network.address).collect();
        if let Some(data) = &self.resource_data {
            found.extend(texts(data, "ip_address"));
        }
        let mut distinct: Vec<&str> = Vec::with_capacity(found.len());
        for address in found {
            if !address.is_empty() && !distinct.contains(&address) {
                distinct.push(address);
            }
        }
        distinct
    }

    /// The network cards of a machine, from `NETWORK_LIST`.
    #[must_use]
    pub fn networks(&self) -> Vec<MachineNetwork<'_>> {
        let items = self.data("NETWORK_LIST").map(Literal::items).unwrap_or_default();
        let network = |values| MachineNetwork {
            name: text(values, "NETWORK_NAME"),
            address: text(values, "NETWORK_ADDRESS"),
            mac_address: text(values, "NETWORK_MAC_ADDRESS"),
            profile: text(values, "NETWORK_PROFILE"),
        };
        items.iter().filter_map(Literal::as_values).map(network).collect()
    }

    /// The action with this binding, such as `Infrastructure.Machine.Action.Reprovision`, if it can be done now.
    #[must_use]
    pub fn operation(&self, binding_id: &str) -> Option<&ResourceOperation> {
        self.operations.as_ref()?.iter().find(|operation| operation.is_action(binding_id))
    }
}

fn text<'a>(values: &'a LiteralMap, key: &str) -> Option<&'a str> {
    values.get(key).and_then(Literal::as_str).filter(|text| !text.is_empty())
}

/// A network card of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MachineNetwork<'a> {
    /// The network.
    pub name: Option<&'a str>,
    /// The address.
    pub address: Option<&'a str>,
    /// The hardware address.
    pub mac_address: Option<&'a str>,
    /// The network profile.
    pub profile: Option<&'a str>,
}

model! {
    /// Something that can be done to a resource.
    pub struct ResourceOperation {
        /// `ConsumerResourceOperation`.
        type_name: String = "@type";
        /// The id; another one on each installation.
        id: String = "id";
        /// The name, in the server's language.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// The icon.
        icon_id: String = "iconId";
        /// `ACTION`, which can be requested, or `EXTENSION`, which is a window of the user interface.
        kind: String = "type";
        /// The extension.
        extension_id: String = "extensionId";
        /// The provider.
        provider_type_id: String = "providerTypeId";
        /// What is done, the same on all installations: `Infrastructure.Machine.Action.Reprovision` …
        binding_id: String = "bindingId";
        /// Whether it asks for values.
        has_form: bool = "hasForm";
        /// How big its form is.
        form_scale: String = "formScale";
    }
}

impl ResourceOperation {
    /// Whether it is the action of this binding. Extensions cannot be requested.
    #[must_use]
    pub fn is_action(&self, binding_id: &str) -> bool {
        let extension = self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("EXTENSION"));
        !extension && self.binding_id.as_deref() == Some(binding_id)
    }
}

model! {
    /// Something that was provisioned, in the flat form of 7.x.
    pub struct ResourceView {
        /// `CatalogResourceView`.
        type_name: String = "@type";
        /// The id.
        resource_id: String = "resourceId";
        /// The icon.
        icon_id: String = "iconId";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// `On`, `Off` … of machines.
        status: String = "status";
        /// The item it came from.
        catalog_item_id: String = "catalogItemId";
        /// Its name.
        catalog_item_label: String = "catalogItemLabel";
        /// The request it came from.
        request_id: String = "requestId";
        /// How that request stands.
        request_state: String = "requestState";
        /// What it is, such as `Infrastructure.Virtual`.
        resource_type: String = "resourceType";
        /// Whose it is, for display.
        owners: Vec<String> = "owners";
        /// The business group.
        business_group_id: String = "businessGroupId";
        /// The tenant.
        tenant_id: String = "tenantId";
        /// When it was made.
        date_created: Timestamp = "dateCreated";
        /// When it was last changed.
        last_updated: Timestamp = "lastUpdated";
        /// When it ends.
        lease: Lease = "lease";
        /// What it costs.
        costs: Costs = "costs";
        /// How much until now.
        cost_to_date: Money = "costToDate";
        /// How much altogether.
        total_cost: Money = "totalCost";
        /// The deployment it is part of.
        parent_resource_id: String = "parentResourceId";
        /// Whether it has parts.
        has_children: bool = "hasChildren";
        /// What the provider says about it, as plain JSON.
        data: JsonObject = "data";
        /// Where to go from here.
        links: Vec<Link> = "links";
    }
}

model! {
    /// A deployment, in the form of 7.x. Only what clients read of it is known; the rest is kept.
    pub struct Deployment {
        /// The id.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// Free text.
        description: String = "description";
        /// The request that made it, or changed it last.
        request: CatalogRequest = "request";
        /// How much this month.
        expense_month_to_date: Money = "expenseMonthToDate";
    }
}

model! {
    /// A kind of resource.
    pub struct ResourceType {
        /// `ResourceType` …
        type_name: String = "@type";
        /// The id, such as `Infrastructure.Virtual`.
        id: String = "id";
        /// The name.
        name: String = "name";
        /// The name of several.
        pluralized_name: String = "pluralizedName";
        /// Free text.
        description: String = "description";
        /// The provider.
        provider_type_id: String = "providerTypeId";
        /// Whether it is listed on its own.
        primary: bool = "primary";
        /// Whether it costs something.
        costed: bool = "costed";
        /// `ACTIVE` …
        status: String = "status";
        /// The schema of its data.
        schema: JsonObject = "schema";
        /// Its forms.
        forms: Forms = "forms";
    }
}

/// The texts of a literal or of all items of a list.
fn texts<'a>(data: &'a LiteralMap, key: &str) -> Vec<&'a str> {
    match data.get(key) {
        Some(Literal::Multiple(list)) => list.items.iter().flatten().filter_map(Literal::as_str).collect(),
        Some(literal) => literal.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}

rows!(Deployment.id, Resource.id, ResourceOperation.id, ResourceView.resource_id, ResourceType.id);
