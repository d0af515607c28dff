//! What subnets and addresses refer to: created, changed, read and deleted.

use std::net::Ipv4Addr;

use ipam_core::{ErrorKind, Patch};
use phpipam_client::models::{
    AddressFields, DeviceFields, L2DomainFields, L2DomainId, SectionFields, SectionId, SubnetFields, VlanFields,
    VlanId, VrfFields,
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
