//! Machines of deployments, as the IaaS service shows them.

use serde_json::{Value, json};

use crate::testing::v8::context::{Context, Reply, Result, hrefs, iaas_row};
use crate::testing::v8::query::Style;
use crate::testing::v8::refusal::not_found;
use crate::testing::v8::rows::{Deployment, Machine, Nic};

pub(super) fn route(call: &mut Context<'_>, method: &str, path: &[&str]) -> Option<Result> {
    let deployments = call.store.deployments.iter().filter(|deployment| !deployment.deleted);
    let mut machines =
        deployments.flat_map(|deployment| deployment.machines.iter().map(move |machine| (deployment, machine)));
    Some(match (method, path) {
        ("GET", []) => {
            let rows = machines.map(|(deployment, machine)| row(deployment, machine)).collect();
            Ok(Reply::Rows(rows, Style::Counted))
        }
        ("GET", [id, rest @ ..]) => {
            let Some((deployment, machine)) = machines.find(|(_, machine)| machine.id == *id) else {
                return Some(Err(not_found("Machine", id)));
            };
            match rest {
                [] => Ok(Reply::Json(200, row(deployment, machine))),
                ["network-interfaces", nic] => match machine.nics.iter().position(|found| found.id == *nic) {
                    Some(at) => Ok(Reply::Json(200, card(call, machine, at))),
                    None => Err(not_found("Network interface", nic)),
                },
                _ => return None,
            }
        }
        _ => return None,
    })
}

fn row(deployment: &Deployment, machine: &Machine) -> Value {
    let mut row = iaas_row("machines", &machine.id, machine.created, machine.created);
    row["name"] = machine.name.clone().into();
    row["hostname"] = machine.name.clone().into();
    row["powerState"] = if machine.on { "ON" } else { "OFF" }.into();
    row["externalRegionId"] = "Datacenter:datacenter-1001".into();
    row["provisioningStatus"] = "READY".into();
    row["projectId"] = deployment.project.clone().into();
    row["deploymentId"] = deployment.id.clone().into();
    row["owner"] = deployment.owner.clone().into();
    if let Some(address) = machine.nics.iter().find_map(|nic| nic.address) {
        row["address"] = address.to_string().into();
    }
    let path = format!("machines/{}/network-interfaces", machine.id);
    row["_links"]["network-interfaces"] = hrefs(&path, machine.nics.iter().map(|nic| nic.id.as_str()));
    row
}

fn card(call: &Context<'_>, machine: &Machine, at: usize) -> Value {
    let Some(nic) = machine.nics.get(at) else { return Value::Null };
    let Nic { id, network, address, .. } = nic;
    let path = format!("machines/{}/network-interfaces", machine.id);
    let mut row = iaas_row(&path, id, machine.created, call.now);
    row["deviceIndex"] = at.into();
    row["externalRegionId"] = "Datacenter:datacenter-1001".into();
    row["addresses"] = address.iter().map(ToString::to_string).collect::<Vec<_>>().into();
    row["customProperties"] = json!({"network": network.1});
    row["_links"]["network"] = json!({"href": format!("/iaas/api/fabric-networks/{}", network.0)});
    row
}
