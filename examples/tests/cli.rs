//! Runs the program over stores in temporary directories: each verb, both forms of output, exit codes, bad input.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use serde_json::Value;
use support::{Shell, run};

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name).display().to_string()
}

#[test]
fn quickstart_counts_what_it_shows() {
    let ran = run(None, &["quickstart"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    // 34 ranges of the plan; 27 of its addresses, 16 for the hosts, 1 given back.
    let last = ran.out.lines().last().unwrap();
    assert_eq!(last, "quickstart: ok (ranges 34, allocations 42, reopened, 0 lost, 0 duplicates)");
}

#[test]
fn quickstart_keeps_its_store_where_it_is_told_and_never_touches_another() {
    let shell = Shell::new();
    let path = shell.path("kept.db").display().to_string();
    assert_eq!(run(None, &["quickstart", "--store", &path]).code, 0);
    let ran = run(Some(&format!("embedded:{path}")), &["find", "10.20.1.100", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&ran.out).unwrap()[0]["owner"], "db1");
    let again = run(None, &["quickstart", "--store", &path]);
    assert_eq!(again.code, 2, "{again:?}");
    assert!(again.err.contains("exists already"), "{again:?}");
}

#[test]
fn addresses_are_taken_found_changed_and_given_back() {
    let shell = Shell::with_lan();
    let first = shell.json(&[
        "allocate",
        "lan",
        "--owner",
        "vm1",
        "--key",
        "vm1/0",
        "--hostname",
        "web1",
        "--mac",
        "0050.56ab.cdef",
    ]);
    assert_eq!(first["lines"][0][0]["address"], "10.0.1.2");
    assert_eq!(first["repeated"], false);
    let again = shell.json(&[
        "allocate",
        "lan",
        "--owner",
        "vm1",
        "--key",
        "vm1/0",
        "--hostname",
        "web1",
        "--mac",
        "0050.56ab.cdef",
    ]);
    assert_eq!(again["repeated"], true);
    assert_eq!(again["lines"], first["lines"]);
    let exact = shell.json(&["allocate", "lan", "--owner", "vm2", "--address", "10.0.1.9"]);
    assert_eq!(exact["lines"][0][0]["address"], "10.0.1.9");
    let run = shell.json(&["allocate", "lan", "--owner", "vm3", "--count", "4", "--aligned", "--key", "vm3"]);
    let addresses: Vec<&str> =
        run["lines"][0].as_array().unwrap().iter().map(|a| a["address"].as_str().unwrap()).collect();
    assert_eq!(addresses, ["10.0.1.4", "10.0.1.5", "10.0.1.6", "10.0.1.7"]);
    let preview = shell.json(&["allocate", "lan", "--owner", "vm4", "--preview"]);
    assert_eq!(preview["lines"][0][0]["address"], "10.0.1.3");

    for filter in [
        vec!["10.0.1.2"],
        vec!["--hostname", "WEB1"],
        vec!["--mac", "00:50:56:ab:cd:ef"],
        vec!["--key", "vm1/0"],
        vec!["--owner", "vm1"],
    ] {
        let found = shell.json(&[&["find"], filter.as_slice()].concat());
        assert_eq!(found, first["lines"][0], "{filter:?}");
    }
    assert!(shell.ok(&["find", "--owner", "vm1"]).contains("00:50:56:ab:cd:ef"));
    assert_eq!(shell.ok(&["find", "--owner", "unknown"]).trim(), "nothing found");
    let few = shell.run(&["find", "--limit", "2", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&few.out).unwrap().as_array().unwrap().len(), 2);
    assert_eq!(few.err, "", "standard error is for errors alone where programs read it");
    let few = shell.run(&["find", "--limit", "2"]);
    assert!(few.err.contains("--limit 0"), "{few:?}");

    let id = first["lines"][0][0]["id"].as_str().unwrap();
    let changed = shell.json(&["update", id, "--description", "front end", "--clear", "mac", "--tag", "env=prod"]);
    assert_eq!(changed["labels"]["hostname"], "web1", "what was not named stays");
    assert_eq!(changed["labels"]["mac"], Value::Null);
    assert_eq!(changed["labels"]["tags"][0]["value"], "prod");

    let usage = shell.json(&["usage", "lan"]);
    assert_eq!(usage[0]["allocated"], 6);
    assert!(shell.ok(&["usage"]).contains("lan"));

    let spared = shell.json(&["deallocate", id, "--expect-owner", "vm2"]);
    assert_eq!(spared["targets"][0]["freed"], Value::Array(Vec::new()), "another's is left alone");
    let freed = shell.json(&["deallocate", id, "--key", "vm3"]);
    let counts: Vec<usize> =
        freed["targets"].as_array().unwrap().iter().map(|t| t["freed"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [1, 4]);
    shell.ok(&["deallocate", "--range", "lan", "--address", "10.0.1.9"]);
    assert!(shell.ok(&["deallocate", "--range", "lan", "--address", "10.0.1.9"]).contains("free already"));
    assert_eq!(shell.json(&["usage", "lan"])[0]["allocated"], 0);
}

#[test]
fn ranges_and_blocks_are_managed() {
    let shell = Shell::with_lan();
    let added = shell.json(&[
        "ranges",
        "add",
        "v6",
        "2001:db8::/64",
        "--name",
        "Six",
        "--vlan",
        "12=dmz",
        "--reserve",
        "2001:db8::/120",
        "--order",
        "random",
        "--quarantine",
        "1h",
    ]);
    assert_eq!(added["network"]["vlan"], serde_json::json!({ "number": 12, "name": "dmz" }));
    assert_eq!(added["policy"], serde_json::json!({ "order": "random", "quarantine": 3600 }));
    let changed = shell.json(&[
        "ranges",
        "update",
        "v6",
        "--order",
        "first-free",
        "--clear",
        "vlan,reserve",
        "--domain",
        "example.test",
    ]);
    assert_eq!(
        changed["policy"],
        serde_json::json!({ "order": "first-free", "quarantine": 3600 }),
        "half of it was named"
    );
    assert_eq!((&changed["network"]["vlan"], &changed["name"]), (&Value::Null, &Value::from("Six")));
    let ids = |arguments: &[&str]| -> Vec<String> {
        let list = shell.json(&[&["ranges", "list"], arguments].concat());
        list.as_array().unwrap().iter().map(|range| range["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&["--family", "v6"]), ["v6"]);
    assert_eq!(ids(&["--block", "campus"]), ["lan"]);
    assert_eq!(ids(&["--within", "10.0.0.0/8"]), ["lan"]);
    assert_eq!(ids(&["--name", "Six"]), ["v6"]);
    assert_eq!(ids(&["lan"]), ["lan"]);
    assert!(shell.ok(&["ranges", "list"]).starts_with("ID"));

    let allocated = shell.json(&[
        "blocks",
        "allocate",
        "campus",
        "--owner",
        "t7",
        "--prefix-len",
        "24",
        "--key",
        "t7/net",
        "--name",
        "Tenant",
    ]);
    let range = allocated["range"]["id"].as_str().unwrap();
    assert_eq!(allocated["range"]["net"], "10.0.0.0/24");
    assert_eq!(
        shell.json(&[
            "blocks",
            "allocate",
            "campus",
            "--owner",
            "t7",
            "--prefix-len",
            "24",
            "--key",
            "t7/net",
            "--name",
            "Tenant"
        ])["repeated"],
        true
    );
    shell.ok(&["allocate", range, "--owner", "x"]);
    assert_eq!(shell.run(&["blocks", "deallocate", range]).code, 1, "it is in use");
    shell.ok(&["blocks", "deallocate", "--key", "t7/net", "--with-allocations"]);
    assert!(shell.ok(&["blocks", "deallocate", "--key", "t7/net"]).contains("there was no such range"));
    shell.ok(&["blocks", "update", "campus", "--description", "main site", "--clear", "tags"]);
    let blocks = shell.json(&["blocks", "list", "--name", "Campus"]);
    assert_eq!((&blocks[0]["description"], &blocks[0]["tags"]), (&Value::from("main site"), &serde_json::json!([])));

    shell.ok(&["allocate", "lan", "--owner", "x"]);
    assert_eq!(shell.run(&["ranges", "remove", "lan"]).code, 1, "it is in use");
    assert!(shell.ok(&["ranges", "remove", "lan", "--with-allocations"]).contains("1 allocations"));
    assert!(shell.ok(&["ranges", "remove", "lan"]).contains("there was no range"));
    shell.ok(&["blocks", "remove", "campus"]);
    assert_eq!(shell.json(&["blocks", "list"]), serde_json::json!([]));
}

#[test]
fn changes_can_be_read_piece_by_piece() {
    let shell = Shell::with_lan();
    shell.ok(&["allocate", "lan", "--owner", "vm1"]);
    let first = shell.json(&["changes", "--limit", "2"]);
    let kinds = |part: &Value| -> Vec<String> {
        part["items"].as_array().unwrap().iter().map(|change| change["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&first), ["block-defined", "range-defined"]);
    assert_eq!(first["items"][0]["actor"], "tester");
    let rest = shell.json(&["changes", "--since", first["next"].as_str().unwrap()]);
    assert_eq!(kinds(&rest), ["allocated"]);
    assert_eq!(rest["items"][0]["after"]["allocation"]["owner"], "vm1", "the state after the change");
    let text = shell.ok(&["changes"]);
    assert!(text.contains("allocated") && text.contains("net: "), "{text}");
    let none = shell.json(&["changes", "--since", rest["next"].as_str().unwrap()]);
    assert_eq!((kinds(&none).len(), &none["next"]), (0, &rest["next"]));
}

#[test]
fn checks_say_what_they_found() {
    let shell = Shell::with_lan();
    assert_eq!(shell.json(&["check"])["capabilities"]["durable"], true);
    assert!(shell.ok(&["check"]).contains("can be used"));
    assert!(shell.ok(&["store", "check"]).contains("the store is consistent"));
    let path = shell.path("ipam.db").display().to_string();
    assert_eq!(run(None, &["store", "check", &path, "--json"]).code, 0);
    assert_eq!(run(None, &["store", "check", "/nowhere/ipam.db"]).code, 4);
    assert_eq!(run(Some("memory:"), &["store", "check"]).code, 2);
}

#[test]
fn the_plan_is_imported_from_all_three_formats_alike() {
    let stores: Vec<[Value; 2]> = [
        vec![data("plan.csv")],
        vec![data("plan.json")],
        vec![
            data("phpipam/subnets.json"),
            "--addresses".to_owned(),
            data("phpipam/addresses.json"),
            "--nameservers".to_owned(),
            data("phpipam/nameservers.json"),
            "--vlans".to_owned(),
            data("phpipam/vlans.json"),
        ],
    ]
    .into_iter()
    .map(|files| {
        let shell = Shell::new();
        let files: Vec<&str> = ["plan", "import"].into_iter().chain(files.iter().map(String::as_str)).collect();
        let dry = shell.json(&[&files, ["--dry-run"].as_slice()].concat());
        assert_eq!((&dry["added"], &dry["imported"]), (&Value::from(66), &Value::from(false)));
        assert!(!shell.path("ipam.db").exists(), "a dry run does nothing, and makes no store");
        let first = shell.json(&files);
        assert_eq!((&first["added"], &first["imported"]), (&Value::from(66), &Value::from(true)));
        let again = shell.json(&files);
        assert_eq!((&again["added"], &again["unchanged"]), (&Value::from(0), &Value::from(66)));
        let mut found = shell.json(&["find", "--limit", "0"]);
        for allocation in found.as_array_mut().unwrap() {
            for made in ["id", "created", "updated"] {
                allocation.as_object_mut().unwrap().remove(made);
            }
        }
        found.as_array_mut().unwrap().sort_by_key(|allocation| allocation["key"].to_string());
        [shell.json(&["ranges", "list"]), found]
    })
    .collect();
    assert_eq!(stores.first(), stores.get(1), "CSV and JSON");
    assert_eq!(stores.get(1), stores.get(2), "JSON and phpIPAM");
}

#[test]
fn a_plan_with_one_bad_row_changes_nothing() {
    let shell = Shell::with_lan();
    let before = shell.contents();
    let unreadable = shell.file("unreadable.csv", "kind,id,net\nrange,good,10.9.0.0/24\nrange,bad,10.9.1.0/33\n");
    let ran = shell.run(&["plan", "import", &unreadable]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("line 3: net is \"10.9.1.0/33\"; write a prefix"), "{ran:?}");
    let overlapping = shell.file("overlapping.csv", "kind,id,net\nrange,good,10.9.0.0/24\nrange,bad,10.0.1.0/29\n");
    let ran = shell.run(&["plan", "import", &overlapping]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out.contains("conflict: line 3: range bad 10.0.1.0/29: it overlaps the range lan 10.0.1.0/28"),
        "{ran:?}"
    );
    assert!(ran.out.contains("nothing was imported: 1 to add, 0 unchanged, 1 conflicting"), "{ran:?}");
    let ran = shell.run(&["plan", "import", &overlapping, "--json"]);
    let output: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (ran.code, &output["imported"], &output["rows"][1]["status"]),
        (1, &Value::from(false), &Value::from("conflicting"))
    );
    let ran = shell.run(&["plan", "import", "/nowhere.csv"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(shell.contents(), before);
}

#[test]
fn bad_requests_name_field_value_and_remedy_and_change_nothing() {
    let shell = Shell::with_lan();
    shell.ok(&["allocate", "lan", "--owner", "vm1", "--key", "k"]);
    let before = shell.contents();
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&["ranges", "add", "b", "10.0.1.8/29"], 1, &["conflict"]),
        (&["ranges", "add", "b", "10.0.1.9/24"], 2, &["net", "10.0.1.9/24", "10.0.1.0/24"]),
        (&["ranges", "add", "b", "10.0.1.0/33"], 2, &["10.0.1.0/33"]),
        (&["ranges", "add", "b", "10.7.0.0/24", "--gateway", "10.8.0.1"], 2, &["gateway", "10.8.0.1", "10.7.0.0/24"]),
        (&["ranges", "add", "b", "10.7.0.0/24", "--addresses", "10.7.0.9-10.7.0.5"], 2, &["10.7.0.9-10.7.0.5"]),
        (&["ranges", "add", "b", "10.7.0.0/24", "--addresses", "10.8.0.5-10.8.0.9"], 2, &["addresses", "10.7.0.0/24"]),
        (&["ranges", "add", "b", "10.7.0.0/24", "--vlan", "5000"], 2, &["5000", "4094"]),
        (&["ranges", "add", "lan", "10.7.0.0/24"], 1, &["already exists", "lan"]),
        (&["ranges", "update", "nowhere", "--name", "x"], 4, &["nowhere"]),
        (&["ranges", "update", "lan", "--name", "x", "--clear", "name"], 2, &["both set and cleared"]),
        (&["ranges", "update", "lan", "--gateway", "10.0.1.2"], 1, &["10.0.1.2"]),
        (&["allocate", "lan", "--owner", "x", "--address", "10.0.9.9"], 2, &["10.0.9.9"]),
        (&["allocate", "lan", "--owner", "x", "--address", "10.0.1.1"], 1, &["10.0.1.1"]),
        (&["allocate", "lan", "--owner", "x", "--address", "10.0.1.2"], 1, &["10.0.1.2"]),
        (&["allocate", "lan", "--owner", "other", "--key", "k"], 1, &["conflict", "key"]),
        (&["allocate", "lan", "--owner", "x", "--count", "0"], 2, &["count", "\"0\"", "at least|1 to 65536"]),
        (&["allocate", "lan", "--owner", "x", "--count", "4000000000"], 2, &["count", "4000000000", "65536"]),
        (&["allocate", "lan", "--owner", "x", "--count", "14"], 3, &["exhausted"]),
        (&["allocate", "nowhere", "--owner", "x"], 4, &["nowhere"]),
        (&["allocate", "lan", "--owner", ""], 2, &["owner"]),
        (&["allocate", "lan", "--owner", "x", "--mac", "00:11"], 2, &["00:11", "six octets"]),
        (&["allocate", "lan", "--owner", "x", "--expiry", "soon"], 2, &["soon", "90s"]),
        (&["allocate", "lan"], 2, &["--owner"]),
        (&["blocks", "allocate", "campus", "--owner", "x", "--prefix-len", "8"], 2, &["prefix length"]),
        (&["blocks", "allocate", "nowhere", "--owner", "x", "--prefix-len", "24"], 4, &["nowhere"]),
        (&["blocks", "deallocate", "lan"], 1, &["conflict"]),
        (&["deallocate", "--range", "nowhere", "--address", "10.0.1.2"], 4, &["nowhere"]),
        (&["deallocate", "--range", "lan", "--address", "10.0.9.9"], 2, &["10.0.9.9"]),
        (&["deallocate"], 2, &["ID|ids|IDS"]),
        (&["update", "nowhere", "--hostname", "x"], 4, &["nowhere"]),
        (&["usage", "nowhere"], 4, &["nowhere"]),
        (&["changes", "--since", "yesterday"], 2, &["yesterday"]),
        (&["frobnicate"], 2, &["frobnicate"]),
    ];
    for (arguments, code, words) in cases {
        let ran = shell.run(arguments);
        assert_eq!(ran.code, *code, "{arguments:?}: {ran:?}");
        for word in *words {
            let said = word.split('|').any(|word| ran.err.to_lowercase().contains(&word.to_lowercase()));
            assert!(said, "{arguments:?} does not say {word}: {ran:?}");
        }
    }
    assert_eq!(shell.contents(), before);
}

#[test]
fn errors_are_json_for_programs() {
    let shell = Shell::with_lan();
    let ran = shell.run(&["allocate", "lan", "--owner", "x", "--count", "14", "--json"]);
    let error: Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!((&error["error"]["kind"], &error["error"]["exit_code"]), (&Value::from("exhausted"), &Value::from(3)));
    assert_eq!(ran.out, "");
}

#[test]
fn urls_are_refused_with_a_remedy_and_without_their_secrets() {
    for (url, words) in [
        ("/var/lib/ipam.db", "embedded:PATH"),
        ("carrier-pigeon:coop", "carrier-pigeon"),
        ("embedded:", "path"),
        ("embedded:x.db?busy_timout=5s", "busy_timeout"),
        ("embedded:x.db?busy_timeout=soon", "250ms"),
        ("phpipam+https://me:hunter2@ipam.example.test/app", "password"),
        ("embedded:x.db?password=hunter2", "leave it out"),
    ] {
        let ran = run(None, &["--provider", url, "check"]);
        assert_eq!(ran.code, 2, "{url}: {ran:?}");
        assert!(ran.err.contains(words), "{url}: {ran:?}");
        assert!(!ran.err.contains("hunter2"), "{ran:?}");
    }
    let help = run(Some("phpipam+https://me:hunter2@ipam.example.test/app"), &["--help"]);
    assert!(help.code == 0 && !help.out.contains("hunter2"), "{help:?}");
    let none = run(None, &["ranges", "list"]);
    assert_eq!(none.code, 2);
    assert!(none.err.contains("--provider"), "{none:?}");
}

#[test]
fn stores_that_cannot_be_used_are_refused_and_left_alone() {
    let shell = Shell::with_lan();
    let good = std::fs::read(shell.path("ipam.db")).unwrap();
    let newer = shell.path("newer.db");
    std::fs::write(&newer, &good).unwrap();
    let raised = rusqlite::Connection::open(&newer).unwrap();
    raised.execute_batch("PRAGMA user_version = 9999").unwrap();
    raised.close().unwrap();
    let cases: [(&str, Vec<u8>, &str); 4] = [
        ("foreign.db", b"this is a shopping list, not a store\n".repeat(200), "not"),
        ("truncated.db", good.iter().copied().take(good.len() / 2).collect(), "restore a backup"),
        ("picture.db", [&[0x89, b'P', b'N', b'G'], [0_u8; 4096].as_slice()].concat(), "not"),
        ("newer.db", std::fs::read(&newer).unwrap(), "9999"),
    ];
    for (name, content, words) in cases {
        let path = shell.path(name);
        std::fs::write(&path, &content).unwrap();
        for verb in [vec!["ranges", "list"], vec!["ranges", "add", "b", "10.7.0.0/24"], vec!["store", "check"]] {
            let ran = run(Some(&format!("embedded:{}", path.display())), &verb);
            assert_eq!(ran.code, 1, "{name} {verb:?}: {ran:?}");
            assert!(ran.err.contains(words) && ran.err.contains(name), "{name} {verb:?}: {ran:?}");
            assert_eq!(std::fs::read(&path).unwrap(), content, "{name} is as it was");
        }
    }
    let typo = shell.path("typo.db");
    let url = format!("embedded:{}", typo.display());
    for verb in [vec!["ranges", "list"], vec!["allocate", "lan", "--owner", "x"], vec!["check"]] {
        let ran = run(Some(&url), &verb);
        assert_eq!(ran.code, 2, "{verb:?}: {ran:?}");
        assert!(ran.err.contains("there is no store") && ran.err.contains("typo.db"), "{verb:?}: {ran:?}");
        assert!(!typo.exists(), "{verb:?}");
    }
    let nowhere = run(Some("embedded:/nowhere/at/all/ipam.db"), &["ranges", "list"]);
    assert_eq!(nowhere.code, 2, "{nowhere:?}");
    assert!(nowhere.err.contains("/nowhere/at/all") && nowhere.err.contains("create it"), "{nowhere:?}");
    let directory = run(Some(&format!("embedded:{}", shell.directory.path().display())), &["ranges", "list"]);
    assert_eq!(directory.code, 2, "{directory:?}");
}

/// Even root may not make a file there.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_without_rights_is_named() {
    let ran = run(Some("embedded:/proc/ipam.db"), &["ranges", "add", "lan", "10.0.0.0/24"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("/proc/ipam.db"), "{ran:?}");
}

#[test]
fn a_store_that_another_process_holds_is_busy_and_then_not() {
    let shell = Shell::with_lan();
    let path = shell.path("ipam.db");
    let lock = rusqlite_lock(&path);
    let started = std::time::Instant::now();
    let url = format!("embedded:{}?busy_timeout=1500ms", path.display());
    let ran = run(Some(&url), &["allocate", "lan", "--owner", "x"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("busy"), "{ran:?}");
    assert!(started.elapsed().as_millis() >= 1_400, "it waited");
    assert!(ran.err.contains(" s\n"), "it said that it waits: {ran:?}");
    drop(lock);
    assert_eq!(run(Some(&url), &["allocate", "lan", "--owner", "x"]).code, 0);
}

/// Holds the store's write lock, as another process would.
fn rusqlite_lock(path: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

#[test]
fn tables_have_other_forms() {
    let shell = Shell::with_lan();
    shell.ok(&["allocate", "lan", "--owner", "a,b", "--hostname", "web1", "--description", "=front \"end\""]);
    let csv = shell.ok(&["find", "-o", "csv"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("ADDRESS,RANGE,STATE,OWNER,HOST,MAC,"), "{csv}");
    assert!(lines[1].starts_with("10.0.1.2,lan,allocated,\"a,b\",web1,,"), "{csv}");
    assert!(lines[1].contains(",\"'=front \"\"end\"\"\","), "{csv}");
    assert_eq!(lines.len(), 2);
    assert_eq!(shell.ok(&["find", "-o", "name"]), "10.0.1.2\n");
    assert_eq!(shell.ok(&["-o", "name", "ranges", "list"]), "lan\n");
    assert!(shell.ok(&["find", "-o", "wide"]).contains("DESCRIPTION"));
    assert!(!shell.ok(&["find"]).contains("DESCRIPTION"));
    let json: Value = serde_json::from_str(&shell.ok(&["find", "-o", "json"])).unwrap();
    assert_eq!(json, shell.json(&["find"]));
    // A remark must not be a row of a table that a program reads.
    let freed = shell.run(&["deallocate", "10.0.1.2", "10.0.1.2", "-o", "name"]);
    assert_eq!((freed.out.as_str(), freed.code), ("10.0.1.2\n", 0), "{freed:?}");
    assert_eq!(shell.ok(&["find", "-o", "name"]), "");
    assert_eq!(shell.ok(&["find", "--range", "lan", "-o", "csv"]).lines().count(), 1);
    assert_eq!(shell.run(&["find", "-o", "xml"]).code, 2);
}

#[test]
fn the_help_is_short_and_tells_the_forms_of_a_url_once() {
    let all = run(None, &["--help"]).out;
    assert_eq!(all.matches("phpipam+https://").count(), 1, "{all}");
    assert!(all.contains("IPAM_PASSWORD_FILE"), "{all}");
    for arguments in [["find", "--help"], ["find", "-h"], ["help", "find"]] {
        let help = run(None, &arguments).out;
        assert!(!help.contains("phpipam+https://") && help.contains("-p, --provider <URL>"), "{help}");
    }
    let short = run(None, &["-h"]).out;
    assert!(short.lines().all(|line| line.chars().count() <= 200), "{short}");
    assert_eq!(run(None, &["fnid"]).code, 2);
    assert!(run(None, &["fnid"]).err.contains("'find'"), "a similar command is named");
}
