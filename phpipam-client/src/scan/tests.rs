//! Properties of the comparison.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipam_core::MacAddr;
use proptest::prelude::*;

use super::*;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
}

fn address(host: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, host))
}

/// Applies changes to a record, as an IPAM does.
fn apply(known: &mut Vec<KnownHost<u32>>, changes: &[Change<u32>]) {
    for change in changes {
        match change {
            Change::Create { address, hostname, mac, seen } => {
                let id = known.iter().map(|entry| entry.id).max().unwrap_or(0) + 1;
                let mut entry = KnownHost::new(id, *address, Presence::Used).with_last_seen(*seen).created_by_agent();
                (entry.hostname, entry.mac) = (hostname.clone(), *mac);
                known.push(entry);
            }
            Change::Seen { id, seen, hostname, mac, online, .. } => {
                let entry = known.iter_mut().find(|entry| entry.id == *id).unwrap();
                entry.last_seen = seen.or(entry.last_seen);
                entry.hostname = hostname.clone().or(entry.hostname.take());
                entry.mac = mac.or(entry.mac);
                if *online {
                    entry.presence = Presence::Used;
                }
            }
            Change::Offline { id, .. } => {
                known.iter_mut().find(|entry| entry.id == *id).unwrap().presence = Presence::Offline;
            }
            Change::Remove { id, .. } => known.retain(|entry| entry.id != *id),
        }
    }
}

fn presence() -> impl Strategy<Value = Presence> {
    prop_oneof![Just(Presence::Used), Just(Presence::Offline), Just(Presence::Kept)]
}

fn known() -> impl Strategy<Value = Vec<KnownHost<u32>>> {
    let entry = (
        presence(),
        proptest::option::of("[a-z]{1,8}"),
        proptest::option::of(any::<[u8; 6]>()),
        proptest::option::of(0_u64..20_000),
        any::<bool>(),
        any::<bool>(),
    );
    proptest::collection::btree_map(0_u8..24, entry, 0..16).prop_map(|entries| {
        let entries = entries.into_iter().map(|(host, (presence, hostname, mac, seen, excluded, created))| {
            let mut entry = KnownHost::new(u32::from(host) + 1, address(host), presence);
            (entry.hostname, entry.mac) = (hostname, mac.map(MacAddr::new));
            entry.last_seen = seen.map(at);
            (entry.excluded, entry.created_by_agent) = (excluded, created);
            entry
        });
        entries.collect()
    })
}

fn observation() -> impl Strategy<Value = Observation> {
    let host = (proptest::option::of("[a-z]{1,8}"), proptest::option::of(any::<[u8; 6]>()), 9_000_u64..10_000);
    let coverage = prop_oneof![
        4 => Just(Coverage::Whole),
        1 => Just(Coverage::Incomplete("killed".to_owned())),
        1 => proptest::collection::btree_set((0_u8..24).prop_map(address), 0..24).prop_map(Coverage::Addresses),
    ];
    (proptest::collection::btree_map(0_u8..32, host, 0..20), coverage).prop_map(|(hosts, coverage)| {
        let hosts = hosts.into_iter().map(|(host, (hostname, mac, seen))| {
            let mut host = Host::new(address(host), Evidence::Echo, at(seen));
            (host.hostname, host.mac) = (hostname, mac.map(MacAddr::new));
            host
        });
        Observation::new("10.0.0.0/27".parse().unwrap(), coverage, hosts)
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let rule = prop_oneof![Just(HostnameRule::FillIn), Just(HostnameRule::Replace), Just(HostnameRule::Keep)];
    (any::<[bool; 3]>(), 0_u64..20_000, proptest::option::of(0_u64..20_000), rule).prop_map(
        |([discover, check, accept], offline, remove, rule)| {
            Policy::default()
                .with_discover(discover)
                .with_check(check)
                .with_accept_all_silent(accept)
                .with_offline_after(Duration::from_secs(offline))
                .with_remove_after(remove.map(Duration::from_secs))
                .with_hostnames(rule)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn applied_twice_the_second_time_changes_nothing(
        mut known in known(), observation in observation(), policy in policy(),
    ) {
        let now = at(10_000);
        let first = reconcile(&known, &observation, &policy, now);
        apply(&mut known, &first.changes);
        let second = reconcile(&known, &observation, &policy, now);
        for change in &second.changes {
            // A removal takes two silent scans. An address that was created has not been silent.
            let marked = |address| first.changes.iter().any(|change| {
                matches!(change, Change::Offline { address: marked, .. } if *marked == address)
            });
            let second_step = matches!(change, Change::Remove { address, .. } if marked(*address));
            prop_assert!(change.is_unchanged() || second_step, "{change:?}");
        }
        apply(&mut known, &second.changes);
        let third = reconcile(&known, &observation, &policy, now);
        prop_assert!(third.changes.iter().all(Change::is_unchanged), "{third:?}");
    }

    #[test]
    fn only_what_the_rules_allow_is_touched(known in known(), observation in observation(), policy in policy()) {
        let now = at(10_000);
        let before: BTreeMap<IpAddr, &KnownHost<u32>> = known.iter().map(|entry| (entry.address, entry)).collect();
        let result = reconcile(&known, &observation, &policy, now);
        let mut last = None;
        for change in &result.changes {
            prop_assert!(last < Some(change.address()), "one change for each address, in order");
            last = Some(change.address());
            let entry = before.get(&change.address()).copied();
            match change {
                Change::Create { address, .. } => {
                    prop_assert!(policy.discover && entry.is_none() && observation.host(*address).is_some());
                    prop_assert!(*address != self::address(0) && *address != self::address(31));
                }
                Change::Seen { online, seen, .. } => {
                    let entry = entry.unwrap();
                    prop_assert!(observation.host(entry.address).is_some());
                    prop_assert!(!*online || policy.check && entry.presence == Presence::Offline && !entry.excluded);
                    prop_assert!(seen.is_none() || *seen > entry.last_seen, "the time never goes back");
                }
                Change::Offline { .. } | Change::Remove { .. } => {
                    let entry = entry.unwrap();
                    prop_assert!(policy.check && result.withheld.is_none() && !entry.excluded);
                    prop_assert!(observation.host(entry.address).is_none() && observation.covers(entry.address));
                    prop_assert!(entry.presence != Presence::Kept && entry.last_seen.is_some());
                    if matches!(change, Change::Remove { .. }) {
                        prop_assert!(entry.created_by_agent && policy.remove_after.is_some());
                        prop_assert!(entry.presence == Presence::Offline);
                    }
                }
            }
        }
    }

    #[test]
    fn silence_of_all_or_a_scan_cut_short_marks_none(known in known(), observation in observation()) {
        let policy = Policy::default().with_offline_after(Duration::ZERO).with_remove_after(Some(Duration::ZERO));
        let silent = Observation::new(observation.net, Coverage::Whole, []);
        // The scanner is in the subnet, and its own address replies whatever the state of the network is.
        let own = Host::new(address(7), Evidence::Other, at(9_999));
        let alone = Observation::new(observation.net, Coverage::Whole, [own]).with_own([address(7)]);
        let cut = Observation::new(observation.net, Coverage::Incomplete("x".into()), observation.hosts.clone());
        for observation in [silent, alone, cut] {
            let result = reconcile(&known, &observation, &policy, at(10_000));
            let up = known.iter().any(|entry| {
                entry.last_seen.is_some()
                    && entry.presence != Presence::Offline
                    && !entry.excluded
                    && !observation.own.contains(&entry.address)
            });
            let marked = |change: &Change<u32>| matches!(change, Change::Offline { .. } | Change::Remove { .. });
            prop_assert!(!up || !result.changes.iter().any(marked), "{result:?}");
        }
    }
}

#[test]
fn an_address_that_no_scan_has_found_yet_stays() {
    let known = [KnownHost::new(1, address(5), Presence::Used), KnownHost::new(2, address(6), Presence::Used)];
    let found = Host::new(address(6), Evidence::Echo, at(0));
    let observation = Observation::new("10.0.0.0/27".parse().unwrap(), Coverage::Whole, [found]);
    let policy = Policy::default().with_offline_after(Duration::ZERO);
    let result = reconcile(&known, &observation, &policy, at(10));
    assert_eq!(result.counts().offline, 0);
    assert_eq!(result.counts().seen, 1);
    assert_eq!(result.withheld, None);
}

#[test]
fn an_old_report_changes_neither_state_nor_mac_address() {
    let mac = |last| MacAddr::new([2, 0, 0, 0, 0, last]);
    let known = [KnownHost::new(1, address(5), Presence::Offline).with_last_seen(at(100)).with_mac(mac(1))];
    let seen = |time, known: &[KnownHost<u32>]| {
        let host = Host::new(address(5), Evidence::Echo, at(time)).with_mac(mac(2));
        let observation = Observation::new("10.0.0.0/27".parse().unwrap(), Coverage::Whole, [host]);
        reconcile(known, &observation, &Policy::default(), at(200)).changes
    };
    assert!(seen(50, &known)[0].is_unchanged(), "{:?}", seen(50, &known));
    let changed = seen(150, &known);
    assert!(
        matches!(&changed[0], Change::Seen { online: true, mac: Some(found), .. } if *found == mac(2)),
        "{changed:?}"
    );
    // A clock was set back: the recorded time is in the future.
    let ahead = [KnownHost::new(1, address(5), Presence::Offline).with_last_seen(at(9_000))];
    assert!(matches!(seen(150, &ahead)[0], Change::Seen { online: true, .. }));
}

#[test]
fn silence_is_measured_until_the_end_of_the_probe() {
    let known = [KnownHost::new(1, address(5), Presence::Used).with_last_seen(at(100))];
    let other = Host::new(address(6), Evidence::Echo, at(150));
    let observation = Observation::new("10.0.0.0/27".parse().unwrap(), Coverage::Whole, [other]).with_ended(at(150));
    let policy = Policy::default().with_offline_after(Duration::from_secs(60));
    let offline = |observation: &Observation| reconcile(&known, observation, &policy, at(5_000)).counts().offline;
    assert_eq!(offline(&observation), 0, "fifty seconds");
    assert_eq!(offline(&observation.clone().with_ended(at(160))), 1);
    // An end in the future is none.
    let known = [KnownHost::new(1, address(5), Presence::Used).with_last_seen(at(4_990))];
    let late = observation.with_ended(at(9_000));
    assert_eq!(reconcile(&known, &late, &policy, at(5_000)).counts().offline, 0);
}

#[test]
fn no_host_has_the_mac_address_of_a_group() {
    for octets in [[0xff; 6], [1, 0, 0x5e, 0, 0, 1], [0; 6]] {
        let host = Host::new(address(5), Evidence::Neighbour, at(0)).with_mac(MacAddr::new(octets));
        let observation = Observation::new("10.0.0.0/27".parse().unwrap(), Coverage::Whole, [host]);
        assert_eq!(observation.hosts[0].mac, None);
    }
}

#[test]
fn evidence_of_several_probes_is_merged() {
    let net = "10.0.0.0/27".parse().unwrap();
    let mac: MacAddr = "02:00:00:00:00:05".parse().unwrap();
    let old: MacAddr = "02:00:00:00:00:99".parse().unwrap();
    let echo = Host::new(address(5), Evidence::Echo, at(5)).with_mac(old);
    let mut observation = Observation::new(net, Coverage::Whole, [echo]);
    let neighbour = Host::new(address(5), Evidence::Neighbour, at(4)).with_mac(mac).with_hostname("web1");
    let outside = Host::new("10.9.9.9".parse().unwrap(), Evidence::Neighbour, at(4));
    observation.merge(Observation::new(net, Coverage::Addresses([address(5)].into()), [neighbour, outside]));
    assert_eq!(observation.hosts.len(), 1, "an address outside the prefix is left out");
    let host = observation.host(address(5)).unwrap();
    assert_eq!((host.mac, host.seen, host.hostname.as_deref()), (Some(mac), at(5), Some("web1")));
    assert_eq!(host.evidence.len(), 2);
    assert_eq!(observation.coverage, Coverage::Whole);
}
