//! Service `/identity/api`: tokens, tenants, identity stores, principals, roles, business groups.

mod principals;
mod tokens;

use serde_json::{Value, json};

use super::context::{Context, Reply, Result, merged, required};
use super::refusal::{conflict, directory_unreachable, invalid, not_found};
pub(super) use tokens::{expire, valid};

/// Handles the identity service; `None` if it has no such call.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    Some(match (method, path) {
        ("GET", ["about"]) => Ok(Reply::Json(json!({
            // One build of 7.3, whatever release is simulated; no client here depends on it.
            "productVersion": "7.3.0.537", "productBuildNumber": "5604410", "apiVersion": "7.3",
            "buildNumber": "5573694", "buildDate": "2017-05-03T12:00:00.000Z",
        }))),
        (_, ["tokens", rest @ ..]) => return tokens::route(call, method, rest),
        (_, ["authorization", rest @ ..]) => return principals::roles(call, method, rest),
        ("GET", ["tenants"]) => Ok(Reply::Rows(call.store.tenants.rows.clone())),
        ("GET", ["tenants", id]) => match call.store.tenants.get(id) {
            // As documented, a single tenant has no `@type`; rows of the list do.
            Some(row) => Ok(Reply::Json(without_type(row))),
            None => Err(not_found("Tenant", id)),
        },
        ("PUT", ["tenants", id]) => put_tenant(call, id),
        ("DELETE", ["tenants", id]) => {
            if call.store.tenants.remove(id) {
                Ok(Reply::Empty(204))
            } else {
                Err(not_found("Tenant", id))
            }
        }
        (_, ["tenants", tenant, ..]) if call.store.tenants.get(tenant).is_none() => Err(not_found("Tenant", tenant)),
        (_, ["tenants", tenant, "directories", rest @ ..]) => return directories(call, method, tenant, rest),
        (_, ["tenants", tenant, "subtenants", rest @ ..]) => return subtenants(call, method, tenant, rest),
        (_, ["tenants", tenant, rest @ ..]) => return principals::route(call, method, tenant, rest),
        _ => return None,
    })
}

/// Returns a row without its `@type`.
fn without_type(row: &Value) -> Value {
    let mut row = row.clone();
    if let Some(members) = row.as_object_mut() {
        members.shift_remove("@type");
    }
    row
}

/// Creates or replaces a tenant. There is no POST: a client chooses the id.
fn put_tenant(call: &mut Context<'_>, id: &str) -> Result {
    let body = call.body()?;
    if body.get("id").and_then(Value::as_str).is_some_and(|named| named != id) {
        return Err(invalid("The id of the tenant differs from the one in the path."));
    }
    required(&body, "name")?;
    let template = json!({
        "@type": "Tenant", "id": id, "urlName": id, "name": null, "description": null, "contactEmail": null,
        "password": null, "defaultTenant": false,
    });
    let mut row = merged(template, body);
    // A password is never returned, and a client must not send the null back as a new one.
    row["password"] = Value::Null;
    let shown = without_type(&row);
    call.store.tenants.put(id, row);
    Ok(Reply::Json(shown))
}

/// Handles the identity stores of a tenant.
fn directories(call: &mut Context<'_>, method: &str, tenant: &str, path: &[&str]) -> Option<Result> {
    let is = |row: &(String, Value), domain: &str| {
        row.0 == tenant && row.1.get("domain").and_then(Value::as_str) == Some(domain)
    };
    let rows = &mut call.store.directories;
    Some(match (method, path) {
        ("GET", []) => {
            Ok(Reply::Rows(rows.iter().filter(|(of, _)| of == tenant).map(|(_, row)| row.clone()).collect()))
        }
        ("GET", [domain]) => match rows.iter().find(|row| is(row, domain)) {
            Some((_, row)) => Ok(Reply::Json(row.clone())),
            None => Err(not_found("Identity store", domain)),
        },
        ("PUT", ["connectivity"]) => test_connection(call).map(|_| Reply::Empty(204)),
        ("PUT", [domain]) => put_directory(call, tenant, domain),
        ("POST", []) => {
            let domain = match call.body().and_then(|body| required(&body, "domain")) {
                Ok(domain) => domain,
                Err(refusal) => return Some(Err(refusal)),
            };
            if call.store.directories.iter().any(|row| is(row, &domain)) {
                return Some(Err(conflict(format!("The domain {domain} is linked already."))));
            }
            put_directory(call, tenant, &domain)
                .map(|_| Reply::Created(format!("/identity/api/tenants/{tenant}/directories/{domain}"), None))
        }
        ("DELETE", [domain]) => {
            let before = rows.len();
            rows.retain(|row| !is(row, domain));
            if rows.len() < before { Ok(Reply::Empty(204)) } else { Err(not_found("Identity store", domain)) }
        }
        ("GET", [domain, "status"]) if rows.iter().any(|row| is(row, domain)) => {
            Ok(Reply::Json(json!({"syncStatus": {"status": "SUCCESS", "message": null}})))
        }
        ("POST", [domain, "sync"]) if rows.iter().any(|row| is(row, domain)) => Ok(Reply::Empty(204)),
        (_, [domain, "status" | "sync"]) => Err(not_found("Identity store", domain)),
        _ => return None,
    })
}

/// Tests the connection to a directory and returns the body, or error 90027 for a host that begins with `unreachable`.
fn test_connection(call: &Context<'_>) -> std::result::Result<serde_json::Map<String, Value>, super::refusal::Refusal> {
    let body = call.body()?;
    let url = required(&body, "url")?;
    if url.split("://").nth(1).unwrap_or(&url).starts_with("unreachable") {
        return Err(directory_unreachable());
    }
    Ok(body)
}

/// Creates or replaces an identity store.
fn put_directory(call: &mut Context<'_>, tenant: &str, domain: &str) -> Result {
    // As documented, the server tests the connection whenever an identity store is written.
    let body = test_connection(call)?;
    let template = json!({
        "@type": "IdentityStore", "domain": domain, "name": null, "description": null, "alias": null, "type": "LDAP",
        "userNameDn": null, "password": null, "url": null, "groupBaseSearchDn": null, "userBaseSearchDn": null,
    });
    let mut row = merged(template, body);
    for secret in ["password", "domainAdminPassword"] {
        if row.get(secret).is_some() {
            row[secret] = Value::Null;
        }
    }
    let rows = &mut call.store.directories;
    // The domain is the id of an identity store, and it is unique in a tenant only.
    rows.retain(|(of, row)| of != tenant || row.get("domain").and_then(Value::as_str) != Some(domain));
    rows.push((tenant.to_owned(), row));
    Ok(Reply::Empty(204))
}

/// Handles the business groups of a tenant.
fn subtenants(call: &mut Context<'_>, method: &str, tenant: &str, path: &[&str]) -> Option<Result> {
    let of_tenant = |row: &Value| row.get("tenant").and_then(Value::as_str) == Some(tenant);
    if let [id, ..] = path
        && *id != "membership"
        && !call.store.subtenants.get(id).is_some_and(of_tenant)
    {
        return Some(Err(not_found("Subtenant", id)));
    }
    Some(match (method, path) {
        // As captured: the roles of a business group are null in lists, and only there.
        ("GET", [] | ["membership"]) => {
            // A real server returns the first list empty to a caller who administers no group. Here every user
            // administers all.
            let rows = call.store.subtenants.rows.iter().filter(|row| of_tenant(row)).cloned();
            Ok(Reply::Rows(
                rows.map(|mut row| {
                    row["subtenantRoles"] = Value::Null;
                    row
                })
                .collect(),
            ))
        }
        ("GET", [id]) => Ok(Reply::Json(call.store.subtenants.get(id).cloned().unwrap_or_default())),
        ("POST", []) => {
            let id = call.store.id();
            put_subtenant(call, tenant, &id)
                .map(|_| Reply::Created(format!("/identity/api/tenants/{tenant}/subtenants/{id}"), None))
        }
        ("PUT", [id]) => put_subtenant(call, tenant, id),
        ("DELETE", [id]) => {
            call.store.subtenants.remove(id);
            Ok(Reply::Empty(204))
        }
        ("GET", [id, "roles"]) => {
            let row = call.store.subtenants.get(id).cloned().unwrap_or_default();
            Ok(Reply::Rows(row["subtenantRoles"].as_array().cloned().unwrap_or_default()))
        }
        (_, [id, "roles", role, "principals", rest @ ..]) => {
            return principals::of_subtenant(call, method, id, role, rest);
        }
        _ => return None,
    })
}

/// Creates or replaces a business group.
fn put_subtenant(call: &mut Context<'_>, tenant: &str, id: &str) -> Result {
    let body = call.body()?;
    required(&body, "name")?;
    let template = json!({
        "@type": "Subtenant", "id": id, "name": null, "description": null, "subtenantRoles": [], "tenant": tenant,
        "extensionData": {"entries": []},
    });
    let mut row = merged(template, body);
    row["id"] = id.into();
    // Id and tenant are those of the path, whatever the body says.
    row["tenant"] = tenant.into();
    call.store.subtenants.put(id, row);
    Ok(Reply::Empty(204))
}
