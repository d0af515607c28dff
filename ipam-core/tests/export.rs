//! Files for other programs: their text, what is refused, and that a value never becomes a record of its own.
#![cfg(feature = "export")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::IpAddr;

use futures_executor::block_on;
use ipam_core::export::{Export, Exporter, Format, LeftOut, Zone, ZoneSettings};
use ipam_core::{
    Allocate, AllocateLine, DefineRange, ErrorKind, Find, IpamProvider, Labels, MemoryProvider, NetworkInfo, Tag,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn range(ipam: &MemoryProvider, id: &str, net: &str, domain: Option<&str>) {
    let mut request = DefineRange::new(id, net.parse().unwrap());
    if let Some(domain) = domain {
        request = request.with_network(NetworkInfo::default().with_domain(domain));
    }
    block_on(ipam.define_range(&request)).unwrap();
}

fn host(ipam: &MemoryProvider, range: &str, address: &str, owner: &str, labels: Labels) {
    let line = AllocateLine::exactly(range, address.parse().unwrap()).with_labels(labels);
    block_on(ipam.allocate(&Allocate::new(owner).with_line(line))).unwrap();
}

fn named(name: &str) -> Labels {
    Labels::default().with_hostname(name)
}

/// Two families and domains, names with and without domain, and allocations that lack something.
fn site() -> MemoryProvider {
    let ipam = MemoryProvider::new();
    range(&ipam, "lan", "192.0.2.0/24", Some("example.com"));
    range(&ipam, "lan6", "2001:db8:0:1::/64", Some("example.com"));
    range(&ipam, "link-1", "198.51.100.64/26", None);
    let mac = "00:50:56:ab:cd:ef".parse().unwrap();
    let web = named("web1").with_mac(mac).with_tag(Tag::new("env", "prod")).with_tag(Tag::new("shared", ""));
    host(&ipam, "lan6", "2001:db8:0:1::5", "team-a", web.clone());
    host(&ipam, "lan", "192.0.2.10", "team-a", web);
    host(&ipam, "lan", "192.0.2.9", "team-b", named("db.lab.example.net."));
    host(&ipam, "lan", "192.0.2.200", "team-b", Labels::default().with_mac("00:50:56:00:00:01".parse().unwrap()));
    host(&ipam, "link-1", "198.51.100.70", "net", named("core1"));
    ipam
}

fn read(exporter: &Exporter<'_>, format: Format) -> Export {
    block_on(exporter.read(format)).unwrap()
}

fn text(export: &Export) -> String {
    let mut out = Vec::new();
    export.write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn left_out(list: &[LeftOut]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

#[test]
fn a_hosts_file_has_a_line_for_each_name() {
    let ipam = site();
    let export = read(&Exporter::new(&ipam), Format::Hosts);
    let expected = "192.0.2.9\tdb.lab.example.net.\n192.0.2.10\tweb1.example.com web1\n198.51.100.70\tcore1\n\
                    2001:db8:0:1::5\tweb1.example.com web1\n";
    assert_eq!(text(&export), expected.replace("net.\n", "net\n"));
    assert_eq!(export.records(), 4);
    assert_eq!(left_out(export.left_out()), ["1 without a host name"]);
    let export = read(&Exporter::new(&ipam).with_domain("lab.example.org."), Format::Hosts);
    assert!(text(&export).contains("198.51.100.70\tcore1.lab.example.org core1\n"));
    let some = Exporter::new(&ipam).with_filter(Find::default().with_range("link-1"));
    assert_eq!(text(&read(&some, Format::Hosts)), "198.51.100.70\tcore1\n");
}

#[test]
fn leases_of_dnsmasq_need_a_mac_address_only() {
    let export = read(&Exporter::new(&site()), Format::Dnsmasq);
    let expected = "dhcp-host=00:50:56:ab:cd:ef,192.0.2.10,web1\ndhcp-host=00:50:56:00:00:01,192.0.2.200\n\
                    dhcp-host=00:50:56:ab:cd:ef,[2001:db8:0:1::5],web1\n";
    assert_eq!(text(&export), expected);
    assert_eq!(left_out(export.left_out()), ["2 without a MAC address"]);
}

#[test]
fn an_inventory_has_hosts_and_groups() {
    let ipam = site();
    // The names of these groups differ in nothing that a group may have.
    range(&ipam, "link_1", "203.0.113.0/24", None);
    host(&ipam, "link_1", "203.0.113.7", "net", named("core1"));
    let inventory: Value = serde_json::from_str(&text(&read(&Exporter::new(&ipam), Format::Ansible))).unwrap();
    assert_eq!(
        inventory["all"]["hosts"],
        json!({
            "core1": { "ansible_host": "198.51.100.70", "ipam_owner": "net",
                "ipam_addresses": ["198.51.100.70", "203.0.113.7"] },
            "db.lab.example.net": { "ansible_host": "192.0.2.9", "ipam_owner": "team-b",
                "ipam_addresses": ["192.0.2.9"] },
            "web1.example.com": { "ansible_host": "192.0.2.10", "ipam_owner": "team-a",
                "ipam_mac": "00:50:56:ab:cd:ef", "ipam_addresses": ["192.0.2.10", "2001:db8:0:1::5"] },
        })
    );
    assert_eq!(
        inventory["all"]["children"],
        json!({
            "range_lan": { "hosts": { "db.lab.example.net": {}, "web1.example.com": {} } },
            "range_lan6": { "hosts": { "web1.example.com": {} } },
            "range_link_1": { "hosts": { "core1": {} } },
            "range_link_1_2": { "hosts": { "core1": {} } },
            "tag_env_prod": { "hosts": { "web1.example.com": {} } },
            "tag_shared": { "hosts": { "web1.example.com": {} } },
        })
    );
}

#[test]
fn metrics_count_every_state_of_every_range() {
    let ipam = site();
    range(&ipam, "a\"b\\c", "2001:db8:1::/64", None);
    let export = read(&Exporter::new(&ipam), Format::Prometheus);
    let text = text(&export);
    assert_eq!(export.records(), 4);
    for line in [
        "# TYPE ipam_range_size_addresses gauge",
        "ipam_range_size_addresses{range=\"lan\",space=\"default\",prefix=\"192.0.2.0/24\"} 254",
        "# TYPE ipam_range_addresses gauge",
        "ipam_range_addresses{range=\"lan\",space=\"default\",prefix=\"192.0.2.0/24\",state=\"allocated\"} 3",
        "ipam_range_addresses{range=\"lan\",space=\"default\",prefix=\"192.0.2.0/24\",state=\"free\"} 251",
        "ipam_range_addresses{range=\"lan\",space=\"default\",prefix=\"192.0.2.0/24\",state=\"quarantined\"} 0",
        "ipam_range_addresses{range=\"lan\",space=\"default\",prefix=\"192.0.2.0/24\",state=\"reserved\"} 0",
        "ipam_range_size_addresses{range=\"a\\\"b\\\\c\",space=\"default\",prefix=\"2001:db8:1::/64\"} \
         18446744073709551615",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), 4 * 5);
}

fn zone<'z>(zones: &'z [Zone], name: &str) -> &'z str {
    &zones.iter().find(|zone| zone.name == name).unwrap().text
}

#[test]
fn names_are_in_the_zones_of_their_domains() {
    let ipam = site();
    let settings = ZoneSettings::new(7).with_name_server("ns1.example.com").with_contact("dns.admin@example.com");
    let found = block_on(Exporter::new(&ipam).forward_zones(&settings)).unwrap();
    let names: Vec<_> = found.zones.iter().map(|zone| (zone.name.as_str(), zone.records)).collect();
    assert_eq!(names, [("example.com", 2), ("lab.example.net", 1)]);
    assert_eq!(
        zone(&found.zones, "example.com"),
        "$ORIGIN example.com.\n$TTL 3600\n\
         @\tIN\tSOA\tns1.example.com. dns\\.admin.example.com. 7 86400 7200 3600000 3600\n\
         @\tIN\tNS\tns1.example.com.\nweb1\tIN\tA\t192.0.2.10\nweb1\tIN\tAAAA\t2001:db8:0:1::5\n"
    );
    assert_eq!(left_out(&found.left_out), ["1 with a host name that has no domain", "1 without a host name"]);
    // One zone, without the records of servers, holds all names below it.
    let found = block_on(Exporter::new(&ipam).forward_zones(&ZoneSettings::new(7).with_zone("NET."))).unwrap();
    assert_eq!(zone(&found.zones, "net"), "$ORIGIN net.\n$TTL 3600\ndb.lab.example\tIN\tA\t192.0.2.9\n");
    assert!(left_out(&found.left_out).contains(&"2 with a name outside of the zone".to_owned()));
}

#[test]
fn addresses_are_in_the_zones_of_their_prefixes() {
    let ipam = site();
    let exporter = Exporter::new(&ipam).with_domain("example.org");
    let found = block_on(exporter.reverse_zones(&ZoneSettings::new(7).with_ttl(60))).unwrap();
    assert_eq!(
        zone(&found.zones, "2.0.192.in-addr.arpa"),
        "$ORIGIN 2.0.192.in-addr.arpa.\n$TTL 60\n9\tIN\tPTR\tdb.lab.example.net.\n10\tIN\tPTR\tweb1.example.com.\n"
    );
    assert!(zone(&found.zones, "100.51.198.in-addr.arpa").ends_with("\n70\tIN\tPTR\tcore1.example.org.\n"));
    let v6 = zone(&found.zones, "1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    assert!(v6.ends_with("\n5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0\tIN\tPTR\tweb1.example.com.\n"), "{v6}");
    assert_eq!(found.zones.len(), 3);

    let settings = ZoneSettings::new(7).with_name_server("ns1.example.com").with_classless(true);
    let found = block_on(exporter.reverse_zones(&settings)).unwrap();
    let child = zone(&found.zones, "64/26.100.51.198.in-addr.arpa");
    assert!(child.ends_with("@\tIN\tNS\tns1.example.com.\n70\tIN\tPTR\tcore1.example.org.\n"), "{child}");
    let parent = zone(&found.zones, "100.51.198.in-addr.arpa");
    assert!(parent.contains("\n64/26\tIN\tNS\tns1.example.com.\n64\tIN\tCNAME\t64.64/26.100.51.198.in-addr.arpa.\n"));
    assert_eq!(parent.matches("CNAME").count(), 64);

    // The name is that of the delegation, in the form that the provider of the addresses has chosen.
    let settings = ZoneSettings::new(7).with_zone("64-127.100.51.198.in-addr.arpa");
    let found = block_on(exporter.reverse_zones(&settings)).unwrap();
    assert_eq!(found.zones.len(), 1);
    assert!(found.zones[0].text.starts_with("$ORIGIN 64-127.100.51.198.in-addr.arpa.\n"));
    assert!(found.zones[0].text.ends_with("\n70\tIN\tPTR\tcore1.example.org.\n"));
}

#[test]
fn a_range_between_two_boundaries_has_several_zones_and_a_smaller_one_its_own() {
    let ipam = MemoryProvider::new();
    range(&ipam, "campus", "10.0.0.0/14", Some("example.com"));
    host(&ipam, "campus", "10.2.3.4", "a", named("a"));
    host(&ipam, "campus", "10.3.3.4", "b", named("b"));
    range(&ipam, "points", "2001:db8::/127", Some("example.com"));
    host(&ipam, "points", "2001:db8::1", "c", named("c"));
    let zones = block_on(Exporter::new(&ipam).reverse_zones(&ZoneSettings::new(1))).unwrap().zones;
    let names: Vec<_> = zones.iter().map(|zone| zone.name.as_str()).collect();
    assert_eq!(names, ["2.10.in-addr.arpa", "3.10.in-addr.arpa", "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"]);
    assert!(zone(&zones, "2.10.in-addr.arpa").ends_with("\n4.3\tIN\tPTR\ta.example.com.\n"));
}

#[test]
fn what_a_format_cannot_hold_is_refused_by_name() {
    for name in ["web 1", "web\"1", "web'1", "web1\n10.0.0.1 bank", "web;1", "web1\r", "192.0.2.1", "büro", "a,b"] {
        let ipam = site();
        let mac = "00:50:56:00:00:07".parse().unwrap();
        host(&ipam, "lan", "192.0.2.77", "team-c", named(name).with_mac(mac));
        let strict = Exporter::new(&ipam);
        for format in [Format::Hosts, Format::Dnsmasq, Format::Ansible] {
            let error = block_on(strict.read(format)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let message = error.to_string();
            let value = format!("{name:?}");
            for part in ["192.0.2.77", "\"lan\"", "hostname", &value, "; "] {
                assert!(message.contains(part), "{part}: {message}");
            }
            let lenient = Exporter::new(&ipam).with_invalid_left_out(true);
            let (export, before) = (read(&lenient, format), site());
            assert_eq!(text(&export), text(&read(&Exporter::new(&before), format)), "the rest is as without it");
            assert!(left_out(export.left_out()).contains(&"1 with a host name that cannot be written".to_owned()));
        }
        let settings = ZoneSettings::new(1);
        assert!(block_on(strict.forward_zones(&settings)).unwrap_err().to_string().contains("hostname"));
        assert!(block_on(strict.reverse_zones(&settings)).unwrap_err().to_string().contains("hostname"));
    }
}

#[test]
fn other_values_are_refused_where_they_would_count() {
    let ipam = site();
    host(&ipam, "lan", "192.0.2.77", "{{ lookup('pipe', 'id') }}", named("web7"));
    let error = block_on(Exporter::new(&ipam).read(Format::Ansible)).unwrap_err().to_string();
    assert!(error.contains("owner") && error.contains("template"), "{error}");
    let export = read(&Exporter::new(&ipam).with_invalid_left_out(true), Format::Ansible);
    assert!(text(&export).contains("web7") && !text(&export).contains("lookup"));
    assert!(block_on(Exporter::new(&ipam).read(Format::Hosts)).is_ok(), "no owner is in this file");

    let mac = "00:50:56:00:00:08".parse().unwrap();
    host(&ipam, "lan", "192.0.2.78", "x", named("ignore").with_mac(mac));
    assert!(block_on(Exporter::new(&ipam).read(Format::Dnsmasq)).unwrap_err().to_string().contains("word"));

    range(&ipam, "odd", "203.0.113.0/24", Some("exa mple.com"));
    let error = block_on(Exporter::new(&ipam).read(Format::Hosts)).unwrap_err().to_string();
    assert!(error.contains("domain \"exa mple.com\""), "{error}");
    for settings in [
        ZoneSettings::new(1).with_name_server("ns1 example"),
        ZoneSettings::new(1).with_contact("a b@example.com"),
        ZoneSettings::new(1).with_contact("hostmaster"),
    ] {
        assert!(block_on(Exporter::new(&site()).forward_zones(&settings)).is_err(), "{settings:?}");
    }
    let settings = ZoneSettings::new(1).with_zone("example.com");
    assert!(block_on(Exporter::new(&site()).reverse_zones(&settings)).is_err());
    for zone in ["exa mple.com\n@ IN TXT x", "0/25\n@ IN TXT x", "64/26.2.0.192.in-addr.arpa\n"] {
        let settings = ZoneSettings::new(1).with_zone(zone);
        assert!(block_on(Exporter::new(&site()).forward_zones(&settings)).is_err(), "{zone:?}");
        assert!(block_on(Exporter::new(&site()).reverse_zones(&settings)).is_err(), "{zone:?}");
    }
    assert!(block_on(Exporter::new(&site()).with_domain("a b").read(Format::Hosts)).is_err());
}

#[test]
fn a_file_is_of_one_address_space() {
    let ipam = site();
    block_on(ipam.define_range(&DefineRange::new("other", "192.0.2.0/24".parse().unwrap()).with_space("lab"))).unwrap();
    host(&ipam, "other", "192.0.2.10", "x", named("web1"));
    let error = block_on(Exporter::new(&ipam).read(Format::Hosts)).unwrap_err();
    assert!(error.to_string().contains("name the address space"), "{error}");
    let some = Exporter::new(&ipam).with_filter(Find::default().with_space("lab"));
    assert_eq!(text(&read(&some, Format::Hosts)), "192.0.2.10\tweb1\n");
    assert_eq!(read(&Exporter::new(&ipam), Format::Prometheus).records(), 4, "metrics name the space");
}

/// Names of all kinds, most with characters that mean something in a file.
fn any_name() -> impl Strategy<Value = Option<String>> {
    let odd = proptest::collection::vec(
        proptest::sample::select(" \n\r\t\"';#,.-_a1=:[]{}%\\/@$(){{".chars().collect::<Vec<_>>()),
        0..9,
    );
    proptest::option::weighted(
        0.9,
        prop_oneof!["[a-z][a-z0-9-]{0,6}[a-z0-9]", odd.prop_map(|chars| chars.into_iter().collect()), "\\PC{1,8}"],
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn files_have_as_many_records_as_hosts_and_none_that_a_value_made(
        hosts in proptest::collection::vec((any_name(), any::<bool>(), any_name()), 1..12),
    ) {
        let ipam = MemoryProvider::new();
        range(&ipam, "lan", "192.0.2.0/24", Some("example.com"));
        for (number, (name, has_mac, owner)) in (1_u8..).zip(&hosts) {
            let mut labels = Labels::default();
            labels.hostname = name.clone().filter(|name| !name.contains('\0'));
            labels.mac = has_mac.then(|| ipam_core::MacAddr::new([0, 0x50, 0x56, 0, 0, number]));
            let owner: String = owner.iter().flat_map(|owner| owner.chars()).filter(|c| !c.is_control()).collect();
            let owner = if owner.is_empty() { "x" } else { &owner };
            host(&ipam, "lan", &format!("192.0.2.{number}"), owner, labels.with_tag(Tag::new(owner, owner)));
        }
        let exporter = Exporter::new(&ipam).with_invalid_left_out(true);
        let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let in_lan = |ip: &str| ip.parse::<IpAddr>().is_ok_and(|ip| ip.to_string().starts_with("192.0.2."));

        let export = read(&exporter, Format::Hosts);
        let file = text(&export);
        prop_assert_eq!(file.lines().count(), export.records());
        for line in file.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            prop_assert!((2..=3).contains(&fields.len()) && in_lan(fields[0]), "{}", line);
            prop_assert!(fields[1..].iter().all(|name| plain(name)), "{}", line);
        }

        let export = read(&exporter, Format::Dnsmasq);
        let file = text(&export);
        prop_assert_eq!(file.lines().count(), export.records());
        for line in file.lines() {
            let fields: Vec<&str> = line.strip_prefix("dhcp-host=").unwrap().split(',').collect();
            prop_assert!((2..=3).contains(&fields.len()) && in_lan(fields[1]), "{}", line);
            prop_assert!(fields[0].parse::<ipam_core::MacAddr>().is_ok() && fields[2..].iter().all(|name| plain(name)));
        }

        let export = read(&exporter, Format::Ansible);
        let file: Value = serde_json::from_str(&text(&export)).unwrap();
        let found: usize = file["all"]["hosts"].as_object().unwrap().values()
            .map(|host| host["ipam_addresses"].as_array().unwrap().len()).sum();
        prop_assert_eq!(found, export.records());
        for (group, members) in file["all"]["children"].as_object().unwrap() {
            prop_assert!(group.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{}", group);
            prop_assert!(members["hosts"].as_object().unwrap().keys().all(|name| file["all"]["hosts"].get(name).is_some()));
        }
        let hosts_text = file["all"]["hosts"].to_string();
        let has_template = ["{{", "{%", "{#"].iter().any(|start| hosts_text.contains(start));
        prop_assert!(!has_template, "a template of Ansible");

        let settings = ZoneSettings::new(1).with_name_server("ns1.example.com");
        for (zones, kinds) in [
            (block_on(exporter.forward_zones(&settings)).unwrap(), ["A", "AAAA"]),
            (block_on(exporter.reverse_zones(&settings)).unwrap(), ["PTR", "PTR"]),
        ] {
            for zone in &zones.zones {
                let records: Vec<Vec<&str>> = zone.text.lines().skip(4).map(|line| line.split('\t').collect()).collect();
                prop_assert_eq!(records.len(), zone.records);
                for record in &records {
                    prop_assert!(record.len() == 4 && record[1] == "IN" && kinds.contains(&record[2]), "{:?}", record);
                    prop_assert!(plain(record[0]) || record[0] == "@", "{:?}", record);
                    prop_assert!(plain(record[3]), "{:?}", record);
                }
            }
            let written: usize = zones.zones.iter().map(|zone| zone.records).sum();
            let left: u64 = zones.left_out.iter().map(|left| left.count).sum();
            prop_assert_eq!(written + usize::try_from(left).unwrap(), hosts.len());
        }
    }
}
