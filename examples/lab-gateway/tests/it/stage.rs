//! Gateways to test: over an embedded store, and over a simulated phpIPAM.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use ipam_core::registry::{OpenRequest, Registry};
use ipam_core::{IpamProvider, MemoryProvider};
use lab_gateway::addresses::{Addresses, OwnAddresses};
use lab_gateway::api::{Server, Site, SiteParts};
use lab_gateway::background::{Reports, Stop, Stopper};
use lab_gateway::config::ApiSettings;
use lab_gateway::ddns::AddressSource;
use lab_gateway::firewall::{Firewall, MemoryFirewall};
use lab_gateway::portmaps::PortMaps;
use lab_gateway::reach::Reachability;
use lab_gateway::store::{SqliteStore, Store as _};
use lab_gateway::token::{TokenChecker, Tokens};
use phpipam_client::testing;

use crate::client::{Client, ISSUER, Main};
use crate::support::embedded;

/// Address of the gateway in the lab.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 254);

/// Running gateway.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) provider: Arc<dyn IpamProvider>,
    pub(crate) firewall: Arc<MemoryFirewall>,
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) main: Main,
    pub(crate) address: SocketAddr,
    reports: Reports,
    site: Arc<Site>,
    _stopper: Stopper,
    _keep: Box<dyn std::any::Any + Send + Sync>,
}

pub(crate) fn networks() -> Vec<ipnet::Ipv4Net> {
    vec!["10.0.0.0/24".parse().unwrap()]
}

/// Opens the provider of a simulated phpIPAM, by its URL.
pub(crate) async fn open(server: &testing::Server) -> Arc<dyn IpamProvider> {
    let mut registry = Registry::new();
    phpipam_client::register(&mut registry).unwrap();
    let host = server.url().replace("http://", "");
    let request = OpenRequest::parse(&format!("phpipam+http://admin@{}/test", host.trim_end_matches('/'))).unwrap();
    registry.open_with(request.with_secret("password", testing::Server::PASSWORD.into())).await.unwrap()
}

impl Stage {
    /// Returns a stage of each kind of provider.
    pub(crate) async fn all() -> Vec<Self> {
        vec![Self::embedded().await, Self::simulated().await]
    }

    pub(crate) async fn embedded() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let provider = embedded(directory.path()).await;
        Self::start("embedded", provider, Arc::new(MemoryFirewall::new()), None, Reachability::new(), directory).await
    }

    pub(crate) async fn simulated() -> Self {
        let server = testing::Server::start().await.unwrap();
        server.seed(|store| {
            let section = store.add_section("Lab");
            store.add_subnet(section, "10.0.0.0/24".parse().unwrap());
        });
        let provider = open(&server).await;
        Self::start("phpIPAM", provider, Arc::new(MemoryFirewall::new()), None, Reachability::new(), server).await
    }

    /// Returns a stage with this firewall in the place of the one in memory.
    pub(crate) async fn with_firewall(firewall: Arc<dyn Firewall>) -> Self {
        let provider = Arc::new(MemoryProvider::new());
        Self::start("memory", provider, Arc::new(MemoryFirewall::new()), Some(firewall), Reachability::new(), ()).await
    }

    /// Returns a stage with ten ports over this provider, whose calls are ended after the limit.
    pub(crate) async fn with_provider(provider: Arc<dyn IpamProvider>, limit: Duration) -> Self {
        let addresses = Addresses::new(Arc::clone(&provider), "alice", networks(), None).with_time_limit(limit);
        let firewall = Arc::new(MemoryFirewall::new());
        Self::start_with("given", provider, firewall, None, Reachability::new(), (), (addresses, 20_000..=20_009)).await
    }

    /// Returns true for no map in the store, and true for no lease.
    pub(crate) fn store_is_empty(&self) -> (bool, bool) {
        let records = self.store.read().unwrap();
        (records.maps.is_empty(), records.leases.is_empty())
    }

    pub(crate) async fn start(
        name: &'static str,
        provider: Arc<dyn IpamProvider>,
        firewall: Arc<MemoryFirewall>,
        instead: Option<Arc<dyn Firewall>>,
        reachability: Reachability,
        keep: impl std::any::Any + Send + Sync,
    ) -> Self {
        let own = OwnAddresses::These(vec![GATEWAY]);
        let addresses = Addresses::new(Arc::clone(&provider), "alice", networks(), None).with_own(own);
        let lab = (addresses, 20_000..=20_100);
        Self::start_with(name, provider, firewall, instead, reachability, keep, lab).await
    }

    async fn start_with(
        name: &'static str,
        provider: Arc<dyn IpamProvider>,
        firewall: Arc<MemoryFirewall>,
        instead: Option<Arc<dyn Firewall>>,
        reachability: Reachability,
        keep: impl std::any::Any + Send + Sync,
        (addresses, ports): (Addresses, RangeInclusive<u16>),
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&directory.path().join("portmaps.db")).unwrap());
        let addresses = Arc::new(addresses);
        let used: Arc<dyn Firewall> = instead.unwrap_or_else(|| Arc::<MemoryFirewall>::clone(&firewall));
        let maps = PortMaps::new(Arc::<SqliteStore>::clone(&store), used, Arc::clone(&addresses), ports);
        // As the service does at its start; the stages with a broken firewall cannot.
        let _ = maps.reconcile().await;
        let (main, tokens, reports) = (Main::new(), Tokens::new(), Reports::new());
        tokens.set(TokenChecker::new("EdDSA", &main.pem(), ISSUER).unwrap());
        let site = Site::new(SiteParts {
            maps,
            addresses: Arc::clone(&addresses),
            reachability,
            tokens,
            reports: reports.clone(),
            outside: AddressSource::Fixed([192, 0, 2, 7].into()),
            owner: "alice".to_owned(),
            login_page: Some("https://main.lab.example/login".to_owned()),
            max_body: 2048,
        });
        let mut settings = ApiSettings::default();
        settings.listen = "127.0.0.1:0".parse().unwrap();
        let (stopper, stop): (Stopper, Stop) = Stopper::new();
        let server = Server::bind(&settings).await.unwrap();
        let address = server.url().trim_start_matches("http://").parse().unwrap();
        let site = Arc::new(site);
        tokio::spawn(server.run(Arc::clone(&site), stop));
        let keep = Box::new((keep, directory));
        Self {
            name,
            provider,
            firewall,
            addresses,
            store,
            main,
            address,
            reports,
            site,
            _stopper: stopper,
            _keep: keep,
        }
    }

    /// Returns the states of the other parts.
    pub(crate) fn reports(&self) -> Reports {
        self.reports.clone()
    }

    /// Returns the API itself, for another server.
    pub(crate) fn site(&self) -> Arc<Site> {
        Arc::clone(&self.site)
    }

    /// Returns a client with the token of a user.
    pub(crate) fn client(&self, user: &str) -> Client {
        Client { address: self.address, token: Some(self.main.token(user)) }
    }

    /// Returns a client with any token, or none.
    pub(crate) fn with_token(&self, token: Option<String>) -> Client {
        Client { address: self.address, token }
    }
}
