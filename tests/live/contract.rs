//! Conformance suite over the live server.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use http::Method;
use ipam_core::conformance::{self, CaseOutcome, Fixture, Harness, Limits, NoFixture, Setup};
use ipam_core::net::HostPolicy;
use ipam_core::{IpamProvider, NetworkInfo, Properties, RangeId, RangePolicy, SpaceId, Tags};
use ipnet::IpNet;
use phpipam_client::models::{AddressFields, NameserverId, SectionId, SubnetFields, SubnetId, Tag, VlanId};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::{Client, Error};

use ipam_tests::live::{Made, client, runtime};

struct Live;

/// Field that tells blocks from ranges. Every server has it, and nothing else depends on it.
const BLOCK_FIELD: &str = "allowRequests";

fn unfit<T>(what: impl Into<String>) -> Result<T, NoFixture> {
    Err(NoFixture::Unfit(what.into()))
}

fn went_wrong(error: Error) -> NoFixture {
    NoFixture::Failed(error.to_string())
}

fn details_fit(net: IpNet, network: &NetworkInfo, tags: &Tags, properties: &Properties) -> Result<(), NoFixture> {
    if network.domain.is_some() || !network.search_domains.is_empty() {
        return unfit("phpIPAM keeps no domains");
    }
    if !tags.is_empty() || !properties.is_empty() {
        return unfit("subnets that people make have the server's fields only");
    }
    if let IpNet::V6(net) = net
        && u128::from(net.network()) <= u128::from(u32::MAX)
    {
        return unfit("phpIPAM keeps addresses as numbers, and takes small ones for IPv4");
    }
    if net.prefix_len() == 0 {
        return unfit("phpIPAM makes no subnet of everything");
    }
    Ok(())
}

struct Builder<'a> {
    client: &'a Client,
    made: &'a Made,
    sections: BTreeMap<SpaceId, SectionId>,
    nets: Vec<(SectionId, IpNet, SubnetId)>,
}

impl Builder<'_> {
    async fn section(&mut self, space: &SpaceId) -> Result<SectionId, NoFixture> {
        if let Some(section) = self.sections.get(space) {
            return Ok(*section);
        }
        let section = self.made.section().await.map_err(went_wrong)?;
        self.sections.insert(space.clone(), section);
        Ok(section)
    }

    async fn subnet(
        &mut self,
        space: &SpaceId,
        net: IpNet,
        name: &str,
        description: Option<&str>,
        network: &NetworkInfo,
        is_block: bool,
    ) -> Result<SubnetId, NoFixture> {
        let section = self.section(space).await?;
        let text = [name, description.unwrap_or_default()].join("\n");
        let mut fields = SubnetFields::new().with_description(text.trim()).with_allow_requests(is_block);
        let around = self.nets.iter().filter(|(other, outer, _)| *other == section && outer.contains(&net));
        if let Some((_, outer, master)) = around.max_by_key(|(_, outer, _)| outer.prefix_len()) {
            if *outer == net {
                return unfit("phpIPAM makes no subnet as large as the one around it");
            }
            fields = fields.with_master_subnet(*master);
        }
        if let Some(vlan) = &network.vlan {
            let body = serde_json::json!({"name": vlan.name.as_deref().unwrap_or("live"), "number": vlan.number});
            let id = self.client.raw(Method::POST, "vlans/", Some(body)).await.map_err(went_wrong)?.id.unwrap_or(0);
            self.made.vlans.lock().unwrap().push(VlanId::new(id));
            fields = fields.with_vlan(VlanId::new(id));
        }
        if !network.dns_servers.is_empty() {
            let list = network.dns_servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(";");
            let body = serde_json::json!({"name": "ipam-live", "namesrv1": list});
            let response = self.client.raw(Method::POST, "tools/nameservers/", Some(body)).await.map_err(went_wrong)?;
            let id = response.id.unwrap_or(0);
            self.made.nameservers.lock().unwrap().push(id);
            fields = fields.with_nameserver(NameserverId::new(id));
        }
        let id = self.client.subnets().create(section, net, &fields).await.map_err(went_wrong)?.id;
        self.nets.push((section, net, id));
        if let Some(gateway) = network.gateway {
            let fields = AddressFields::new().with_is_gateway(true);
            self.client.addresses().create(id, gateway, &fields).await.map_err(went_wrong)?;
        }
        Ok(id)
    }
}

async fn connect(made: &Made) -> Result<Arc<dyn IpamProvider>, NoFixture> {
    let sections = made.sections.lock().unwrap().clone();
    let mut config = PhpIpamConfig::new().with_block_field(BLOCK_FIELD, "1");
    for section in sections {
        config = config.with_section_id(section);
    }
    let provider = PhpIpamProvider::connect(client(), config).await;
    provider.map(|provider| Arc::new(provider) as Arc<dyn IpamProvider>).map_err(|e| NoFixture::Failed(e.to_string()))
}

#[async_trait]
impl Harness for Live {
    async fn fresh(&self, plan: &Setup) -> Result<Fixture, NoFixture> {
        for range in &plan.ranges {
            if range.addresses.is_some() {
                return unfit("the first and last address of a subnet follow from its prefix");
            }
            if range.policy != RangePolicy::default() {
                return unfit("phpIPAM knows no policies");
            }
            details_fit(range.net, &range.network, &range.tags, &range.properties)?;
        }
        for block in &plan.blocks {
            details_fit(block.net, &block.network, &block.tags, &block.properties)?;
        }
        let client = client();
        let made = Made::new(client.clone());
        let mut builder = Builder { client: &client, made: &made, sections: BTreeMap::new(), nets: Vec::new() };
        // Without any section the provider would serve everybody's.
        builder.section(&SpaceId::default()).await?;
        let (mut ranges, mut blocks) = (Vec::new(), Vec::new());
        for block in &plan.blocks {
            let description = block.description.as_deref();
            let id = builder.subnet(&block.space, block.net, &block.name, description, &block.network, true).await?;
            blocks.push((block.id.clone(), id));
        }
        for range in &plan.ranges {
            let description = range.description.as_deref();
            let id = builder.subnet(&range.space, range.net, &range.name, description, &range.network, false).await?;
            if range.hosts == HostPolicy::All {
                let pool = SubnetFields::new().with_is_pool(true);
                client.subnets().update(id, &pool).await.map_err(went_wrong)?;
            }
            let usable = range.resolved_addresses();
            for ip in range.reserved.iter().flat_map(|span| span.addresses()) {
                if range.network.gateway == Some(ip) || !usable.contains(ip) {
                    continue;
                }
                match client.addresses().create(id, ip, &AddressFields::new().with_tag(Tag::RESERVED)).await {
                    Err(error) if !error.is_conflict() => return Err(went_wrong(error)),
                    _ => {}
                }
            }
            ranges.push((range.id.clone(), id));
        }
        let spaces = builder.sections;
        let mut fixture = Fixture::new(connect(&made).await?).with_other(connect(&made).await?);
        for (name, id) in ranges {
            fixture = fixture.with_range(name, id.to_string());
        }
        for (name, id) in blocks {
            fixture = fixture.with_block(name, id.to_string());
        }
        for (name, id) in spaces {
            fixture = fixture.with_space(name, id.to_string());
        }
        Ok(fixture.with_guard(made))
    }

    fn block_on(&self, future: BoxFuture<'_, ()>) {
        runtime().block_on(future);
    }

    fn limits(&self) -> Limits {
        Limits::default().with_calls(5)
    }

    fn skip(&self, name: &str) -> Option<String> {
        const WHOLE: [&str; 4] = [
            "child_prefixes::allocates_a_whole_block",
            "child_prefixes::deallocates_a_child_prefix",
            "child_prefixes::keeps_the_range_of_another_owner",
            "child_prefixes::refuses_invalid_requests",
        ];
        WHOLE.contains(&name).then(|| "phpIPAM makes no subnet as large as the one around it".to_owned())
    }

    async fn plant(&self, _: &Fixture, range: &RangeId, address: IpAddr) -> bool {
        let Ok(subnet) = range.as_str().parse::<SubnetId>() else { return false };
        client().addresses().create(subnet, address, &AddressFields::new()).await.is_ok()
    }

    async fn reopen(&self, mut fixture: Fixture) -> Option<Fixture> {
        let provider = connect(fixture.guard.downcast_ref::<Made>()?).await.ok()?;
        fixture.provider = provider;
        Some(fixture)
    }
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn the_provider_keeps_the_contract() {
    let harness: Arc<dyn Harness> = Arc::new(Live);
    let only = std::env::var("IPAM_LIVE_PHPIPAM_CASE").unwrap_or_default();
    let (mut passed, mut skipped, mut failures) = (0, Vec::new(), Vec::new());
    for case in conformance::cases().iter().filter(|case| case.name.contains(&only)) {
        match conformance::run(&harness, case) {
            Ok(CaseOutcome::Passed) => passed += 1,
            Ok(CaseOutcome::Undeclared(_)) => passed += 1,
            Ok(CaseOutcome::Skipped(why)) => skipped.push(format!("{}: {why}", case.name)),
            Ok(_) => {}
            Err(failure) => {
                eprintln!("{failure}");
                failures.push(case.name);
            }
        }
    }
    println!("{passed} passed, {} skipped, {} failed", skipped.len(), failures.len());
    for why in skipped {
        println!("skipped {why}");
    }
    assert_eq!(failures, [""; 0]);
}
