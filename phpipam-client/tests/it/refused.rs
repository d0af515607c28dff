//! Requests with a refused field, which fail before anything is sent, whatever the call.

use std::collections::BTreeMap;
use std::future::Future;

use ipam_core::{ErrorKind, Family};
use phpipam_client::controllers::{GroupKey, Split};
use phpipam_client::models::{
    AddressFields, CircuitFields, CircuitProviderFields, CustomerFields, DeviceFields, DeviceTypeFields,
    L2DomainFields, Level, LocationFields, NameserverFields, NatFields, NatType, RackFields, ScanAgentFields,
    ScanAgentType, SectionFields, SubnetFields, TagFields, VlanFields, VrfFields,
};
use phpipam_client::{Auth, Client, Error, Result};
use serde_json::json;

use crate::quirks::{Canned, ok};
use crate::support::options;

async fn refused<T>(call: &str, made: impl Future<Output = Result<T>>) {
    match made.await {
        Err(Error::Invalid { .. }) => {}
        Err(other) => panic!("{call}: {other:?}"),
        Ok(_) => panic!("{call}: the field was dropped and the call made"),
    }
}

#[tokio::test]
async fn a_refused_field_refuses_the_request_before_anything_is_sent() {
    let canned = Canned::always(201, json!({"code": 201, "success": true, "id": "5", "data": "10.0.0.1"})).await;
    let client = &canned.client;
    // Alone, a refused field must not pass for "no field"; beside a good one it must not be left out.
    macro_rules! both {
        ($fields:ident, |$with:ident| $($call:expr),+ $(,)?) => {
            for $with in [
                $fields::new().with_custom_field("x", json!([1])),
                $fields::new().with_custom_field("x", json!([1])).with_custom_field("y", 1),
                $fields::new().with_custom_field("x", "a<b"),
                $fields::new().with_custom_field("id", 7),
            ] {
                $( refused(stringify!($call), $call).await; )+
            }
        };
    }
    let ip = || "10.0.0.1".parse().unwrap();
    let addresses = client.addresses();
    both!(
        AddressFields,
        |with| addresses.allocate_first_free(1.into(), &with),
        addresses.create(1.into(), ip(), &with),
        addresses.update(1.into(), &with),
        addresses.update_verified(1.into(), &with),
        client.prefix().allocate_address("residential", Family::V4, &with),
    );
    let net = || "10.0.0.0/24".parse().unwrap();
    let (subnets, folders) = (client.subnets(), client.folders());
    both!(
        SubnetFields,
        |with| subnets.allocate_first_subnet(1.into(), 24, &with),
        subnets.allocate_last_subnet(1.into(), 24, &with),
        subnets.create(1.into(), net(), &with),
        folders.create_folder(1.into(), &with),
        subnets.update(1.into(), &with),
        subnets.update_verified(1.into(), &with),
        client.prefix().allocate_subnet("residential", Family::V4, 24, &with),
    );
    both!(
        DeviceFields,
        |with| client.devices().create("a", &with),
        client.devices().update(1.into(), &with),
        client.devices().update_verified(1.into(), &with),
        client.tools().devices().create("a", &with),
        client.tools().devices().update(1.into(), &with),
    );
    both!(SectionFields, |with| client.sections().create("a", &with), client.sections().update(1.into(), &with),);
    both!(VlanFields, |with| client.vlans().create("a", 7, &with), client.vlans().update(1.into(), &with));
    both!(VrfFields, |with| client.vrfs().create("a", &with), client.vrfs().update(1.into(), &with));
    both!(L2DomainFields, |with| client.l2domains().create("a", &with), client.l2domains().update(1.into(), &with));
    both!(
        NatFields,
        |with| client.nat().create("a", NatType::Source, &with),
        client.nat().update(1.into(), &with),
        client.tools().nat().create("a", NatType::Source, &with),
        client.tools().nat().update(1.into(), &with),
    );
    both!(
        CircuitFields,
        |with| client.circuits().create("a", 1.into(), &with),
        client.circuits().update(1.into(), &with),
    );
    both!(
        CircuitProviderFields,
        |with| client.circuits().providers().create("a", &with),
        client.circuits().providers().update(1.into(), &with),
    );
    let tools = client.tools();
    both!(TagFields, |with| tools.tags().create("a", &with), tools.tags().update(1.into(), &with));
    both!(
        DeviceTypeFields,
        |with| tools.device_types().create("a", &with),
        tools.device_types().update(1.into(), &with)
    );
    both!(LocationFields, |with| tools.locations().create("a", &with), tools.locations().update(1.into(), &with));
    both!(RackFields, |with| tools.racks().create("a", &with), tools.racks().update(1.into(), &with));
    both!(CustomerFields, |with| tools.customers().create("a", &with), tools.customers().update(1.into(), &with));
    both!(
        NameserverFields,
        |with| tools.nameservers().create("a", vec!["192.0.2.1".to_owned()], &with),
        tools.nameservers().update(1.into(), &with),
    );
    both!(
        ScanAgentFields,
        |with| tools.scan_agents().create("a", ScanAgentType::Direct, &with),
        tools.scan_agents().update(1.into(), &with),
    );
    refused("split", subnets.split(1.into(), &Split::new(3))).await;
    refused("split", subnets.split(1.into(), &Split::new(2).with_prefix("a<b"))).await;
    let levels = BTreeMap::from([(GroupKey::Name("controller".to_owned()), Level::Read)]);
    refused("permissions", subnets.set_permissions(1.into(), &levels)).await;
    assert_eq!(canned.asked().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_value_that_the_schema_does_not_allow_takes_no_address() {
    let schema = json!({"custom_e": {"name": "custom_e", "type": "enum('a','b')", "Null": "YES"}});
    let canned = Canned::new().await.on("GET", "custom_fields", 200, ok(schema)).await;
    let schema = phpipam_client::models::Schema::new(canned.client.addresses().custom_fields().await.unwrap());
    let fields = AddressFields::new().with_checked_field(&schema, "e", "c");
    let error = canned.client.addresses().allocate_first_free(1.into(), &fields).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("custom_e") && error.to_string().contains("a, b"), "{error}");
    assert_eq!(canned.asked().await.len(), 1, "the schema only");
}

#[tokio::test]
async fn paths_that_would_be_others_than_they_seem_are_refused_by_name() {
    let canned = Canned::always(200, ok(json!([]))).await;
    let client = &canned.client;
    for bad in [
        "../x/",
        "sections/../user/",
        "sections/%2e%2e/user/",
        "sections/.%2E/user/",
        "./",
        "sections/..%2fuser/",
        "sections/..;/user/",
        "sections/.\t./user/",
        "sections/.\n./user/",
        "sections/\u{0}/",
        "sections/%00/",
        "sections/%0a/",
        "sections//",
        "sections\\..\\user/",
        "sections/%5c..%5c/",
        "?x=\n",
    ] {
        let error = client.raw(http::Method::GET, bad, None).await.unwrap_err();
        assert!(matches!(&error, Error::Invalid { field, .. } if field == "path"), "{bad:?}: {error:?}");
        assert_eq!(ipam_core::Error::from(error).kind(), ErrorKind::InvalidInput);
    }
    for bad in [".", "..", "a\tb", "a\nb", "a\\b"] {
        assert!(client.addresses().search_hostname(bad).await.is_err(), "{bad:?}");
        assert!(client.options(bad).await.is_err(), "{bad:?}");
    }
    for bad in ["..", ".", "", "0", "a/b", "a\\b", "a\tb", "..\n"] {
        let error = Client::builder(canned.url(), bad, Auth::none()).with_http_options(options()).build().unwrap_err();
        assert!(matches!(&error, Error::Invalid { field, .. } if field == "app id"), "{bad:?}: {error:?}");
    }
    assert_eq!(canned.asked().await, Vec::<String>::new());
    // Not climbing: an app whose id looks encoded, dots within a name.
    let odd = Client::builder(canned.url(), "%2e%2e", Auth::none()).with_http_options(options()).build().unwrap();
    odd.raw(http::Method::GET, "sections/a..b/", None).await.unwrap();
    assert_eq!(canned.asked().await, ["GET /api/%252e%252e/sections/a..b/"]);
}
