//! `ipam vra7`: everyday operations of vRealize Automation 6.2 to 7.6.

mod args;
mod request;

use futures_util::TryStreamExt;
use ipam_core::registry::{ProviderUrl, SecretRequest, Secrets};
use serde_json::json;
use vra_client::odata::{Filter, OrderBy};
use vra_client::v7::{Client, LiteralMap, ProfileType, Reference, Resource};

pub(crate) use self::args::Vra7;
use self::args::{Approve, List, Profiles, Resources, Verb};
use crate::exit::Failure;
use crate::output::{Output, Table, or_dash};
use crate::vra_server::{carried_out, missing, some, text};

pub(crate) async fn run(args: Vra7) -> Result<Output, Failure> {
    let client = connect(&args).await?;
    let work = async {
        match args.verb {
            Verb::Items(list) => items(&client, list).await,
            Verb::Request(wanted) => request::run(&client, wanted).await,
            Verb::Requests(list) => requests(&client, list).await,
            Verb::Resources(list) => resources(&client, list).await,
            Verb::Approve(approve) => work_items(&client, approve).await,
            Verb::Reservations(list) => reservations(&client, list).await,
            Verb::Profiles(profiles) => self::profiles(&client, profiles).await,
        }
    };
    carried_out(work, client.logout()).await
}

async fn connect(args: &Vra7) -> Result<Client, Failure> {
    let url = args.connection.url()?;
    let user = args.user.as_deref().ok_or_else(|| missing("the user with --user", "IPAM_VRA_USER"))?;
    let tenant = args.tenant.as_deref().ok_or_else(|| missing("the tenant with --tenant", "IPAM_VRA_TENANT"))?;
    let request = SecretRequest::new("vra-password", &ProviderUrl::parse(url)?);
    let password = Secrets::env("IPAM").get(&request).await?;
    let options = args.connection.http_options()?;
    Ok(Client::builder(url).with_password(user, password, tenant).with_http_options(options).build()?)
}

fn label(reference: Option<&Reference>) -> String {
    or_dash(reference.and_then(|reference| reference.label.as_ref().or(reference.id.as_ref())))
}

async fn items(client: &Client, list: List) -> Result<Output, Failure> {
    let mut rows = client.catalog().entitled_item_views().with_order_by("name");
    if let Some(name) = &list.name {
        rows = rows.with_filter(Filter::eq("name", name.as_str()));
    }
    let rows = some(rows.stream(), list.limit).await?;
    let mut table = Table::new(&["NAME", "ID", "SERVICE", "GROUPS"]);
    for row in &rows {
        let groups = row.entitled_organizations.iter().flatten();
        let groups: Vec<&str> = groups.filter_map(|group| group.subtenant_label.as_deref()).collect();
        table.row([
            text(row.name.as_ref()),
            text(row.catalog_item_id.as_ref()),
            label(row.service_ref.as_ref()),
            groups.join(", "),
        ]);
    }
    Output::new(table.render("no items"), &rows)
}

async fn requests(client: &Client, list: List) -> Result<Output, Failure> {
    let mut rows = client.catalog().requests().with_order_by(OrderBy::desc("dateCreated"));
    if let Some(name) = &list.name {
        rows = rows.with_filter(Filter::eq("requestedItemName", name.as_str()));
    }
    let rows = some(rows.stream(), list.limit).await?;
    let mut table = Table::new(&[">NUMBER", "ID", "ITEM", "FOR", "STATE", "CREATED"]);
    for row in &rows {
        table.row([
            or_dash(row.request_number),
            text(row.id.as_ref()),
            text(row.requested_item_name.as_ref()),
            text(row.requested_for.as_ref()),
            or_dash(row.state.as_ref().map(|state| state.as_str().to_owned())),
            or_dash(row.date_created.as_ref().map(|time| time.as_str().to_owned())),
        ]);
    }
    Output::new(table.render("no requests"), &rows)
}

/// Returns a table of resources with their addresses.
fn resource_table(rows: &[Resource]) -> String {
    let mut table = Table::new(&["NAME", "ID", "TYPE", "STATUS", "ADDRESSES"]);
    for row in rows {
        let status = row.data("MachineStatus").and_then(|value| value.as_str()).or(row.status.as_deref());
        table.row([
            text(row.name.as_ref()),
            text(row.id.as_ref()),
            label(row.resource_type_ref.as_ref()),
            or_dash(status),
            or_dash(Some(row.ip_addresses().join(", ")).filter(|addresses| !addresses.is_empty())),
        ]);
    }
    table.render("no resources")
}

async fn resources(client: &Client, list: Resources) -> Result<Output, Failure> {
    let catalog = client.catalog();
    if let Some(id) = &list.request {
        let rows = some(catalog.resources_of_request(id).stream(), list.limit).await?;
        return Output::new(resource_table(&rows), &rows);
    }
    let mut rows = match &list.kind {
        Some(kind) => catalog.resources_of_type(kind),
        None => catalog.resources().with_query("withExtendedData", "true"),
    };
    if list.managed {
        rows = rows.with_query("managedOnly", "true");
    }
    let rows = some(rows.with_order_by("name").stream(), list.limit).await?;
    Output::new(resource_table(&rows), &rows)
}

async fn work_items(client: &Client, approve: Approve) -> Result<Output, Failure> {
    let work_items = client.work_items();
    let rows = match &approve.id {
        None => {
            let rows: Vec<_> = work_items.list().with_query("userItemsOnly", "true").stream().try_collect().await?;
            rows.into_iter().filter(|row| approve.all || !row.is_completed()).collect()
        }
        Some(id) => {
            let item = work_items.get(id).await?;
            let wanted = if approve.reject { ".reject" } else { ".approve" };
            let Some(action) = item.action_ending(wanted).map(str::to_owned) else {
                return Err(Failure::Usage(format!("work item {id} is nothing to approve or reject")));
            };
            let mut form = LiteralMap::new();
            if let Some(reason) = &approve.reason {
                form.set("source-businessJustification", reason.as_str());
            }
            vec![work_items.complete_and_get(id, &action, form).await?]
        }
    };
    let mut table = Table::new(&[">NUMBER", "ID", "ITEM", "REQUESTED BY", "STATUS"]);
    for row in &rows {
        let request = row.work_item_request.as_ref();
        table.row([
            or_dash(row.work_item_number),
            text(row.id.as_ref()),
            text(request.and_then(|request| request.item_name.as_ref())),
            text(request.and_then(|request| request.item_requestor.as_ref())),
            text(row.status.as_ref()),
        ]);
    }
    Output::new(table.render("nothing to approve"), &rows)
}

async fn reservations(client: &Client, list: List) -> Result<Output, Failure> {
    let mut rows = client.reservations().list();
    if let Some(name) = &list.name {
        rows = rows.with_filter(Filter::eq("name", name.as_str()));
    }
    let rows = some(rows.stream(), list.limit).await?;
    let mut table = Table::new(&["NAME", "ID", "TYPE", ">PRIORITY", "ENABLED", "COMPUTE RESOURCE", "NETWORK PROFILES"]);
    for row in &rows {
        let networks = row.networks();
        let profiles: Vec<&str> =
            networks.iter().filter_map(|(_, profile)| profile.as_ref()?.label.as_deref()).collect();
        let kind = row.reservation_type_id.as_deref().and_then(|id| id.rsplit('.').next());
        table.row([
            text(row.name.as_ref()),
            text(row.id.as_ref()),
            or_dash(kind),
            or_dash(row.priority),
            or_dash(row.enabled),
            or_dash(row.compute_resource().and_then(|resource| resource.label.as_deref())),
            or_dash(Some(profiles.join(", ")).filter(|names| !names.is_empty())),
        ]);
    }
    Output::new(table.render("no reservations"), &rows)
}

async fn profiles(client: &Client, profiles: Profiles) -> Result<Output, Failure> {
    let service = client.network_profiles();
    if let Some(name) = &profiles.name {
        return ranges(client, name).await;
    }
    let rows = match &profiles.kind {
        Some(kind) => service.of_type(&ProfileType::from(kind.to_uppercase().as_str())),
        None => service.list(),
    };
    let rows = some(rows.stream(), profiles.limit).await?;
    let mut table = Table::new(&["NAME", "ID", "KIND", "MASK", "GATEWAY"]);
    for row in &rows {
        table.row([
            text(row.name.as_ref()),
            text(row.id.as_ref()),
            or_dash(row.kind().map(|kind| kind.as_str().to_owned())),
            text(row.subnet_mask.as_ref()),
            text(row.gateway_address.as_ref()),
        ]);
    }
    Output::new(table.render("no network profiles"), &rows)
}

/// Lists the ranges of one profile with the number of free addresses.
async fn ranges(client: &Client, name: &str) -> Result<Output, Failure> {
    let profile = client.network_profiles().named(name).await?;
    let mut table = Table::new(&["RANGE", "FIRST", "LAST", ">ADDRESSES", ">IN USE", ">FREE"]);
    let mut rows = Vec::new();
    for range in profile.defined_ranges.iter().flatten() {
        // Counted here, since only some releases count for themselves.
        let id = range.id.as_deref().unwrap_or_default();
        let addresses =
            client.network_profiles().addresses_of_range(profile.id.as_deref().unwrap_or_default(), id).await?;
        let in_use = addresses.iter().filter(|address| address.is_in_use()).count();
        let free = addresses.len() - in_use;
        table.row([
            text(range.name.as_ref()),
            text(range.begin_ipv4_address.as_ref()),
            text(range.end_ipv4_address.as_ref()),
            addresses.len().to_string(),
            in_use.to_string(),
            free.to_string(),
        ]);
        rows.push(json!({
            "id": id, "name": range.name, "first": range.begin_ipv4_address, "last": range.end_ipv4_address,
            "total": addresses.len(), "in_use": in_use, "free": free,
        }));
    }
    Output::new(table.render("no ranges"), &json!({"id": profile.id, "name": profile.name, "ranges": rows}))
}
