//! Users, groups and their roles.

use serde_json::{Value, json};

use crate::testing::v7::context::{Context, ListQuirk, Reply, Result, merged};
use crate::testing::v7::refusal::{Refusal, conflict, invalid, not_found};
use crate::testing::v7::store::full_name;

/// Handles the principals and groups of a tenant; `None` if there is no such call.
pub(super) fn route(call: &mut Context<'_>, method: &str, tenant: &str, path: &[&str]) -> Option<Result> {
    let position = |call: &Context<'_>, id: &str| {
        let rows = &call.store.principals;
        rows.iter().position(|(of, row)| of == tenant && full_name(row).as_deref() == Some(id))
    };
    let kind = match path.first() {
        Some(&"principals") => "principals",
        Some(&"groups") => "groups",
        _ => return None,
    };
    let at = match path.get(1) {
        Some(id) => match position(call, id) {
            Some(at) => Some(at),
            // The call is documented as a list, so an unknown user is an empty list and not 404.
            None if method == "GET" && kind == "principals" && path.len() == 2 => {
                return Some(Ok(Reply::RowsAs(Vec::new(), ListQuirk::NoMetadata)));
            }
            None => return Some(Err(not_found("Principal", id))),
        },
        None => None,
    };
    let row = |call: &Context<'_>| {
        at.and_then(|at| call.store.principals.get(at)).map(|(_, row)| shown(row)).unwrap_or_default()
    };
    Some(match (method, path) {
        ("GET", ["principals"]) => Ok(Reply::Rows(search(call, tenant))),
        ("GET", ["groups"]) => {
            let rows = call.store.principals.iter().filter(|(of, row)| of == tenant && is_group(row));
            Ok(Reply::Rows(rows.map(|(_, row)| shown(row)).collect()))
        }
        // As documented, one user is a list without counts; clients that expect one object have to cope.
        ("GET", ["principals", _]) => Ok(Reply::RowsAs(vec![row(call)], ListQuirk::NoMetadata)),
        ("GET", ["groups", _]) => Ok(Reply::Json(row(call))),
        ("POST", ["principals" | "groups"]) => create(call, tenant, kind),
        ("PUT", [_, _]) => {
            let body = match call.body() {
                Ok(body) => body,
                Err(refusal) => return Some(Err(refusal)),
            };
            if let Some((_, old)) = at.and_then(|at| call.store.principals.get_mut(at)) {
                *old = merged(old.clone(), body);
            }
            Ok(Reply::Empty(204))
        }
        ("DELETE", [_, _]) => {
            at.map(|at| call.store.principals.remove(at));
            Ok(Reply::Empty(204))
        }
        ("GET", ["principals", id, "groups"]) => {
            let rows = call.store.principals.iter().filter(|(of, row)| of == tenant && members(row).any(|m| m == *id));
            Ok(Reply::Rows(rows.map(|(_, row)| shown(row)).collect()))
        }
        ("GET", ["principals", id, "subtenants"]) => {
            let held = |row: &&Value| {
                row["subtenantRoles"].as_array().into_iter().flatten().any(|role| principals(role).any(|p| p == *id))
            };
            Ok(Reply::Rows(call.store.subtenants.rows.iter().filter(held).cloned().collect()))
        }
        ("POST", ["groups", _]) => add_members(call, at),
        ("GET", ["groups", _, "users"]) => {
            let names: Vec<String> = at
                .and_then(|at| call.store.principals.get(at))
                .map(|(_, row)| members(row).map(str::to_owned).collect())
                .unwrap_or_default();
            let rows =
                call.store.principals.iter().filter(|(_, row)| full_name(row).is_some_and(|n| names.contains(&n)));
            Ok(Reply::Rows(rows.map(|(_, row)| shown(row)).collect()))
        }
        ("DELETE", ["groups", _, "users", user]) => {
            if let Some((_, row)) = at.and_then(|at| call.store.principals.get_mut(at))
                && let Some(names) = row.get_mut(MEMBERS).and_then(Value::as_array_mut)
            {
                names.retain(|name| name.as_str() != Some(user));
            }
            Ok(Reply::Empty(204))
        }
        _ => return None,
    })
}

/// Member of a row with the names of a group's users. It is never shown; the blank keeps it apart from real members.
const MEMBERS: &str = " members";

/// Returns the users of a group.
fn members(row: &Value) -> impl Iterator<Item = &str> {
    row.get(MEMBERS).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Returns a row without its hidden members.
fn shown(row: &Value) -> Value {
    let mut row = row.clone();
    if let Some(object) = row.as_object_mut() {
        object.shift_remove(MEMBERS);
        object.shift_remove("password");
    }
    row
}

/// Returns true for a group.
fn is_group(row: &Value) -> bool {
    row.get("@type").and_then(Value::as_str) == Some("Group")
}

/// Returns the principals that a search finds.
fn search(call: &Context<'_>, tenant: &str) -> Vec<Value> {
    let criteria = call.query.get("criteria").unwrap_or_default().to_lowercase();
    let domain = call.query.get("domain");
    let role = call.query.get("role");
    let rows = call.store.principals.iter().filter(|(of, _)| of == tenant).filter(|(_, row)| {
        let name = full_name(row).unwrap_or_default();
        if let Some(role) = role {
            // As documented, `role` wins over `criteria`.
            return call.store.assigned.iter().any(|(of, user, held)| of == tenant && *user == name && held == role);
        }
        let display = row.get("name").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let in_domain = domain.is_none_or(|domain| name.ends_with(&format!("@{domain}")));
        in_domain && (name.to_lowercase().contains(&criteria) || display.contains(&criteria))
    });
    rows.map(|(_, row)| shown(row)).collect()
}

/// Creates a local user, who may log in at once, or a custom group.
fn create(call: &mut Context<'_>, tenant: &str, kind: &str) -> Result {
    let body = call.body()?;
    let template = if kind == "groups" {
        json!({"@type": "Group", "groupType": "CUSTOM", "name": null, "fqdn": null, "domain": null,
            "description": null, "principalId": null})
    } else {
        json!({"@type": "User", "firstName": null, "lastName": null, "emailAddress": null, "locked": false,
            "disabled": false, "principalId": null, "tenantName": tenant, "name": null})
    };
    let mut row = merged(template, body);
    for flag in ["locked", "disabled"] {
        // Published clients send the flags as texts, and the server accepts them.
        if let Some(text) = row.get(flag).and_then(Value::as_str) {
            row[flag] = (text == "true").into();
        }
    }
    let id = full_name(&row).ok_or_else(|| invalid("The field principalId is required."))?;
    if call.store.principals.iter().any(|(of, row)| of == tenant && full_name(row).as_deref() == Some(id.as_str())) {
        return Err(conflict(format!("The principal {id} exists already.")));
    }
    if kind == "principals"
        && let Some(password) = row.get("password").and_then(Value::as_str)
    {
        let user = crate::testing::v7::config::User::new(id.as_str(), password).of_tenant(tenant);
        call.store.users.push(user);
    }
    call.store.principals.push((tenant.to_owned(), row));
    Ok(Reply::Created(format!("/identity/api/tenants/{tenant}/{kind}/{id}"), None))
}

/// Adds users to a group.
fn add_members(call: &mut Context<'_>, at: Option<usize>) -> Result {
    let added: Vec<Value> = serde_json::from_slice(call.request.body())
        .map_err(|error| invalid(format!("Could not read JSON: {error}.")))?;
    if let Some((_, row)) = at.and_then(|at| call.store.principals.get_mut(at)) {
        let mut names: Vec<String> = members(row).map(str::to_owned).collect();
        names.extend(added.iter().filter_map(full_name));
        // Adding a member twice is no error.
        names.dedup();
        row[MEMBERS] = names.into();
    }
    Ok(Reply::Empty(204))
}

/// Returns the system roles.
pub(super) fn system_roles() -> Vec<Value> {
    // The manual masks the id of the first role; this one is what clients send.
    let role = |id: &str, name: &str, permissions: &[(&str, &str)]| {
        let permissions: Vec<Value> = permissions
            .iter()
            .map(|(id, name)| json!({"id": id, "name": name, "description": name, "prereqAdminPermissions": null}))
            .collect();
        json!({"@type": "SystemRole", "id": id, "name": name, "description": name, "assignedPermissions": permissions})
    };
    vec![
        role(
            "CSP_TENANT_ADMIN",
            "Tenant Administrator",
            &[
                ("CATALOG_CONSUME_TENANT_MGMT", "Catalog Consume Tenant Management"),
                ("MY_TENANT_MANAGEMENT", "My Tenant Management"),
            ],
        ),
        role("COM_VMWARE_IAAS_IAAS_ADMINISTRATOR", "IaaS Administrator", &[]),
        role("CSP_APPROVAL_ADMIN", "Approval Administrator", &[]),
    ]
}

/// Handles `/identity/api/authorization`; `None` if there is no such call.
pub(super) fn roles(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    // An unknown role is refused, so that a typing error in a test does not pass for a grant.
    let role_of = |id: &str| system_roles().into_iter().find(|role| role["id"].as_str() == Some(id));
    Some(match (method, path) {
        ("GET", ["roles"]) => Ok(Reply::Rows(system_roles())),
        ("GET", ["tenants", tenant, "principals", principal, "roles"]) => {
            let held = |id: &str| {
                let assigned = &call.store.assigned;
                assigned.iter().any(|(of, user, role)| of == tenant && user == principal && role == id)
            };
            let rows = system_roles().into_iter().filter(|role| role["id"].as_str().is_some_and(held));
            Ok(Reply::Rows(rows.collect()))
        }
        ("PUT" | "DELETE", ["tenants", tenant, "principals", principal, "roles", role]) => {
            if role_of(role).is_none() {
                return Some(Err(not_found("Role", role)));
            }
            let grant = ((*tenant).to_owned(), (*principal).to_owned(), (*role).to_owned());
            // Removed before it is added: granting a role twice leaves one, and revoking one that is not held
            // succeeds.
            call.store.assigned.retain(|held| *held != grant);
            if method == "PUT" {
                call.store.assigned.push(grant);
            }
            Ok(Reply::Empty(204))
        }
        _ => return None,
    })
}

/// Returns the principals of a role in a business group.
fn principals(role: &Value) -> impl Iterator<Item = String> {
    let ids = role.get("principalId").and_then(Value::as_array).into_iter().flatten();
    ids.filter_map(|id| Some(format!("{}@{}", id.get("name")?.as_str()?, id.get("domain")?.as_str()?)))
}

/// Handles the principals of a role in a business group.
pub(super) fn of_subtenant(
    call: &mut Context<'_>,
    method: &str,
    subtenant: &str,
    role: &str,
    path: &[&str],
) -> Option<Result> {
    let mut row = call.store.subtenants.get(subtenant).cloned().unwrap_or_default();
    let mut roles = row["subtenantRoles"].as_array().cloned().unwrap_or_default();
    let at = roles.iter().position(|held| held["scopeRoleRef"].as_str() == Some(role));
    let result = match (method, path) {
        ("GET", []) => {
            let names: Vec<String> =
                at.and_then(|at| roles.get(at)).map(|role| principals(role).collect()).unwrap_or_default();
            let rows =
                call.store.principals.iter().filter(|(_, row)| full_name(row).is_some_and(|n| names.contains(&n)));
            return Some(Ok(Reply::Rows(rows.map(|(_, row)| shown(row)).collect())));
        }
        ("POST", []) => add_to_role(call, &mut roles, at, role),
        ("DELETE", [principal]) => {
            if let Some(ids) = at.and_then(|at| roles.get_mut(at)).and_then(|r| r["principalId"].as_array_mut()) {
                ids.retain(|id| full_name(&json!({"principalId": id})).as_deref() != Some(principal));
            }
            Ok(())
        }
        _ => return None,
    };
    row["subtenantRoles"] = roles.into();
    call.store.subtenants.put(subtenant, row);
    Some(result.map(|()| Reply::Empty(204)))
}

/// Adds principals to a role, or returns error 10101.
fn add_to_role(
    call: &Context<'_>,
    roles: &mut Vec<Value>,
    at: Option<usize>,
    role: &str,
) -> std::result::Result<(), Refusal> {
    let mut added: Vec<Value> = serde_json::from_slice(call.request.body())
        .map_err(|error| invalid(format!("Could not read JSON: {error}.")))?;
    if added.iter().any(|id| full_name(&json!({"principalId": id})).is_none()) {
        return Err(invalid("A principal needs a domain and a name."));
    }
    match at.and_then(|at| roles.get_mut(at)).and_then(|held| held["principalId"].as_array_mut()) {
        Some(ids) => ids.append(&mut added),
        None => roles.push(json!({"@type": "SubtenantRole", "name": role, "scopeRoleRef": role, "principalId": added})),
    }
    Ok(())
}
