//! The scan agent in a network of its own, with real hosts, nmap and a name server, and the real phpIPAM outside.

use std::sync::Arc;

use ipam_tests::lab::{self, Lab, block_on};
use ipam_tests::live::{Made, client, socket};
use phpipam_client::Client;
use phpipam_client::models::{
    AddressFields, NameserverFields, ScanAgentFields, ScanAgentType, ServerTime, SubnetFields, SubnetId, Tag,
};
use phpipam_client::scan::{DnsLookup, Probes, Status};

use crate::agent::{assert_is_now, builder, row, run};

#[test]
#[ignore = "needs network namespaces, nmap, named and nft, and a phpIPAM on this machine: set IPAM_LIVE_PHPIPAM_URL, _APP, \
            _USER and _PASSWORD or _CODE and _ZONE, _CA"]
fn an_agent_keeps_a_network_of_real_hosts() {
    lab::inside_with(socket(), |lab| keeps(lab, &client()));
}

fn keeps(lab: &mut Lab, client: &Client) {
    lab.scanner_address("10.77.0.1/24");
    lab.scanner_address("fd77::1/64");
    let dns = lab.add_host("dns", &["10.77.0.53/24"]);
    let web = lab.add_host("web", &["10.77.0.5/24", "fd77::5/64"]);
    let shy = lab.add_host("shy", &["10.77.0.6/24"]);
    let fresh = lab.add_host("fresh", &["10.77.0.20/24"]);
    let gone = lab.add_host("gone", &["10.77.0.8/24"]);
    lab.block_icmp(&shy);
    lab.stop_host(&gone);
    lab.serve_dns(&dns, &[("10.77.0.5", "web.example.test"), ("10.77.0.20", "fresh.example.test")]);

    let made = Made::new(client.clone());
    let old: ServerTime = "2020-01-01 00:00:00".parse().unwrap();
    let code = format!("live-lab-{}", std::process::id());
    let (scanner, four, six) = block_on(async {
        let section = made.section().await.unwrap();
        let fields = ScanAgentFields::new().with_code(code.clone());
        let agent = client.tools().scan_agents().create("ipam-live", ScanAgentType::Api, &fields).await.unwrap().id;
        made.note(format!("tools/scanagents/{agent}/"));
        let set =
            client.tools().nameservers().create(&code, ["10.77.0.53"], &NameserverFields::new()).await.unwrap().id;
        made.note(format!("tools/nameservers/{set}/"));
        let fields = SubnetFields::new()
            .with_scan_agent(agent)
            .with_discover_subnet(true)
            .with_ping_subnet(true)
            .with_resolve_dns(true)
            .with_nameserver(set);
        let mut subnets = Vec::new();
        for net in ["10.77.0.0/24", "fd77::/64"] {
            subnets.push(client.subnets().create(section, net.parse().unwrap(), &fields).await.unwrap().id);
        }
        let [four, six]: [SubnetId; 2] = subnets.try_into().unwrap();
        let seen = |tag| AddressFields::new().with_tag(tag).with_last_seen(old);
        for (subnet, address, fields) in [
            (four, "10.77.0.5", seen(Tag::RESERVED)),
            (four, "10.77.0.6", AddressFields::new().with_tag(Tag::DHCP)),
            (four, "10.77.0.8", seen(Tag::USED)),
            (four, "10.77.0.9", seen(Tag::RESERVED)),
            (six, "fd77::5", AddressFields::new()),
        ] {
            client.addresses().create(subnet, address.parse().unwrap(), &fields).await.unwrap();
        }
        let scanner = builder(client, &code).with_probe(Arc::new(Probes::new())).with_names(Arc::new(DnsLookup::new()));
        (scanner.build().unwrap(), four, six)
    });
    let rows = || {
        block_on(async {
            [client.subnets().addresses(four).await.unwrap(), client.subnets().addresses(six).await.unwrap()].concat()
        })
    };
    let one =
        |subnet, address| block_on(row(client, subnet, address)).unwrap_or_else(|| panic!("{address} is missing"));

    let report = block_on(run(&scanner));
    assert_eq!((report.status, report.totals.failed), (Status::Ok, 0), "{report:?}");
    // The new host, the scanner and the name server; one host is silent.
    assert_eq!((report.totals.created, report.totals.offline), (3, 1), "{report:?}");
    for (subnet, address, host) in
        [(four, "10.77.0.5", &web), (four, "10.77.0.6", &shy), (four, "10.77.0.20", &fresh), (six, "fd77::5", &web)]
    {
        let row = one(subnet, address);
        assert_eq!(row.mac, Some(host.mac().to_string()), "{address}");
        block_on(assert_is_now(client, row.last_seen));
    }
    for (address, tag) in [
        ("10.77.0.5", Tag::RESERVED),
        ("10.77.0.6", Tag::DHCP),
        ("10.77.0.8", Tag::OFFLINE),
        ("10.77.0.9", Tag::RESERVED),
    ] {
        assert_eq!(one(four, address).tag, Some(tag), "{address}");
    }
    for (address, name) in [("10.77.0.5", Some("web")), ("10.77.0.20", Some("fresh")), ("10.77.0.6", None)] {
        assert_eq!(one(four, address).hostname.as_deref(), name, "{address}");
    }
    assert_eq!(one(four, "10.77.0.8").last_seen, Some(old), "the last reply, not the last attempt");

    // The second run writes times only.
    let before = rows();
    let report = block_on(run(&scanner));
    assert_eq!((report.totals.created, report.totals.offline, report.totals.failed), (0, 0, 0), "{report:?}");
    let after = rows();
    assert_eq!(before.len(), after.len());
    for (mut before, after) in before.into_iter().zip(after) {
        (before.last_seen, before.edit_date) = (after.last_seen, after.edit_date);
        assert_eq!(before, after);
    }
}
