//! Sites to move: a simulated phpIPAM, and stores with everything that they can hold.

use std::time::Duration;

use ipam_core::net::IpRange;
use ipam_core::{
    Allocate, AllocateLine, AllocateRange, AllocatedRange, Deallocate, DefineBlock, DefineRange, IpamProvider, Labels,
    Order, RangePolicy, Tag, Vlan,
};
use phpipam_client::testing::{Object, Server};

/// Simulated phpIPAM with subnets, and addresses that people entered.
pub(crate) struct Site {
    pub(crate) server: Server,
    /// Ids of the ranges 10.0.1.0/24 and 10.0.2.0/24.
    pub(crate) lan: String,
    pub(crate) dmz: String,
    /// Id of the block 10.0.0.0/16.
    pub(crate) block: String,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let server = Server::start().await.unwrap();
        let (block, lan, dmz) = server.seed(|store| {
            let section = store.add_section("Lab");
            let block = store.add_subnet(section, "10.0.0.0/16".parse().unwrap());
            let lan = store.add_subnet(section, "10.0.1.0/24".parse().unwrap());
            let dmz = store.add_subnet(section, "10.0.2.0/24".parse().unwrap());
            for subnet in [lan, dmz] {
                store.set_field(Object::Subnet, subnet, "masterSubnetId", &block.to_string());
            }
            store.set_field(Object::Subnet, lan, "description", "Office\nFirst floor");
            let vlan = store.add_vlan(12, "office");
            store.set_field(Object::Subnet, lan, "vlanId", &vlan.to_string());
            let router = store.add_address(lan, "10.0.1.1".parse().unwrap(), "router");
            store.set_field(Object::Address, router, "is_gateway", "1");
            let reserved = store.add_address(lan, "10.0.1.2".parse().unwrap(), "spare");
            store.set_field(Object::Address, reserved, "tag", "3");
            store.add_address(lan, "10.0.1.3".parse().unwrap(), "printer");
            let owned = store.add_address(dmz, "10.0.2.9".parse().unwrap(), "proxy");
            store.set_field(Object::Address, owned, "owner", "J. Doe");
            store.set_field(Object::Address, owned, "description", "asked for in spring");
            store.set_field(Object::Address, owned, "mac", "00:50:56:ab:cd:ef");
            (block, lan, dmz)
        });
        Self { server, lan: lan.to_string(), dmz: dmz.to_string(), block: block.to_string() }
    }

    /// URL of the provider.
    pub(crate) fn url(&self) -> String {
        format!("phpipam+http://{}@{}/{}", Server::USER, self.server.address(), Server::APP)
    }

    /// Request for three addresses in two lines. The exact one comes second, and is taken first.
    pub(crate) fn three(&self) -> Allocate {
        Allocate::new("vm-42")
            .with_key("vm-42")
            .with_line(AllocateLine::next(self.lan.as_str(), 2).with_labels(Labels::default().with_hostname("db")))
            .with_line(AllocateLine::exactly(self.dmz.as_str(), "10.0.2.200".parse().unwrap()))
    }

    /// Request of which one address is given back.
    pub(crate) fn partial(&self) -> Allocate {
        Allocate::new("vm-43").with_key("vm-43").with_line(AllocateLine::next(self.dmz.as_str(), 3))
    }

    /// Request for a child prefix.
    pub(crate) fn child(&self) -> AllocateRange {
        AllocateRange::prefix_len("tenant-7", self.block.as_str(), 26).with_key("tenant-7/net-1").with_name("tenant")
    }

    /// Makes the requests.
    pub(crate) async fn fill(&self, provider: &dyn IpamProvider) -> AllocatedRange {
        provider.allocate(&self.three()).await.unwrap();
        let taken = provider.allocate(&self.partial()).await.unwrap();
        let gone = taken.lines[0][1].id.clone();
        provider.deallocate(&Deallocate::id(gone)).await.unwrap();
        let tagged = Labels::default().with_tag(Tag::new("env", "prod")).with_description("front end");
        let line = AllocateLine::next(self.lan.as_str(), 1).with_labels(tagged);
        provider.allocate(&Allocate::new("vm-44").with_key("vm-44").with_line(line)).await.unwrap();
        let child = provider.allocate_range(&self.child()).await.unwrap();
        provider.allocate(&Allocate::one("tenant-7", child.range.id.clone()).with_key("tenant-7/vm")).await.unwrap();
        child
    }
}

/// Request of [`fill`] for several addresses.
pub(crate) fn several() -> Allocate {
    Allocate::new("cluster")
        .with_key("cluster")
        .with_line(AllocateLine::next("lan", 3).with_labels(Labels::default().with_hostname("node")))
        .with_line(AllocateLine::next("lan6", 2))
}

/// Fills a provider with everything that the stores of `ipam-core` can hold, and `count` addresses besides.
pub(crate) async fn fill(provider: &dyn IpamProvider, count: u32) {
    let campus = DefineBlock::new("campus", "10.0.0.0/8".parse().unwrap()).with_description("all of it".to_owned());
    provider.define_block(&campus).await.unwrap();
    let slow = RangePolicy::default().with_quarantine(Duration::from_secs(86_400)).with_order(Order::LeastRecentlyUsed);
    let ranges = [
        DefineRange::new("lan", "10.1.0.0/16".parse().unwrap())
            .with_name("Office")
            .with_gateway("10.1.0.1".parse().unwrap())
            .with_dns_servers(["10.1.0.2".parse().unwrap()])
            .with_reserved(["10.1.0.2-10.1.0.9".parse::<IpRange>().unwrap()]),
        DefineRange::new("slow", "10.2.0.0/24".parse().unwrap()).with_policy(slow),
        DefineRange::new("lan6", "2001:db8::/64".parse().unwrap()),
        DefineRange::new("red", "10.1.0.0/24".parse().unwrap()).with_space("red"),
    ];
    for mut range in ranges {
        range.network.vlan = Some(Vlan::new(12));
        range.properties.insert("rack".to_owned(), "7".to_owned());
        range.tags.insert(Tag::new("env", "prod"));
        provider.define_range(&range).await.unwrap();
    }
    let child = AllocateRange::prefix_len("tenant-7", "campus", 26).with_key("tenant-7/net-1");
    let child = provider.allocate_range(&child).await.unwrap().range;
    provider.allocate(&Allocate::one("tenant-7", child.id).with_key("tenant-7/vm")).await.unwrap();
    provider.allocate(&several()).await.unwrap();
    let leased = AllocateLine::next("red", 2).with_expiry(Duration::from_secs(86_400));
    provider.allocate(&Allocate::new("guest").with_key("guest").with_line(leased)).await.unwrap();
    let rested = provider.allocate(&Allocate::new("vm-1").with_line(AllocateLine::next("slow", 4))).await.unwrap();
    for gone in &rested.lines[0][1..3] {
        provider.deallocate(&Deallocate::id(gone.id.clone())).await.unwrap();
    }
    for number in 0..count {
        let labels = Labels::default().with_hostname(format!("host-{number}"));
        let line = AllocateLine::next("lan", 1).with_labels(labels);
        let request = Allocate::new(format!("vm-{number}")).with_key(format!("vm-{number}/nic-0")).with_line(line);
        provider.allocate(&request).await.unwrap();
    }
}
