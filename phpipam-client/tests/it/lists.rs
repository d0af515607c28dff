//! Objects that subnets and addresses refer to: created, changed, read and deleted.

use std::net::Ipv4Addr;

use ipam_core::{ErrorKind, Patch};
use phpipam_client::models::{
    AddressFields, CustomerFields, DeviceFields, DeviceTypeFields, L2DomainFields, L2DomainId, LocationFields,
    NameserverFields, NatFields, NatObjects, NatType, RackFields, ScanAgentFields, ScanAgentType, SectionFields,
    SectionId, Status, SubnetFields, TagFields, VlanFields, VlanId, VrfFields,
};
use phpipam_client::testing::Server;
use phpipam_client::{Error, Filter, RefusalKind};

use crate::support::client;

#[tokio::test]
async fn a_vlan_and_its_domain() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    let (vlans, domains) = (client.vlans(), client.l2domains());
    let fields = L2DomainFields::new().with_sections([SectionId::new(1), SectionId::new(2)]);
    let domain = domains.create("east", &fields).await.unwrap().id;
    let fields = L2DomainFields::new().with_sections([SectionId::new(1)]).with_description("d");
    let now = domains.update_verified(domain, &fields).await.unwrap();
    assert_eq!(now.sections.iter().collect::<Vec<_>>(), ["1"]);

    let vlan = vlans.create("users", 12, &VlanFields::new().with_domain(domain)).await.unwrap().id;
    assert_eq!(domains.vlans(domain).await.unwrap()[0].id, vlan);
    let change = VlanFields::new().with_number(13u32).patch_description(Patch::Set("d".into()));
    let now = vlans.update_verified(vlan, &change).await.unwrap();
    assert_eq!((now.number, now.name.as_deref(), now.domain_id), (Some(13), Some("users"), Some(domain)));
    assert_eq!(vlans.search(13).await.unwrap()[0].id, vlan);

    let section = client.sections().create("Lab", &SectionFields::new()).await.unwrap().id;
    let other = client.sections().create("Other", &SectionFields::new()).await.unwrap().id;
    let fields = SubnetFields::new().with_vlan(vlan);
    let subnet = client.subnets().create(section, "10.0.0.0/24".parse().unwrap(), &fields).await.unwrap().id;
    assert_eq!(vlans.subnets(vlan).await.unwrap()[0].id, subnet);
    assert_eq!(vlans.subnets_in_section(vlan, section).await.unwrap()[0].id, subnet);
    assert!(vlans.subnets_in_section(vlan, other).await.unwrap().is_empty());
    assert!(vlans.subnets_in_section(VlanId::new(99), section).await.unwrap_err().is_not_found());

    domains.delete(domain).await.unwrap();
    assert_eq!(vlans.get(vlan).await.unwrap().domain_id, Some(L2DomainId::new(1)), "moved to the default domain");
    let kept = domains.delete(L2DomainId::new(1)).await.unwrap_err();
    assert_eq!(kept.refusal_kind(), Some(RefusalKind::Structural));
    vlans.delete(vlan).await.unwrap();
    assert!(vlans.get(vlan).await.unwrap_err().is_not_found());
    assert!(client.subnets().get(subnet).await.unwrap().vlan_id.is_none());
}

#[tokio::test]
async fn a_vrf() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    let vrfs = client.vrfs();
    let blue = vrfs.create("blue", &VrfFields::new().with_rd("65000:1")).await.unwrap().id;
    assert!(vrfs.create("blue", &VrfFields::new()).await.unwrap_err().is_conflict());
    let change = VrfFields::new().clear_rd().with_sections([SectionId::new(3)]);
    let now = vrfs.update_verified(blue, &change).await.unwrap();
    assert_eq!((now.rd, now.sections.iter().collect::<Vec<_>>()), (None, vec!["3"]));
    assert!(vrfs.subnets(blue).await.unwrap().is_empty());
    vrfs.delete(blue).await.unwrap();
    assert!(vrfs.delete(blue).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_device() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    let devices = client.devices();
    let fields = DeviceFields::new().with_ip(Ipv4Addr::new(192, 0, 2, 10)).with_device_type(1).with_sections(["1"]);
    let id = devices.create("sw1.example", &fields).await.unwrap().id;
    let change = DeviceFields::new()
        .with_description("d")
        .with_ip(Ipv4Addr::new(192, 0, 2, 11))
        .clear_sections()
        .with_snmp_community("s3cret")
        .with_rack_start(3u32);
    let now = devices.update_verified(id, &change).await.unwrap();
    assert_eq!((now.ip.as_deref(), now.rack_start, now.sections.0.len()), (Some("192.0.2.11"), Some(3), 0));
    assert_eq!(now.snmp_community, Some("s3cret".into()));
    assert_eq!(devices.search("sw1").await.unwrap()[0].id, id);
    assert_eq!(devices.list_filtered(&Filter::equals("hostname", "sw1.example")).await.unwrap().len(), 1);

    let section = client.sections().create("Lab", &SectionFields::new()).await.unwrap().id;
    let fields = SubnetFields::new().with_device(id);
    let subnet = client.subnets().create(section, "10.0.0.0/24".parse().unwrap(), &fields).await.unwrap().id;
    let fields = AddressFields::new().with_device(id);
    let address = client.addresses().create(subnet, "10.0.0.9".parse().unwrap(), &fields).await.unwrap().id;
    assert_eq!(devices.subnets(id).await.unwrap()[0].network().unwrap().to_string(), "10.0.0.0/24");
    assert_eq!(devices.addresses(id).await.unwrap()[0].id, address);

    devices.delete(id).await.unwrap();
    assert!(devices.delete(id).await.unwrap_err().is_not_found());
    assert!(devices.update(id, &DeviceFields::new().with_description("e")).await.unwrap_err().is_not_found());
    assert!(devices.update_verified(id, &DeviceFields::new().with_description("e")).await.unwrap_err().is_not_found());
    assert!(devices.addresses(id).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn places() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    let tools = client.tools();
    let customer = tools.customers().create("ACME", &CustomerFields::new().with_state("CZ")).await.unwrap().id;
    let change = CustomerFields::new().with_state("SK").with_status(Status::Reserved);
    let now = tools.customers().update_verified(customer, &change).await.unwrap();
    assert_eq!((now.state.as_deref(), now.status), (Some("SK"), Some(Status::Reserved)), "read as a tag");

    let fields = LocationFields::new().with_latitude("50.08").with_longitude("14.42");
    let place = tools.locations().create("Prague", &fields).await.unwrap().id;
    let now = tools.locations().update_verified(place, &LocationFields::new().clear_latitude()).await.unwrap();
    assert_eq!((now.latitude, now.longitude.as_deref()), (None, Some("14.42")));
    let fields = RackFields::new().with_location(place).with_size(42u32).with_customer(customer);
    let rack = tools.racks().create("R01", &fields).await.unwrap().id;
    let change = RackFields::new().with_has_back(true).with_row(2u32).clear_customer();
    let now = tools.racks().update_verified(rack, &change).await.unwrap();
    assert_eq!((now.size, now.row, now.has_back, now.customer_id), (Some(42), Some(2), true, None));
    assert_eq!(tools.locations().racks(place).await.unwrap()[0].id, rack);

    let fields = DeviceFields::new().with_rack(rack).with_location(place);
    let device = tools.devices().create("sw1.example", &fields).await.unwrap().id;
    assert_eq!(tools.racks().devices(rack).await.unwrap()[0].id, device);
    assert_eq!(tools.locations().devices(place).await.unwrap()[0].id, device);
    assert!(tools.locations().subnets(place).await.unwrap().is_empty());
    assert!(tools.locations().addresses(place).await.unwrap().is_empty());
    tools.locations().delete(place).await.unwrap();
    assert!(tools.locations().delete(place).await.unwrap_err().is_not_found());
    assert!(tools.locations().racks(place).await.unwrap_err().is_not_found());
    tools.devices().delete(device).await.unwrap();
    let gone = tools.devices().update(device, &DeviceFields::new().with_description("d")).await;
    assert!(gone.unwrap_err().is_not_found(), "noticed here");
}

#[tokio::test]
async fn tags_types_agents_and_name_servers() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    let tools = client.tools();
    let fields = TagFields::new().with_background("#112233").with_compress(true).with_show(true);
    let tag = tools.tags().create("Quarantine", &fields).await.unwrap().id;
    let change = TagFields::new().with_compress(false).with_update(true).with_show(false);
    let now = tools.tags().update_verified(tag, &change).await.unwrap();
    assert_eq!((now.compress.0, now.update, now.show, now.name.as_str()), (false, true, false, "Quarantine"));
    assert!(tools.tags().addresses(tag).await.unwrap().is_empty());
    tools.tags().delete(tag).await.unwrap();

    let kind = tools.device_types().create("Printer", &DeviceTypeFields::new()).await.unwrap().id;
    let change = DeviceTypeFields::new().with_name("Printers").with_description("d");
    let now = tools.device_types().update_verified(kind, &change).await.unwrap();
    assert_eq!((now.id, now.name.as_deref()), (kind, Some("Printers")));
    assert!(tools.device_types().devices(kind).await.unwrap().is_empty());

    let fields = ScanAgentFields::new().with_code("s3cret");
    let agent = tools.scan_agents().create("agent", ScanAgentType::Api, &fields).await.unwrap().id;
    let now = tools.scan_agents().get(agent).await.unwrap();
    assert_eq!((now.agent_type, now.code), (Some(ScanAgentType::Api), Some("s3cret".into())));

    let servers = [Ipv4Addr::new(192, 0, 2, 53), Ipv4Addr::new(192, 0, 2, 54)];
    let set = tools.nameservers().create("Lab", servers, &NameserverFields::new()).await.unwrap().id;
    let change = NameserverFields::new().with_servers([servers[1]]).with_sections([SectionId::new(1)]);
    let now = tools.nameservers().update_verified(set, &change).await.unwrap();
    assert_eq!((now.servers.0, now.sections.0), (vec!["192.0.2.54".to_owned()], vec!["1".to_owned()]));

    let vlan = client.vlans().create("users", 12, &VlanFields::new()).await.unwrap().id;
    assert_eq!(tools.vlans().get(vlan).await.unwrap().number, Some(12));
    assert!(tools.vlans().subnets(vlan).await.unwrap().is_empty());
    assert!(tools.vrfs().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_translation_under_tools() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    let section = client.sections().create("Lab", &SectionFields::new()).await.unwrap().id;
    let network = "10.0.0.0/24".parse().unwrap();
    let subnet = client.subnets().create(section, network, &SubnetFields::new()).await.unwrap().id;
    let ip = "10.0.0.9".parse().unwrap();
    let address = client.addresses().create(subnet, ip, &AddressFields::new()).await.unwrap().id;

    let nat = client.tools().nat();
    let inside = NatObjects::new().with_subnets([subnet]);
    let id = nat.create("out", NatType::Static, &NatFields::new().with_source(inside.clone())).await.unwrap().id;
    let outside = NatObjects::new().with_addresses([address]);
    let change = NatFields::new().with_destination(outside.clone()).with_policy(true).with_source_port(80u32);
    let now = nat.update_verified(id, &change).await.unwrap();
    assert_eq!((now.source, now.destination, now.policy.0), (inside, outside, true));
    let rows = nat.get_with_rows(id).await.unwrap();
    assert_eq!(rows.source.subnets[0].network(), Some(network));
    assert_eq!(rows.destination.addresses[0].ip, Some(ip));
    let nothing = NatFields::new().with_source(NatObjects::new().with_addresses([0.into()]));
    assert_eq!(nat.update(id, &nothing).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    nat.delete(id).await.unwrap();
    assert!(nat.get(id).await.unwrap_err().is_not_found());
}

#[test]
fn no_request_shows_a_secret() {
    let fields = DeviceFields::new().with_snmp_community("s3cret").with_description("seen");
    let json = serde_json::json!({"snmp_v3_auth_pass": "s3cret", "snmp_v3_priv_pass": "<s3cret>"});
    let read = DeviceFields::from_json(json.as_object().unwrap());
    let damaged = DeviceFields::new().with_snmp_v3_auth_pass("<s3cret>");
    let number = DeviceFields::from_json(serde_json::json!({"snmp_community": 53}).as_object().unwrap());
    let shown = format!("{fields:?} {:?} {damaged:?} {:?}", read.unwrap_err(), number.unwrap_err());
    assert!(shown.contains("seen") && shown.contains("snmp_community"), "{shown}");
    assert!(!shown.contains("s3cret") && !shown.contains("53"), "{shown}");
}

#[tokio::test]
async fn what_names_nothing_is_not_sent() {
    let server = Server::start().await.unwrap();
    let client = client(&server);
    let refused = |result: Result<(), Error>| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    };
    let sections = |ids: &[u64]| VrfFields::new().with_sections(ids);
    refused(client.vrfs().update(1.into(), &sections(&[1, 0])).await);
    refused(client.vrfs().update(1.into(), &VrfFields::new().with_sections(["1;2"])).await);
    refused(client.vrfs().update(1.into(), &VrfFields::new()).await);
    refused(client.vrfs().delete(0.into()).await);
    refused(client.vlans().update(1.into(), &VlanFields::new().with_domain(0)).await);
    refused(client.vlans().subnets_in_section(1.into(), 0.into()).await.map(drop));
    refused(client.l2domains().update(1.into(), &L2DomainFields::new().with_name("<b>")).await);
    assert!(server.requests().is_empty());
}
