//! Custom fields that the server requires, and texts that it would change.

use ipam_core::registry::{Registry, Secrets};
use ipam_core::{
    Allocate, AllocateLine, AllocateRange, Error, ErrorKind, Find, IpamProvider, IpamProviderExt, Labels, Properties,
    Update,
};
use phpipam_client::models::{AddressFields, SubnetId};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::testing::{CustomColumn, Object, Server};

use crate::harness::{client, connect, runtime};

/// A server with a subnet, a block, and these required fields of addresses and of subnets.
async fn lab(addresses: Vec<CustomColumn>, subnets: Vec<CustomColumn>) -> (Server, u64, u64) {
    let server = Server::start().await.unwrap();
    let (subnet, block) = server.seed(|store| {
        let section = store.add_section("Lab");
        store.add_custom_field(Object::Subnet, CustomColumn::flag("custom_block", false));
        let subnet = store.add_subnet(section, "10.0.0.0/24".parse().unwrap());
        let block = store.add_subnet(section, "10.1.0.0/24".parse().unwrap());
        store.set_field(Object::Subnet, block, "custom_block", "1");
        for field in addresses {
            store.add_custom_field(Object::Address, field);
        }
        for field in subnets {
            store.add_custom_field(Object::Subnet, field);
        }
        (subnet, block)
    });
    (server, subnet, block)
}

fn config() -> PhpIpamConfig {
    PhpIpamConfig::new().with_block_field("custom_block", "1")
}

fn ticket() -> CustomColumn {
    CustomColumn::text("custom_ticket", 20).required(None)
}

fn is_config(error: &Error, field: &str, option: &str) {
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.message().contains(field) && error.message().contains(option), "{error}");
}

fn value(server: &Server, object: Object, id: u64, field: &str) -> String {
    let row = server.seed(|store| store.row(object, id)).unwrap();
    row[field].as_str().map_or_else(|| row[field].to_string(), str::to_owned)
}

#[test]
fn a_required_field_without_a_value_is_named_before_anything_is_taken() {
    runtime().block_on(async {
        let (server, subnet, block) =
            lab(vec![ticket()], vec![CustomColumn::number("custom_cost").required(None)]).await;
        let provider = connect(&server, config()).await;
        let warnings = provider.check().await.unwrap().warnings.join("\n");
        assert!(warnings.contains("custom_ticket") && warnings.contains("set.custom_ticket=VALUE"), "{warnings}");
        assert!(warnings.contains("custom_cost") && warnings.contains("range_set.custom_cost=VALUE"), "{warnings}");
        server.clear_log();
        let one = Allocate::one("vm", subnet.to_string());
        is_config(&provider.allocate(&one).await.unwrap_err(), "custom_ticket", "set.custom_ticket=VALUE");
        is_config(&provider.preview_allocate(&one).await.unwrap_err(), "custom_ticket", "set.custom_ticket=VALUE");
        let child = AllocateRange::prefix_len("net", block.to_string(), 26);
        is_config(&provider.allocate_range(&child).await.unwrap_err(), "custom_cost", "range_set.custom_cost=VALUE");
        assert_eq!(server.count("POST", ""), 0, "nothing was asked for");
        // A property of the request takes precedence.
        let child = child.with_properties(Properties::from([("custom_cost".to_owned(), "7".to_owned())]));
        let made = provider.allocate_range(&child).await.unwrap();
        assert_eq!(made.range.properties.get("custom_cost").map(String::as_str), Some("7"));
        assert!(provider.find(&Find::default()).await.unwrap().items.is_empty(), "reading works");
    });
}

#[test]
fn configured_values_are_in_every_new_address_and_child_prefix() {
    runtime().block_on(async {
        let tier = CustomColumn::one_of("custom_tier", &["gold", "silver"]).required(None);
        let (server, subnet, block) =
            lab(vec![ticket(), tier], vec![CustomColumn::text("custom_team", 20).required(None)]).await;
        let secrets = Secrets::from_fn(|_| async move { Ok(Some(Server::PASSWORD.to_owned().into())) });
        let mut registry = Registry::empty().with_secrets(secrets);
        phpipam_client::register(&mut registry).unwrap();
        let url = format!(
            "phpipam+http://{}@{}/{}?block.custom_block=1&set.ticket=CHG-1&set.custom_tier=silver&range_set.custom_team=net",
            Server::USER,
            server.address(),
            Server::APP
        );
        let provider = registry.open(&url).await.unwrap();
        assert_eq!(provider.check().await.unwrap().warnings, Vec::<String>::new());
        let several = Allocate::new("vm").with_key("k").with_line(AllocateLine::next(subnet.to_string(), 3));
        provider.allocate(&several).await.unwrap();
        provider.allocate_one(subnet.to_string(), "one").await.unwrap();
        assert!(provider.allocate(&several).await.unwrap().repeated);
        let ids = server.seed(|store| store.ids(Object::Address));
        assert_eq!(ids.len(), 4);
        for id in ids {
            let field = |name| value(&server, Object::Address, id, name);
            assert_eq!((field("custom_ticket").as_str(), field("custom_tier").as_str()), ("CHG-1", "silver"));
        }
        let child = AllocateRange::prefix_len("net", block.to_string(), 26);
        let made = provider.allocate_range(&child).await.unwrap();
        assert_eq!(made.range.properties.get("custom_team").map(String::as_str), Some("net"));
        let own = AllocateRange::prefix_len("net", block.to_string(), 26).with_properties(Properties::from([("custom_team".to_owned(), "lab".to_owned())]));
        let made = provider.allocate_range(&own).await.unwrap();
        assert_eq!(made.range.properties.get("custom_team").map(String::as_str), Some("lab"), "the request comes first");
    });
}

/// phpIPAM adds the values of the row to a change, and turns an empty text into NULL (Q73).
#[test]
fn an_empty_required_text_stops_changes_until_it_has_a_value() {
    runtime().block_on(async {
        let empty = || CustomColumn::text("custom_note", 20).required(Some(""));
        let (server, subnet, _) = lab(vec![empty()], vec![]).await;
        let provider = connect(&server, config()).await;
        let warnings = provider.check().await.unwrap().warnings.join("\n");
        assert!(warnings.contains("set.custom_note=VALUE"), "{warnings}");
        let one = provider.allocate_one(subnet.to_string(), "one").await.unwrap();
        let several = Allocate::new("vm").with_line(AllocateLine::next(subnet.to_string(), 2));
        is_config(&provider.allocate(&several).await.unwrap_err(), "custom_note", "set.custom_note=VALUE");
        let rename = Update::new(one.id.clone()).with_hostname(ipam_core::Patch::Set("web1".to_owned()));
        is_config(&provider.update(&rename).await.unwrap_err(), "custom_note", "set.custom_note=VALUE");
        // The client says whose fault it is, too, and a change that names the field works.
        let id = server.seed(|store| store.used(subnet)[0].1);
        let addresses = client(&server);
        let error = addresses.addresses().update(id.into(), &AddressFields::new().with_port("7")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");

        let provider = connect(&server, config().with_address_field("custom_note", "none")).await;
        assert_eq!(provider.check().await.unwrap().warnings, Vec::<String>::new());
        let renamed = provider.update(&rename).await.unwrap();
        assert_eq!(renamed.labels.hostname.as_deref(), Some("web1"));
        assert_eq!(value(&server, Object::Address, id, "custom_note"), "none");
        // A value that is there stays.
        server.seed(|store| store.set_field(Object::Address, id, "custom_note", "by hand"));
        provider.update(&Update::new(one.id).with_hostname(ipam_core::Patch::Set("web2".to_owned()))).await.unwrap();
        assert_eq!(value(&server, Object::Address, id, "custom_note"), "by hand");
        provider.allocate(&several).await.unwrap();
    });
}

/// The field with the marks is required itself: addresses that were not allocated here have none.
#[test]
fn the_field_of_the_marks_may_be_required() {
    runtime().block_on(async {
        let mark = CustomColumn::text("custom_mark", 1_000).required(Some(""));
        let (server, subnet, _) = lab(vec![mark], vec![]).await;
        let loose = client(&server);
        let fields = AddressFields::new().with_hostname("old");
        loose.addresses().create(SubnetId::from(subnet), "10.0.0.9".parse().unwrap(), &fields).await.unwrap();
        let provider = connect(&server, config().with_address_mark_field("custom_mark")).await;
        assert_eq!(provider.check().await.unwrap().warnings, Vec::<String>::new());
        let several = Allocate::new("vm").with_line(AllocateLine::next(subnet.to_string(), 2));
        provider.allocate(&several).await.unwrap();
        let old = provider.find(&Find::default().with_hostname("old")).await.unwrap().items.remove(0);
        let new =
            provider.update(&Update::new(old.id).with_hostname(ipam_core::Patch::Set("new".to_owned()))).await.unwrap();
        assert_eq!(new.labels.hostname.as_deref(), Some("new"));
    });
}

#[test]
fn values_that_the_server_would_refuse_or_change_are_refused_on_connecting() {
    runtime().block_on(async {
        let fields = vec![
            ticket(),
            CustomColumn::one_of("custom_tier", &["gold", "silver"]),
            CustomColumn::number("custom_cost"),
            CustomColumn::date("custom_day"),
            CustomColumn::text("custom_mark", 1_000),
        ];
        let (server, _, _) = lab(fields, vec![]).await;
        for (name, value) in [
            ("custom_none", "x"),
            ("custom_ticket", "longer than twenty characters"),
            ("custom_ticket", "<b>x</b>"),
            ("custom_ticket", ""),
            ("custom_tier", "bronze"),
            ("custom_cost", "much"),
            ("custom_day", "2026-13-40"),
            ("custom_mark", "x"),
        ] {
            let config = config().with_address_mark_field("custom_mark").with_address_field(name, value);
            let error = PhpIpamProvider::connect(client(&server), config).await.unwrap_err();
            is_config(&error, name, &format!("set.{name}"));
        }
    });
}

/// The server would strip such a text, or cut it: it is refused before an address is taken.
#[test]
fn labels_that_the_server_would_not_keep_are_refused_before_anything_is_taken() {
    runtime().block_on(async {
        let (server, subnet, block) = lab(vec![], vec![]).await;
        let provider = connect(&server, config()).await;
        let one = provider.allocate_one(subnet.to_string(), "one").await.unwrap();
        server.clear_log();
        for (hostname, description) in
            [(Some("web<b>1"), None), (None, Some("<i>x</i>")), (None, Some("nul\0x")), (None, Some(&*"x".repeat(65)))]
        {
            let mut labels = Labels::default();
            labels.hostname = hostname.map(str::to_owned);
            labels.description = description.map(str::to_owned);
            for count in [1, 3] {
                let line = AllocateLine::next(subnet.to_string(), count).with_labels(labels.clone());
                let error = provider.allocate(&Allocate::new("vm").with_line(line)).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            }
            let mut update = Update::new(one.id.clone());
            update.hostname = hostname.map(str::to_owned).map_or_else(Default::default, ipam_core::Patch::Set);
            update.description = description.map(str::to_owned).map_or_else(Default::default, ipam_core::Patch::Set);
            let error = provider.update(&update).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
        for request in [
            AllocateRange::prefix_len("net", block.to_string(), 26).with_name("a<b>"),
            AllocateRange::prefix_len("net", block.to_string(), 26)
                .with_properties(Properties::from([("custom_block".to_owned(), "many".to_owned())])),
        ] {
            let error = provider.allocate_range(&request).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
        assert_eq!(server.count("POST", "/first_free/") + server.count("PATCH", ""), 0);
        assert_eq!(server.seed(|store| store.used(subnet)).len(), 1);
    });
}
