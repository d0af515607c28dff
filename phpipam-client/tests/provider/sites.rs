//! Texts and numbers that people write into phpIPAM, and configured names that do not exist.

use ipam_core::{Allocate, AllocateLine, AllocateRange, ChildPrefix, ErrorKind, IpamProvider, ListRanges};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::testing::{App, CustomColumn, Object, Server};

use crate::harness::{client, connect, runtime};

#[test]
fn a_vlan_number_beyond_802_1q_is_a_property() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        server.seed(|store| {
            let section = store.add_section("Lab");
            for (net, number) in [("10.0.0.0/24", "70000"), ("10.0.1.0/24", "0"), ("10.0.2.0/24", "42")] {
                let vlan = store.add_vlan(1, "vxlan");
                store.set_field(Object::Vlan, vlan, "number", number);
                let subnet = store.add_subnet(section, net.parse().unwrap());
                store.set_field(Object::Subnet, subnet, "vlanId", &vlan.to_string());
            }
        });
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let ranges = provider.list_ranges(&ListRanges::all()).await.unwrap().items;
        let shown: Vec<_> = ranges
            .iter()
            .map(|range| {
                let number = range.network.vlan.as_ref().map(|vlan| vlan.number);
                (number, range.properties.get("vlan_number").map(String::as_str))
            })
            .collect();
        assert_eq!(shown, [(None, Some("70000")), (None, Some("0")), (Some(42), None)]);
    });
}

#[test]
fn q41_custom_fields_without_the_prefix_are_properties() {
    runtime().block_on(async {
        for nested in [false, true] {
            let app = App::new(Server::APP).with_nested_custom_fields(nested);
            let server = Server::builder().app(app).start().await.unwrap();
            server.seed(|store| {
                for name in ["csid", "Reverse DNS", "custom_kind"] {
                    store.add_custom_field(Object::Subnet, CustomColumn::text(name, 32));
                }
                let section = store.add_section("Lab");
                let subnet = store.add_subnet(section, "10.0.0.0/24".parse().unwrap());
                for (name, value) in [("csid", "c7"), ("Reverse DNS", "yes"), ("custom_kind", "lan")] {
                    store.set_field(Object::Subnet, subnet, name, value);
                }
            });
            for (name, value) in [("csid", "c7"), ("Reverse DNS", "yes"), ("kind", "lan"), ("custom_kind", "lan")] {
                let provider = connect(&server, PhpIpamConfig::new().with_range_field(name, value)).await;
                let ranges = provider.list_ranges(&ListRanges::all()).await.unwrap().items;
                let properties = &ranges[0].properties;
                let found = ["csid", "Reverse DNS", "custom_kind"].map(|name| properties[name].as_str());
                assert_eq!(found, ["c7", "yes", "lan"], "{nested} {name}");
            }
        }
    });
}

#[test]
fn a_range_that_is_marked_full_has_nothing_free() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        let subnet = server.seed(|store| {
            let section = store.add_section("Lab");
            let subnet = store.add_subnet(section, "10.0.0.0/24".parse().unwrap());
            store.set_field(Object::Subnet, subnet, "isFull", "1");
            store.add_address(subnet, "10.0.0.9".parse().unwrap(), "host");
            subnet
        });
        let provider = connect(&server, PhpIpamConfig::new()).await;
        let usage = provider.usage(&[subnet.to_string().into()]).await.unwrap().remove(0);
        assert_eq!((usage.total, usage.allocated, usage.reserved, usage.free), (254, 1, 253, 0));
        let ranges = provider.list_ranges(&ListRanges::all()).await.unwrap().items;
        assert_eq!(ranges[0].properties["isFull"], "1");
        for count in [1, 3] {
            let line = AllocateLine::next(subnet.to_string(), count);
            let error = provider.allocate(&Allocate::new("vm").with_line(line)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Exhausted, "{error}");
            assert!(error.to_string().contains("full"), "{error}");
        }
        let line = AllocateLine::exactly(subnet.to_string(), "10.0.0.20".parse().unwrap());
        let exact = Allocate::new("vm").with_line(line);
        for error in [
            provider.allocate(&exact).await.unwrap_err(),
            provider.preview_allocate(&exact).await.map(|_| ()).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        }
    });
}

/// A block that is the prefix itself cannot give it; the enclosing one can, in any order.
#[test]
fn an_exact_prefix_is_given_by_the_block_that_can() {
    runtime().block_on(async {
        for turned in [false, true] {
            let server = Server::start().await.unwrap();
            let mut blocks = server.seed(|store| {
                store.add_custom_field(Object::Subnet, CustomColumn::flag("custom_block", false));
                let section = store.add_section("Lab");
                let blocks =
                    ["10.60.0.0/16", "10.60.0.0/20"].map(|net| store.add_subnet(section, net.parse().unwrap()));
                for id in blocks {
                    store.set_field(Object::Subnet, id, "custom_block", "1");
                }
                blocks
            });
            if turned {
                blocks.reverse();
            }
            let provider = connect(&server, PhpIpamConfig::new().with_block_field("custom_block", "1")).await;
            let exactly = |net: &str| {
                let mut request = AllocateRange::prefix_len("net", blocks[0].to_string(), 24);
                request.blocks.push(blocks[1].to_string().into());
                request.prefix = ChildPrefix::Exact(net.parse().unwrap());
                request
            };
            let made = provider.allocate_range(&exactly("10.60.1.0/24")).await.unwrap();
            assert_eq!(made.range.net.to_string(), "10.60.1.0/24");
            let made = provider.allocate_range(&exactly("10.60.99.0/24")).await.unwrap();
            assert_eq!(made.range.net.to_string(), "10.60.99.0/24");
            for (net, kind) in [("10.60.1.0/25", ErrorKind::Conflict), ("10.61.0.0/24", ErrorKind::InvalidInput)] {
                assert_eq!(provider.allocate_range(&exactly(net)).await.unwrap_err().kind(), kind, "{net}");
            }
        }
    });
}

#[test]
fn what_a_configuration_names_must_be_there() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        let section = server.seed(|store| {
            store.add_custom_field(Object::Subnet, CustomColumn::flag("custom_vRA_Range", false));
            store.add_section("Lab")
        });
        let new = PhpIpamConfig::new;
        let cases = [
            (new().with_section_id(4_711.into()), "4711", "Lab"),
            (new().with_section("Nowhere"), "Nowhere", "Lab"),
            (new().with_range_field("custom_vRA_Rnge", "1"), "custom_vRA_Rnge", "custom_vRA_Range"),
            (new().with_block_field("blok", "1"), "blok", "description"),
            (new().with_address_mark_field("mrk"), "mrk", "no custom field"),
            (new().with_subnet_mark_field("mrk"), "mrk", "custom_vRA_Range"),
            (new().with_tag("Usd"), "Usd", "Reserved"),
        ];
        for (config, wrong, right) in cases {
            let error = PhpIpamProvider::connect(client(&server), config).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            assert!(error.message().contains(wrong) && error.message().contains(right), "{error}");
        }
        let config = new().with_section_id(section.into()).with_range_field("description", "");
        let config = config.with_block_field("vRA_Range", "1");
        PhpIpamProvider::connect(client(&server), config).await.unwrap();
    });
}
