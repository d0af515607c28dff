//! One module per family of controllers.

mod addresses;
mod changes;
mod devices;
mod free;
mod options;
mod resize;
mod search;
mod sections;
mod subnets;
mod tools;
mod usage;
pub(super) mod user;
mod vlans;
mod write;

use super::context::{Call, Method};
use super::refusal::{Answer, fail};
use super::store::Store;

pub(super) use free::{Race, race};
pub(super) use options::root as options_root;

/// Answers a call of any controller but `user`.
pub(super) fn handle(call: &Call<'_>, store: &mut Store, controller: &str) -> Answer {
    if call.method == Method::Options {
        return options::controller(call, controller);
    }
    match controller {
        "sections" => sections::handle(call, store),
        "subnets" => subnets::handle(call, store, false),
        "folders" => subnets::handle(call, store, true),
        "addresses" => addresses::handle(call, store),
        "vlan" | "vlans" => vlans::vlans(call, store, controller == "vlans"),
        "vrf" | "vrfs" => vlans::vrfs(call, store, controller == "vrfs"),
        "l2domains" => vlans::domains(call, store),
        "devices" => devices::handle(call, store),
        "tools" => tools::handle(call, store),
        "search" => search::handle(call, store),
        _ => Err(fail(400, "Invalid controller")),
    }
}
