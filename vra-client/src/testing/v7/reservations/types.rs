//! Types of reservations, and the fields of each.

use serde_json::{Value, json};

use crate::testing::id::uuid_of;

/// Type of reservations.
pub(super) struct Type {
    pub(super) id: &'static str,
    name: &'static str,
    pub(super) category: &'static str,
    pub(super) class: &'static str,
    alerts: &'static [&'static str],
}

/// Creates a type whose schema class is its id.
const fn kind(id: &'static str, name: &'static str, category: &'static str, alerts: &'static [&'static str]) -> Type {
    Type { id, name, category, class: id, alerts }
}

const ALL: &[&str] = &["storage", "memory", "cpu", "machine"];
const MACHINES: &[&str] = &["machine"];

/// Types of reservations.
///
/// The ids of vSphere, Amazon and vCloud Air are documented, and that of vCloud Director comes from a client. The others are
/// a guess by the same pattern. The names are those from 7.2 on.
pub(super) const TYPES: &[Type] = &[
    kind("Infrastructure.Reservation.Virtual.vSphere", "vSphere (vCenter)", "Virtual", ALL),
    kind("Infrastructure.Reservation.Cloud.Amazon", "Amazon EC2", "Cloud", MACHINES),
    kind("Infrastructure.Reservation.Cloud.vCloudAir", "vCloud Air", "Cloud", ALL),
    kind("Infrastructure.Reservation.Cloud.vCloud", "vCloud Director", "Cloud", ALL),
    kind("Infrastructure.Reservation.Cloud.OpenStack", "OpenStack", "Cloud", MACHINES),
    kind("Infrastructure.Reservation.Virtual.SCVMM", "Hyper-V (SCVMM)", "Virtual", ALL),
    kind("Infrastructure.Reservation.Virtual.HyperV", "Hyper-V (Standalone)", "Virtual", ALL),
    kind("Infrastructure.Reservation.Virtual.KVM", "KVM (RHEV)", "Virtual", ALL),
    kind("Infrastructure.Reservation.Virtual.XenServer", "XenServer", "Virtual", ALL),
];

const DATE: &str = "2015-10-13T04:44:32.008Z";

impl Type {
    /// Returns the row of the type, with the members of the documented rows.
    pub(super) fn row(&self) -> Value {
        let alerts: Vec<Value> = self
            .alerts
            .iter()
            .map(|name| {
                json!({
                    "createdDate": DATE, "lastUpdated": DATE, "version": 0, "id": uuid_of(&format!("{} {name}", self.id)),
                    "name": name, "description": null, "referenceResourceId": name,
                })
            })
            .collect();
        json!({
            "@type": "ReservationType", "createdDate": DATE, "lastUpdated": DATE, "version": 1, "id": self.id,
            "name": self.name, "description": format!("{} Reservation", self.name), "category": self.category,
            "serviceTypeId": "com.vmware.csp.iaas.blueprint.service", "tenantId": null,
            "formReference": {"type": "external", "formId": format!("{}.form.new", self.id)},
            "schemaClassId": self.class, "alertTypes": alerts,
        })
    }
}

/// Returns the fields of a type. Those of vSphere are documented. The manual names those of the others without their
/// schema, so their data types are a guess.
pub(super) fn schema(class: &str) -> Option<Value> {
    let kind = TYPES.iter().find(|kind| kind.class == class)?;
    let mut fields = vec![field("computeResource", "Compute Resource", &reference("ComputeResource"), true, false)];
    let virtual_or_vcloud = !matches!(kind.name, "Amazon EC2" | "OpenStack");
    if virtual_or_vcloud {
        fields.push(field("reservationNetworks", "Network", &object("reservationNetwork"), true, true));
        fields.push(field("reservationMemory", "Memory", &object("reservationMemory"), true, false));
        fields.push(field("reservationStorages", "Storage", &object("reservationStorage"), true, true));
    }
    fields.push(field("machineQuota", "Machine Quota", &primitive("INTEGER"), false, false));
    match kind.name {
        "vSphere (vCenter)" => {
            fields.push(field("resourcePool", "Resource Pool", &reference("ResourcePools"), false, false));
            let zone = reference("NetworkScopes");
            fields.push(field("reservationVCNSTransportZone", "Transport Zone", &zone, false, false));
            let groups = reference("SecurityGroups");
            fields.push(field("reservationVCNSSecurityGroups", "Security Groups", &groups, false, true));
            let gateways = object("reservationVCNSRoutedGateway");
            fields.push(field("reservationVCNSRoutedGateways", "Routed Gateways", &gateways, false, true));
        }
        "vCloud Air" | "vCloud Director" => {
            fields.push(field("allocationModel", "Allocation Model", &primitive("INTEGER"), false, false));
        }
        "Amazon EC2" => {
            fields.push(field("keyPairs", "Key Pairs", &primitive("STRING"), true, false));
            fields.push(field("specificKeyPair", "Specific Key Pair", &reference("KeyPair"), false, false));
            for (id, label) in [
                ("locations", "Locations"),
                ("securityGroups", "Security Groups"),
                ("subnets", "Subnets"),
                ("loadBalancers", "Load Balancers"),
            ] {
                fields.push(field(id, label, &reference(label), false, true));
            }
            fields.push(field("VPC", "VPC", &object("VPC"), false, true));
        }
        "OpenStack" => {
            fields.push(field("keyPairs", "Key Pairs", &primitive("STRING"), false, false));
            fields.push(field("securityGroups", "Security Groups", &reference("SecurityGroup"), false, true));
        }
        _ => {}
    }
    Some(json!({"fields": fields}))
}

/// Returns a primitive data type.
fn primitive(kind: &str) -> Value {
    json!({"type": "primitive", "typeId": kind})
}

/// Returns a data type with a class.
fn typed(kind: &str, class: &str) -> Value {
    json!({
        "type": kind, "componentTypeId": "com.vmware.csp.iaas.blueprint.service", "componentId": null, "classId": class,
        "typeFilter": null, "label": class,
    })
}

/// Returns the data type of a reference.
fn reference(class: &str) -> Value {
    typed("ref", class)
}

/// Returns the data type of an object with values.
fn object(class: &str) -> Value {
    typed("complex", class)
}

/// Returns a field of a schema.
fn field(id: &str, label: &str, data_type: &Value, mandatory: bool, multiple: bool) -> Value {
    let facet = json!({
        "type": "mandatory", "value": {"type": "constantClause", "value": {"type": "boolean", "value": true}},
    });
    let facets = if mandatory { vec![facet] } else { Vec::new() };
    let table = data_type["type"].as_str() == Some("complex");
    let mut row = json!({
        "id": id, "label": label, "dataType": data_type, "displayAdvice": table.then_some("DATA_TABLE"),
        "state": {"dependencies": [], "facets": facets}, "isMultiValued": multiple,
    });
    if data_type["type"].as_str() != Some("primitive") {
        let dependencies: &[&str] = if id == "computeResource" { &[] } else { &["computeResource"] };
        row["permissibleValues"] = json!({"type": "dynamic", "customAllowed": false, "dependencies": dependencies});
    }
    row
}
