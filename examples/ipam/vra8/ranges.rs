//! `ipam vra8 ranges` and `attach`

use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;
use vra_client::v8::{Client, NetworkIpRange};

use super::args::{Attach, Ranges};
use super::pick;
use crate::exit::Failure;
use crate::output::{Output, Table, or_dash};
use crate::vra_server::{listed, some, text};

/// Number of ranges that are read at the same time.
const AT_ONCE: usize = 4;

pub(super) async fn run(client: &Client, args: Ranges) -> Result<Output, Failure> {
    match &args.range {
        Some(wanted) => addresses(client, wanted, args.limit).await,
        None if args.external => external(client, args.limit).await,
        None => internal(client, args.limit).await,
    }
}

async fn internal(client: &Client, limit: usize) -> Result<Output, Failure> {
    let rows = some(client.network_ip_ranges().list().stream(), limit).await?;
    // The rows of the list have no counts.
    let counted = futures_util::stream::iter(rows).map(|row| counted(client, row)).buffered(AT_ONCE);
    let rows: Vec<NetworkIpRange> = counted.try_collect().await?;
    let mut table =
        Table::new(&["NAME", "ID", "FIRST", "LAST", ">TOTAL", ">ALLOCATED", ">RELEASED", ">FREE", "NETWORKS"]);
    for row in &rows {
        table.row([
            text(row.name.as_ref()),
            text(row.id.as_ref()),
            text(row.start_ip_address.as_ref()),
            text(row.end_ip_address.as_ref()),
            or_dash(row.total_number_of_ips),
            or_dash(row.number_of_allocated_ips),
            or_dash(row.number_of_released_ips),
            or_dash(row.number_of_available_ips),
            listed(row.fabric_network_ids()),
        ]);
    }
    Output::new(table.render("no ranges"), &rows)
}

/// Returns a range with its counts, or the row of the list if the range was deleted meanwhile.
async fn counted(client: &Client, row: NetworkIpRange) -> Result<NetworkIpRange, vra_client::Error> {
    match client.network_ip_ranges().get(row.id.as_deref().unwrap_or_default()).await {
        Err(error) if error.is_not_found() => Ok(row),
        read => read,
    }
}

/// Lists the addresses of one range that have a record.
async fn addresses(client: &Client, wanted: &str, limit: usize) -> Result<Output, Failure> {
    let range = pick::range(client, wanted).await?;
    let id = range.id.as_deref().unwrap_or_default();
    let rows = some(client.network_ip_ranges().addresses(id).stream(), limit).await;
    let rows = rows.map_err(|error| super::addresses::not_served(error, "lists addresses"))?;
    let mut table = Table::new(&["ADDRESS", "STATE", "ALLOCATED BY", "CONNECTED TO", "DESCRIPTION", "ID"]);
    for row in &rows {
        table.row([
            text(row.ip_address.as_ref()),
            or_dash(row.ip_address_status.as_ref().map(|state| state.as_str().to_owned())),
            or_dash(row.ip_allocation_type.as_ref().map(|kind| kind.as_str().to_owned())),
            or_dash(row.connected_resource()),
            text(row.description.as_ref()),
            text(row.id.as_ref()),
        ]);
    }
    Output::new(table.render("no addresses are allocated"), &rows)
}

async fn external(client: &Client, limit: usize) -> Result<Output, Failure> {
    let rows = some(client.external_ip_ranges().list().stream(), limit).await?;
    let mut table = Table::new(&["NAME", "ID", "FIRST", "LAST", "GATEWAY", "SPACE", "INTEGRATION", "NETWORKS"]);
    for row in &rows {
        table.row([
            text(row.name.as_ref()),
            text(row.id.as_ref()),
            text(row.start_ip_address.as_ref()),
            text(row.end_ip_address.as_ref()),
            text(row.gateway_address.as_ref()),
            text(row.address_space_id.as_ref()),
            text(row.integration_id.as_ref()),
            listed(row.fabric_network_ids()),
        ]);
    }
    Output::new(table.render("no external ranges"), &rows)
}

pub(super) async fn attach(client: &Client, args: Attach) -> Result<Output, Failure> {
    let range = pick::external_range(client, &args.range).await?;
    let network = pick::network(client, &args.network).await?;
    let network = network.id.as_deref().unwrap_or_default();
    let range = client.external_ip_ranges().attach(range.id.as_deref().unwrap_or_default(), network).await?;
    let networks = range.fabric_network_ids();
    let text = format!("range {} is attached to {}", or_dash(range.name.as_ref()), listed(&networks));
    Output::new(text, &json!({"range": range.id, "name": range.name, "networks": networks}))
}
