//! Logging in, and the controllers.

use ipam_core::ErrorKind;
use phpipam_client::Filter;
use phpipam_client::models::{AddressFields, SubnetFields, Tag};

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
