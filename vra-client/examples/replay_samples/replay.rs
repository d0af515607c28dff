//! Public type of each payload, and the check that it keeps all of it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use vra_client::error::ServerMessage;
use vra_client::lenient::{JsonObject, Model};
use vra_client::v7::{
    About, AddressSpace, ApprovalPolicy, ApprovalPolicyType, CatalogItem, CatalogItemView, CatalogRequest,
    CatalogService, Deployment, DirectoryStatus, EntitledCatalogItem, Entitlement, IdentityStore, IpamRange,
    IssuedToken, KeyPair, LiteralMap, NetworkProfile, Page, PermissibleValue, Principal, ProfileAddress, RangeSummary,
    RequestTemplate, Reservation, ReservationPolicy, ReservationType, Resource, ResourceOperation, ResourceType,
    ResourceView, Schema, ServiceEndpoint, ServiceInfo, ServiceStatus, Subtenant, SubtenantRole, SystemRole, Tenant,
    WorkItem, WorkItemType,
};

/// One recorded call.
pub(crate) struct Sample {
    pub(crate) kind: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u64,
    pub(crate) generation: String,
    pub(crate) body: Value,
}

impl Sample {
    /// Reads a sample file; `None` if it has no header of a sample.
    pub(crate) fn read(text: &str) -> Result<Option<Self>, serde_json::Error> {
        let mut file: Value = serde_json::from_str(text)?;
        let text = |pointer: &str| file.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let header = (text("/kind"), text("/request/method"), text("/request/path"), text("/generation"));
        let (Some(kind), Some(method), Some(path), Some(generation)) = header else { return Ok(None) };
        let status = file.get("status").and_then(Value::as_u64).unwrap_or_default();
        let body = file.get_mut("body").map(Value::take).unwrap_or_default();
        Ok(Some(Self { kind, method, path, status, generation, body }))
    }
}

/// Result of one payload.
pub(crate) struct Kept {
    /// The members that no type has a field for, each with its type.
    pub(crate) extra: Vec<String>,
}

type Check = fn(&str) -> Result<Kept, String>;

/// Decodes a payload, encodes it again, and compares.
fn keeps<T: Model>(json: &str) -> Result<Kept, String> {
    let (value, original) = decode::<T>(json)?;
    compare(&value, &original)?;
    let type_name = short_name::<T>();
    let extra = value.unknown_members().into_iter().map(|path| format!("{type_name}{path}")).collect();
    Ok(Kept { extra })
}

fn keeps_errors(json: &str) -> Result<Kept, String> {
    let original: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let Some(errors) = original.get("errors").and_then(Value::as_array) else {
        // An HTML page, another text or an empty body: an error keeps a summary only.
        return Ok(Kept { extra: Vec::new() });
    };
    let mut extra = Vec::new();
    for error in errors {
        extra.extend(keeps::<ServerMessage>(&error.to_string())?.extra);
    }
    Ok(Kept { extra })
}

/// An object whose shape is not published is kept as it is; all of it is without a field.
fn keeps_object(json: &str) -> Result<Kept, String> {
    let (value, original) = decode::<JsonObject>(json)?;
    compare(&value, &original)?;
    Ok(Kept { extra: value.keys().map(|name| format!("JsonObject.{name}")).collect() })
}

/// Request bodies have texts and one map of literals: the values of a form, or those that others depend on.
fn keeps_form(json: &str) -> Result<Kept, String> {
    let original: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let mut extra = Vec::new();
    for (name, value) in original.as_object().into_iter().flatten() {
        match name.as_str() {
            "formData" | "dependencyValues" => {
                let kept = keeps::<LiteralMap>(&value.to_string()).map_err(|why| format!("{name}.{why}"))?;
                extra.extend(kept.extra);
            }
            "text" | "associateValue" | "workItemId" | "workItemActionId" => {}
            other => extra.push(format!("form.{other}")),
        }
    }
    Ok(Kept { extra })
}

fn decode<T: DeserializeOwned>(json: &str) -> Result<(T, Value), String> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| format!("{}: {}", error.path(), error.inner()))?;
    let original = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Ok((value, original))
}

fn compare(value: &impl Serialize, original: &Value) -> Result<(), String> {
    let again = serde_json::to_value(value).map_err(|error| error.to_string())?;
    match difference("", original, &again) {
        None => Ok(()),
        Some(difference) => Err(difference),
    }
}

/// Returns the first place where two values differ.
pub(crate) fn difference(path: &str, expected: &Value, found: &Value) -> Option<String> {
    match (expected, found) {
        (Value::Object(left), Value::Object(right)) => {
            let lost = left.keys().find(|key| !right.contains_key(*key));
            if let Some(key) = lost {
                return Some(format!("{path}.{key} was lost"));
            }
            if let Some(key) = right.keys().find(|key| !left.contains_key(*key)) {
                return Some(format!("{path}.{key} was added"));
            }
            left.iter().find_map(|(key, value)| difference(&format!("{path}.{key}"), value, right.get(key)?))
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let pairs = left.iter().zip(right).enumerate();
            pairs.into_iter().find_map(|(at, (left, right))| difference(&format!("{path}[{at}]"), left, right))
        }
        _ if expected == found => None,
        _ => Some(format!("{path}: {expected} became {found}")),
    }
}

fn short_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    let name = name.split_once('<').map_or(name, |(_, inner)| inner.trim_end_matches('>'));
    name.rsplit("::").next().unwrap_or(name)
}

/// Payloads of version 7: method, path with `*` for a value, type of the response, type of the request body.
const ROUTES: &[(&str, &str, Option<Check>, Option<Check>)] = &[
    ("GET", "/identity/api/tenants/*/directories/*/status", Some(keeps::<DirectoryStatus>), None),
    ("PUT", "/identity/api/tenants/*/directories/connectivity", None, Some(keeps::<IdentityStore>)),
    ("PUT", "/identity/api/tenants/*/principals/*", Some(keeps::<Principal>), Some(keeps::<Principal>)),
    ("GET", "/identity/api/tenants/*/principals/*/groups", Some(keeps::<Page<Principal>>), None),
    ("GET", "/identity/api/tenants/*/principals/*/subtenants", Some(keeps::<Page<Subtenant>>), None),
    ("GET", "/identity/api/tenants/*/groups/*/users", Some(keeps::<Page<Principal>>), None),
    ("GET", "/identity/api/tenants/*/groups/*/parents", Some(keeps::<Page<Principal>>), None),
    ("GET", "/identity/api/tenants/*/subtenants/*/roles", Some(keeps::<Page<SubtenantRole>>), None),
    ("GET", "/identity/api/tenants/*/subtenants/*/roles/*/principals", Some(keeps::<Page<Principal>>), None),
    ("GET", "/catalog-service/api/consumer/catalogItems", Some(keeps::<Page<CatalogItem>>), None),
    ("GET", "/catalog-service/api/catalogItems", Some(keeps::<Page<CatalogItem>>), None),
    ("GET", "/catalog-service/api/consumer/services", Some(keeps::<Page<CatalogService>>), None),
    ("GET", "/catalog-service/api/services", Some(keeps::<Page<CatalogService>>), None),
    ("GET", "/catalog-service/api/resourceOperations", Some(keeps::<Page<ResourceOperation>>), None),
    ("GET", "/catalog-service/api/resourceTypes", Some(keeps::<Page<ResourceType>>), None),
    ("GET", "/catalog-service/api/consumer/resourceTypes/*", Some(keeps::<ResourceType>), None),
    ("GET", "/catalog-service/api/consumer/deployments", Some(keeps::<Page<Deployment>>), None),
    ("*", "/catalog-service/api/consumer/deployments/*", Some(keeps::<Deployment>), Some(keeps::<Deployment>)),
    ("GET", "/catalog-service/api/consumer/entitledCatalogItems/*/requests/schema", Some(keeps::<Schema>), None),
    ("GET", "/catalog-service/api/consumer/requests/*/forms/details", Some(keeps_object), None),
    ("GET", "/catalog-service/api/consumer/resources/*/actions/*/forms/request", Some(keeps_object), None),
    ("GET", "/workitem-service/api/workitems/*/form", Some(keeps_object), None),
    ("GET", "/workitem-service/api/workitems/types", Some(keeps::<Page<WorkItemType>>), None),
    ("GET", "/workitem-service/api/workitems/types/*", Some(keeps::<WorkItemType>), None),
    ("GET", "/approval-service/api/policies", Some(keeps::<Page<ApprovalPolicy>>), None),
    ("GET", "/approval-service/api/policies/*", Some(keeps::<ApprovalPolicy>), None),
    ("GET", "/approval-service/api/info/approvalrequests/*", Some(keeps_object), None),
    ("GET", "/component-registry/services/*/endpoints", Some(keeps::<Page<ServiceEndpoint>>), None),
    ("GET", "/ipam-service/api/requests/*", Some(keeps_object), None),
    ("GET", "/identity/api/about", Some(keeps::<About>), None),
    ("POST", "/identity/api/tokens", Some(keeps::<IssuedToken>), None),
    ("GET", "/identity/api/tenants", Some(keeps::<Page<Tenant>>), None),
    ("*", "/identity/api/tenants/*", Some(keeps::<Tenant>), Some(keeps::<Tenant>)),
    ("GET", "/identity/api/tenants/*/directories", Some(keeps::<Page<IdentityStore>>), None),
    ("POST", "/identity/api/tenants/*/directories", None, Some(keeps::<IdentityStore>)),
    ("*", "/identity/api/tenants/*/directories/*", Some(keeps::<IdentityStore>), Some(keeps::<IdentityStore>)),
    ("GET", "/identity/api/tenants/*/principals", Some(keeps::<Page<Principal>>), None),
    ("POST", "/identity/api/tenants/*/principals", Some(keeps::<Principal>), Some(keeps::<Principal>)),
    ("GET", "/identity/api/tenants/*/principals/*", Some(keeps::<Page<Principal>>), None),
    ("GET", "/identity/api/tenants/*/groups", Some(keeps::<Page<Principal>>), None),
    ("*", "/identity/api/tenants/*/groups", None, Some(keeps::<Principal>)),
    ("*", "/identity/api/tenants/*/groups/*", Some(keeps::<Principal>), Some(keeps::<Principal>)),
    ("GET", "/identity/api/tenants/*/subtenants", Some(keeps::<Page<Subtenant>>), None),
    ("GET", "/identity/api/tenants/*/subtenants/membership", Some(keeps::<Page<Subtenant>>), None),
    ("POST", "/identity/api/tenants/*/subtenants", Some(keeps::<Subtenant>), Some(keeps::<Subtenant>)),
    ("*", "/identity/api/tenants/*/subtenants/*", Some(keeps::<Subtenant>), Some(keeps::<Subtenant>)),
    ("GET", "/identity/api/authorization/roles", Some(keeps::<Page<SystemRole>>), None),
    ("GET", "/identity/api/authorization/tenants/*/principals/*/roles", Some(keeps::<Page<SystemRole>>), None),
    ("GET", "/catalog-service/api/consumer/entitledCatalogItems", Some(keeps::<Page<EntitledCatalogItem>>), None),
    ("GET", "/catalog-service/api/consumer/entitledCatalogItems/*", Some(keeps::<EntitledCatalogItem>), None),
    ("GET", "/catalog-service/api/consumer/entitledCatalogItemViews", Some(keeps::<Page<CatalogItemView>>), None),
    ("GET", "/catalog-service/api/consumer/entitledCatalogItemViews/*", Some(keeps::<CatalogItemView>), None),
    (
        "GET",
        "/catalog-service/api/consumer/entitledCatalogItems/*/requests/template",
        Some(keeps::<RequestTemplate>),
        None,
    ),
    (
        "POST",
        "/catalog-service/api/consumer/entitledCatalogItems/*/requests",
        Some(keeps::<CatalogRequest>),
        Some(keeps::<RequestTemplate>),
    ),
    ("GET", "/catalog-service/api/entitlements", Some(keeps::<Page<Entitlement>>), None),
    ("GET", "/catalog-service/api/consumer/requests", Some(keeps::<Page<CatalogRequest>>), None),
    ("POST", "/catalog-service/api/consumer/requests", Some(keeps::<CatalogRequest>), Some(keeps::<CatalogRequest>)),
    ("GET", "/catalog-service/api/consumer/requests/*", Some(keeps::<CatalogRequest>), None),
    ("GET", "/catalog-service/api/consumer/requests/*/resources", Some(keeps::<Page<Resource>>), None),
    ("GET", "/catalog-service/api/consumer/requests/*/resourceViews", Some(keeps::<Page<ResourceView>>), None),
    ("GET", "/catalog-service/api/consumer/resources", Some(keeps::<Page<Resource>>), None),
    ("GET", "/catalog-service/api/consumer/resources/types/*", Some(keeps::<Page<Resource>>), None),
    ("GET", "/catalog-service/api/consumer/resources/*", Some(keeps::<Resource>), None),
    ("GET", "/catalog-service/api/consumer/resources/*/actions", Some(keeps::<Page<ResourceOperation>>), None),
    (
        "GET",
        "/catalog-service/api/consumer/resources/*/actions/*/requests/template",
        Some(keeps::<RequestTemplate>),
        None,
    ),
    (
        "POST",
        "/catalog-service/api/consumer/resources/*/actions/*/requests",
        Some(keeps::<CatalogRequest>),
        Some(keeps::<RequestTemplate>),
    ),
    ("GET", "/catalog-service/api/consumer/resourceViews", Some(keeps::<Page<ResourceView>>), None),
    ("GET", "/catalog-service/api/consumer/resourceViews/*", Some(keeps::<ResourceView>), None),
    ("GET", "/workitem-service/api/workitems", Some(keeps::<Page<WorkItem>>), None),
    ("GET", "/workitem-service/api/workitems/*", Some(keeps::<WorkItem>), None),
    ("POST", "/workitem-service/api/workitems/*/actions/*", None, Some(keeps_form)),
    ("GET", "/approval-service/api/policytypes", Some(keeps::<Page<ApprovalPolicyType>>), None),
    ("GET", "/reservation-service/api/reservations", Some(keeps::<Page<Reservation>>), None),
    ("POST", "/reservation-service/api/reservations", Some(keeps::<Reservation>), Some(keeps::<Reservation>)),
    ("*", "/reservation-service/api/reservations/*", Some(keeps::<Reservation>), Some(keeps::<Reservation>)),
    ("GET", "/reservation-service/api/reservations/types", Some(keeps::<Page<ReservationType>>), None),
    ("GET", "/reservation-service/api/reservations/types/*", Some(keeps::<ReservationType>), None),
    ("GET", "/reservation-service/api/reservations/policies", Some(keeps::<Page<ReservationPolicy>>), None),
    ("POST", "/reservation-service/api/reservations/policies", None, Some(keeps::<ReservationPolicy>)),
    (
        "*",
        "/reservation-service/api/reservations/policies/*",
        Some(keeps::<ReservationPolicy>),
        Some(keeps::<ReservationPolicy>),
    ),
    ("GET", "/reservation-service/api/data-service/schema/*/default", Some(keeps::<Schema>), None),
    (
        "POST",
        "/reservation-service/api/data-service/schema/*/default/*/values",
        Some(keeps::<Page<PermissibleValue>>),
        Some(keeps_form),
    ),
    ("GET", "/iaas-proxy-provider/api/keyPairs", Some(keeps::<Page<KeyPair>>), None),
    ("POST", "/iaas-proxy-provider/api/keyPairs", None, Some(keeps::<KeyPair>)),
    ("*", "/iaas-proxy-provider/api/keyPairs/*", Some(keeps::<KeyPair>), Some(keeps::<KeyPair>)),
    ("GET", "/iaas-proxy-provider/api/network/profiles", Some(keeps::<Page<NetworkProfile>>), None),
    ("POST", "/iaas-proxy-provider/api/network/profiles", None, Some(keeps::<NetworkProfile>)),
    ("*", "/iaas-proxy-provider/api/network/profiles/*", Some(keeps::<NetworkProfile>), Some(keeps::<NetworkProfile>)),
    ("GET", "/iaas-proxy-provider/api/network/profiles/addresses/*", Some(keeps::<Page<ProfileAddress>>), None),
    ("GET", "/iaas-proxy-provider/api/network/profiles/range-summaries/*", Some(keeps::<Page<RangeSummary>>), None),
    ("GET", "/component-registry/services", Some(keeps::<Page<ServiceInfo>>), None),
    ("GET", "/component-registry/services/*", Some(keeps::<ServiceInfo>), None),
    ("GET", "/component-registry/services/status", Some(keeps::<Page<ServiceStatus>>), None),
    ("GET", "/component-registry/services/status/current", Some(keeps::<Page<ServiceStatus>>), None),
    ("GET", "/ipam-service/api/providers/*/ip-ranges", Some(keeps::<Page<IpamRange>>), None),
    ("GET", "/ipam-service/api/providers/*/address-spaces", Some(keeps::<Page<AddressSpace>>), None),
];

/// Replays one sample: `None` if it has no body to keep.
pub(crate) fn replay(sample: &Sample) -> Result<Option<Kept>, String> {
    if sample.body.is_null() {
        return Ok(None);
    }
    let json = sample.body.to_string();
    let response = sample.kind == "response";
    if response && sample.status >= 400 {
        return keeps_errors(&json).map(Some);
    }
    let check = route(&sample.method, &sample.path, response);
    let check = check.ok_or_else(|| format!("no type stands for {} {}", sample.method, sample.path))?;
    check(&json).map(Some)
}

/// Returns the check for the response of a call, or for its request body.
pub(crate) fn route(method: &str, path: &str, response: bool) -> Option<Check> {
    let path = path.split('?').next().unwrap_or_default().trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |pattern: &str| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        let same = |(pattern, part): (&&str, &&str)| *pattern == "*" || pattern == part;
        pattern.len() == parts.len() && pattern.iter().zip(&parts).all(same)
    };
    // Fixed parts win over values: `subtenants/membership` is no business group.
    let mut routes: Vec<_> =
        ROUTES.iter().filter(|route| (route.0 == "*" || route.0 == method) && fits(route.1)).collect();
    routes.sort_by_key(|route| route.1.matches('*').count());
    routes.into_iter().find_map(|route| if response { route.2 } else { route.3 })
}
