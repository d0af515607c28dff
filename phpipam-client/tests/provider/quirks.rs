//! Quirks of the servers that only the provider deals with, named after their numbers in the list of quirks.

use std::net::IpAddr;

use ipam_core::{Allocate, AllocateLine, AllocateRange, ErrorKind, IpamProvider, IpamProviderExt};
use phpipam_client::models::{AddressFields, SubnetId};
use phpipam_client::provider::PhpIpamConfig;
use phpipam_client::testing::{CustomColumn, Object, Server};

use crate::harness::{client, connect, runtime};

fn subnet(server: &Server, net: &str) -> u64 {
    server.seed(|store| {
        let section = store.add_section("Lab");
        store.add_subnet(section, net.parse().unwrap())
    })
}

#[test]
fn q67_network_and_broadcast_are_handed_out_from_pools_only() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        // The server's own choice begins with the subnet-router anycast address.
        let v6 = subnet(&server, "2001:db8:7::/126");
        let free = client(&server).subnets().peek_first_free(SubnetId::from(v6)).await.unwrap();
        assert_eq!(free, "2001:db8:7::".parse::<IpAddr>().unwrap());
        let hosts = subnet(&server, "10.0.0.0/30");
        let pool = subnet(&server, "10.0.1.0/30");
        server.seed(|store| store.set_field(Object::Subnet, pool, "isPool", "1"));
        let provider = connect(&server, PhpIpamConfig::new()).await;
        for (id, count, first, last) in [
            (v6, 3, "2001:db8:7::1", "2001:db8:7::3"),
            (hosts, 2, "10.0.0.1", "10.0.0.2"),
            (pool, 4, "10.0.1.0", "10.0.1.3"),
        ] {
            let request = Allocate::new("host").with_line(AllocateLine::next(id.to_string(), count));
            let taken: Vec<IpAddr> = provider.allocate(&request).await.unwrap().iter().map(|one| one.address).collect();
            assert_eq!(taken.first().unwrap().to_string(), first);
            assert_eq!(taken.last().unwrap().to_string(), last);
            let full = provider.allocate_one(id.to_string(), "late").await.unwrap_err();
            assert_eq!(full.kind(), ErrorKind::Exhausted, "nothing else is left: {full}");
        }
    });
}

#[test]
fn q68_a_child_prefix_leaves_out_addresses_of_the_block() {
    runtime().block_on(async {
        let server = Server::start().await.unwrap();
        let block = server.seed(|store| {
            store.add_custom_field(Object::Subnet, CustomColumn::flag("custom_block", false));
            let section = store.add_section("Lab");
            let block = store.add_subnet(section, "10.0.0.0/24".parse().unwrap());
            store.set_field(Object::Subnet, block, "custom_block", "1");
            block
        });
        let loose = client(&server);
        let fields = AddressFields::new().with_hostname("web1");
        loose.addresses().create(SubnetId::from(block), "10.0.0.70".parse().unwrap(), &fields).await.unwrap();
        let provider = connect(&server, PhpIpamConfig::new().with_block_field("custom_block", "1")).await;
        let made = provider.allocate_range(&AllocateRange::prefix_len("net", block.to_string(), 26)).await.unwrap();
        assert_eq!(made.range.net.to_string(), "10.0.0.0/26");
        let made = provider.allocate_range(&AllocateRange::prefix_len("net", block.to_string(), 26)).await.unwrap();
        assert_eq!(made.range.net.to_string(), "10.0.0.128/26", "10.0.0.64/26 holds web1");
    });
}
