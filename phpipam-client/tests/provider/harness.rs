//! Server in this process for each case of the conformance suite.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use ipam_core::conformance::{Fixture, Harness, Limits, NoFixture, Setup};
use ipam_core::http::TokenPolicy;
use ipam_core::net::HostPolicy;
use ipam_core::{
    Allocate, DefineBlock, DefineRange, IpamProvider, NetworkInfo, Properties, RangeId, RangePolicy, RetryConfig,
    SpaceId, Tags,
};
use ipnet::IpNet;
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::testing::{CustomColumn, Fault, Object, Profile, Server, ServerBuilder, Store, When};
use phpipam_client::{Auth, Client};
use tokio::runtime::Runtime;

/// Runtime of all servers and clients.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime"))
}

/// Server in this process for each case.
pub(crate) struct Simulated {
    start: fn() -> ServerBuilder,
    faults: Option<fn(&Server)>,
    /// Names of cases that the version cannot pass, with the reason.
    shortfalls: &'static [(&'static str, &'static str)],
}

impl Simulated {
    pub(crate) fn calm() -> Self {
        Self::on(Server::builder)
    }

    pub(crate) fn stormy() -> Self {
        Self::calm().with_faults(storm)
    }

    /// A server without the `search` controller, which came with 1.6.
    pub(crate) fn without_search() -> Self {
        Self::on(|| Server::builder().profile(without_search()))
    }

    /// A server with these settings. It must have an app and a user account of the usual names.
    pub(crate) fn on(start: fn() -> ServerBuilder) -> Self {
        Self { start, faults: None, shortfalls: &[] }
    }

    /// The same server, whose version cannot pass these cases.
    pub(crate) fn but(self, shortfalls: &'static [(&'static str, &'static str)]) -> Self {
        Self { shortfalls, ..self }
    }

    /// The same server, which gets these faults when a case begins.
    pub(crate) fn with_faults(self, faults: fn(&Server)) -> Self {
        Self { faults: Some(faults), ..self }
    }
}

/// A version without the controller `search`, which came with 1.6.
pub(crate) fn without_search() -> Profile {
    let mut profile = Profile::V1_8_2;
    profile.controllers = &["user", "sections", "subnets", "addresses", "vlans", "tools"];
    profile
}

pub(crate) fn client(server: &Server) -> Client {
    client_of(server, Server::APP)
}

/// Client of another app of the server.
pub(crate) fn client_of(server: &Server, app: &str) -> Client {
    let http = ipam_core::http::HttpOptions::new()
        .with_allow_http(true)
        .with_attempt_timeout(Duration::from_secs(10))
        .with_user_agent("tests");
    let auth = Auth::user(Server::USER, Server::PASSWORD);
    // A login that was dropped on the way counts as one; real callers are not dropped as often as these.
    let tokens = TokenPolicy::new().with_max_logins(20, Duration::from_secs(60));
    // Neither are real calls lost so often: with fewer repetitions one of thousands would fail now and then.
    let retry = RetryConfig::new(8, Duration::from_secs(60));
    Client::builder(server.url(), app, auth)
        .with_http_options(http)
        .with_retry(retry)
        .with_token_policy(tokens)
        .build()
        .expect("a client")
}

pub(crate) async fn connect(server: &Server, config: PhpIpamConfig) -> Arc<dyn IpamProvider> {
    Arc::new(PhpIpamProvider::connect(client(server), config).await.expect("a provider"))
}

/// Time for which a dying process waits for a response. It is dead before.
const DEATH: Duration = Duration::from_secs(9);

/// Leaves a claim behind as a process does that is killed after it took all addresses and before it committed them.
pub(crate) async fn abandon(server: &Server, request: &Allocate) {
    abandon_with(server, PhpIpamConfig::new(), request).await;
}

/// The same for a process with another configuration.
pub(crate) async fn abandon_with(server: &Server, config: PhpIpamConfig, request: &Allocate) {
    let killed = connect(server, config.with_sweep_on_connect(false)).await;
    abandon_by(server, killed, request).await;
}

async fn abandon_by(server: &Server, killed: Arc<dyn IpamProvider>, request: &Allocate) {
    server.fault(Fault::DropBefore, When::any().method("PATCH").always());
    // The connection is cut only after this time. A caller that were told at once would repeat the request, which could
    // arrive when the faults are gone.
    server.fault(Fault::Latency(DEATH), When::any().method("PATCH").always());
    let before = server.count("PATCH", "/addresses/");
    let claim = killed.allocate(request);
    let reached = async {
        while server.count("PATCH", "/addresses/") == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        () = reached => {}
        told = claim => panic!("nothing could be acknowledged: {told:?}"),
    }
    drop(killed);
    server.clear_faults();
}

/// Returns the text with another claim number in its mark; the same text for an empty number.
pub(crate) fn with_nonce(text: &str, nonce: &str) -> String {
    use sha2::{Digest, Sha256};
    if nonce.is_empty() {
        return text.to_owned();
    }
    let (before, mark) = text.split_once("[ipam1;").unwrap();
    let (body, _) = mark.rsplit_once(";x").unwrap();
    let parts = body
        .split(';')
        .map(|part| if part.starts_with('n') && part.len() == 17 { format!("n{nonce}") } else { part.to_owned() });
    let body = parts.collect::<Vec<_>>().join(";");
    let mut digest = Sha256::new();
    for part in ["mark", &body] {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    let check: String = digest.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{before}[ipam1;{body};x{check}]")
}

fn config() -> PhpIpamConfig {
    PhpIpamConfig::new().with_block_field("custom_block", "1")
}

/// Adds faults that occur at random, each with its own chance.
fn storm(server: &Server) {
    let writes = |method: &str, chance: f64, seed: u64| When::any().method(method).always().chance(chance, seed);
    let api = |when: When| when.matching(|target| !target.path.ends_with("/user/"));
    server.fault(Fault::Latency(Duration::from_millis(15)), api(When::any().always().chance(0.05, 1)));
    server.fault(Fault::LockTimeout, api(writes("POST", 0.05, 2)));
    server.fault(Fault::LockTimeout, api(writes("DELETE", 0.05, 3)));
    server.fault(Fault::LockTimeout, api(writes("PATCH", 0.05, 4)));
    server.fault(Fault::EmptyError500, api(writes("GET", 0.02, 5)));
    server.fault(Fault::DropBefore, api(When::any().always().chance(0.03, 6)));
    server.fault(Fault::DropAfter, api(writes("POST", 0.08, 7)));
    server.fault(Fault::DropAfter, api(writes("DELETE", 0.05, 8)));
    server.fault(Fault::DropAfter, api(writes("PATCH", 0.05, 9)));
    server.fault(Fault::ExpireToken, api(When::any().skip(20)));
}

fn unfit<T>(what: impl Into<String>) -> Result<T, NoFixture> {
    Err(NoFixture::Unfit(what.into()))
}

/// Refuses ranges that a phpIPAM cannot hold.
fn range_fits(range: &DefineRange) -> Result<(), NoFixture> {
    if range.addresses.is_some() {
        return unfit("the first and last address of a subnet follow from its prefix");
    }
    if let IpNet::V6(net) = range.net
        && u128::from(net.network()) <= u128::from(u32::MAX)
    {
        return unfit("phpIPAM keeps addresses as numbers, and takes small ones for IPv4");
    }
    if range.policy != RangePolicy::default() {
        return unfit("phpIPAM knows no policies");
    }
    if range.reserved.iter().any(|span| span.size().is_none_or(|size| size > 1_000)) {
        return unfit("reservations are single addresses");
    }
    details_fit(&range.network, &range.tags, &range.properties)
}

fn block_fits(block: &DefineBlock) -> Result<(), NoFixture> {
    details_fit(&block.network, &block.tags, &block.properties)
}

fn details_fit(network: &NetworkInfo, tags: &Tags, properties: &Properties) -> Result<(), NoFixture> {
    if network.domain.is_some() || !network.search_domains.is_empty() {
        return unfit("phpIPAM keeps no domains");
    }
    if !tags.is_empty() || !properties.is_empty() {
        return unfit("subnets that people make have the server's fields only");
    }
    Ok(())
}

struct Builder<'a> {
    store: &'a mut Store,
    sections: BTreeMap<SpaceId, u64>,
}

impl Builder<'_> {
    fn section(&mut self, space: &SpaceId) -> u64 {
        if let Some(section) = self.sections.get(space) {
            return *section;
        }
        let section = self.store.add_section(&format!("space {space}"));
        self.sections.insert(space.clone(), section);
        section
    }

    fn subnet(
        &mut self,
        space: &SpaceId,
        net: IpNet,
        name: &str,
        description: Option<&str>,
        network: &NetworkInfo,
    ) -> u64 {
        let section = self.section(space);
        let subnet = self.store.add_subnet(section, net);
        let text = [name, description.unwrap_or_default()].join("\n");
        self.store.set_field(Object::Subnet, subnet, "description", text.trim());
        if let Some(vlan) = &network.vlan {
            let id = self.store.add_vlan(vlan.number, vlan.name.as_deref().unwrap_or_default());
            self.store.set_field(Object::Subnet, subnet, "vlanId", &id.to_string());
        }
        if !network.dns_servers.is_empty() {
            let id = self.store.add_nameservers("set", &network.dns_servers);
            self.store.set_field(Object::Subnet, subnet, "nameserverId", &id.to_string());
        }
        if let Some(gateway) = network.gateway {
            let id = self.store.add_address(subnet, gateway, "gateway");
            self.store.set_field(Object::Address, id, "is_gateway", "1");
        }
        subnet
    }

    fn range(&mut self, range: &DefineRange) -> u64 {
        let name = range.name.as_str();
        let subnet = self.subnet(&range.space, range.net, name, range.description.as_deref(), &range.network);
        if range.hosts == HostPolicy::All {
            self.store.set_field(Object::Subnet, subnet, "isPool", "1");
        }
        for ip in range.reserved.iter().flat_map(|span| span.addresses()) {
            if range.network.gateway != Some(ip) {
                let id = self.store.add_address(subnet, ip, "");
                self.store.set_field(Object::Address, id, "tag", "3");
            }
        }
        subnet
    }
}

#[async_trait]
impl Harness for Simulated {
    async fn fresh(&self, plan: &Setup) -> Result<Fixture, NoFixture> {
        plan.ranges.iter().try_for_each(range_fits)?;
        plan.blocks.iter().try_for_each(block_fits)?;
        let mut nets: Vec<_> = plan.ranges.iter().map(|range| (range.space.clone(), range.net)).collect();
        nets.sort();
        nets.dedup();
        if nets.len() < plan.ranges.len() {
            return unfit("two subnets of a section do not share a prefix");
        }
        let server = (self.start)().start().await;
        let server = server.map_err(|error| NoFixture::Failed(error.to_string()))?;
        let (ranges, blocks, sections) = server.seed(|store| {
            store.add_custom_field(Object::Subnet, CustomColumn::flag("custom_block", false));
            let mut builder = Builder { store, sections: BTreeMap::new() };
            let blocks: Vec<_> = plan
                .blocks
                .iter()
                .map(|block| {
                    let description = block.description.as_deref();
                    let id = builder.subnet(&block.space, block.net, &block.name, description, &block.network);
                    builder.store.set_field(Object::Subnet, id, "custom_block", "1");
                    (block.id.clone(), id)
                })
                .collect();
            let ranges: Vec<_> = plan.ranges.iter().map(|range| (range.id.clone(), builder.range(range))).collect();
            (ranges, blocks, builder.sections)
        });
        let mut fixture = Fixture::new(connect(&server, config()).await).with_other(connect(&server, config()).await);
        for (name, id) in ranges {
            fixture = fixture.with_range(name, id.to_string());
        }
        for (name, id) in blocks {
            fixture = fixture.with_block(name, id.to_string());
        }
        for (name, id) in sections {
            fixture = fixture.with_space(name, id.to_string());
        }
        if let Some(faults) = self.faults {
            faults(&server);
        }
        Ok(fixture.with_guard(server))
    }

    fn block_on(&self, future: BoxFuture<'_, ()>) {
        runtime().block_on(future);
    }

    fn limits(&self) -> Limits {
        Limits::default().with_calls(if self.faults.is_some() { 6 } else { 10 })
    }

    fn skip(&self, name: &str) -> Option<String> {
        // Documented limit: a child prefix is smaller than its block.
        const WHOLE: [&str; 4] = [
            "child_prefixes::allocates_a_whole_block",
            "child_prefixes::deallocates_a_child_prefix",
            "child_prefixes::keeps_the_range_of_another_owner",
            "child_prefixes::refuses_invalid_requests",
        ];
        if WHOLE.contains(&name) {
            return Some("phpIPAM creates no subnet of the same size as its parent".to_owned());
        }
        if let Some((_, reason)) = self.shortfalls.iter().find(|(case, _)| *case == name) {
            return Some((*reason).to_owned());
        }
        let lost = self.faults.is_some() && name == "concurrency::deallocates_an_allocation_once";
        lost.then(|| "when the response is lost, the caller cannot know whose deletion it was".to_owned())
    }

    async fn plant(&self, fixture: &Fixture, range: &RangeId, address: IpAddr) -> bool {
        let Some(server) = fixture.guard.downcast_ref::<Server>() else { return false };
        let Ok(subnet) = range.as_str().parse() else { return false };
        server.seed(|store| store.add_address(subnet, address, ""));
        true
    }

    async fn abandon(&self, fixture: &Fixture, range: &RangeId) -> Option<IpAddr> {
        let server = fixture.guard.downcast_ref::<Server>()?;
        let subnet = range.as_str().parse().ok()?;
        let used = || server.seed(|store| store.used(subnet)).into_iter().map(|(ip, _)| ip).collect::<Vec<_>>();
        let before = used();
        let killed = connect(server, config().with_sweep_on_connect(false)).await;
        // A claim of one address is committed at once. This one is of two. The response of the first is never read, so that
        // no further request is on its way when the process dies.
        server.clear_faults();
        server.fault(Fault::Latency(DEATH), When::any().method("POST").path("/addresses/").always());
        let request = Allocate::new("killed").with_line(ipam_core::AllocateLine::next(range.clone(), 2));
        let taken = async {
            loop {
                if let Some(ip) = used().into_iter().find(|ip| !before.contains(ip)) {
                    return Some(ip);
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let taken = tokio::select! {
            taken = taken => taken,
            _ = killed.allocate(&request) => None,
        };
        drop(killed);
        server.clear_faults();
        server.advance(Duration::from_secs(600));
        taken
    }

    async fn open_another(&self, fixture: &Fixture) -> Option<Arc<dyn IpamProvider>> {
        Some(connect(fixture.guard.downcast_ref::<Server>()?, config().with_sweep_on_connect(false)).await)
    }

    async fn reopen(&self, mut fixture: Fixture) -> Option<Fixture> {
        let provider = connect(fixture.guard.downcast_ref::<Server>()?, config()).await;
        fixture.provider = provider;
        Some(fixture)
    }
}
