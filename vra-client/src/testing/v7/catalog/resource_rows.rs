//! Resources in the two forms of the responses: full and flat.

use serde_json::{Map, Value, json};

use super::action;
use crate::testing::clock::millis;
use crate::testing::id::uuid_of;
use crate::testing::v7::config::Release;
use crate::testing::v7::context::Context;
use crate::testing::v7::literal::{
    boolean, complex, date_time, days, decimal, entries, integer, multiple, pairs, string, to_plain,
};
use crate::testing::v7::rows::{Kind, Resource};
use crate::testing::v7::store::Store;

const IAAS_PROXY: &str = "com.vmware.csp.component.iaas.proxy.provider";
const COMPOSITION: &str = "com.vmware.csp.component.cafe.composition";

/// Returns the resources that the caller may see: those they own, or with `managedOnly` all of the tenant.
pub(super) fn visible(call: &Context<'_>) -> Vec<Resource> {
    // `managedOnly` means the groups that the user manages; here every user manages all groups of the tenant.
    let managed = call.query.is_true("managedOnly");
    let seen = |resource: &&Resource| resource.tenant == call.tenant && (managed || resource.owner == call.user);
    call.store.resources.iter().filter(seen).cloned().collect()
}

/// Returns the lease of a resource. `end` is absent, and not null, for a lease without an end, as captured.
fn lease(resource: &Resource) -> Value {
    match resource.lease_end {
        Some(end) => json!({"start": millis(resource.created), "end": millis(end)}),
        None => json!({"start": millis(resource.created)}),
    }
}

/// Returns a resource in the full form.
pub(super) fn row(store: &Store, resource: &Resource, data: bool, operations: bool, release: Release) -> Value {
    let (kind, label) = resource.kind_id();
    let (icon, provider, form) = match resource.kind {
        Kind::Deployment => (
            "composition.blueprint.png",
            "Blueprint Service",
            json!({"catalogResourceInfoHidden": false, "details": {"type": "external", "formId": "composition.deployment.details"}}),
        ),
        Kind::Machine(_) => (
            "Infrastructure.CatalogItem.Machine.Virtual.vSphere",
            "Infrastructure Service",
            json!({
                "catalogResourceInfoHidden": true,
                "details": {"type": "extension", "extensionId": "csp.places.iaas.item.details", "extensionPointId": null},
            }),
        ),
    };
    let state = store
        .request(&resource.request)
        .map(|request| if request.stage.is_final() { "SUCCESSFUL" } else { "IN_PROGRESS" });
    let parent = resource.parent.as_ref().and_then(|id| store.resource(id));
    // Only the top resource names its item: a deployment in 7.x, a machine in 6.2, which has no deployments.
    let top = parent.is_none();
    let mut row = json!({
        "@type": "CatalogResource",
        "id": resource.id,
        "iconId": icon,
        "resourceTypeRef": {"id": kind, "label": label},
        "name": resource.name,
        "description": resource.description,
        "status": "ACTIVE",
        "catalogItem": top.then(|| json!({"id": resource.item.0, "label": resource.item.1})),
        "requestId": resource.request,
        "requestState": state,
        "providerBinding": {"bindingId": uuid_of(&resource.id), "providerRef": {"id": uuid_of(provider), "label": provider}},
        "owners": [{
            "tenantName": resource.tenant, "ref": resource.owner, "type": "USER", "value": store.display_name(&resource.owner),
        }],
        "organization": store.organization(&resource.tenant, &resource.subtenant),
        "dateCreated": millis(resource.created),
        "lastUpdated": millis(resource.updated),
        "hasLease": true,
        "lease": lease(resource),
        "leaseForDisplay": resource.lease_days.map(days),
        "hasCosts": true,
        "costs": null,
        "costToDate": null,
        "totalCost": null,
    });
    let mut add = |name: &str, value: Value| row[name] = value;
    if release == Release::V6_2 {
        add("childResources", json!([]));
    } else {
        add("expenseMonthToDate", json!({"amount": null, "currencyCode": null, "asOnDate": null}));
        add("parentResourceRef", json!(parent.map(|parent| json!({"id": parent.id, "label": parent.name}))));
        add("hasChildren", (!resource.is_machine()).into());
    }
    add(
        "operations",
        // Null without the parameter, and not an empty list: unknown is not the same as none.
        if operations { action::of(resource).iter().map(|a| a.operation()).collect() } else { Value::Null },
    );
    add("forms", form);
    add("resourceData", if data { entries(values(store, resource, release)) } else { entries(Vec::new()) });
    if let (Some(end), true) = (resource.lease_end, release != Release::V6_2) {
        add("destroyDate", millis(end).into());
    }
    if release == Release::V6_2
        && let Some(members) = row.as_object_mut()
    {
        members.shift_remove("requestState");
    }
    row
}

/// Returns the provider's data of a machine, as typed values; none for a deployment.
fn values(store: &Store, resource: &Resource, release: Release) -> Vec<(String, Value)> {
    let Kind::Machine(machine) = &resource.kind else { return Vec::new() };
    let component = &machine.component;
    let disk = vec![
        ("DISK_INPUT_ID".to_owned(), string("DISK_INPUT_ID1")),
        ("DISK_CAPACITY".to_owned(), integer(component.storage)),
        ("DISK_LABEL".to_owned(), string("Hard disk 1")),
    ];
    let mut network = Vec::new();
    if let Some(place) = &machine.place {
        // As captured: 6.2 has every address in the list of networks, 7.x only those from a network profile. `ip_address` has
        // the address in both.
        if place.profile.is_some() || release == Release::V6_2 {
            network.push(("NETWORK_ADDRESS".to_owned(), string(&place.address)));
        }
        network.push(("NETWORK_NAME".to_owned(), string(&place.network)));
        if let Some(profile) = &place.profile {
            network.push(("NETWORK_PROFILE".to_owned(), string(profile)));
        }
    }
    network.push(("NETWORK_MAC_ADDRESS".to_owned(), string(&machine.mac)));
    let list = |class: &str, values| multiple("COMPLEX", vec![complex(IAAS_PROXY, class, values)]);
    let end = resource.lease_end.map_or(Value::Null, |end| date_time(&millis(end)));
    let group = store.subtenant_label(&resource.subtenant);
    let mut values = vec![
        ("DISK_VOLUMES".to_owned(), list("dynamicops.api.model.DiskInputModel", disk)),
        ("MachineMemory".to_owned(), integer(component.memory)),
        ("MachineGuestOperatingSystem".to_owned(), Value::Null),
        ("MachineBlueprintName".to_owned(), string(&resource.item.1)),
        ("MachineCPU".to_owned(), integer(component.cpu)),
        ("MachineInterfaceType".to_owned(), string("vSphere")),
        ("MachineExpirationDate".to_owned(), end.clone()),
        ("IS_COMPONENT_MACHINE".to_owned(), boolean(false)),
        ("endpointExternalReferenceId".to_owned(), string(&uuid_of("vCenter"))),
        ("VirtualMachine.Admin.UUID".to_owned(), string(&uuid_of(&format!("{} bios", resource.id)))),
        ("MachineInterfaceDisplayName".to_owned(), string("vSphere (vCenter)")),
        ("NETWORK_LIST".to_owned(), list("dynamicops.api.model.NetworkViewModel", network)),
        ("Component".to_owned(), string(&component.name)),
        ("SNAPSHOT_LIST".to_owned(), multiple("COMPLEX", Vec::new())),
        ("MachineStatus".to_owned(), string(machine.status)),
        ("MachineType".to_owned(), string("Virtual")),
        ("MachineStorage".to_owned(), integer(component.storage)),
        ("EXTERNAL_REFERENCE_ID".to_owned(), string(&format!("vm-{}", resource.name.len()))),
        ("MachineGroupName".to_owned(), string(group.as_str().unwrap_or_default())),
        ("machineId".to_owned(), string(&uuid_of(&resource.id))),
        ("MachineName".to_owned(), string(&resource.name)),
        ("MachineDestructionDate".to_owned(), end),
        ("MachineDailyCost".to_owned(), decimal(0.0)),
    ];
    if let Some(place) = &machine.place {
        values.push(("MachineReservationName".to_owned(), string(&place.reservation)));
        values.push(("ip_address".to_owned(), string(&place.address)));
    }
    // As captured, the data also has a flag for each action that is possible.
    for action in action::of(resource) {
        values.push((action.flag().to_owned(), boolean(true)));
    }
    values
}

/// Returns the provider's data of a machine as plain JSON, as 7.x has it in its flat forms.
pub(super) fn plain_values(store: &Store, resource: &Resource) -> Map<String, Value> {
    let typed = entries(values(store, resource, Release::V7));
    pairs(Some(&typed)).map(|(key, value)| (key.to_owned(), to_plain(value))).collect()
}

/// Returns a resource in the flat form of 7.x.
pub(super) fn view(store: &Store, origin: &str, resource: &Resource, data: bool, operations: bool) -> Value {
    let link = |rel: String, path: String| json!({"@type": "link", "rel": rel, "href": format!("{origin}{path}")});
    let base = "/catalog-service/api/consumer";
    let mut links = Vec::new();
    if resource.parent.is_none() {
        let path = format!("{base}/entitledCatalogItemViews/{}", resource.item.0);
        links.push(link("GET: Catalog Item".to_owned(), path));
    }
    links.push(link("GET: Request".to_owned(), format!("{base}/requests/{}", resource.request)));
    if let Some(parent) = &resource.parent {
        links.push(link("GET: Parent Resource".to_owned(), format!("{base}/resourceViews/{parent}")));
    }
    if operations {
        for action in action::of(resource) {
            let at = format!("{base}/resources/{}/actions/{}/requests", resource.id, action.id());
            links.push(link(format!("GET Template: {}", action.message_key()), format!("{at}/template")));
            links.push(link(format!("POST: {}", action.message_key()), at));
        }
    }
    if !resource.is_machine() {
        let query = "managedOnly=false&withExtendedData=true&withOperations=true";
        let filter = format!("%24filter=parentResource%20eq%20%27{}%27", resource.id);
        links.push(link("GET: Child Resources".to_owned(), format!("{base}/resourceViews?{query}&{filter}")));
    }
    let mut plain = if data { plain_values(store, resource) } else { Map::new() };
    // In the flat form the status is a member of the row and not of its data.
    plain.shift_remove("MachineStatus");
    let status = match &resource.kind {
        Kind::Machine(machine) => Some(machine.status),
        Kind::Deployment => None,
    };
    let top = resource.parent.is_none();
    let icon = if resource.is_machine() {
        "Infrastructure.CatalogItem.Machine.Virtual.vSphere"
    } else {
        "composition.blueprint.png"
    };
    json!({
        "@type": "CatalogResourceView",
        "links": links,
        "resourceId": resource.id,
        "iconId": icon,
        "name": resource.name,
        "description": resource.description,
        "status": status,
        // As captured, the parts of a deployment name no item; only the deployment does.
        "catalogItemId": top.then_some(&resource.item.0),
        "catalogItemLabel": top.then_some(&resource.item.1),
        "requestId": resource.request,
        "resourceType": resource.kind_id().0,
        "owners": [store.display_name(&resource.owner)],
        "businessGroupId": resource.subtenant,
        "tenantId": resource.tenant,
        "dateCreated": millis(resource.created),
        "lastUpdated": millis(resource.updated),
        "lease": lease(resource),
        "costs": null,
        "costToDate": null,
        "totalCost": null,
        "parentResourceId": resource.parent,
        "hasChildren": !resource.is_machine(),
        "data": plain,
    })
}

/// Returns the resource types.
pub(super) fn types() -> Vec<Value> {
    let row = |id: &str, name: &str, plural: &str, provider: &str, primary: bool| {
        json!({
            "@type": "ResourceType", "id": id, "name": name, "pluralizedName": plural, "description": name,
            "primary": primary, "providerTypeId": provider, "costed": true, "status": "ACTIVE",
            "schema": {"fields": []}, "forms": null,
        })
    };
    vec![
        row("Infrastructure.Machine", "Machine", "Machines", "com.vmware.csp.iaas.blueprint.service", true),
        row(
            "Infrastructure.Virtual",
            "Virtual Machine",
            "Virtual Machines",
            "com.vmware.csp.iaas.blueprint.service",
            true,
        ),
        row("composition.resource.type.deployment", "Deployment", "Deployments", COMPOSITION, true),
    ]
}
