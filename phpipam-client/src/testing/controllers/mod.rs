//! Controllers: one module for each path segment of the API, and helpers that several of them use.

mod address_rows;
mod address_write;
mod addresses;
mod changes;
mod devices;
mod free;
mod options;
mod resize;
mod search;
mod sections;
mod subnet_rows;
mod subnet_write;
mod subnets;
mod tools;
mod usage;
pub(super) mod user;
mod vlans;

use super::context::{Call, Method};
use super::refusal::{Handled, fail};
use super::reply::Reply;
use super::store::Store;

pub(super) use free::{Race, race};
pub(super) use options::root as options_root;

/// Carries out a call of any controller but `user`.
pub(super) fn handle(call: &Call<'_>, store: &mut Store, controller: &str) -> Handled<Reply> {
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
