//! Updates of lists, and the messages about addresses that are never allocated.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Shell, run};

#[test]
fn updates_add_to_lists_and_replace_what_is_cleared() {
    let shell = Shell::with_lan();
    shell.ok(&["ranges", "update", "lan", "--reserve", "10.0.1.4", "--tag", "a=1", "--property", "p=1"]);
    let range = shell.json(&[
        "ranges",
        "update",
        "lan",
        "--reserve",
        "10.0.1.6-10.0.1.7",
        "--dns",
        "10.0.1.2,10.0.1.9",
        "--tag",
        "b=2",
        "--property",
        "q=2",
        "--search-domains",
        "x.test",
    ]);
    assert_eq!(range["reserved"], json!(["10.0.1.4", "10.0.1.6-10.0.1.7"]), "both are kept");
    assert_eq!(range["network"]["dns_servers"], json!(["10.0.1.2", "10.0.1.3", "10.0.1.9"]));
    assert_eq!(range["properties"], json!({ "p": "1", "q": "2" }));
    assert_eq!(range["tags"].as_array().unwrap().len(), 2);
    let range = shell.json(&["ranges", "update", "lan", "--reserve", "10.0.1.5", "--clear", "reserve,dns,tags"]);
    assert_eq!(range["reserved"], json!(["10.0.1.5"]), "cleared and given: replaced");
    assert_eq!((&range["network"]["dns_servers"], &range["tags"]), (&json!([]), &json!([])));

    let block = shell.json(&["blocks", "update", "campus", "--tag", "floor=1"]);
    assert_eq!(block["tags"].as_array().unwrap().len(), 2, "{block}");
    let taken = shell.json(&["allocate", "lan", "--owner", "a", "--tag", "x=1"]);
    let address = taken["lines"][0][0]["address"].as_str().unwrap();
    let allocation = shell.json(&["update", address, "--tag", "y=2"]);
    assert_eq!(allocation["labels"]["tags"].as_array().unwrap().len(), 2, "{allocation}");
}

#[test]
fn an_allocation_can_be_named_by_its_address() {
    let shell = Shell::with_lan();
    shell.ok(&["allocate", "lan", "--owner", "a"]);
    assert_eq!(shell.json(&["update", "10.0.1.2", "--hostname", "web1"])["labels"]["hostname"], "web1");
    let none = shell.run(&["update", "10.0.1.9", "--hostname", "x"]);
    assert!(none.code == 4 && none.err.contains("10.0.1.9"), "{none:?}");
    shell.ok(&["ranges", "add", "twin", "10.0.1.0/28", "--space", "other"]);
    shell.ok(&["allocate", "twin", "--owner", "b", "--address", "10.0.1.2"]);
    for verb in [["update", "10.0.1.2", "--hostname", "x"].as_slice(), &["deallocate", "10.0.1.2"]] {
        let two = shell.run(verb);
        assert!(two.code == 2 && two.err.contains("ipam find 10.0.1.2"), "{two:?}");
    }
    shell.ok(&["deallocate", "--range", "twin", "--address", "10.0.1.2"]);
    let freed = shell.json(&["deallocate", "10.0.1.2"]);
    assert_eq!(freed["targets"][0]["freed"][0]["address"], "10.0.1.2", "{freed}");
    assert!(shell.ok(&["deallocate", "10.0.1.2"]).contains("1 of 1 free already"), "repeating is safe");
    assert!(shell.ok(&["deallocate", "10.0.1.1"]).contains("gateway"), "what was not free either is explained");
}

#[test]
fn addresses_that_are_never_allocated_are_explained() {
    let shell = Shell::with_lan();
    shell.ok(&["ranges", "update", "lan", "--reserve", "10.0.1.4"]);
    for (address, words) in
        [("10.0.1.1", "is the gateway of the range lan"), ("10.0.1.4", "is reserved in the range lan")]
    {
        let found = shell.ok(&["find", address]);
        assert!(found.contains("nothing found") && found.contains(words), "{found}");
        let freed = shell.ok(&["deallocate", "--range", "lan", "--address", address]);
        assert!(freed.contains(words), "{freed}");
        assert_eq!(shell.json(&["find", address]), json!([]));
    }
    assert_eq!(shell.ok(&["find", "10.0.1.9"]).trim(), "nothing found");
    assert!(shell.ok(&["find", "10.0.1.15"]).contains("outside the addresses that the range lan allocates"));
}

#[test]
fn the_list_shows_ranges_that_allocate_nothing() {
    let shell = Shell::with_lan();
    assert!(!shell.ok(&["ranges", "list"]).contains("all reserved"));
    shell.ok(&["ranges", "update", "lan", "--reserve", "10.0.1.2-10.0.1.14"]);
    assert!(shell.ok(&["ranges", "list"]).contains("all reserved"));
}

#[test]
fn an_exact_child_prefix_comes_from_the_block_that_can_give_it() {
    let shell = Shell::new();
    shell.ok(&["blocks", "add", "top", "10.0.0.0/8"]);
    shell.ok(&["blocks", "add", "p2p", "10.1.1.0/24"]);
    for (blocks, net) in [(["top", "p2p"], "10.1.1.8/30"), (["p2p", "top"], "10.1.1.12/30")] {
        let given = shell.json(&["blocks", "allocate", blocks[0], blocks[1], "--owner", "o", "--net", net]);
        assert_eq!(given["range"]["block"], "p2p");
    }
}

#[test]
fn each_failure_has_the_code_that_is_documented() {
    let shell = Shell::with_lan();
    let file = shell.file("no.csv", "kind,id\nrange\n");
    let foreign = shell.file("foreign.db", "this is no store, and long enough to be looked at");
    let foreign = format!("embedded:{foreign}");
    let cases: [(Option<&str>, &[&str], i32); 14] = [
        (None, &["allocate", "lan", "--owner", "x", "--address", "10.0.1.1"], 1),
        (None, &["ranges", "add", "lan", "10.9.0.0/24"], 1),
        (Some(&foreign), &["ranges", "list"], 1),
        (None, &["frobnicate"], 2),
        (None, &["allocate", "lan", "--owner", ""], 2),
        (None, &["plan", "convert", &file, "--to", "json"], 2),
        (None, &["plan", "import", "/nowhere/plan.csv"], 2),
        (Some("carrier-pigeon:coop"), &["check"], 2),
        (Some("embedded:x?read_only=x"), &["check"], 2),
        (None, &["allocate", "lan", "--owner", "x", "--count", "14"], 3),
        (None, &["blocks", "allocate", "campus", "--owner", "x", "--prefix-len", "16"], 3),
        (None, &["allocate", "nowhere", "--owner", "x"], 4),
        (None, &["usage", "nowhere"], 4),
        (None, &["update", "nothing", "--hostname", "x"], 4),
    ];
    for (url, arguments, code) in cases {
        let own = shell.url();
        for json in [false, true] {
            let arguments = if json { [arguments, &["--json"]].concat() } else { arguments.to_vec() };
            let ran = run(Some(url.unwrap_or(&own)), &arguments);
            assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{arguments:?}: {ran:?}");
            if json {
                let error: Value = serde_json::from_str(&ran.err).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
                assert_eq!(error["error"]["exit_code"], code, "{arguments:?}");
            }
        }
    }
}
