//! IaaS service, `/iaas/api`: infrastructure, networks, addresses, integrations.

mod addresses;
mod external;
mod integrations;
mod machines;
mod networks;
mod package_import;
mod profiles;
mod projects;
mod ranges;
mod read;
mod trackers;
mod zones;

pub(super) use external::{put_block, put_range};
pub(super) use integrations::save;

use serde_json::{Value, json};

use self::read::read_only;
use super::config::Release;
use super::context::{Context, Reply, Result};
use super::query::{Style, VERSIONS};
use super::refusal::not_found;

/// Handles the IaaS service; `None` if it has no such call.
pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    // Calls that came after the first release need the version. The release of addresses declares it as optional.
    let needed = matches!(
        (method, path),
        (_, ["integrations", ..]) | ("GET", [_, _, "ip-addresses", ..]) | ("POST", [_, _, "ip-addresses", "allocate"])
    );
    // Only the list of versions has none itself.
    if path != ["about"]
        && let Err(refusal) = call.query.check_version(needed)
    {
        return Some(Err(refusal));
    }
    let newer = call.release > Release::V8_10;
    match path {
        ["about"] if method == "GET" => Some(Ok(about())),
        ["projects", rest @ ..] => projects::route(call, method, rest),
        ["zones", rest @ ..] => zones::route(call, method, rest),
        ["regions", rest @ ..] => read_only(call, method, rest, "Region", Style::Paged, |store| &store.regions),
        ["fabric-networks" | "fabric-networks-vsphere", id, "network-ip-ranges"] if newer && method == "GET" => {
            Some(ranges::of_network(call, id))
        }
        ["fabric-networks", rest @ ..] => networks::route(call, method, rest, false),
        ["fabric-networks-vsphere", rest @ ..] => networks::route(call, method, rest, true),
        ["network-profiles", rest @ ..] => profiles::route(call, method, rest),
        ["network-ip-ranges", id, "ip-addresses", rest @ ..] if newer => addresses::route(call, method, id, rest),
        ["network-ip-ranges", id, "unregistered-ip-addresses", "release"] if newer && method == "POST" => {
            Some(addresses::release_unregistered(call, id))
        }
        ["network-ip-ranges", rest @ ..] => ranges::route(call, method, rest),
        ["external-network-ip-ranges", rest @ ..] => external::route(call, method, rest),
        ["external-ip-blocks", rest @ ..] => {
            read_only(call, method, rest, "External IP block", Style::Undeclared, |store| &store.external_blocks)
        }
        ["integrations", rest @ ..] => integrations::route(call, method, rest),
        ["integrations-ipam", "package-import", rest @ ..] if newer => package_import::route(call, method, rest),
        ["request-tracker", rest @ ..] => trackers::route(call, method, rest),
        ["machines", rest @ ..] => machines::route(call, method, rest),
        ["configuration-properties", rest @ ..] => configuration(call, method, rest),
        _ => None,
    }
}

fn about() -> Reply {
    let apis: Vec<Value> = VERSIONS
        .iter()
        .map(|version| json!({"apiVersion": version, "documentationLink": "/iaas/api/swagger/ui"}))
        .collect();
    Reply::Json(200, json!({"latestApiVersion": VERSIONS.last(), "supportedApis": apis}))
}

fn configuration(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    const KEY: &str = "RELEASE_IPADDRESS_PERIOD_MINUTES";
    let row = |call: &Context<'_>| json!({"key": KEY, "value": (call.store.settings.release_wait.as_secs() / 60).to_string()});
    Some(match (method, path) {
        ("GET", []) => Ok(Reply::Rows(vec![row(call)], Style::Undeclared)),
        ("GET", [KEY]) => Ok(Reply::Json(200, row(call))),
        ("GET", [other]) => Err(not_found("Configuration property", other)),
        _ => return None,
    })
}
