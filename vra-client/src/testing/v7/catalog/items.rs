//! Items of the catalog in the forms of the responses.

use serde_json::{Map, Value, json};

use crate::testing::clock::millis;
use crate::testing::id::uuid_of;
use crate::testing::v7::config::Component;
use crate::testing::v7::context::{Context, Reply, Result};
use crate::testing::v7::refusal::no_such_item;
use crate::testing::v7::rows::CatalogItem;
use crate::testing::v7::store::Store;

const BLUEPRINT: &str = "com.vmware.csp.component.cafe.composition.blueprint";
const COMPOSITION: &str = "com.vmware.csp.component.cafe.composition";

/// Returns the items of the caller's tenant, or of one service.
fn visible<'a>(call: &'a Context<'_>) -> impl Iterator<Item = &'a CatalogItem> {
    let service = call.query.get("serviceId");
    let items = call.store.items.iter().filter(|item| item.tenant == call.tenant);
    items.filter(move |item| service.is_none_or(|id| item.service_id == id))
}

/// Returns an item by its id, or by the id in its links.
pub(super) fn find<'a>(call: &'a Context<'_>, id: &str) -> Option<&'a CatalogItem> {
    call.store.items.iter().find(|item| item.tenant == call.tenant && (item.id == id || item.link_id == id))
}

/// Lists the items that the caller may request.
pub(super) fn entitled(call: &Context<'_>) -> Result {
    Ok(Reply::Rows(visible(call).map(|item| entitled_row(call.store, item)).collect()))
}

/// Returns one item that the caller may request.
pub(super) fn one(call: &Context<'_>, id: &str) -> Result {
    let mut row = match find(call, id) {
        Some(item) => entitled_row(call.store, item),
        None => return Err(no_such_item(id)),
    };
    // Captured: a single object has no `@type`; rows of the list do.
    if let Some(members) = row.as_object_mut() {
        members.shift_remove("@type");
    }
    Ok(Reply::Json(row))
}

/// Returns the row of an entitled item.
fn entitled_row(store: &Store, item: &CatalogItem) -> Value {
    json!({
        "@type": "ConsumerEntitledCatalogItem",
        "catalogItem": item_row(store, item),
        "entitledOrganizations": [store.organization(&item.tenant, &item.subtenant)],
    })
}

/// Returns an item with every member of a captured one.
fn item_row(store: &Store, item: &CatalogItem) -> Value {
    let form = |extension: &str| json!({"type": "extension", "extensionId": extension, "extensionPointId": null});
    json!({
        "callbacks": null,
        "catalogItemTypeRef": {"id": BLUEPRINT, "label": "Composite Blueprint"},
        "dateCreated": millis(item.created),
        "description": item.description(),
        "forms": {
            "itemDetails": {"type": "external", "formId": "composition.catalog.item.details"},
            "catalogRequestInfoHidden": true,
            "requestFormScale": "BIG",
            "requestSubmission": form("com.vmware.vcac.core.design.blueprints.requestForm"),
            "requestDetails": form("com.vmware.vcac.core.design.blueprints.requestDetailsForm"),
            "requestPreApproval": null,
            "requestPostApproval": null,
        },
        "iconId": "composition.blueprint.png",
        "id": item.id,
        "isNoteworthy": false,
        "lastUpdatedDate": millis(item.created),
        "name": item.item.name,
        "organization": {
            "tenantRef": item.tenant, "tenantLabel": store.tenant_label(&item.tenant),
            // An item is of the whole tenant; the entitlement names the business group.
            "subtenantRef": null, "subtenantLabel": null,
        },
        "outputResourceTypeRef": {"id": "composition.resource.type.deployment", "label": "Deployment"},
        "providerBinding": binding(item),
        "serviceRef": {"id": item.service_id, "label": item.item.service},
        "status": "PUBLISHED",
        "statusName": "Published",
        "quota": 0,
        "version": 4,
        "requestable": true,
    })
}

/// Returns the reference to an item at its provider.
pub(super) fn binding(item: &CatalogItem) -> Value {
    json!({
        "bindingId": format!("{}!::!{}", item.tenant, item.item.name.replace(' ', "")),
        "providerRef": {"id": uuid_of("Blueprint Service"), "label": "Blueprint Service"},
    })
}

/// Returns the rows of all visible items.
pub(super) fn plain(call: &Context<'_>) -> Vec<Value> {
    visible(call)
        .map(|item| {
            let mut row = Map::from_iter([("@type".to_owned(), json!("CatalogItem"))]);
            row.extend(item_row(call.store, item).as_object().cloned().unwrap_or_default());
            row.into()
        })
        .collect()
}

/// Lists items in the flat form.
pub(super) fn views(call: &Context<'_>) -> Result {
    Ok(Reply::Rows(visible(call).map(|item| view_row(call, item)).collect()))
}

/// Returns an item in the flat form.
pub(super) fn view(call: &Context<'_>, id: &str) -> Result {
    find(call, id).map(|item| Reply::Json(view_row(call, item))).ok_or_else(|| no_such_item(id))
}

/// Returns the row of the flat form, with its links.
fn view_row(call: &Context<'_>, item: &CatalogItem) -> Value {
    let link = |rel: &str, end: &str| {
        let path = format!("/catalog-service/api/consumer/entitledCatalogItems/{}/requests{end}", item.link_id);
        json!({"@type": "link", "rel": rel, "href": call.href(&path)})
    };
    json!({
        "@type": "ConsumerEntitledCatalogItemView",
        "entitledOrganizations": [call.store.organization(&item.tenant, &item.subtenant)],
        "catalogItemId": item.id,
        "name": item.item.name,
        "description": item.description(),
        "isNoteworthy": false,
        "dateCreated": millis(item.created),
        "lastUpdatedDate": millis(item.created),
        "links": [link("GET: Request Template", "/template"), link("POST: Submit Request", "")],
        "iconId": "composition.blueprint.png",
        "catalogItemTypeRef": {"id": BLUEPRINT, "label": "Composite Blueprint"},
        "serviceRef": {"id": item.service_id, "label": item.item.service},
        "outputResourceTypeRef": {"id": "composition.resource.type.deployment", "label": "Deployment"},
    })
}

/// Returns the template of a request, with every member of a captured one.
pub(super) fn template(call: &Context<'_>, id: &str) -> Result {
    let item = find(call, id).ok_or_else(|| no_such_item(id))?;
    let mut data =
        Map::from_iter([("_leaseDays".to_owned(), Value::Null), ("_number_of_instances".to_owned(), json!(1))]);
    for component in item.components() {
        let kind = format!("{}*{}", item.item.name.replace(' ', ""), component.name);
        data.insert(component.name.clone(), declaration(&component, &kind));
    }
    // As documented, these two parameters fill the template in.
    let subtenant = call.query.get("businessGroupId").unwrap_or(&item.subtenant);
    Ok(Reply::Json(json!({
        "type": "com.vmware.vcac.catalog.domain.request.CatalogItemProvisioningRequest",
        "catalogItemId": item.id,
        "requestedFor": call.query.get("requestedFor").unwrap_or(&call.user),
        "businessGroupId": subtenant,
        "description": null,
        "reasons": null,
        "data": data,
    })))
}

/// Returns the values of a machine in a template; the nulls are as captured, and a client has to send them back.
fn declaration(component: &Component, kind: &str) -> Value {
    // The id has 13 digits, as captured: it does not fit into 32 bits.
    let disk = json!({
        "componentTypeId": "com.vmware.csp.iaas.blueprint.service", "componentId": null,
        "classId": "Infrastructure.Compute.Machine.MachineDisk", "typeFilter": null,
        "data": {
            "capacity": component.storage, "custom_properties": null, "id": 1_537_301_083_687_i64, "initial_location": "",
            "is_clone": true, "label": "Hard disk 1", "storage_reservation_policy": "", "userCreated": false, "volumeId": 0,
        },
    });
    json!({
        "componentTypeId": COMPOSITION, "componentId": null, "classId": "Blueprint.Component.Declaration",
        "typeFilter": kind,
        "data": {
            "_cluster": 1, "_hasChildren": false, "cpu": component.cpu, "datacenter_location": null, "description": null,
            "disks": [disk], "display_location": false, "guest_customization_specification": null, "location.loc": "",
            "machine_prefix": null, "max_network_adapters": -1, "max_per_user": 0, "max_volumes": 60,
            "memory": component.memory, "nics": null, "os_arch": "x86_64", "os_distribution": null, "os_type": "Linux",
            "os_version": null, "ovfAuthNeeded": false, "ovf_proxy_endpoint": null, "ovf_url": null, "ovf_url_pwd": null,
            "ovf_url_username": null, "ovf_use_proxy": false, "property_groups": null, "reservation_policy": null,
            "security_groups": [], "security_tags": [], "snapshot_name": null, "source_machine_external_snapshot": null,
            "source_machine_vmsnapshot": null, "storage": component.storage,
        },
    })
}

/// Returns the schema of a request. Its fields are a guess from the template.
pub(super) fn schema(call: &Context<'_>, id: &str) -> Result {
    let item = find(call, id).ok_or_else(|| no_such_item(id))?;
    let primitive = |id: &str, label: &str, kind: &str| {
        json!({
            "id": id, "label": label, "dataType": {"type": "primitive", "typeId": kind}, "displayAdvice": null,
            "state": {"dependencies": [], "facets": []}, "isMultiValued": false,
        })
    };
    let mut fields = vec![
        primitive("_leaseDays", "Lease days", "INTEGER"),
        primitive("_number_of_instances", "Number of instances", "INTEGER"),
    ];
    for component in item.components() {
        fields.push(json!({
            "id": component.name, "label": component.name,
            "dataType": {
                "type": "complex", "componentTypeId": COMPOSITION, "componentId": null,
                "classId": "Blueprint.Component.Declaration", "typeFilter": null, "label": component.name,
            },
            "displayAdvice": null, "state": {"dependencies": [], "facets": []}, "isMultiValued": false,
        }));
    }
    Ok(Reply::Json(json!({"fields": fields})))
}

/// Returns the catalog services of the visible items.
pub(super) fn services(call: &Context<'_>) -> Vec<Value> {
    let mut rows: Vec<Value> = Vec::new();
    for item in visible(call) {
        if rows.iter().all(|row| row["id"] != item.service_id.as_str()) {
            rows.push(json!({
                "@type": "Service", "id": item.service_id, "name": item.item.service, "description": null,
                "status": "ACTIVE", "organization": call.store.organization(&item.tenant, &item.subtenant),
            }));
        }
    }
    rows
}

/// Returns one entitlement: all items for all users.
pub(super) fn entitlements(call: &Context<'_>) -> Vec<Value> {
    let Some(first) = visible(call).next() else { return Vec::new() };
    let items: Vec<Value> = visible(call)
        .map(|item| {
            json!({
                "approvalPolicyId": item.item.approver.as_ref().map(|_| uuid_of("approval policy")),
                "hidden": false, "active": true, "catalogItemRef": {"id": item.id, "label": item.item.name},
                "catalogItemRequestable": true,
            })
        })
        .collect();
    vec![json!({
        "@type": "Entitlement", "description": "", "entitledCatalogItems": items, "entitledResourceOperations": [],
        "entitledServices": [{
            "approvalPolicyId": null, "active": true, "serviceRef": {"id": first.service_id, "label": first.item.service},
        }],
        "expiryDate": null, "id": uuid_of("entitlement"), "lastUpdatedBy": "Administrator",
        "lastUpdatedDate": millis(first.created), "name": "Everything",
        "organization": call.store.organization(&first.tenant, &first.subtenant), "principals": [], "priorityOrder": 1,
        "status": "ACTIVE", "statusName": "Active", "localScopeForActions": true, "allUsers": true, "version": 1,
    })]
}
