//! `ipam vra8 deployments`, `resources`, `addresses` and `delete`

use serde_json::json;
use vra_client::odata::OrderBy;
use vra_client::v8::{Client, DeploymentExpansion, DeploymentQuery, DeploymentResource, DeploymentStatus};

use super::args::{Delete, Deployments};
use super::pick;
use crate::exit::Failure;
use crate::output::{Output, Table, or_dash};
use crate::vra_server::{listed, some, text};
use crate::vra8_names;

pub(super) async fn list(client: &Client, list: Deployments) -> Result<Output, Failure> {
    let mut query = DeploymentQuery::new().with_expanded(DeploymentExpansion::Project);
    if let Some(name) = list.name {
        query = query.with_name(name);
    }
    if let Some(name) = &list.project {
        query = query.with_project(vra8_names::project(client, "--project", name).await?);
    }
    if let Some(status) = &list.status {
        query = query.with_status(DeploymentStatus::from(status.to_uppercase().as_str()));
    }
    let rows = client.deployments().find(query).with_order_by(OrderBy::desc("createdAt"));
    let rows = some(rows.stream(), list.limit).await?;
    let mut table = Table::new(&["NAME", "ID", "STATUS", "PROJECT", "OWNER", "CREATED", "EXPIRES"]);
    for row in &rows {
        let project = row.project.as_ref().and_then(|project| project.name.as_ref());
        table.row([
            text(row.name.as_ref()),
            text(row.id.as_ref()),
            or_dash(row.status.as_ref().map(|status| status.as_str().to_owned())),
            text(project.or(row.project_id.as_ref())),
            text(row.owned_by.as_ref()),
            or_dash(row.created_at.as_ref().map(|time| time.as_str().to_owned())),
            or_dash(row.lease_expire_at.as_ref().map(|time| time.as_str().to_owned())),
        ]);
    }
    Output::new(table.render("no deployments"), &rows)
}

pub(super) async fn resources(client: &Client, wanted: &str) -> Result<Output, Failure> {
    let id = pick::deployment(client, wanted).await?.id.unwrap_or_default();
    let rows = client.deployments().resources(&id).all().await?;
    Output::new(resource_table(&rows), &rows)
}

/// Returns a table of resources with their addresses.
pub(super) fn resource_table(rows: &[DeploymentResource]) -> String {
    let mut table = Table::new(&["NAME", "ID", "TYPE", "STATE", "ADDRESSES"]);
    for row in rows {
        table.row([
            text(row.name.as_ref()),
            text(row.id.as_ref()),
            text(row.resource_type.as_ref()),
            text(row.state.as_ref()),
            listed(row.ip_addresses()),
        ]);
    }
    table.render("no resources")
}

pub(super) async fn addresses(client: &Client, wanted: &str) -> Result<Output, Failure> {
    let id = pick::deployment(client, wanted).await?.id.unwrap_or_default();
    let machines = client.deployments().machines_of(&id).await?;
    let mut table = Table::new(&["MACHINE", "NETWORK", "ADDRESSES", "MAC", "ASSIGNMENT"]);
    let mut rows = Vec::new();
    for machine in &machines {
        let cards = machine.networks();
        for card in &cards {
            let addresses = card.address.iter().chain(&card.ipv6_addresses);
            table.row([
                text(machine.name.as_ref()),
                or_dash(card.name),
                listed(addresses.clone()),
                or_dash(card.mac_address),
                or_dash(card.assignment),
            ]);
            rows.push(json!({
                "machine": machine.name, "network": card.name, "addresses": addresses.collect::<Vec<_>>(),
                "mac": card.mac_address, "assignment": card.assignment,
            }));
        }
        // A machine whose cards are not described still has a main address.
        if cards.is_empty() {
            let addresses = machine.ip_addresses();
            table.row([text(machine.name.as_ref()), or_dash(None::<&str>), listed(&addresses), "-".into(), "-".into()]);
            rows.push(json!({
                "machine": machine.name, "network": null, "addresses": addresses, "mac": null, "assignment": null,
            }));
        }
    }
    Output::new(table.render("no machines"), &rows)
}

pub(super) async fn delete(client: &Client, args: Delete) -> Result<Output, Failure> {
    let id = pick::deployment(client, &args.deployment).await?.id.unwrap_or_default();
    client.deployments().delete(&id).await?;
    if args.no_wait {
        return Output::new(format!("deployment {id} is being deleted"), &json!({"deployment": id, "deleted": false}));
    }
    client.deployments().wait_until_deleted(&id, &args.waiting.limits()).await?;
    Output::new(format!("deployment {id} is deleted"), &json!({"deployment": id, "deleted": true}))
}
