//! Login, and the controllers of the API.

use ipam_core::ErrorKind;
use phpipam_client::Filter;
use phpipam_client::models::{
    AddressFields, DeviceFields, L2DomainFields, LocationFields, NatFields, NatObjects, NatType, RackFields,
    SubnetFields, Tag, VlanFields, VrfFields,
};

use ipam_tests::live::{Made, base, client, client_at, runtime, wrong_auth};

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn the_right_credentials_work_and_wrong_ones_do_not() {
    runtime().block_on(async {
        client().sections().list().await.unwrap();
        let error = client_at(&base(), wrong_auth()).sections().list().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
        // A good login resets the count of bad ones.
        client().sections().list().await.unwrap();
    });
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn the_controllers_do_what_they_say() {
    runtime().block_on(async {
        let client = client();
        let made = Made::new(client.clone());
        let section = made.section().await.unwrap();
        let outer =
            client.subnets().create(section, "10.70.0.0/16".parse().unwrap(), &SubnetFields::new()).await.unwrap();
        let (inner, net) = client.subnets().allocate_first_subnet(outer.id, 29, &SubnetFields::new()).await.unwrap();
        assert_eq!(net, "10.70.0.0/29".parse().unwrap());
        let overlap = client.subnets().create(section, "10.70.0.0/24".parse().unwrap(), &SubnetFields::new()).await;
        assert_eq!(overlap.unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!(client.subnets().slaves(outer.id).await.unwrap().len(), 1);
        assert!(client.subnets().addresses(inner.id).await.unwrap().is_empty());

        let fields = AddressFields::new().with_hostname("web1.live.example").with_tag(Tag::DHCP);
        let taken = client.addresses().allocate_first_free(inner.id, &fields).await.unwrap();
        assert_eq!(taken.ip.to_string(), "10.70.0.1");
        let again = client.addresses().create(inner.id, taken.ip, &AddressFields::new()).await;
        assert!(again.unwrap_err().is_conflict());
        client.addresses().update(taken.id, &AddressFields::new().with_owner("live")).await.unwrap();
        let row = client.addresses().get(taken.id).await.unwrap();
        assert_eq!((row.tag, row.owner.as_deref()), (Some(Tag::DHCP), Some("live")), "the tag is kept");
        let found = client.addresses().search_hostname("web1.live.example").await.unwrap();
        assert!(found.iter().any(|row| row.id == taken.id));
        let found = client.addresses().list_filtered(&Filter::equals("owner", "live")).await.unwrap();
        assert!(found.iter().any(|row| row.id == taken.id));
        let usage = client.subnets().usage(inner.id).await.unwrap();
        assert_eq!(usage.used.and_then(|used| used.to_u128()), Some(1));

        for _ in 0..5 {
            client.addresses().allocate_first_free(inner.id, &AddressFields::new()).await.unwrap();
        }
        let full = client.addresses().allocate_first_free(inner.id, &AddressFields::new()).await.unwrap_err();
        assert!(full.is_exhausted(), "{full}");
        client.addresses().delete(taken.id).await.unwrap();
        assert!(client.addresses().delete(taken.id).await.unwrap_err().is_not_found());
        client.subnets().delete(inner.id).await.unwrap();
        assert!(client.subnets().get(inner.id).await.unwrap_err().is_not_found());
    });
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn what_subnets_refer_to_is_written_and_read_back() {
    runtime().block_on(async {
        let client = client();
        let made = Made::new(client.clone());
        let section = made.section().await.unwrap();
        let name = format!("ipam-live-{section}");
        let fields = L2DomainFields::new().with_sections([section]);
        let domain = client.l2domains().create(&name, &fields).await.unwrap().id;
        made.note(format!("l2domains/{domain}/"));
        let vlan = client.vlans().create(&name, 4001, &VlanFields::new().with_domain(domain)).await.unwrap().id;
        made.note(format!("vlans/{vlan}/"));
        let now = client.vlans().update_verified(vlan, &VlanFields::new().with_description("d")).await.unwrap();
        assert_eq!((now.domain_id, now.name.as_deref()), (Some(domain), Some(name.as_str())));
        let vrf = client.vrfs().create(&name, &VrfFields::new().with_rd("65000:1")).await.unwrap().id;
        made.note(format!("vrfs/{vrf}/"));
        client.vrfs().update_verified(vrf, &VrfFields::new().clear_rd().with_sections([section])).await.unwrap();

        let tools = client.tools();
        let place = tools.locations().create(&name, &LocationFields::new().with_latitude("50.1")).await.unwrap().id;
        made.note(format!("tools/locations/{place}/"));
        let fields = RackFields::new().with_location(place).with_size(42u32);
        let rack = tools.racks().create(&name, &fields).await.unwrap().id;
        made.note(format!("tools/racks/{rack}/"));
        let fields = DeviceFields::new().with_description("live");
        let device = client.devices().create(&name, &fields).await.unwrap().id;
        made.note(format!("devices/{device}/"));
        let change = DeviceFields::new().with_rack(rack).with_location(place).with_snmp_community("not so secret");
        client.devices().update_verified(device, &change).await.unwrap();
        assert_eq!(tools.racks().devices(rack).await.unwrap()[0].id, device);

        let network = "10.71.0.0/24".parse().unwrap();
        let fields = SubnetFields::new().with_vlan(vlan).with_vrf(vrf).with_device(device);
        let subnet = client.subnets().create(section, network, &fields).await.unwrap().id;
        assert_eq!(client.vlans().subnets_in_section(vlan, section).await.unwrap()[0].id, subnet);
        assert_eq!(client.vrfs().subnets(vrf).await.unwrap()[0].id, subnet);
        assert_eq!(client.devices().subnets(device).await.unwrap()[0].network(), Some(network));
        let address = client.addresses().allocate_first_free(subnet, &AddressFields::new()).await.unwrap();

        let fields = NatFields::new().with_source(NatObjects::new().with_addresses([address.id]));
        let nat = tools.nat().create(&name, NatType::Source, &fields).await.unwrap().id;
        made.note(format!("tools/nat/{nat}/"));
        let change = NatFields::new().with_destination(NatObjects::new().with_subnets([subnet]));
        tools.nat().update_verified(nat, &change).await.unwrap();
        let rows = tools.nat().get_with_rows(nat).await.unwrap();
        assert_eq!((rows.source.addresses[0].ip, rows.destination.subnets[0].id), (Some(address.ip), subnet));

        client.devices().delete(device).await.unwrap();
        let gone = client.devices().update(device, &DeviceFields::new().with_description("d")).await;
        assert!(gone.unwrap_err().is_not_found());
        client.l2domains().delete(domain).await.unwrap();
        assert_ne!(client.vlans().get(vlan).await.unwrap().domain_id, Some(domain), "moved to the default domain");
    });
}
