//! Server in this process for each case of the conformance suite.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use ipam_core::conformance::{BoxFuture, Fixture, Harness, Limits, NoFixture, Setup};
use ipam_core::http::{HttpOptions, TokenPolicy};
use ipam_core::{DefineRange, IpamProvider, RangeId, RangePolicy, RetryConfig, SpaceId};
use ipnet::IpNet;
use serde_json::json;
use tokio::runtime::Runtime;
use vra_client::poll::Wait;
use vra_client::testing::v8::Server;
use vra_client::testing::{Fault, When};
use vra_client::v8::provider::{VraConfig, VraProvider};
use vra_client::v8::{Client, NetworkIpRangeBody, Tag};

/// Runtime of all servers and clients.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime"))
}

/// Server in this process for each case.
pub(crate) struct Simulated {
    faults: bool,
}

impl Simulated {
    pub(crate) fn calm() -> Self {
        Self { faults: false }
    }

    pub(crate) fn stormy() -> Self {
        Self { faults: true }
    }
}

/// Adds faults that occur at random, each with its own chance.
fn storm(server: &Server) {
    let api = |chance: f64, seed: u64| {
        let when = When::any().path("/iaas/api/network-ip-ranges/").always().chance(chance, seed);
        when.matching(|target| !target.path.ends_with("/login"))
    };
    server.fault(Fault::Latency(Duration::from_millis(15)), api(0.05, 1));
    server.fault(Fault::DropBefore, api(0.03, 2));
    server.fault(Fault::DropAfter, api(0.03, 3).method("POST"));
    server.fault(Fault::EmptyError(503), api(0.02, 4).method("GET"));
    server.fault(Fault::ExpireToken, When::any().path("/ip-addresses").skip(20));
    server.fault(Fault::EmptyError(404), When::any().path("/request-tracker/").always().chance(0.02, 6));
    server.fault(Fault::FailTracker("no luck".to_owned()), api(0.02, 7).method("POST"));
}

pub(crate) fn client(server: &Server) -> Client {
    client_with(server, RetryConfig::new(8, Duration::from_secs(60)))
}

pub(crate) fn client_with(server: &Server, retry: RetryConfig) -> Client {
    client_at(&server.url(), retry)
}

pub(crate) fn client_at(url: &str, retry: RetryConfig) -> Client {
    Client::builder(url)
        .with_password(Server::USER, Server::PASSWORD)
        .with_http_options(HttpOptions::new().with_allow_http(true))
        .with_retry(retry)
        .with_token_policy(TokenPolicy::new().with_max_logins(100, Duration::from_secs(60)))
        .build()
        .expect("a client")
}

pub(crate) fn config() -> VraConfig {
    VraConfig::new()
        .with_settle_time(Duration::from_millis(800))
        .with_wait(Wait::up_to(Duration::from_secs(30)).with_pauses(Duration::from_millis(1), Duration::from_millis(3)))
}

pub(crate) async fn connect(server: &Server) -> Arc<dyn IpamProvider> {
    Arc::new(VraProvider::connect(client(server), config()).await.expect("a provider"))
}

fn unfit<T>(what: impl Into<String>) -> Result<T, NoFixture> {
    Err(NoFixture::Unfit(what.into()))
}

/// Refuses ranges that the server cannot hold.
fn fits(range: &DefineRange) -> Result<(), NoFixture> {
    if range.policy != RangePolicy::default() {
        return unfit("the server has one release time for all ranges, and no order");
    }
    if !range.reserved.is_empty() || !range.properties.is_empty() || range.network.vlan.is_some() {
        return unfit("a range has no reservations, properties and VLAN");
    }
    Ok(())
}

#[async_trait]
impl Harness for Simulated {
    async fn fresh(&self, setup: &Setup) -> Result<Fixture, NoFixture> {
        if !setup.blocks.is_empty() {
            return unfit("the server has no blocks");
        }
        setup.ranges.iter().try_for_each(fits)?;
        // Released addresses are available at once: the cases expect what the contract says about ranges without a
        // quarantine. A test of its own covers the release time.
        let server = Server::builder().polls_in_progress(1).release_wait(Duration::ZERO).start().await;
        let server = server.map_err(|error| NoFixture::Failed(error.to_string()))?;
        let client = client(&server);
        let mut networks: BTreeMap<(SpaceId, IpNet), String> = BTreeMap::new();
        let mut ranges = Vec::new();
        let failed = |error: vra_client::Error| NoFixture::Failed(error.to_string());
        for range in &setup.ranges {
            let place = (range.space.clone(), range.net);
            let known = networks.get(&place).cloned();
            let network = match known {
                Some(network) => network,
                None => {
                    let network = server.seed(|store| store.add_fabric_network(&range.name, &range.net.to_string()));
                    let gateway = range.network.gateway;
                    let v4 = range.net.addr().is_ipv4();
                    let body = json!({
                        "defaultGateway": gateway.filter(|_| v4), "defaultIpv6Gateway": gateway.filter(|_| !v4),
                        "dnsServerAddresses": range.network.dns_servers, "domain": range.network.domain,
                        "dnsSearchDomains": range.network.search_domains,
                    });
                    let path = format!("/iaas/api/fabric-networks-vsphere/{network}");
                    client.raw(Method::PATCH, path, Some(body)).await.map_err(failed)?;
                    networks.insert(place, network.clone());
                    network
                }
            };
            let addresses = range.resolved_addresses();
            let tags = range.tags.iter().map(|tag| Tag::new(tag.key.clone(), tag.value.clone()));
            // The contract's default of a name is the id.
            let name = if range.name.is_empty() { range.id.to_string() } else { range.name.clone() };
            let mut body = NetworkIpRangeBody::new(name, addresses.first(), addresses.last())
                .map_err(failed)?
                .with_fabric_network_ids([network])
                .with_tags(tags.collect::<Vec<_>>());
            if let Some(description) = &range.description {
                body = body.with_description(description.clone());
            }
            match client.network_ip_ranges().create(body).await {
                Ok(row) => ranges.push((range.id.clone(), row.id.unwrap_or_default())),
                // Only this refusal says what the server cannot have; another one is a mistake of the harness, and would
                // skip cases unseen.
                Err(error) if error.to_string().contains("overlaps") => {
                    return unfit("ranges of one network do not overlap");
                }
                Err(error) => return Err(failed(error)),
            }
        }
        let mut fixture = Fixture::new(connect(&server).await).with_other(connect(&server).await);
        for (name, id) in ranges {
            fixture = fixture.with_range(name, id);
        }
        for ((space, _), network) in networks {
            fixture = fixture.with_space(space, network);
        }
        server.clear_log();
        if self.faults {
            storm(&server);
        }
        Ok(fixture.with_guard(server))
    }

    fn block_on(&self, future: BoxFuture<'_, ()>) {
        runtime().block_on(future);
    }

    fn limits(&self) -> Limits {
        Limits::default().with_calls(6)
    }

    fn skip(&self, name: &str) -> Option<String> {
        let lost = self.faults && name == "concurrency::deallocates_an_allocation_once";
        lost.then(|| "when the response is lost, the caller cannot know whose release it was".to_owned())
    }

    async fn plant(&self, fixture: &Fixture, range: &RangeId, address: IpAddr) -> bool {
        let Some(server) = fixture.guard.downcast_ref::<Server>() else { return false };
        server.seed(|store| store.allocate(range.as_str(), address, "").is_ok())
    }

    async fn open_another(&self, fixture: &Fixture) -> Option<Arc<dyn IpamProvider>> {
        Some(connect(fixture.guard.downcast_ref::<Server>()?).await)
    }

    async fn reopen(&self, fixture: Fixture) -> Option<Fixture> {
        let (ranges, spaces) = (fixture.ranges.clone(), fixture.spaces.clone());
        let guard = fixture.guard.downcast::<Server>().ok()?;
        let mut reopened = Fixture::new(connect(&guard).await);
        (reopened.ranges, reopened.spaces) = (ranges, spaces);
        Some(reopened.with_guard(*guard))
    }
}
