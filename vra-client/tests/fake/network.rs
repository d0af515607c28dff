//! Network profiles, ranges, addresses, and IPAM endpoints.

use std::net::Ipv4Addr;

use vra_client::Error;
use vra_client::odata::Filter;
use vra_client::poll::Wait;
use vra_client::testing::v7::{Server, Store};
use vra_client::v7::{Client, NatType, NetworkProfileBody, ProfileType, RangeBody};

use crate::{example, example_62, soon};

const MASK: Ipv4Addr = Ipv4Addr::new(255, 255, 255, 0);

/// Provisions a machine, which gets the first address of the example's profile.
async fn take_one(client: &Client, limits: &Wait) {
    let catalog = client.catalog();
    let items = catalog.entitled_items().with_filter(Filter::eq("name", "CentOS")).all().await.unwrap();
    let item = items[0].catalog_item.as_ref().unwrap().id.clone().unwrap();
    let group = items[0].entitled_organizations.as_ref().unwrap()[0].subtenant_ref.clone().unwrap();
    let body = vra_client::v7::CatalogItemRequestBody::new(item, Server::TENANT, group);
    let submitted = catalog.submit_item_request(body).await.unwrap();
    catalog.wait_for(&submitted.id, limits).await.unwrap();
}

#[tokio::test]
async fn a_profile_is_made_read_changed_and_deleted() {
    let (_server, client) = example().await;
    let profiles = client.network_profiles();
    let range = RangeBody::new("servers", Ipv4Addr::new(192, 168, 130, 200), Ipv4Addr::new(192, 168, 130, 250));
    let body = NetworkProfileBody::external("External", MASK)
        .unwrap()
        .with_gateway(Ipv4Addr::new(192, 168, 130, 1))
        .with_dns_suffix("corp.local")
        .with_ranges([range.unwrap()]);
    let id = profiles.create(body).await.unwrap().id.unwrap();

    // A row of the list has neither ranges nor addresses; the profile itself has both.
    let rows = profiles.list().with_filter(Filter::eq("name", "External")).all().await.unwrap();
    assert_eq!((rows.len(), &rows[0].defined_ranges), (1, &None));
    assert!(profiles.replace(&id, rows[0].clone()).is_err());
    let profile = profiles.named("External").await.unwrap();
    assert_eq!((profile.kind(), profile.addresses().count()), (Some(ProfileType::External), 51));
    let range = profile.defined_ranges.as_ref().unwrap()[0].id.clone().unwrap();
    let addresses = profiles.addresses_of_range(&id, &range).await.unwrap();
    assert_eq!(addresses.len(), 51);
    assert_eq!(addresses[0].ip_sort_value, Some(i64::from(Ipv4Addr::new(192, 168, 130, 200).to_bits())));
    assert!(!addresses[0].is_in_use());
    assert!(profiles.addresses_of_range(&id, "no range").await.unwrap_err().is_not_found());

    let changed = profiles.update(&id, |profile| profile.dns_suffix = Some("new.local".into())).await.unwrap();
    assert_eq!(changed.dns_suffix.as_deref(), Some("new.local"));
    assert_eq!(changed.defined_ranges.unwrap()[0].id, Some(range));
    profiles.delete(&id).await.unwrap();
    assert!(profiles.get(&id).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn every_kind_of_profile_is_made() {
    let (_server, client) = example().await;
    let profiles = client.network_profiles();
    let outer = profiles.named("Servers").await.unwrap().id.unwrap();
    let ip = |last| Ipv4Addr::new(172, 16, 0, last);
    let nat =
        |name: &str, kind: &NatType| NetworkProfileBody::nat(name, kind, MASK, outer.as_str(), "Servers").unwrap();
    let routed =
        NetworkProfileBody::routed("routed", ip(0), MASK, Ipv4Addr::new(255, 255, 255, 240), outer.as_str(), "Servers");
    let bodies = [
        nat("one to one", &NatType::OneToOne).with_ranges([RangeBody::new("r", ip(2), ip(20)).unwrap()]),
        nat("one to many", &NatType::OneToMany).with_gateway(ip(1)).with_dhcp(ip(100), ip(200), 3600).unwrap(),
        routed.unwrap(),
    ];
    for body in bodies {
        profiles.create(body.with_nulls()).await.unwrap();
    }
    let all = profiles.of_type(&ProfileType::Nat).all().await.unwrap();
    assert_eq!(
        all.iter().map(|row| row.nat_type.clone().unwrap()).collect::<Vec<_>>(),
        [NatType::OneToOne, NatType::OneToMany]
    );
    let routed = profiles.named("routed").await.unwrap();
    assert_eq!((routed.kind(), routed.base_ip.as_deref()), (Some(ProfileType::Routed), Some("172.16.0.0")));
    assert_eq!(routed.external_network_profile_id, Some(outer));
}

#[tokio::test]
async fn the_counts_of_a_range_follow_its_addresses() {
    let (server, client) = example().await;
    take_one(&client, &soon()).await;
    let profiles = client.network_profiles();
    let id = profiles.named("Servers").await.unwrap().id.unwrap();
    let summary = profiles.range_summaries(&id).all().await.unwrap().remove(0);
    assert_eq!(
        (summary.total_addresses, summary.allocated_addresses, summary.unallocated_addresses),
        (Some(10), Some(1), Some(9))
    );
    let used = profiles.addresses(&id).all().await.unwrap().into_iter().filter(|address| address.is_in_use());
    let used: Vec<_> = used.collect();
    let name = used[0].virtual_machine_name.clone().unwrap();
    assert_eq!(used[0].host_name.as_deref(), Some(format!("{name}.example.com").as_str()));
    assert_eq!(server.seed(|store| store.addresses_in_use(&id)), [Ipv4Addr::new(10, 60, 1, 10)]);
    let by_machine = Filter::eq("virtualMachineName", name.as_str());
    assert_eq!(profiles.addresses(&id).with_filter(by_machine).all().await.unwrap().len(), 1);
}

#[tokio::test]
async fn addresses_in_use_survive_a_change_and_what_is_lost_is_noticed() {
    for ((server, client), left) in [(example().await, 1), (example_62().await, 0)] {
        take_one(&client, &soon()).await;
        let profiles = client.network_profiles();
        let id = profiles.named("Servers").await.unwrap().id.unwrap();
        profiles.update(&id, |profile| profile.description = Some("changed".into())).await.unwrap();
        assert_eq!(server.seed(|store| store.addresses_in_use(&id)).len(), 1);
        // Without the addresses, a server of 6.2 forgets who has them.
        let strip = |profile: &mut vra_client::v7::NetworkProfile| {
            for range in profile.defined_ranges.iter_mut().flatten() {
                range.defined_addresses = None;
            }
        };
        let result = profiles.update(&id, strip).await;
        assert_eq!(server.seed(|store| store.addresses_in_use(&id)).len(), left);
        let lost = matches!(result, Err(Error::Lost { before: 1, after: 0, .. }));
        assert_eq!((result.is_ok(), lost), (left == 1, left == 0), "{result:?}");
    }
}

#[tokio::test]
async fn a_server_of_6_2_has_the_addresses_in_the_profile() {
    let (server, client) = example_62().await;
    let profiles = client.network_profiles();
    let profile = profiles.named("Servers").await.unwrap();
    let (id, ranges) = (profile.id.unwrap(), profile.defined_ranges.unwrap());
    assert!(profiles.addresses(&id).all().await.unwrap_err().is_not_found());
    let range = ranges[0].id.as_deref().unwrap();
    assert_eq!(profiles.addresses_of_range(&id, range).await.unwrap().len(), 10);
    assert!(server.count("GET", "/addresses/") > 0);
}

#[tokio::test]
async fn an_ipam_endpoint_gives_its_ranges_to_a_profile() {
    let (_server, client) = example().await;
    let endpoint = Store::IPAM_ENDPOINT;
    assert_eq!(client.ipam().address_spaces(endpoint).all().await.unwrap().len(), 1);
    let ranges = client.ipam().ranges(endpoint, Some("default")).all().await.unwrap();
    assert_eq!(client.ipam().ranges(endpoint, Some("other")).all().await.unwrap().len(), 0);
    assert!(client.ipam().ranges("no endpoint", None).all().await.unwrap_err().is_not_found());
    let external = ranges[0].external_id.clone().unwrap();
    let profiles = client.network_profiles();
    let body = |external: &str| {
        NetworkProfileBody::external_ipam("IPAM", endpoint, "default")
            .with_ranges([RangeBody::of_endpoint("range", external)])
    };
    let id = profiles.create(body(&external)).await.unwrap().id.unwrap();
    let profile = profiles.get(&id).await.unwrap();
    let bounds = profile.defined_ranges.as_ref().unwrap()[0].bounds().unwrap().unwrap();
    assert_eq!(bounds, (Ipv4Addr::new(10, 118, 183, 1), Ipv4Addr::new(10, 118, 183, 254)));
    assert_eq!(profile.ipam_endpoint_id.as_deref(), Some(endpoint));
    assert_eq!(profiles.create(body("none")).await.unwrap_err().code(), Some(10101));
}
