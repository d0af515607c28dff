//! Registers an IPAM package in vRealize Automation 8, attaches one of its ranges to a network, requests a machine
//! there and prints its address.
//!
//! Runs without arguments on a simulated server in the same process: `cargo run -p ipam-examples --example
//! vra8_ipam_package`. On a real server: `VRA_PASSWORD=… IPAM_PASSWORD=… cargo run -p ipam-examples --example
//! vra8_ipam_package -- --url https://vra.example --user tony --domain corp.example --package phpIPAM.zip --ipam-host
//! ipam.example --ipam-user admin --field appId=vra --network lab-net --item Ubuntu`. Without `--user` it logs in with
//! the refresh token in `VRA_REFRESH_TOKEN`. Each secret may be in a file instead, which `VRA_PASSWORD_FILE` and so on
//! name.

#[path = "report.rs"]
mod report;
#[path = "vra8_names.rs"]
mod vra8_names;

use std::error::Error;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use ipam_core::http::{HttpOptions, TlsOptions};
use ipam_core::registry::{ProviderUrl, SecretRequest, Secrets};
use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
use secrecy::SecretString;
use vra_client::package::{Form, Package};
use vra_client::plugin::Plugin;
use vra_client::poll::Wait;
use vra_client::testing::v8::{Item, Server};
use vra_client::v8::{
    CatalogItemRequestBody, Client, DeploymentResource, ExistingPackage, ExternalIpRange, IntegrationBody,
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Registers an IPAM package, attaches one of its ranges to a network, requests a machine there and prints its address.
/// The secrets are in VRA_PASSWORD or VRA_REFRESH_TOKEN, and in IPAM_PASSWORD, or in the files that VRA_PASSWORD_FILE,
/// VRA_REFRESH_TOKEN_FILE and IPAM_PASSWORD_FILE name.
#[derive(Debug, Parser)]
struct Arguments {
    /// URL of the server [default: a simulated server in this process].
    #[arg(long, requires_all = ["package", "ipam_host", "ipam_user"])]
    url: Option<String>,
    /// User that logs in with a password; without it, a refresh token logs in.
    #[arg(long, requires = "url")]
    user: Option<String>,
    /// Domain of the user.
    #[arg(long, requires = "user")]
    domain: Option<String>,
    /// Organization of VCF Automation 9, whose login is a refresh token.
    #[arg(long, requires = "url", conflicts_with = "user")]
    organization: Option<String>,
    /// File with the PEM certificate of an authority to trust in addition to those of the system.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// File of the package, such as one of `ipam vra package` [default: a small one, made here].
    #[arg(long, value_name = "FILE")]
    package: Option<PathBuf>,
    /// Name of the integration; one of this name that is there already is used as it is.
    #[arg(long, default_value = "ipam.example")]
    integration: String,
    /// Host name of the IPAM.
    #[arg(long, default_value = "ipam.example")]
    ipam_host: String,
    /// User of the IPAM.
    #[arg(long, default_value = "admin")]
    ipam_user: String,
    /// Further field of the package's form; may be repeated.
    #[arg(long = "field", value_name = "NAME=VALUE", value_parser = pair)]
    fields: Vec<(String, String)>,
    /// Name of the external range to attach [default: the first one of the integration].
    #[arg(long)]
    range: Option<String>,
    /// Name of the fabric network that the range is attached to, which the machine of the item is in.
    #[arg(long, default_value = "ipam-net")]
    network: String,
    /// Name of the project.
    #[arg(long, default_value = Server::PROJECT)]
    project: String,
    /// Name of the catalog item.
    #[arg(long, default_value = "Ubuntu")]
    item: String,
    /// Name of the deployment, which must not exist.
    #[arg(long, default_value = "ipam-example")]
    deployment: String,
    /// Longest time of each wait, in minutes. The server collects the ranges of an integration about every 10 minutes.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
}

fn pair(text: &str) -> std::result::Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[tokio::main]
async fn main() -> ExitCode {
    report::end(run(Arguments::parse()).await)
}

async fn run(arguments: Arguments) -> Result<()> {
    let limits = Wait::up_to(Duration::from_secs(arguments.minutes.saturating_mul(60)));
    let Some(url) = &arguments.url else {
        let server = simulated(&arguments).await?;
        let client = Client::builder(server.url())
            .with_password(Server::USER, Server::PASSWORD)
            .with_http_options(HttpOptions::new().with_allow_http(true))
            .build()?;
        println!("Simulated server at {}", server.url());
        let limits = limits.with_pauses(Duration::from_millis(20), Duration::from_millis(100));
        return register_and_request(&client, &arguments, "a secret of the IPAM".into(), &limits).await;
    };
    let address = ProviderUrl::parse(url)?;
    let password = SecretRequest::new("password", &address);
    let ipam_secret = Secrets::env("IPAM").get(&password).await?;
    let secrets = Secrets::env("VRA");
    let builder = Client::builder(url.as_str());
    let builder = match (&arguments.organization, &arguments.user) {
        (None, Some(user)) => builder.with_password(user, secrets.get(&password).await?),
        (organization, _) => {
            let token = secrets.get(&SecretRequest::new("refresh-token", &address)).await?;
            match organization {
                Some(name) => builder.with_organization(name, token),
                None => builder.with_refresh_token(token),
            }
        }
    };
    let builder = arguments.domain.iter().fold(builder, |builder, domain| builder.with_domain(domain));
    let tls = match &arguments.ca {
        Some(path) => {
            let pem = std::fs::read_to_string(path).map_err(|error| format!("--ca {}: {error}", path.display()))?;
            TlsOptions::new().with_ca_pem(&pem)?
        }
        None => TlsOptions::new(),
    };
    let client = builder.with_http_options(HttpOptions::new().with_tls(tls)).build()?;
    let done = register_and_request(&client, &arguments, ipam_secret, &limits).await;
    let left = client.logout().await;
    done?;
    Ok(left?)
}

/// Starts a simulated server that runs the actions of the package on an IPAM in memory, with two ranges.
async fn simulated(arguments: &Arguments) -> Result<Server> {
    let ipam = MemoryProvider::new();
    for (id, prefix, gateway) in
        [("servers", "172.16.20.0/24", [172, 16, 20, 1]), ("storage", "172.16.30.0/28", [172, 16, 30, 1])]
    {
        ipam.define_range(&DefineRange::new(id, prefix.parse()?).with_gateway(gateway.into())).await?;
    }
    let server = Server::builder().ipam_actions(Plugin::new(ipam)).start().await?;
    server.seed(|store| {
        store.add_fabric_network(&arguments.network, "172.16.20.0/24");
        store.add_item(Item::new(&arguments.item).with_machine("web", &arguments.network));
    });
    Ok(server)
}

async fn register_and_request(
    client: &Client,
    arguments: &Arguments,
    secret: SecretString,
    limits: &Wait,
) -> Result<()> {
    // Names first: an upload takes a while, and a typing error should not cost it.
    let project = vra8_names::project(client, "--project", &arguments.project).await?;
    let item = vra8_names::item(client, "--item", &arguments.item).await?;
    let network = vra8_names::network(client, "--network", &arguments.network).await?;
    let deployments = client.deployments();
    if deployments.is_name_taken(&arguments.deployment).await? {
        return Err(format!("--deployment {:?}: the name is taken; give another one", arguments.deployment).into());
    }

    let package = match &arguments.package {
        Some(path) => std::fs::read(path).map_err(|error| format!("--package {}: {error}", path.display()))?,
        None => small_package()?.as_bytes().to_vec(),
    };
    let imported = client.package_import().import(&package, ExistingPackage::Overwrite).await?;
    let provider = imported.provider_id.ok_or("the server names no provider of the package")?;
    let name = imported.provider_name.unwrap_or_default();
    let version = imported.provider_version.unwrap_or_default();
    println!("Package {name} {version} is imported, {} bytes", package.len());

    let integration = integration(client, arguments, &provider, secret, limits).await?;
    let ranges = collected(client, &integration, limits).await?;
    for range in &ranges {
        println!("External range {}", shown(range));
    }
    let range = match &arguments.range {
        None => ranges.first(),
        Some(name) => ranges.iter().find(|range| range.name.as_ref() == Some(name)),
    };
    let range = range.ok_or_else(|| {
        let wanted = arguments.range.as_deref().unwrap_or_default();
        let names = ranges.iter().filter_map(|range| range.name.clone()).collect();
        vra8_names::unknown("--range", wanted, "the integration has no such range", names)
    })?;
    let range_name = range.name.as_deref().unwrap_or_default();
    client.external_ip_ranges().attach(range.id.as_deref().unwrap_or_default(), &network).await?;
    println!("Range {range_name} is attached to network {}", arguments.network);

    let body = CatalogItemRequestBody::new(project, &arguments.deployment).with_reason("an example");
    let made = client.catalog().submit_to(&item, body)?.await?;
    let id = made.first().map(|made| made.id()).ok_or("the request made no deployment")?;
    println!("Requested {}: deployment {id}", arguments.item);
    deployments.wait_for(id, limits).await?;
    println!("Deployment {} is ready", arguments.deployment);
    let machines = deployments.machines_of(id).await?;
    let mut given = None;
    for machine in &machines {
        let machine_name = machine.name.as_deref().unwrap_or_default();
        println!("Machine {machine_name} has {}", machine.ip_addresses().join(", "));
        given = given.or_else(|| Some((machine_name, address_of(machine, range)?)));
    }
    let (machine, address) = given.ok_or_else(|| {
        format!("no machine of {} has an address of the range {range_name}; check its network", arguments.item)
    })?;
    println!(
        "vra8_ipam_package: ok ({name} {version}, {} external ranges, {machine} has {address} of {range_name})",
        ranges.len()
    );
    Ok(())
}

/// Returns the id of the integration; adds it if it is not there.
async fn integration(
    client: &Client,
    arguments: &Arguments,
    provider: &str,
    secret: SecretString,
    limits: &Wait,
) -> Result<String> {
    let name = &arguments.integration;
    match client.integrations().named(name).await {
        Ok(found) => {
            println!("Integration {name} is there already");
            return Ok(found.id.unwrap_or_default());
        }
        Err(vra_client::Error::NoSuchName { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let body = IntegrationBody::ipam(name, provider, &arguments.ipam_host)
        .with_credentials(&arguments.ipam_user, secret)
        .with_ipam_fields(arguments.fields.iter().cloned());
    let tracker = client.integrations().create(body).await?;
    // The server now calls the package to check the form, which the tracker fails with if it is wrong.
    let done = client.request_trackers().wait_for(tracker, limits).await?;
    let id = done.resource_ids().into_iter().next().ok_or("the server names no integration")?;
    println!("Integration {name} is added");
    Ok(id)
}

/// Waits until the server has collected the ranges of an integration, and returns them.
async fn collected(client: &Client, integration: &str, limits: &Wait) -> Result<Vec<ExternalIpRange>> {
    let started = Instant::now();
    loop {
        let mut ranges = client.external_ip_ranges().list().all().await?;
        ranges.retain(|range| range.integration_id.as_deref() == Some(integration));
        if !ranges.is_empty() {
            return Ok(ranges);
        }
        if started.elapsed() >= limits.deadline {
            let waited = started.elapsed().as_secs() / 60;
            return Err(
                format!("no range of the integration was collected in {waited} minutes; check its filter").into()
            );
        }
        tokio::time::sleep(limits.longest_pause).await;
    }
}

fn shown(range: &ExternalIpRange) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let (first, last) = (text(&range.start_ip_address), text(&range.end_ip_address));
    format!("{}: {first} to {last}, gateway {}", text(&range.name), text(&range.gateway_address))
}

/// Returns the address that a machine has of a range.
fn address_of(machine: &DeploymentResource, range: &ExternalIpRange) -> Option<IpAddr> {
    let parse = |text: &Option<String>| text.as_deref()?.parse::<IpAddr>().ok();
    let (first, last) = (parse(&range.start_ip_address)?, parse(&range.end_ip_address)?);
    let addresses = machine.ip_addresses().into_iter().filter_map(|text| text.parse().ok());
    addresses.into_iter().find(|address| first <= *address && *address <= last)
}

/// Makes a package whose program is the smallest that the packager takes: it does nothing. The simulated server runs
/// the actions itself, and a real one needs a real program.
fn small_package() -> Result<Package> {
    // An ELF header, and one segment that is loaded: static, for x86-64.
    let mut program = b"\x7fELF\x02\x01\x01".to_vec();
    program.resize(120, 0);
    let fields = [(16, 2), (18, 62), (20, 1), (24, 1), (32, 64), (52, 64), (54, 56), (56, 1), (58, 64), (64, 1)];
    for (at, value) in fields {
        if let Some(byte) = program.get_mut(at) {
            *byte = value;
        }
    }
    let form = Form::new("ExampleIPAM").with_settings();
    Ok(Package::builder("ExampleIPAM", "1.0.0", program).with_form(form).build()?)
}
