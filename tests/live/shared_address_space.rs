//! Addresses that two subnets share: a parent and its child, and the sections of a VRF.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipam_core::{Allocate, AllocateLine, ErrorKind, Find, IpamProvider, IpamProviderExt, ListRanges};
use phpipam_client::Client;
use phpipam_client::models::{AddressFields, SectionId, SubnetFields, SubnetId, VrfFields, VrfId};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};

use ipam_tests::live::{Made, addresses_of, client, runtime};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

async fn subnet(client: &Client, section: SectionId, net: &str, fields: &SubnetFields) -> SubnetId {
    client.subnets().create(section, net.parse().unwrap(), fields).await.unwrap().id
}

async fn connect(sections: &[SectionId]) -> PhpIpamProvider {
    let config = sections.iter().fold(PhpIpamConfig::new(), |config, id| config.with_section_id(*id));
    PhpIpamProvider::connect(client(), config).await.unwrap()
}

fn next(subnet: SubnetId, count: u32) -> Allocate {
    Allocate::new("vm").with_line(AllocateLine::next(subnet.to_string(), count))
}

/// Selection of a request, with one address more on each call.
async fn take(provider: &dyn IpamProvider, request: &Allocate) -> Vec<IpAddr> {
    provider.allocate(request).await.unwrap().iter().map(|one| one.address).collect()
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn hosts_and_the_gateway_of_a_parent_are_not_handed_out() {
    runtime().block_on(async {
        let client = client();
        let made = Made::new(client.clone());
        let section = made.section().await.unwrap();
        let parent = subnet(&client, section, "10.100.0.0/16", &SubnetFields::new()).await;
        let gateway = AddressFields::new().with_is_gateway(true).with_hostname("gateway");
        client.addresses().create(parent, ip("10.100.0.1"), &gateway).await.unwrap();
        let host = AddressFields::new().with_hostname("old-host");
        client.addresses().create(parent, ip("10.100.0.2"), &host).await.unwrap();
        client.addresses().create(parent, ip("10.100.0.5"), &host).await.unwrap();
        let child = subnet(&client, section, "10.100.0.0/24", &SubnetFields::new().with_master_subnet(parent)).await;
        let provider = connect(&[section]).await;

        let preview = provider.preview_allocate(&next(child, 1)).await.unwrap();
        assert_eq!(preview.lines[0][0].address, ip("10.100.0.3"));
        assert_eq!(take(&provider, &next(child, 1)).await, [ip("10.100.0.3")]);
        assert_eq!(take(&provider, &next(child, 2)).await, [ip("10.100.0.4"), ip("10.100.0.6")]);
        assert_eq!(take(&provider, &next(child, 1).with_key(format!("live-{child}"))).await, [ip("10.100.0.7")]);
        for taken in ["10.100.0.1", "10.100.0.2"] {
            let exact = Allocate::new("vm").with_line(AllocateLine::exactly(child.to_string(), ip(taken)));
            let error = provider.allocate(&exact).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        }
        // A host that comes into the parent later is not handed out either.
        client.addresses().create(parent, ip("10.100.0.8"), &host).await.unwrap();
        assert_eq!(take(&provider, &next(child, 1)).await, [ip("10.100.0.9")]);
        let mut rows = addresses_of(&client, child).await;
        rows.extend(addresses_of(&client, parent).await);
        assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), rows.len(), "none twice: {rows:?}");

        let ranges = provider.list_ranges(&ListRanges::all()).await.unwrap().items;
        let range = ranges.iter().find(|range| range.id.as_str() == child.to_string()).unwrap();
        assert_eq!(range.network.gateway, Some(ip("10.100.0.1")), "the parent's");
        let found = provider.find(&Find::default().with_address(ip("10.100.0.2"))).await.unwrap().items;
        assert_eq!(found.iter().map(|one| one.range.to_string()).collect::<Vec<_>>(), [child.to_string()]);
        let warnings = provider.check().await.unwrap().warnings;
        assert!(warnings.iter().any(|text| text.contains("10.100.0.0/16")), "{warnings:?}");
    });
}

struct Shared {
    made: Made,
    sections: [SectionId; 2],
    vrf: VrfId,
}

async fn shared(client: &Client) -> Shared {
    let made = Made::new(client.clone());
    let sections = [made.section().await.unwrap(), made.section().await.unwrap()];
    let name = format!("ipam-live-{}", sections[0]);
    let vrf = client.vrfs().create(&name, &VrfFields::new().with_sections(sections)).await.unwrap().id;
    made.note(format!("vrfs/{vrf}/"));
    Shared { made, sections, vrf }
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn a_vrf_in_two_sections_gives_no_address_twice() {
    runtime().block_on(async {
        let client = client();
        let Shared { made: _made, sections, vrf } = shared(&client).await;
        let mut ranges = Vec::new();
        for section in sections {
            ranges.push(subnet(&client, section, "10.102.0.0/24", &SubnetFields::new().with_vrf(vrf)).await);
        }
        let both = connect(&sections).await;
        let mut taken = BTreeSet::new();
        for n in 0..4 {
            for range in &ranges {
                let request =
                    if n % 2 == 0 { next(*range, 1) } else { next(*range, 1).with_key(format!("{range}-{n}")) };
                for address in take(&both, &request).await {
                    assert!(taken.insert(address), "{address} twice");
                }
            }
        }
        for address in take(&both, &next(ranges[1], 3)).await {
            assert!(taken.insert(address), "{address} twice");
        }
        let exact = AllocateLine::exactly(ranges[1].to_string(), *taken.first().unwrap());
        let error = both.allocate(&Allocate::new("vm").with_line(exact)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        // A provider of one section only, too.
        let one = connect(&sections[..1]).await;
        for address in take(&one, &next(ranges[0], 2)).await {
            assert!(taken.insert(address), "{address} twice");
        }
        assert_eq!(taken.len(), 13);
        for provider in [&both, &one] {
            let warnings = provider.check().await.unwrap().warnings;
            assert!(warnings.iter().any(|text| text.contains("10.102.0.0/24")), "{warnings:?}");
        }
    });
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn clients_in_both_sections_of_a_vrf_never_meet() {
    const CLIENTS: usize = 6;
    const EACH: usize = 6;
    runtime().block_on(async {
        let client = client();
        let Shared { made: _made, sections, vrf } = shared(&client).await;
        let mut ranges = Vec::new();
        for section in sections {
            ranges.push(subnet(&client, section, "10.102.0.0/24", &SubnetFields::new().with_vrf(vrf)).await);
        }
        let tasks: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (section, range) = (sections[number % 2], ranges[number % 2]);
                tokio::spawn(async move {
                    let provider = connect(&[section]).await;
                    let mut taken = Vec::new();
                    for n in 0..EACH {
                        let request = next(range, if number == 0 { 2 } else { 1 });
                        let request =
                            if n % 2 == 0 { request.with_key(format!("{range}-{number}-{n}")) } else { request };
                        taken.extend(take(&provider, &request).await);
                    }
                    taken
                })
            })
            .collect();
        let mut taken = Vec::new();
        for task in tasks {
            taken.extend(task.await.unwrap());
        }
        let distinct: BTreeSet<_> = taken.iter().collect();
        assert_eq!((distinct.len(), taken.len()), ((CLIENTS + 1) * EACH, (CLIENTS + 1) * EACH));
        let mut rows = addresses_of(&client, ranges[0]).await;
        rows.extend(addresses_of(&client, ranges[1]).await);
        assert_eq!(rows.len(), taken.len(), "what was given up is gone");
    });
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn sections_without_a_vrf_are_spaces_of_their_own() {
    runtime().block_on(async {
        let client = client();
        let made = Made::new(client.clone());
        let sections = [made.section().await.unwrap(), made.section().await.unwrap()];
        let provider = connect(&sections).await;
        for section in sections {
            let range = subnet(&client, section, "10.103.0.0/24", &SubnetFields::new()).await;
            let first = provider.allocate_one(range.to_string(), "vm").await.unwrap();
            assert_eq!(first.address, ip("10.103.0.1"));
        }
    });
}
