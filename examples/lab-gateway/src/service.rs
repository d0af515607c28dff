//! Service: all parts together, from start to stop.

use std::sync::Arc;
use std::time::Duration;

use ipam_core::ErrorKind;

use crate::addresses::{AddressError, Addresses, OwnAddresses};
use crate::api::{Server, ServerError, Site, SiteParts};
use crate::background::{PartEnded, Parts, Report, Reports, Stop, note};
use crate::config::{Config, ConfigError, DdnsSettings};
use crate::ddns::{AddressSource, DdnsError, Updater};
use crate::firewall::{Firewall, FirewallError, NftFirewall, NftLayout};
use crate::log::{Forwarder, LogError};
use crate::portmaps::PortMaps;
use crate::reach::Worker;
use crate::store::{SqliteStore, Store, StoreError};
use crate::token::{self, KeyError, Tokens};

/// Failure to start, or to go on.
///
/// ```
/// use lab_gateway::config::Config;
/// use lab_gateway::service::StartError;
///
/// let error = StartError::from(Config::parse("[api]", []).unwrap_err());
/// assert!(error.is_config());
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The names of the firewall's table and interface cannot be used.
    #[error(transparent)]
    Firewall(#[from] FirewallError),
    /// The key of tokens cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The settings of the DNS record cannot be used.
    #[error(transparent)]
    Ddns(#[from] DdnsError),
    /// The settings of the log cannot be used, or its spool cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The provider's URL or its ranges do not fit the settings.
    #[error(transparent)]
    Addresses(#[from] AddressError),
    /// The API cannot listen.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A part of the running service ended before its time.
    #[error(transparent)]
    Part(#[from] PartEnded),
}

impl StartError {
    /// Returns true if a repeat fails in the same way until the settings are corrected.
    #[must_use]
    pub fn is_config(&self) -> bool {
        match self {
            Self::Config(_) | Self::Firewall(_) | Self::Ddns(_) | Self::Server(ServerError::Config(_)) => true,
            Self::Addresses(error) => is_config(error),
            Self::Log(error) => matches!(error, LogError::Config { .. }),
            Self::Key(error) => !matches!(error, KeyError::Server(_)),
            Self::Store(error) => matches!(error, StoreError::Newer { .. }),
            Self::Server(_) | Self::Part(_) => false,
        }
    }
}

fn is_config(error: &AddressError) -> bool {
    match error {
        AddressError::NoRange { .. } | AddressError::Spaces { .. } => true,
        AddressError::Provider(error) => error.kind() == ErrorKind::Config,
        _ => false,
    }
}

/// Returns the firewall of the settings.
///
/// # Errors
/// [`FirewallError::Refused`] if a name cannot be used.
pub fn nft(config: &Config) -> Result<NftFirewall, FirewallError> {
    let firewall = &config.firewall;
    let layout = NftLayout::new(&firewall.table, &config.outside.interface)?
        .with_masquerade(firewall.masquerade)
        .with_guard(firewall.guard)
        .with_log_group(config.log.as_ref().and_then(|log| log.log_group()));
    Ok(NftFirewall::new(&firewall.nft, layout))
}

/// Returns the addresses of the settings. The provider is opened when it is needed.
///
/// # Errors
/// [`ConfigError`] if the gateway has no name.
pub fn addresses(config: &Config) -> Result<Addresses, ConfigError> {
    let lab = &config.lab;
    let addresses = Addresses::at(&lab.provider, config.owner()?, lab.networks.clone(), lab.space.clone());
    Ok(addresses.with_gateway(config.gateway_name()?).with_own(OwnAddresses::Machine))
}

/// Gateway that is ready to serve.
#[derive(Debug)]
pub struct Service {
    config: Config,
    server: Server,
    site: Arc<Site>,
    maps: PortMaps,
    addresses: Arc<Addresses>,
    worker: Worker,
    tokens: Tokens,
    reports: Reports,
    updater: Option<Updater>,
    forwarder: Option<Forwarder>,
}

impl Service {
    /// Opens the store, restores the rules of the port maps, and listens. A provider, firewall or main server that does not
    /// respond now is tried again later; the port maps work meanwhile.
    ///
    /// # Errors
    /// [`StartError`] for a store that cannot be opened, a port that is in use, and settings that can never work.
    pub async fn start(config: Config, firewall: Arc<dyn Firewall>) -> Result<Self, StartError> {
        let owner = config.owner()?;
        let path = config.store.path.clone();
        let opened = tokio::task::spawn_blocking(move || SqliteStore::open(&path)).await;
        let store: Arc<dyn Store> = Arc::new(opened.map_err(|error| StoreError::Unusable {
            path: config.store.path.display().to_string(),
            problem: error.to_string(),
        })??);
        let updater = config.ddns.as_ref().map(|ddns| updater(ddns, config.outside.source())).transpose()?;
        let forwarder = config.log.as_ref().map(|log| log.forwarder(&owner)).transpose()?;
        let addresses = Arc::new(addresses(&config)?);
        let (ports, reports) = (config.ports.first..=config.ports.last, Reports::new());
        let maps = PortMaps::new(Arc::clone(&store), firewall, Arc::clone(&addresses), ports);
        // Before anything else: connections of users depend on the rules, and not on the provider.
        reconcile(&maps, &reports.part("portmaps")).await;
        match addresses.ranges().await {
            Err(error) if is_config(&error) => return Err(error.into()),
            Err(error) => reports.part("addresses").down(error.to_string()),
            Ok(_) => reports.part("addresses").up("the provider responds"),
        }
        let worker = Worker::new(Arc::clone(&addresses), store, &config.reachability);
        let tokens = Tokens::new();
        if config.token.key_url.is_none() {
            tokens.set(token::checker(&config.token).await?);
        }
        let site = Arc::new(Site::new(SiteParts {
            maps: maps.clone(),
            addresses: Arc::clone(&addresses),
            reachability: worker.reachability(),
            tokens: tokens.clone(),
            reports: reports.clone(),
            outside: config.outside.source(),
            owner,
            login_page: config.token.login_page.clone(),
            max_body: config.api.max_body,
        }));
        let server = Server::bind(&config.api).await?;
        Ok(Self { config, server, site, maps, addresses, worker, tokens, reports, updater, forwarder })
    }

    /// Returns the URL of the API.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Serves until the signal to stop; then ends all parts, finishes the change that is under way, and closes the provider.
    ///
    /// # Errors
    /// [`PartEnded`] if a part ends or panics before the signal; the service has then stopped in the same way.
    pub async fn run(self, stop: Stop) -> Result<(), PartEnded> {
        let Self { config, server, site, maps, addresses, worker, tokens, reports, updater, forwarder } = self;
        let mut parts = Parts::new();
        let told = parts.stop();
        parts.spawn("api", server.run(site, told.clone()));
        let every = config.firewall.reconcile.into();
        parts.spawn("portmaps", cycle(maps.clone(), every, reports.part("portmaps"), told.clone()));
        if config.reachability.enabled {
            parts.spawn("reachability", worker.run(reports.part("reachability"), told.clone()));
        }
        if let Some(updater) = updater {
            parts.spawn("ddns", follow(updater, reports.part("ddns"), told.clone()));
        }
        if let Some(forwarder) = forwarder {
            parts.spawn("log", forward(forwarder, reports.part("log"), told.clone()));
        }
        if config.token.key_url.is_some() {
            let report = reports.part("token");
            parts.spawn("token", async move {
                tokens.fetch(&config.token, &report, &told).await;
                told.stopped().await;
            });
        }
        let ended = parts.run(&stop).await;
        maps.finish().await;
        if let Err(error) = addresses.close().await {
            note(format_args!("{error}"));
        }
        ended
    }
}

fn updater(settings: &DdnsSettings, source: AddressSource) -> Result<Updater, DdnsError> {
    let (look, update) = settings.intervals();
    Ok(Updater::new(settings.client()?, source).with_interval(look, update))
}

/// Runs the updater, and reports each change of its state.
async fn follow(updater: Updater, report: Report, stop: Stop) {
    let mut state = updater.state();
    let reporting = async {
        while state.changed().await.is_ok() {
            let now = state.borrow_and_update().clone();
            match (now.error, now.address) {
                (Some(error), _) => report.down_as(error.kind(), error.to_string()),
                (None, Some(address)) => report.up(format!("the name has the address {address}")),
                (None, None) => {}
            }
        }
    };
    stop.or(async { tokio::join!(updater.run(), reporting) }).await;
}

/// Runs the log sender to its clean end, and reports each change of its state.
async fn forward(forwarder: Forwarder, report: Report, stop: Stop) {
    let mut state = forwarder.state();
    let reporting = async {
        while state.changed().await.is_ok() {
            let now = state.borrow_and_update().clone();
            match now.reading.or(now.sending) {
                Some(error) => report.down(error.to_string()),
                None => {
                    let (lost, dropped) = (now.lost.values().sum::<u64>(), now.dropped);
                    let (records, waiting) = (now.records, now.waiting);
                    report.up(format!("{records} records, {waiting} batches waiting, {lost} lost, {dropped} dropped"));
                }
            }
        }
    };
    // The reporting ends with the forwarder, which holds the sender of its states.
    tokio::join!(forwarder.run(async move { stop.stopped().await }), reporting);
}

/// Puts rules and records right, again and again: anyone may flush the ruleset.
async fn cycle(maps: PortMaps, every: Duration, report: Report, stop: Stop) {
    while stop.or(tokio::time::sleep(every)).await.is_some() {
        reconcile(&maps, &report).await;
    }
}

async fn reconcile(maps: &PortMaps, report: &Report) {
    match maps.reconcile().await {
        Ok(done) if done.returning > 0 => {
            report.down(format!("{} addresses are still to be given back to the provider", done.returning));
        }
        Ok(_) => report.up("the rules are those of the store"),
        Err(error) => report.down(error.to_string()),
    }
}
