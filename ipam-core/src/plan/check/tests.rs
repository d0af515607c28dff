#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::Allocation;

fn conflicts(text: &str, present: &Present) -> Vec<String> {
    let plan = AddressPlan::from_csv(text).unwrap();
    checked(&plan, present).conflicts().map(|row| format!("{}: {}", row.at, row.conflict().unwrap())).collect()
}

#[test]
fn every_way_to_overlap_is_found_at_the_later_row() {
    let head = "kind,id,space,net,addresses,gateway\n";
    let cases: [(&str, Option<&str>); 9] = [
        (
            "range,a,,10.0.0.0/24,,\nrange,b,,10.0.0.128/25,,\n",
            Some("line 3: it overlaps the range a 10.0.0.0/24 (line 2)"),
        ),
        ("range,b,,10.0.0.128/25,,\nrange,a,,10.0.0.0/24,,\n", Some("it overlaps")),
        ("range,a,,10.0.0.0/24,,\nblock,b,,10.0.0.0/26,,\n", Some("a range holds no block")),
        ("block,a,,10.0.0.0/24,,\nblock,b,,10.0.0.0/24,,\n", Some("the same prefix twice")),
        ("range,a,,10.0.0.0/24,,\nrange,a,,10.0.1.0/24,,\n", Some("line 3: the id \"a\" belongs to line 2")),
        (
            "range,a,,10.0.0.0/24,10.0.0.1-10.0.0.90,\nrange,b,,10.0.0.0/24,10.0.0.5-10.0.0.6,\n",
            Some("its addresses overlap"),
        ),
        ("range,a,,10.0.0.0/24,10.0.0.1-10.0.0.9,\nrange,b,,10.0.0.0/24,10.0.0.10-10.0.0.19,\n", None),
        ("range,a,x,10.0.0.0/24,,\nrange,b,y,10.0.0.0/24,,\n", None),
        ("block,a,,10.0.0.0/8,,\nblock,b,,10.0.0.0/16,,\nrange,c,,10.0.0.0/16,,\n", None),
    ];
    for (rows, wanted) in cases {
        let found = conflicts(&format!("{head}{rows}"), &Present::default());
        match wanted {
            None => assert!(found.is_empty(), "{rows}: {found:?}"),
            Some(wanted) => assert!(found.len() == 1 && found.concat().contains(wanted), "{rows}: {found:?}"),
        }
    }
}

#[test]
fn a_wide_range_is_remembered_past_its_neighbours() {
    let text = "kind,id,net,addresses\nrange,a,10.0.0.0/24,10.0.0.1-10.0.0.90\nrange,b,10.0.0.0/24,10.0.0.91-10.0.0.92\n\
        range,c,10.0.0.0/24,10.0.0.92-10.0.0.93\n";
    let found = conflicts(text, &Present::default());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found.concat().contains("line 4: its addresses overlap those of the range b"), "{found:?}");
}

#[test]
fn what_no_store_would_take_is_found_before_it_is_asked() {
    let text = "kind,id,net,gateway,range,address,key,reserved\n\
        range,lan,10.0.0.0/24,10.0.0.1,,,,10.0.0.64/28\n\
        range,off,10.0.1.0/24,10.9.9.9,,,,\n\
        range,bits,10.0.2.1/24,,,,,\n\
        allocation,,,,lan,10.0.0.1,,\n\
        allocation,,,,lan,10.0.0.65,,\n\
        allocation,,,,lan,10.0.7.1,,\n\
        allocation,,,,nowhere,10.0.0.1,,\n\
        allocation,,,,lan,10.0.0.9,k,\n\
        allocation,,,,lan,10.0.0.9,l,\n\
        allocation,,,,lan,10.0.0.10,k,\n";
    let found = conflicts(text, &Present::default());
    for (wanted, line) in [
        ("line 3: gateway is \"10.9.9.9\"; choose an address of 10.0.1.0/24", 0),
        ("line 4: net is \"10.0.2.1/24\"; clear the host bits: 10.0.2.0/24", 1),
        ("line 5: 10.0.0.1 is the gateway or reserved", 2),
        ("line 6: 10.0.0.65 is the gateway or reserved", 3),
        ("line 7: 10.0.7.1 lies outside 10.0.0.1-10.0.0.254", 4),
        ("line 8: there is no range \"nowhere\" in the plan or the store", 5),
        ("line 10: 10.0.0.9 is taken by line 9", 6),
        ("line 11: the key \"k\" belongs to line 9", 7),
    ] {
        assert!(found.get(line).is_some_and(|text| text.starts_with(wanted)), "{wanted}: {found:#?}");
    }
    assert_eq!(found.len(), 8, "{found:#?}");
}

#[test]
fn the_store_was_there_first() {
    let net = "10.0.0.0/24".parse().unwrap();
    let mut lan = Range::new("lan", "default", net, "10.0.0.1-10.0.0.254".parse().unwrap());
    lan.name = "Office".to_owned();
    let mut taken = Allocation::new("1", "default", "lan", "10.0.0.9".parse().unwrap());
    taken.key = Some("plan/lan/10.0.0.9".into());
    taken.owner = Some("plan".into());
    let mut quarantined = Allocation::new("2", "default", "lan", "10.0.0.7".parse().unwrap());
    quarantined.state = AllocationState::Quarantined;
    let present = Present {
        ranges: vec![lan],
        addresses: HashMap::from([
            (("lan".into(), taken.address), taken.clone()),
            (("lan".into(), quarantined.address), quarantined),
        ]),
        keys: HashMap::from([("used".into(), taken)]),
        ..Present::default()
    };
    let head = "kind,id,net,name,range,address,hostname,key\n";
    let cases = [
        ("range,lan,10.0.0.0/24,Office,,,,\nallocation,,,,lan,10.0.0.9,,\n", None),
        ("range,lan,10.0.0.0/24,Lab,,,,\n", Some("another name")),
        ("range,lan,10.0.0.0/25,,,,,\n", Some("another net, addresses, name")),
        ("range,new,10.0.0.0/25,,,,,\n", Some("it overlaps the range lan 10.0.0.0/24 (in the store)")),
        ("range,new,10.0.0.0/16,,,,,\n", Some("it overlaps the range lan 10.0.0.0/24 (in the store)")),
        ("allocation,,,,lan,10.0.0.9,web,\n", Some("another hostname")),
        ("allocation,,,,lan,10.0.0.7,,\n", Some("10.0.0.7 is quarantined")),
        ("allocation,,,,lan,10.0.0.8,,used\n", Some("the key \"used\" has 10.0.0.9 in the store")),
    ];
    for (rows, wanted) in cases {
        let found = conflicts(&format!("{head}{rows}"), &present);
        match wanted {
            None => assert!(found.is_empty(), "{rows}: {found:?}"),
            Some(wanted) => assert!(found.len() == 1 && found.concat().contains(wanted), "{rows}: {found:?}"),
        }
    }
}

#[test]
fn what_an_earlier_version_named_otherwise_is_not_added_a_second_time() {
    let net = "10.0.0.0/24".parse().unwrap();
    let mut old = Range::new("subnet-7", "vrf-1", net, "10.0.0.1-10.0.0.254".parse().unwrap());
    let mut plan =
        AddressPlan::from_csv("kind,id,space,net\nrange,7,vrf/1,10.0.0.0/24\nblock,8,vrf/1,10.0.0.0/16\n").unwrap();
    for row in &mut plan.ranges {
        row.former_id = Some(format!("subnet-{}", row.item.id));
    }
    for row in &mut plan.blocks {
        row.former_id = Some(format!("subnet-{}", row.item.id));
    }
    let found = |old: &Range| {
        let block = crate::Block::new("subnet-8", "vrf-1", "10.0.0.0/16".parse().unwrap());
        let present = Present { ranges: vec![old.clone()], blocks: vec![block], ..Present::default() };
        checked(&plan, &present).conflicts().map(ToString::to_string).collect::<Vec<_>>()
    };
    let both = found(&old);
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(both.concat().contains("the store has it as subnet-7 in the space vrf-1"), "{both:?}");
    // Something else of that name is no reason.
    old.net = "10.9.0.0/24".parse().unwrap();
    assert_eq!(found(&old).len(), 1);
}
