//! OPTIONS: permission, controllers and methods.

use serde_json::{Value, json};

use super::super::config::Permission;
use super::super::context::Call;
use super::super::refusal::Handled;
use super::super::reply::Reply;

/// Carries out `OPTIONS /api/{app}/`: the permission of the app, and controllers.
pub(in crate::testing) fn root(call: &Call<'_>) -> Handled<Reply> {
    let app = call.params.app.as_deref().unwrap_or_default();
    let permissions = match call.app.permission {
        Permission::Disabled => "Disabled",
        Permission::Read => "Read",
        Permission::Write => "Write",
        Permission::Admin => "Admin",
    };
    // The real server's list, which is not complete: `devices`, `l2domains` and others are missing.
    let controllers: Vec<Value> = [
        ("sections", "sections"),
        ("subnets", "subnets"),
        ("folders", "folders"),
        ("addresses", "addresses"),
        ("vlans", "vlan"),
        ("vrfs", "vrf"),
        ("nameservers", "tools/nameservers"),
        ("scanAgents", "tools/scanagents"),
        ("locations", "tools/locations"),
        ("racks", "tools/racks"),
        ("nat", "tools/nat"),
        ("tools", "tools"),
    ]
    .iter()
    .map(|(rel, path)| json!({"rel": rel, "href": format!("/api/{app}/{path}/")}))
    .collect();
    Ok(Reply::plain(json!({"permissions": permissions, "controllers": controllers})))
}

/// Carries out `OPTIONS /api/{app}/{controller}/`: methods with their paths.
pub(super) fn controller(call: &Call<'_>, controller: &str) -> Handled<Reply> {
    let app = call.params.app.as_deref().unwrap_or_default();
    let base = match controller {
        "tools" => return root(call),
        "folders" => format!("/api/{app}/subnets/"),
        // The real server swaps app and controller here.
        "l2domains" => format!("/api/l2domains/{app}/"),
        other => format!("/api/{app}/{other}/"),
    };
    let all = json!([
        {"rel": "read", "method": "GET"},
        {"rel": "create", "method": "POST"},
        {"rel": "update", "method": "PATCH"},
        {"rel": "delete", "method": "DELETE"},
    ]);
    let options = json!([{"rel": "options", "method": "OPTIONS"}]);
    let mut methods = Vec::new();
    if controller == "user" {
        methods.push(json!({"href": base, "methods": all}));
    } else if controller == "search" {
        let read = json!([{"rel": "read", "method": "GET"}]);
        methods.push(json!({"href": format!("{base}{{id}}/"), "methods": read}));
    } else {
        methods.push(json!({"href": base, "methods": options}));
        if controller == "devices" {
            let search = json!([{"rel": "search", "method": "GET"}]);
            methods.push(json!({"href": format!("{base}search/{{search_term}}"), "methods": search}));
        }
        methods.push(json!({"href": format!("{base}{{id}}/"), "methods": all}));
    }
    Ok(Reply::plain(json!({"methods": methods})))
}
