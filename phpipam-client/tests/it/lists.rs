//! What subnets and addresses refer to: created, changed, read and deleted.

use ipam_core::{ErrorKind, Patch};
use phpipam_client::models::{
    L2DomainFields, L2DomainId, SectionFields, SectionId, SubnetFields, VlanFields, VlanId, VrfFields,
};
use phpipam_client::testing::Server;
use phpipam_client::{Error, RefusalKind};

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
