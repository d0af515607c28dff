//! Scripts and listings.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;
use crate::firewall::Rule;

fn layout() -> NftLayout {
    NftLayout::new("lab_gateway", "eth0").unwrap().with_masquerade(true).with_log_group(Some(5))
}

fn rule(port: u16, target: &str) -> Rule {
    Rule::new(port, target.parse().unwrap())
}

/// What nft 1.0.6 prints of the table.
fn listed(layout: &NftLayout, change: impl FnOnce(&mut Vec<serde_json::Value>)) -> Vec<u8> {
    use serde_json::json;
    let mut objects = vec![
        json!({"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}}),
        json!({"table": {"family": "ip", "name": "lab_gateway", "handle": 2}}),
        json!({"map": {"family": "ip", "name": "ports", "table": "lab_gateway", "type": "inet_service", "handle": 4,
            "map": "ipv4_addr . inet_service", "elem": [[50001, {"concat": ["10.0.0.5", 22]}]]}}),
    ];
    for chain in layout.chains() {
        objects.push(json!({"chain": {"family": "ip", "table": "lab_gateway", "name": chain.name, "handle": 1,
            "type": chain.kind, "hook": chain.hook, "prio": chain.priority, "policy": "accept"}}));
    }
    for chain in layout.chains() {
        for text in &chain.rules {
            objects.push(json!({"rule": {"family": "ip", "table": "lab_gateway", "chain": chain.name, "handle": 5,
                "comment": layout::comment(text), "expr": [{"accept": null}]}}));
        }
    }
    change(&mut objects);
    serde_json::to_vec(&json!({"nftables": objects})).unwrap()
}

#[test]
fn a_listing_is_intact_only_without_any_difference() {
    let layout = layout();
    let read = |change: &dyn Fn(&mut Vec<serde_json::Value>)| listing::read(&listed(&layout, change), &layout).unwrap();
    let whole = read(&|_| {});
    assert!(whole.intact);
    assert_eq!(whole.rules, [rule(50_001, "10.0.0.5:22")]);

    type Edit<'a> = &'a dyn Fn(&mut Vec<serde_json::Value>);
    let edits: [(&str, Edit<'_>); 9] = [
        ("no rule", &|objects| drop(objects.pop())),
        ("another rule", &|objects| objects.push(serde_json::json!({"rule": {"chain": "arriving", "expr": []}}))),
        ("a changed rule", &|objects| objects.last_mut().unwrap()["rule"]["comment"] = "other".into()),
        ("another order", &|objects| {
            let last = objects.len() - 1;
            objects.swap(last, last - 1);
        }),
        ("no chain", &|objects| drop(objects.remove(3))),
        ("a policy", &|objects| objects[3]["chain"]["policy"] = "drop".into()),
        ("a priority", &|objects| objects[3]["chain"]["prio"] = 0.into()),
        ("a set", &|objects| objects.push(serde_json::json!({"set": {"name": "x"}}))),
        ("a dormant table", &|objects| objects[1]["table"]["flags"] = "dormant".into()),
    ];
    for (name, edit) in edits {
        let found = read(edit);
        assert!(!found.intact, "{name}");
        assert_eq!(found.rules.len(), 1, "{name}");
    }
    assert!(!read(&|objects| drop(objects.remove(2))).intact, "no map");
    // Versions from 1.0.9 on print the parts of the type.
    assert!(read(&|objects| objects[2]["map"]["map"] = serde_json::json!(["ipv4_addr", "inet_service"])).intact);
    // The log rule of other settings.
    assert!(!listing::read(&listed(&layout, |_| {}), &layout.clone().with_log_group(Some(6))).unwrap().intact);
    for text in [
        "",
        "[]",
        "{\"nftables\": 1}",
        "{\"nftables\": [{\"map\": {\"name\": \"ports\", \"type\": 1, \"map\": 1, \"elem\": [[1, 2]]}}]}",
    ] {
        let fault = listing::read(text.as_bytes(), &layout).unwrap_err();
        assert!(fault.contains("listing of nft"), "{fault}");
    }
}

#[test]
fn names_that_would_be_syntax_are_refused() {
    for (table, outside) in [
        ("", "eth0"),
        ("a b", "eth0"),
        ("1a", "eth0"),
        ("a;b", "eth0"),
        ("t", ""),
        ("t", "eth0\" drop"),
        ("t", "eth0\n"),
        ("t", "eth*"),
        ("t", "a\\"),
        ("t", "an-interface-too-long"),
    ] {
        assert!(NftLayout::new(table, outside).is_err(), "{table:?} {outside:?}");
    }
    assert!(NftLayout::new("lab_1", "enp0s31f6.100").is_ok());
}

#[test]
fn a_change_names_the_line_of_each_new_rule() {
    let present = [rule(1, "10.0.0.1:1"), rule(2, "10.0.0.2:2")];
    let plan =
        script::plan(&present, &[present[0], rule(2, "10.0.0.9:9")], &[rule(3, "10.0.0.3:3"), present[1]]).unwrap();
    let script = script::change(&layout(), &plan);
    assert_eq!(
        script.text,
        "delete element ip lab_gateway ports { 1 : 10.0.0.1 . 1 }\nadd element ip lab_gateway ports { 3 : 10.0.0.3 . 3 }\n"
    );
    assert_eq!((script.rule(1), script.rule(2)), (None, Some(rule(3, "10.0.0.3:3"))));
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    // Few ports and targets, so that they meet.
    let one = (50_000u16..50_006, 1u8..4).prop_map(|(port, host)| {
        Rule::new(port, std::net::SocketAddrV4::new(std::net::Ipv4Addr::new(10, 0, 0, host), 22))
    });
    prop::collection::vec(one, 0..6)
}

proptest! {
    #[test]
    fn a_plan_is_what_the_firewall_in_memory_does(first in rules(), remove in rules(), add in rules()) {
        use crate::firewall::{MemoryFirewall, Transaction};
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let memory = MemoryFirewall::new();
            let applied = memory.apply(&Transaction::Replace(first.clone())).await;
            let start = script::plan(&[], &[], &first);
            prop_assert_eq!(applied.is_ok(), start.is_ok());
            let Ok(start) = start else { return Ok(()) };
            let applied = memory.apply(&Transaction::Change { remove: remove.clone(), add: add.clone() }).await;
            match script::plan(&start.result, &remove, &add) {
                Ok(plan) => {
                    prop_assert!(applied.is_ok());
                    prop_assert_eq!(&memory.read().await.unwrap().rules, &plan.result);
                    // Nothing is added that is there, and nothing removed that is not.
                    prop_assert!(plan.add.iter().all(|rule| !start.result.contains(rule)));
                    prop_assert!(plan.remove.iter().all(|rule| start.result.contains(rule)));
                }
                Err(error) => prop_assert_eq!(applied.unwrap_err(), error),
            }
            Ok(())
        })?;
    }

    #[test]
    fn any_listing_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = listing::read(text.as_bytes(), &layout());
    }

    #[test]
    fn every_rule_is_one_element_of_the_script(rules in rules()) {
        if let Ok(plan) = script::plan(&[], &[], &rules) {
            let script = script::replace(&layout(), &plan.result);
            prop_assert_eq!(script.text.lines().last().unwrap().matches(" : ").count(), plan.result.len());
        }
    }
}
