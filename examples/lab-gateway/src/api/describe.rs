//! Descriptions of the routes, in JSON schema.

use serde_json::{Value, json};

use super::route::Route;

/// Returns the schemas of a route's arguments and bodies, by method.
pub(super) fn of(route: Route) -> Value {
    let describe = json!({ "type": "boolean", "description": "True for this description." });
    let pattern = |of: &str| {
        let description = format!("{of}; % is any text, _ any character, and \\ takes the next one as it is.");
        json!({ "type": "string", "maxLength": 255, "description": description })
    };
    let address = |of: &str| json!({ "type": "string", "format": "ipv4", "description": of });
    let port = |of: &str| json!({ "type": "integer", "minimum": 1, "maximum": 65535, "description": of });
    let name = |of: &str| json!({ "type": "string", "minLength": 1, "maxLength": 128, "description": of });
    let object = |properties: Value, required: &[&str]| {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    };
    match route {
        Route::Addresses => json!({
            "description": "Allocated addresses of the lab, by name. The arguments exclude each other.",
            "GET": { "params": object(json!({
                "name": pattern("Name of the machine"),
                "addr": address("Address."),
                "component": pattern("Component of the machine"),
                "describe": describe,
            }), &[]) },
        }),
        Route::PortMaps => json!({
            "description": "Ports of the gateway that lead to machines of the lab. For the owner of the lab.",
            "GET": { "params": object(json!({
                "name": pattern("Name of the machine"),
                "target_addr": address("Address of the machine."),
                "component": pattern("Component of the machine"),
                "conn_port": port("Port of the gateway."),
                "target_port": port("Port of the machine."),
                "describe": describe,
            }), &[]) },
            "POST": {
                "description": "Maps a free port. A repeat with the same target, name and component returns the same port.",
                "body": object(json!({
                    "target_addr": address("Address of the machine. It is allocated under target_name, if it was not."),
                    "target_port": port("Port of the machine."),
                    "target_name": name("Name of the machine."),
                    "target_component": name("Component of the machine."),
                }), &["target_addr", "target_port", "target_name", "target_component"]),
            },
            "DELETE": {
                "description": "Removes the map of a port and ends its connections.",
                "body": object(json!({ "conn_port": port("Port of the gateway.") }), &["conn_port"]),
            },
        }),
        Route::Health => json!({
            "description": "Version, and state of database and firewall; details for the owner of the lab.",
            "GET": { "params": object(json!({ "describe": describe }), &[]) },
            "POST": {
                "description": "Puts rules and records right. For the owner of the lab.",
                "body": object(json!({ "repair": { "const": true } }), &["repair"]),
            },
        }),
    }
}
