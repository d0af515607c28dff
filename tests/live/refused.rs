//! Refused input: values that the server would change or refuse take no address.

use ipam_core::{Allocate, AllocateLine, ErrorKind, IpamProvider, Labels};
use phpipam_client::models::{AddressFields, DeviceFields, SubnetFields};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};

use ipam_tests::live::{Made, addresses_of, client, runtime};

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn a_request_with_a_refused_field_takes_nothing() {
    runtime().block_on(async {
        let client = client();
        let made = Made::new(client.clone());
        let section = made.section().await.unwrap();
        let create = async |net: &str| {
            client.subnets().create(section, net.parse().unwrap(), &SubnetFields::new()).await.unwrap().id
        };
        let (outer, range) = (create("10.106.0.0/16").await, create("10.107.0.0/24").await);
        let devices = client.devices().list().await.unwrap().len();
        // What PHP's strip_tags would change.
        let texts = ["<b>x</b>", "a<b & c>d", "x <3 y", "<!-- c -->k"];
        for text in texts {
            let fields = [
                AddressFields::new().with_description(text),
                AddressFields::new().with_hostname("good").with_owner(text),
                AddressFields::new().with_custom_field("custom_live", text),
            ];
            for fields in fields {
                let error = client.addresses().allocate_first_free(range, &fields).await.map(|_| ()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}: {error}");
                let error = client.addresses().create(range, "10.107.0.9".parse().unwrap(), &fields).await;
                assert_eq!(error.map(|_| ()).unwrap_err().kind(), ErrorKind::InvalidInput, "{text}");
            }
            let fields = SubnetFields::new().with_description(text);
            let error = client.subnets().allocate_first_subnet(outer, 24, &fields).await.map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}: {error}");
            let error = client.subnets().allocate_last_subnet(outer, 24, &fields).await.map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}: {error}");
            let fields = DeviceFields::new().with_description(text);
            let error = client.devices().create("ipam-live-refused", &fields).await.map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}: {error}");
        }
        assert!(addresses_of(&client, range).await.is_empty());
        assert!(client.subnets().slaves(outer).await.unwrap().is_empty());
        assert_eq!(client.devices().list().await.unwrap().len(), devices);
    });
}

/// Values that only the server can refuse.
#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn a_request_that_the_server_refuses_takes_nothing() {
    runtime().block_on(async {
        let client = client();
        let made = Made::new(client.clone());
        let section = made.section().await.unwrap();
        let net = "10.107.0.0/24".parse().unwrap();
        let range = client.subnets().create(section, net, &SubnetFields::new()).await.unwrap().id;
        let long = "h".repeat(300);
        let refused = [
            AddressFields::new().with_hostname(&long),
            AddressFields::new().with_custom_field("custom_no_such_field", "x"),
        ];
        for fields in refused {
            let error = client.addresses().allocate_first_free(range, &fields).await.map(|_| ()).unwrap_err();
            assert!(!error.is_exhausted() && !error.is_conflict(), "{error}");
        }
        let provider = PhpIpamProvider::connect(client.clone(), PhpIpamConfig::new().with_section_id(section)).await;
        let provider = provider.unwrap();
        for (count, labels) in [
            (1, Labels::default().with_description("a<b>c")),
            (3, Labels::default().with_description("a<b>c")),
            (1, Labels::default().with_hostname(&long)),
            (3, Labels::default().with_hostname(&long)),
        ] {
            let line = AllocateLine::next(range.to_string(), count).with_labels(labels);
            let error = provider.allocate(&Allocate::new("vm").with_line(line)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
        assert!(addresses_of(&client, range).await.is_empty());
    });
}
