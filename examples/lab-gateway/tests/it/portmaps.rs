//! Port maps over failing parts: record, rule and address change together or not at all.

use std::sync::Arc;

use crate::support::{Fate, Gate, World};
use ipam_core::{Allocate, AllocateLine, IpamProvider, Labels, MemoryProvider};
use lab_gateway::addresses::{AddressError, Addresses};
use lab_gateway::firewall::{Firewall as _, MemoryFirewall, Rule, Transaction};
use lab_gateway::portmaps::{MapError, NewMap, PortMaps};
use lab_gateway::store::{LeaseState, MapState, Store as _};

fn new(target: &str, name: &str) -> NewMap {
    NewMap::new(target.parse().unwrap(), name, "web")
}

fn memory() -> Arc<dyn IpamProvider> {
    Arc::new(MemoryProvider::new())
}

/// Allocates an address by other means than a port map.
async fn allocate(world: &World, address: &str, name: &str) {
    let range = world.provider.list_ranges(&ipam_core::ListRanges::all()).await.unwrap().items[0].id.clone();
    let line =
        AllocateLine::exactly(range, address.parse().unwrap()).with_labels(Labels::default().with_hostname(name));
    world.provider.allocate(&Allocate::new("another script").with_line(line)).await.unwrap();
}

/// Starts a process without faults, which puts right what the one before it left.
async fn restart(world: &World) -> PortMaps {
    let (maps, addresses) = world.start(&Gate::new(None));
    addresses.ranges().await.unwrap();
    maps.reconcile().await.unwrap();
    maps
}

/// Changes of one life: maps are added, repeated and removed, on new addresses and on one that was allocated before. Returns
/// for each change whether it was acknowledged.
async fn life(world: &World, maps: &PortMaps) -> Vec<Result<(), MapError>> {
    let (mut results, mut ports) = (Vec::new(), Vec::new());
    for (target, name) in
        [("10.0.0.5:22", "web1"), ("10.0.0.5:80", "web1"), ("10.0.0.9:22", "dhcp9"), ("10.0.0.5:22", "web1")]
    {
        let added = maps.add(new(target, name)).await;
        ports.extend(added.as_ref().ok().map(|added| added.conn_port).filter(|_| target.starts_with("10.0.0.5")));
        results.push(added.map(|_| ()));
    }
    ports.dedup();
    // The first and the second map, where both were made; the repeat was the first one again.
    for port in ports.into_iter().take(2) {
        results.push(maps.remove(port).await.map(|_| ()));
    }
    world.firewall.flush();
    results.push(maps.add(new("10.0.0.6:22", "web2")).await.map(|_| ()));
    results
}

/// Checks that records, rules and allocations fit together, and that nothing half-done is left.
async fn whole(world: &World, maps: &PortMaps, context: &str) {
    assert!(maps.compare().await.unwrap().is_none(), "{context}");
    let active = maps.list().await.unwrap();
    let mut expected: Vec<String> = active.iter().map(|map| map.target.ip().to_string()).collect();
    // It was allocated before, so that it stays.
    expected.push("10.0.0.9".to_owned());
    expected.sort();
    expected.dedup();
    assert_eq!(world.allocated().await, expected, "{context}");
}

#[tokio::test]
async fn a_life_without_faults_ends_as_it_should() {
    let world = World::new(memory());
    let maps = restart(&world).await;
    allocate(&world, "10.0.0.9", "dhcp9").await;
    assert!(life(&world, &maps).await.iter().all(Result::is_ok));
    let left: Vec<String> = maps.list().await.unwrap().iter().map(|map| map.rule().to_string()).collect();
    assert_eq!(left, ["20000 -> 10.0.0.6:22", "20002 -> 10.0.0.9:22"]);
    assert_eq!(world.firewall.read().await.unwrap().rules.len(), 2, "the add after the flush restored the others");
    whole(&world, &maps, "without faults").await;
}

/// Kills the process at each step of its life, before and after the step, and starts it again.
#[tokio::test]
async fn nothing_half_done_survives_a_kill_at_any_step() {
    let mut kills = 0;
    for fate in [Fate::DieBefore, Fate::DieAfter] {
        for at in 0.. {
            let world = World::new(memory());
            drop(restart(&world).await);
            allocate(&world, "10.0.0.9", "dhcp9").await;
            let gate = Gate::new(Some((at, fate)));
            let (maps, _) = world.start(&gate);
            let acknowledged = life(&world, &maps).await;
            if !gate.is_dead() {
                assert!(acknowledged.iter().all(Result::is_ok), "{fate:?} {at}");
                break;
            }
            maps.finish().await;
            drop(maps);
            kills += 1;
            let maps = restart(&world).await;
            let context = format!("{fate:?} at step {at}");
            whole(&world, &maps, &context).await;
            // What was acknowledged is there, unless its removal was begun.
            let ports: Vec<u16> = maps.list().await.unwrap().iter().map(|map| map.conn_port).collect();
            let died_in = acknowledged.iter().position(Result::is_err).unwrap_or(acknowledged.len());
            for (added, removed, port) in [(0, 4, 20_000), (1, 5, 20_001)] {
                if added < died_in && died_in < removed {
                    assert!(ports.contains(&port), "{context}: port {port} was acknowledged");
                }
            }
            if acknowledged[2].is_ok() {
                assert!(ports.contains(&20_002), "{context}: port 20002 was acknowledged");
            }
            // And the next life works.
            maps.add(new("10.0.0.77:22", "next")).await.unwrap();
            whole(&world, &maps, &context).await;
        }
    }
    assert!(kills >= 50, "{kills} kills only");
    println!("{kills} kills");
}

/// Lets each step fail once, in each way, while the process lives on.
#[tokio::test]
async fn a_step_that_fails_leaves_nothing_half_done() {
    let mut faults = 0;
    for fate in [Fate::Refuse, Fate::CutBefore, Fate::CutAfter] {
        for at in 0.. {
            let world = World::new(memory());
            drop(restart(&world).await);
            allocate(&world, "10.0.0.9", "dhcp9").await;
            let gate = Gate::new(Some((at, fate)));
            let (maps, _) = world.start(&gate);
            let results = life(&world, &maps).await;
            if gate.steps() <= at {
                break;
            }
            faults += 1;
            let context = format!("{fate:?} at step {at}: {results:?}");
            // What was refused left nothing; only what could not be cleared up at once waits for the cycle.
            let interrupted = results.iter().any(|result| matches!(result, Err(MapError::Interrupted { .. })));
            let records = world.records();
            if !interrupted {
                assert!(records.maps.iter().all(|map| map.state == MapState::Active), "{context}");
            }
            maps.reconcile().await.unwrap();
            whole(&world, &maps, &context).await;
            if results[2].is_ok() {
                let targets: Vec<String> = records.active().map(|map| map.target.to_string()).collect();
                assert!(targets.contains(&"10.0.0.9:22".to_owned()), "{context}");
            }
        }
    }
    assert!(faults >= 100, "{faults} faults only");
    println!("{faults} faults");
}

#[tokio::test]
async fn bad_targets_are_refused_before_anything_happens() {
    let world = World::new(memory());
    let gate = Gate::new(None);
    let (maps, addresses) = world.start(&gate);
    addresses.ranges().await.unwrap();
    allocate(&world, "10.0.0.9", "dhcp9").await;
    let before = gate.steps();
    assert!(matches!(
        maps.add(new("192.0.2.1:22", "web1")).await,
        Err(MapError::Address(AddressError::Outside { .. }))
    ));
    assert_eq!(gate.steps(), before, "neither store nor firewall nor provider was asked");
    match maps.add(new("10.0.0.9:22", "web1")).await {
        Err(MapError::OtherName { found, .. }) => assert_eq!(found, "dhcp9"),
        other => panic!("{other:?}"),
    }
    for address in ["10.0.0.0:22", "10.0.0.255:22"] {
        assert!(matches!(maps.add(new(address, "web1")).await, Err(MapError::Address(_))), "{address}");
    }
    assert!(matches!(maps.remove(20_000).await, Err(MapError::NotFound { conn_port: 20_000 })));
    assert!(maps.list().await.unwrap().is_empty());
    assert_eq!(world.allocated().await, ["10.0.0.9"]);
    assert!(world.firewall.read().await.unwrap().rules.is_empty());
}

#[tokio::test]
async fn a_repeat_returns_the_same_port_and_another_name_is_refused() {
    let world = World::new(memory());
    let maps = restart(&world).await;
    let first = maps.add(new("10.0.0.5:22", "web1")).await.unwrap();
    let again = maps.add(new("10.0.0.5:22", "WEB1")).await.unwrap();
    assert_eq!((again.conn_port, again.repeated), (first.conn_port, true));
    assert!(matches!(maps.add(new("10.0.0.5:22", "web2")).await, Err(MapError::Mapped { conn_port: 20_000, .. })));
    assert!(matches!(maps.add(new("10.0.0.5:80", "web2")).await, Err(MapError::OtherName { .. })));
    let component = NewMap::new("10.0.0.5:22".parse().unwrap(), "web1", "db");
    assert!(matches!(maps.add(component).await, Err(MapError::Mapped { .. })));
}

#[tokio::test]
async fn an_address_without_any_name_can_be_mapped_under_a_new_one() {
    let server = phpipam_client::testing::Server::start().await.unwrap();
    let subnet = server.seed(|store| {
        let section = store.add_section("Lab");
        let subnet = store.add_subnet(section, "10.0.0.0/24".parse().unwrap());
        store.add_address(subnet, "10.0.0.9".parse().unwrap(), "");
        subnet
    });
    let world = World::new(crate::stage::open(&server).await);
    let maps = restart(&world).await;
    let added = maps.add(new("10.0.0.9:22", "web1")).await.unwrap();
    maps.remove(added.conn_port).await.unwrap();
    assert_eq!(server.seed(|store| store.used(subnet).len()), 1, "it was allocated otherwise");
}

#[tokio::test]
async fn all_ports_are_found_and_then_there_is_none() {
    let world = World::new(memory());
    let maps = restart(&world).await;
    // A rule that no map has, and a program of the gateway, hold one port each.
    world.firewall.apply(&Transaction::add(Rule::new(20_003, "10.9.9.9:1".parse().unwrap()))).await.unwrap();
    for index in 0..100_u16 {
        let added = maps.add(new(&format!("10.0.0.5:{}", 1_000 + index), "web1")).await;
        added.unwrap_or_else(|error| panic!("map {index}: {error}"));
    }
    assert!(matches!(maps.add(new("10.0.0.5:22", "web1")).await, Err(MapError::NoFreePort { .. })));
    // The orphaned rule is removed on the cycle, and with that the last port is free.
    assert_eq!(maps.compare().await.unwrap().without_map.len(), 1);
    assert!(maps.reconcile().await.unwrap().repaired.is_some());
    assert_eq!(maps.add(new("10.0.0.5:22", "web1")).await.unwrap().conn_port, 20_003);
    maps.remove(20_077).await.unwrap();
    assert_eq!(maps.add(new("10.0.0.5:23", "web1")).await.unwrap().conn_port, 20_077);
}

#[tokio::test]
async fn callers_at_once_get_different_ports_and_one_target_gets_one() {
    let world = World::new(memory());
    let maps = restart(&world).await;
    let add = |target: String| {
        let maps = maps.clone();
        tokio::spawn(async move { maps.add(new(&target, "web1")).await.unwrap().conn_port })
    };
    let mut same = Vec::new();
    for _ in 0..8 {
        same.push(add("10.0.0.5:22".to_owned()));
    }
    let others: Vec<_> = (0..20).map(|index| add(format!("10.0.0.5:{}", 100 + index))).collect();
    let mut ports = std::collections::BTreeSet::new();
    for task in same {
        ports.insert(task.await.unwrap());
    }
    assert_eq!(ports.len(), 1);
    for task in others {
        assert!(ports.insert(task.await.unwrap()));
    }
    whole_without_dhcp(&world, &maps).await;
}

async fn whole_without_dhcp(world: &World, maps: &PortMaps) {
    assert!(maps.compare().await.unwrap().is_none());
    assert_eq!(world.allocated().await, ["10.0.0.5"]);
}

#[tokio::test]
async fn a_dropped_request_is_carried_out_whole() {
    let world = World::new(memory());
    let maps = restart(&world).await;
    for polls in 0..40 {
        let mut adding = Box::pin(maps.add(new(&format!("10.0.0.5:{}", 1 + polls), "web1")));
        for _ in 0..polls {
            let _ = futures_poll(&mut adding).await;
        }
        drop(adding);
    }
    // Tasks of dropped requests that have not begun yet wait for the lock first.
    for _ in 0..100 {
        tokio::task::yield_now().await;
        maps.finish().await;
    }
    assert!(maps.compare().await.unwrap().is_none());
    assert!(maps.list().await.unwrap().iter().all(|map| map.state == MapState::Active));
}

/// Polls a future once.
async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    tokio::select! {
        biased;
        value = future => Some(value),
        () = tokio::task::yield_now() => None,
    }
}

#[tokio::test]
async fn connections_end_with_their_map() {
    let world = World::new(memory());
    let maps = restart(&world).await;
    maps.add(new("10.0.0.5:22", "web1")).await.unwrap();
    maps.remove(20_000).await.unwrap();
    assert_eq!(world.firewall.ended(), [Rule::new(20_000, "10.0.0.5:22".parse().unwrap())]);
}

#[tokio::test]
async fn maps_are_restored_while_the_provider_is_down() {
    let world = World::new(memory());
    let maps = restart(&world).await;
    maps.add(new("10.0.0.5:22", "web1")).await.unwrap();
    drop(maps);
    let rebooted = World { firewall: Arc::new(MemoryFirewall::new()), ..world };
    let nowhere =
        Addresses::at("phpipam+https://nowhere.invalid/app", "alice", vec!["10.0.0.0/24".parse().unwrap()], None);
    let (store, firewall) = (rebooted.store(), Arc::clone(&rebooted.firewall));
    let maps = PortMaps::new(store, firewall, Arc::new(nowhere), 20_000..=20_100);
    assert_eq!(maps.reconcile().await.unwrap().repaired.unwrap().without_rule.len(), 1);
    assert_eq!(rebooted.firewall.read().await.unwrap().rules.len(), 1);
    assert!(matches!(maps.add(new("10.0.0.6:22", "web2")).await, Err(MapError::Address(_))));
    // The map goes, and its address is given back when the provider is there again.
    maps.remove(20_000).await.unwrap();
    assert_eq!(maps.reconcile().await.unwrap().returning, 1);
    assert_eq!(rebooted.allocated().await, ["10.0.0.5"]);
    drop(maps);
    let maps = restart(&rebooted).await;
    assert!(rebooted.allocated().await.is_empty());
    assert!(maps.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_address_that_is_still_to_be_given_back_is_not_mapped_under_another_name() {
    let world = World::new(memory());
    drop(restart(&world).await);
    // The step that gives the address back fails, and every later one of the provider, too.
    let (maps, addresses) = world.start(&Gate::new(None));
    addresses.ranges().await.unwrap();
    maps.add(new("10.0.0.5:22", "web1")).await.unwrap();
    drop((maps, addresses));
    let store = world.store();
    store.remove(20_000).unwrap();
    assert_eq!(store.read().unwrap().leases[0].state, LeaseState::Returning);
    drop(store);
    let (maps, _) = world.start(&Gate::new(None));
    let added = maps.add(new("10.0.0.5:22", "web2")).await.unwrap();
    assert_eq!(world.allocated().await, ["10.0.0.5"]);
    maps.reconcile().await.unwrap();
    maps.remove(added.conn_port).await.unwrap();
    assert!(world.allocated().await.is_empty());
}

#[tokio::test]
async fn a_long_name_is_mapped_and_given_back() {
    let world = World::new(memory());
    let maps = restart(&world).await;
    // 240 bytes; with the rest, the key would have more than the 255 that it may have.
    let name = "\u{fc}".repeat(120);
    let added = maps.add(new("10.0.0.5:22", &name)).await.unwrap();
    assert!(maps.add(new("10.0.0.5:22", &name)).await.unwrap().repeated);
    maps.remove(added.conn_port).await.unwrap();
    assert!(world.allocated().await.is_empty());
}

/// Two gateways of one owner, with the same lab, on one provider.
#[tokio::test]
async fn each_gateway_gives_back_only_what_it_allocated_itself() {
    let provider = memory();
    let gateway = |name: &str| {
        Addresses::new(Arc::clone(&provider), "alice", vec!["10.0.0.0/24".parse().unwrap()], None).with_gateway(name)
    };
    let (one, two) = (gateway("alice.one.example"), gateway("alice.two.example"));
    let address = [10, 0, 0, 5].into();
    let (lease, other) = (one.lease(address, "web1"), two.lease(address, "web1"));
    assert!(lease.key.contains("alice.one.example") && lease.key != other.key, "{lease:?} {other:?}");
    one.take(&lease, "web").await.unwrap();
    one.take(&lease, "web").await.unwrap();
    assert!(matches!(two.take(&other, "web").await, Err(AddressError::Taken { .. })));
    two.give_back(&other).await.unwrap();
    assert_eq!(one.list().await.unwrap().len(), 1, "it is the other gateway's");
    one.give_back(&lease).await.unwrap();
    assert!(one.list().await.unwrap().is_empty());
    // Long names, and a name with a separator, make no key that is too long or another one's.
    let long = gateway(&"x".repeat(250));
    let lease = long.lease(address, &"y".repeat(250));
    assert!(lease.key.len() <= 255, "{}", lease.key.len());
    long.take(&lease, "web").await.unwrap();
    assert_ne!(gateway("a").lease(address, "b/c").key, gateway("a/b").lease(address, "c").key);
}

/// A range of IPv6 has more addresses than anyone can list.
#[tokio::test]
async fn a_range_of_ipv6_beside_the_lab_costs_nothing() {
    let world = World::new(memory());
    let maps = restart(&world).await;
    let range = ipam_core::DefineRange::new("v6", "fd00::/64".parse().unwrap());
    let range = world.provider.define_range(&range).await.unwrap();
    let line = AllocateLine::exactly(range.id, "fd00::5".parse().unwrap());
    world.provider.allocate(&Allocate::new("a script").with_line(line)).await.unwrap();
    let all = Addresses::new(Arc::clone(&world.provider), "alice", vec!["10.0.0.0/8".parse().unwrap()], None);
    maps.add(new("10.0.0.5:22", "web1")).await.unwrap();
    let listed = tokio::time::timeout(std::time::Duration::from_secs(5), all.list()).await.unwrap().unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert!(maps.compare_addresses().await.unwrap().lost.is_empty());
}
