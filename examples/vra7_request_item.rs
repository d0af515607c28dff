//! Requests a machine of vRealize Automation 7 and prints its address, after it listed reservations and network profiles.
//!
//! Runs without arguments on a simulated server in the same process: `cargo run -p ipam-examples --example vra7_request_item`.
//! On a real server: `VRA_PASSWORD=… cargo run -p ipam-examples --example vra7_request_item -- --url https://vra.example
//! --user tony@example.com --tenant qe --group Development --item CentOS`. There it only requests the machine; an
//! administrator has to create the reservation and its network profile.

#[path = "report.rs"]
mod report;
#[path = "vra7_names.rs"]
mod vra7_names;

use std::error::Error;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use ipam_core::http::{HttpOptions, TlsOptions};
use vra_client::odata::Filter;
use vra_client::poll::Wait;
use vra_client::testing::v7::{Item, Server};
use vra_client::v7::{
    Client, EntityRef, NetworkProfileBody, RangeBody, ReservationBody, ReservationValues, ValuesRequest,
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Requests a machine, waits for it, and prints its address. The password is in VRA_PASSWORD.
#[derive(Debug, Parser)]
struct Arguments {
    /// URL of the server [default: a simulated server in this process].
    #[arg(long, requires_all = ["user", "tenant"])]
    url: Option<String>,
    /// User, as name@domain.
    #[arg(long, requires = "url")]
    user: Option<String>,
    /// Name of the tenant in URLs.
    #[arg(long, requires = "url")]
    tenant: Option<String>,
    /// File with the PEM certificate of an authority to trust in addition to those of the system.
    #[arg(long, value_name = "FILE")]
    ca: Option<std::path::PathBuf>,
    /// Name of the business group.
    #[arg(long, default_value = "Development")]
    group: String,
    /// Name of the catalog item.
    #[arg(long, default_value = "CentOS")]
    item: String,
    /// Longest time to wait, in minutes.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    report::end(run(Arguments::parse()).await)
}

async fn run(arguments: Arguments) -> Result<()> {
    let deadline = Duration::from_secs(arguments.minutes.saturating_mul(60));
    let (Some(url), Some(user), Some(tenant)) = (&arguments.url, &arguments.user, &arguments.tenant) else {
        let server = Server::start().await?;
        server.seed(|store| store.add_item(Item::new(&arguments.item)));
        let options = HttpOptions::new().with_allow_http(true);
        let client = Client::builder(server.url())
            .with_password(Server::USER, Server::PASSWORD, Server::TENANT)
            .with_http_options(options)
            .build()?;
        println!("Simulated server at {}", server.url());
        prepare(&client, Server::TENANT, &arguments.group).await?;
        let limits = Wait::up_to(deadline).with_pauses(Duration::from_millis(20), Duration::from_millis(100));
        return request(&client, Server::TENANT, &arguments, &limits).await;
    };
    let password = std::env::var("VRA_PASSWORD").map_err(|_| "set VRA_PASSWORD to the user's password")?;
    let tls = match &arguments.ca {
        Some(path) => {
            let pem = std::fs::read_to_string(path).map_err(|error| format!("--ca {}: {error}", path.display()))?;
            TlsOptions::new().with_ca_pem(&pem)?
        }
        None => TlsOptions::new(),
    };
    let client = Client::builder(url.as_str())
        .with_password(user, password, tenant)
        .with_http_options(HttpOptions::new().with_tls(tls))
        .build()?;
    let done = request(&client, tenant, &arguments, &Wait::up_to(deadline)).await;
    let left = client.logout().await;
    done?;
    Ok(left?)
}

/// Creates a network profile with a range, and a reservation that uses it, as an administrator does once.
async fn prepare(client: &Client, tenant: &str, group: &str) -> Result<()> {
    let range = RangeBody::new("servers", Ipv4Addr::new(10, 60, 1, 10), Ipv4Addr::new(10, 60, 1, 99))?;
    let profile = NetworkProfileBody::external("Servers", Ipv4Addr::new(255, 255, 255, 0))?
        .with_gateway(Ipv4Addr::new(10, 60, 1, 1))
        .with_ranges([range]);
    let profile = client.network_profiles().create(profile).await?.id.ok_or("the server names no profile")?;

    let reservations = client.reservations();
    let vsphere = reservations.type_named("vSphere").await?;
    let (kind, class) = (vsphere.id.unwrap_or_default(), vsphere.schema_class_id.unwrap_or_default());
    let clusters = reservations.values(&class, "computeResource", ValuesRequest::new()).await?;
    let cluster = clusters.first().and_then(|value| value.as_entity_ref()).ok_or("there is no cluster")?;
    // The server lists networks only for a given cluster.
    let question = ValuesRequest::depending_on("computeResource", cluster.clone());
    let networks = reservations.values(&class, "reservationNetworks", question).await?;
    let network = networks.first().and_then(|value| value.underlying_value.as_ref()?.as_values());
    let path = network.and_then(|values| values.get("networkPath")?.as_entity_ref()).ok_or("there is no network")?;
    let values = ReservationValues::new()
        .with_compute_resource(cluster.clone())
        .with_memory_mb(65_536)
        .with_network(path.clone(), Some(EntityRef::new("NetworkProfile", profile)));
    let group = group_id(client, tenant, group).await?;
    reservations.create(ReservationBody::new("Dev", kind, tenant, group).with_values(values)).await?;
    Ok(())
}

/// Lists reservations and network profiles, and requests a machine.
async fn request(client: &Client, tenant: &str, arguments: &Arguments, limits: &Wait) -> Result<()> {
    let shown = client.identity().tenant(tenant).await?;
    println!("Tenant {tenant}: {}", shown.name.as_deref().unwrap_or("without a name"));
    let group = group_id(client, tenant, &arguments.group).await?;
    for reservation in client.reservations().list().with_filter(Filter::eq("subTenantId", group.as_str())).all().await?
    {
        println!("Reservation {}", reservation.name.as_deref().unwrap_or_default());
        for (network, profile) in reservation.networks() {
            let network = network.label.as_deref().unwrap_or_default();
            let Some(id) = profile.and_then(|profile| profile.id.as_deref()) else {
                println!("  network {network}, without a network profile");
                continue;
            };
            let profile = client.network_profiles().get(id).await?;
            println!("  network {network}, network profile {}", profile.name.as_deref().unwrap_or_default());
            for range in client.network_profiles().range_summaries(id).all().await? {
                let (free, total) = (range.unallocated_addresses.unwrap_or(0), range.total_addresses.unwrap_or(0));
                println!("    range {}: {free} of {total} addresses free", range.name.as_deref().unwrap_or_default());
            }
        }
    }

    let catalog = client.catalog();
    let item = match catalog.item_named(&arguments.item).await {
        Err(vra_client::Error::NoSuchName { .. }) => {
            return Err(vra7_names::unknown_item(client, "--item", &arguments.item).await.into());
        }
        found => found?,
    };
    let mut template = catalog.template_of(&item)?.with_query("businessGroupId", group).await?;
    template.reasons = Some("an example".to_owned());
    let submitted = catalog.submit_to(&item, template)?.await?;
    println!("Requested {}: request {}", arguments.item, submitted.id);
    let ended = catalog.wait_for(&submitted.id, limits).await?;
    println!("Request {} succeeded", ended.request_number.unwrap_or_default());
    let machines = catalog.machines_of_request(&submitted.id).await?;
    for machine in &machines {
        let addresses = machine.ip_addresses().join(", ");
        println!("Machine {} has {addresses}", machine.name.as_deref().unwrap_or_default());
    }
    if machines.is_empty() { Err("the request made no machine".into()) } else { Ok(()) }
}

async fn group_id(client: &Client, tenant: &str, name: &str) -> Result<String> {
    match client.identity().subtenant_named(tenant, name).await {
        Err(vra_client::Error::NoSuchName { .. }) => Err(vra7_names::unknown_group(client, tenant, name).await.into()),
        found => Ok(found?.id.unwrap_or_default()),
    }
}
