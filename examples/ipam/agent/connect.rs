//! Client, probe and agent of the settings.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use phpipam_client::Client;
use phpipam_client::scan::{
    Agent, Coverage, DnsLookup, EchoSocket, NmapProbe, NmapSockets, Probe, ProbeTarget, Probes, SocketProbe,
};

use super::delivery::HttpDelivery;
use super::settings::{ProbeKind, ProbeSettings, RawSockets, Settings};
use crate::exit::Failure;

/// Time for what a probe does beside nmap: the repeat for silent hosts, and the neighbours that the kernel confirms.
const GRACE: Duration = Duration::from_secs(120);

/// Returns the client of phpIPAM. Nothing is sent yet.
pub(super) fn client(settings: &Settings) -> Result<Client, Failure> {
    let builder = Client::builder(&settings.url, &settings.app, settings.auth.clone());
    let client = builder.with_http_options(settings.http.clone()).build();
    client.map_err(|error| Failure::Usage(format!("api_url, client_name: {}", crate::report::text(&error))))
}

/// Returns the agent without a probe, which is enough for the plan.
pub(super) fn planner(settings: &Settings) -> Result<Agent, Failure> {
    Ok(Agent::builder(client(settings)?, settings.code()?).build()?)
}

/// Returns the agent. `only` limits it to the subnets within these networks, unless there are none.
pub(super) async fn agent(settings: &Settings, client: Client, only: &[IpNet]) -> Result<Agent, Failure> {
    let mut builder = Agent::builder(client, settings.code()?)
        .with_probe(probe(&settings.probe, settings.time_limit).await?)
        .with_names(Arc::new(DnsLookup::new()))
        .with_policy(settings.policy.clone())
        .with_zone(settings.zone.clone())
        .with_only(only.iter().copied());
    if let Some(cache) = &settings.cache {
        builder = builder.with_cache(cache.clone());
    }
    if let Some(receiver) = &settings.receiver {
        builder = builder.with_delivery(Arc::new(HttpDelivery::new(receiver)?));
    }
    for (name, value) in &settings.custom {
        builder = builder.with_custom_field(name, value.as_str());
    }
    if let Some(subnets) = settings.subnets_at_once {
        builder = builder.with_subnets_at_once(subnets);
    }
    if let Some(changes) = settings.changes_at_once {
        builder = builder.with_changes_at_once(changes);
    }
    if let Some(names) = settings.names_at_once {
        builder = builder.with_names_at_once(names);
    }
    if let Some(limit) = settings.time_limit {
        // The probes end first, so that what they found until then counts.
        builder = builder.with_time_limit(limit.saturating_add(GRACE));
    }
    Ok(builder.build()?)
}

/// Returns the probe, after a look at whether this machine has what it needs.
async fn probe(settings: &ProbeSettings, limit: Option<Duration>) -> Result<Arc<dyn Probe>, Failure> {
    let (nmap_sockets, echo) = match settings.raw_sockets {
        RawSockets::Auto => (NmapSockets::Auto, EchoSocket::Auto),
        RawSockets::Required => (NmapSockets::Raw, EchoSocket::Raw),
        // The datagram socket needs no rights, but is off on most systems; connections do without.
        RawSockets::Never => (NmapSockets::Connect, EchoSocket::Off),
    };
    if settings.raw_sockets == RawSockets::Required {
        raw_sockets().await?;
    }
    let mut sockets = SocketProbe::new().with_echo(echo);
    if let Some(ports) = &settings.ports {
        sockets = sockets.with_ports(ports.iter().copied());
    }
    if let Some(rate) = settings.packets_per_second {
        sockets = sockets.with_rate(rate);
    }
    let mut nmap = NmapProbe::new().with_sockets(nmap_sockets).with_rates(None, settings.nmap_max_rate);
    if let Some(limit) = limit {
        (sockets, nmap) = (sockets.with_time_limit(limit), nmap.with_time_limit(limit));
    }
    if let Some(program) = &settings.nmap {
        nmap = nmap.with_program(program);
    }
    let nmap = match settings.kind {
        // A path that is given is no wish that may go unheard.
        ProbeKind::Auto if settings.nmap.is_some() => {
            let missing = |error| Failure::Usage(format!("nmap_program: {error} (remove it, or set probe: sockets)"));
            nmap.check().await.map_err(missing)?;
            Some(nmap)
        }
        ProbeKind::Sockets => None,
        ProbeKind::Auto => Some(nmap),
        ProbeKind::Nmap => {
            let missing = |error| Failure::Usage(format!("probe is nmap: {error} (nmap_program, probe: sockets)"));
            nmap.check().await.map_err(missing)?;
            Some(nmap)
        }
    };
    Ok(Arc::new(Probes::new().with_nmap(nmap).with_sockets(sockets).with_neighbours(settings.neighbours)))
}

/// Checks that raw sockets are permitted, with one to this machine.
async fn raw_sockets() -> Result<(), Failure> {
    let probe = SocketProbe::new().with_echo(EchoSocket::Raw).with_ports([]);
    let loopback = IpNet::from(std::net::IpAddr::from([127, 0, 0, 1]));
    match probe.probe(&ProbeTarget::whole(loopback)).await.coverage {
        Coverage::Incomplete(reason) => Err(Failure::Usage(format!("raw_sockets is required: {reason}"))),
        _ => Ok(()),
    }
}
