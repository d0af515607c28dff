//! Runs `ipam calc`: results as ipcalc and sipcalc have them, both forms of output, long lists, bad input.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};
use support::{command, ran, run};

/// Runs `ipam calc` without a provider, and wants it to be done.
fn calc(arguments: &[&str]) -> String {
    let ran = run(None, &[&["calc"], arguments].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{arguments:?}: {ran:?}");
    ran.out
}

fn calc_json(arguments: &[&str]) -> Value {
    serde_json::from_str(&calc(&[arguments, &["--json"]].concat())).unwrap()
}

fn lines(arguments: &[&str]) -> Vec<String> {
    calc(arguments).lines().map(str::to_owned).collect()
}

/// Runs it, wants the exit code for it, and returns the message.
fn refused(code: i32, arguments: &[&str]) -> String {
    let ran = run(None, &[&["calc"], arguments].concat());
    assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{arguments:?}: {ran:?}");
    ran.err
}

#[test]
fn a_prefix_is_described_as_ipcalc_does() {
    // `ipcalc 192.168.0.1/24` and `ipcalc 10.11.12.13/20` print these values under the same labels.
    let text = calc(&["192.168.0.1/24"]);
    for line in [
        "Address:   192.168.0.1",
        "Network:   192.168.0.0/24",
        "Netmask:   255.255.255.0 = 24",
        "Wildcard:  0.0.0.255",
        "Broadcast: 192.168.0.255",
        "HostMin:   192.168.0.1",
        "HostMax:   192.168.0.254",
        "Hosts/Net: 254",
        "Purpose:   Private-Use (RFC 1918, 192.168.0.0/16)",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    let text = calc(&["10.11.12.13/255.255.240.0"]);
    for line in ["Wildcard:  0.0.15.255", "Broadcast: 10.11.15.255", "HostMax:   10.11.15.254", "Hosts/Net: 4094"] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    // The link of RFC 3021 has two hosts and no broadcast address.
    assert!(!calc(&["10.0.0.0/31"]).contains("Broadcast"));
}

#[test]
fn the_names_in_the_json_are_stable() {
    assert_eq!(
        calc_json(&["192.0.2.77/26", "2001:db8::1/64"]),
        json!([
            {
                "address": "192.0.2.77", "family": "v4", "prefix": "192.0.2.64/26", "network": "192.0.2.64",
                "prefix_length": 26, "netmask": "255.255.255.192", "wildcard": "0.0.0.63", "broadcast": "192.0.2.127",
                "first": "192.0.2.64", "last": "192.0.2.127", "first_host": "192.0.2.65", "last_host": "192.0.2.126",
                "hosts": 62, "addresses": 64, "expanded": null,
                "reverse_zones": ["64/26.2.0.192.in-addr.arpa"],
                "purpose": { "name": "Documentation (TEST-NET-1)", "prefix": "192.0.2.0/24", "document": "RFC 5737" },
            },
            {
                "address": "2001:db8::1", "family": "v6", "prefix": "2001:db8::/64", "network": "2001:db8::",
                "prefix_length": 64, "netmask": "ffff:ffff:ffff:ffff::", "wildcard": "::ffff:ffff:ffff:ffff",
                "broadcast": null, "first": "2001:db8::", "last": "2001:db8::ffff:ffff:ffff:ffff",
                "first_host": "2001:db8::1", "last_host": "2001:db8::ffff:ffff:ffff:ffff",
                "hosts": "18446744073709551615", "addresses": "18446744073709551616",
                // `sipcalc 2001:db8::1/64` has this as its expanded address.
                "expanded": "2001:0db8:0000:0000:0000:0000:0000:0001",
                "reverse_zones": ["0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"],
                "purpose": { "name": "Documentation", "prefix": "2001:db8::/32", "document": "RFC 3849" },
            },
        ])
    );
    assert_eq!(calc_json(&["::/0"])[0]["addresses"], "340282366920938463463374607431768211456");
}

#[test]
fn prefixes_are_split_and_joined() {
    // `sipcalc -s 26 192.168.0.0/24`
    let quarters = ["192.168.0.0/26", "192.168.0.64/26", "192.168.0.128/26", "192.168.0.192/26"];
    assert_eq!(lines(&["split", "192.168.0.0/24", "26"]), quarters);
    assert_eq!(lines(&["split", "192.168.0.0/24", "+2"]), quarters);
    assert_eq!(calc_json(&["split", "192.168.0.0/24", "/26"]), json!(quarters));
    assert_eq!(lines(&[&["aggregate"], quarters.as_slice()].concat()), ["192.168.0.0/24"]);
    // `ipcalc 10.0.0.5 - 10.0.0.20`, which it calls deaggregation.
    let parts = ["10.0.0.5/32", "10.0.0.6/31", "10.0.0.8/29", "10.0.0.16/30", "10.0.0.20/32"];
    assert_eq!(lines(&["deaggregate", "10.0.0.5-10.0.0.20"]), parts);
    assert_eq!(lines(&["subtract", "10.0.0.0/24", "10.0.0.64/26"]), ["10.0.0.0/26", "10.0.0.128/25"]);
    assert_eq!(calc_json(&["subtract", "10.0.0.0/24", "10.0.0.0/8"]), json!([]));
    assert_eq!(lines(&["supernet", "10.1.2.0/24", "16"]), ["10.1.0.0/16"]);
    assert_eq!(calc_json(&["cover", "10.0.1.0/24", "10.0.2.7"]), json!({ "prefix": "10.0.0.0/22" }));
    assert_eq!(lines(&["hosts", "10.0.0.0/30"]), ["10.0.0.1", "10.0.0.2"]);
    assert_eq!(lines(&["hosts", "10.0.0.0/30", "--all"]).len(), 4);
    assert_eq!(lines(&["split", "2001:db8::/47", "48"]), ["2001:db8::/48", "2001:db8:1::/48"]);
}

#[test]
fn names_of_reverse_dns_go_both_ways() {
    assert_eq!(lines(&["reverse", "192.0.2.5"]), ["5.2.0.192.in-addr.arpa"]);
    assert_eq!(lines(&["reverse", "192.0.2.64/26"]), ["64/26.2.0.192.in-addr.arpa"]);
    assert_eq!(lines(&["reverse", "10.0.2.0/23"]), ["2.0.10.in-addr.arpa", "3.0.10.in-addr.arpa"]);
    assert_eq!(lines(&["reverse", "8.B.D.0.1.0.0.2.ip6.arpa."]), ["2001:db8::/32"]);
    let json = calc_json(&["reverse", "5.2.0.192.in-addr.arpa", "192.0.2.0/24"]);
    assert_eq!(json[0], json!({ "item": "5.2.0.192.in-addr.arpa", "prefix": "192.0.2.5/32" }));
    assert_eq!(json[1]["zones"], json!(["2.0.192.in-addr.arpa"]));
}

#[test]
fn subnets_of_given_sizes_are_placed() {
    // The plan that textbooks have for a /24 with 100, 50, 25 and 2 hosts.
    let arguments = ["vlsm", "192.168.1.0/24", "lan=100", "wlan=50", "dmz=25", "link=2"];
    let json = calc_json(&arguments);
    let prefixes: Vec<&Value> = json["subnets"].as_array().unwrap().iter().map(|subnet| &subnet["prefix"]).collect();
    assert_eq!(prefixes, ["192.168.1.0/25", "192.168.1.128/26", "192.168.1.192/27", "192.168.1.224/31"]);
    assert_eq!(
        json["subnets"][1],
        json!({
            "name": "wlan", "size": "50", "prefix": "192.168.1.128/26", "netmask": "255.255.255.192",
            "first_host": "192.168.1.129", "last_host": "192.168.1.190", "hosts": 62,
        })
    );
    assert_eq!(json["free"], json!(["192.168.1.226/31", "192.168.1.228/30", "192.168.1.232/29", "192.168.1.240/28"]));
    assert!(calc(&arguments).contains("left: 192.168.1.226/31 "));
    let taken = calc_json(&["plan", "10.0.0.0/24", "/26", "--taken", "10.0.0.0-10.0.0.63,10.0.0.64"]);
    assert_eq!(taken["subnets"][0]["prefix"], "10.0.0.128/26");
    let two = calc_json(&["vlsm", "10.0.0.0/25", "/25", "/25", "--block", "10.0.9.0/25"]);
    assert_eq!(two["free"], json!([]));
    assert!(refused(3, &["vlsm", "10.0.0.0/24", "200", "200"]).contains("add a block"));
}

#[test]
fn long_lists_are_streamed_and_absurd_ones_refused() {
    for arguments in [["split", "10.0.0.0/8", "32"], ["split", "::/0", "128"]] {
        let message = refused(2, &arguments);
        assert!(message.contains("--limit N prints the first N"), "{message}");
    }
    assert!(refused(2, &["hosts", "2001:db8::/64"]).contains("18446744073709551615 addresses"));
    let first = run(None, &["calc", "split", "::/0", "128", "--limit", "2"]);
    assert_eq!((first.out.as_str(), first.code), ("::/128\n::1/128\n", 0));
    assert!(first.err.contains("these are the first 2"), "{first:?}");
    assert_eq!(calc_json(&["hosts", "10.0.0.0/16", "--limit", "3"]), json!(["10.0.0.1", "10.0.0.2", "10.0.0.3"]));
    assert_eq!(lines(&["split", "10.0.0.0/12", "32", "--limit", "0"]).len(), 1 << 20);
    // A reader that has enough ends it: all subnets would take longer than the test.
    let mut child = command(None, &["calc", "split", "::/0", "128", "--limit", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!((line.as_str(), ran(child.wait_with_output().unwrap()).code), ("::/128\n", 0));
}

#[test]
fn items_come_from_standard_input() {
    let mut child = command(None, &["calc", "aggregate", "-", "10.0.4.0/22"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"# used\n10.0.0.0/23\n10.0.2.0-10.0.3.255\n").unwrap();
    let ran = ran(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.out.as_str()), (0, "10.0.0.0/21\n"), "{ran:?}");
}

#[test]
fn bad_input_is_refused_with_field_value_and_remedy() {
    for (arguments, parts) in [
        (["10.0.0.0/33", "--json"].as_slice(), ["10.0.0.0/33", "give one such as"]),
        (&["10.0.0.0/0.0.0.255"], ["0.0.0.255", "this is a wildcard mask"]),
        (&["split", "10.0.0.0/24", "23"], ["23", "give one from 24 to 32"]),
        (&["split", "10.0.0.0/24", "+300"], ["+300", "write a prefix length"]),
        (&["split", "10.0.0.0/24", "+200"], ["224", "give one from 24 to 32"]),
        (&["supernet", "10.0.0.0/24", "25"], ["25", "give one from 0 to 24"]),
        (&["cover", "10.0.0.1", "::1"], ["10.0.0.1 and ::1", "apart"]),
        (&["aggregate", "10.0.0.9-10.0.0.1"], ["10.0.0.9-10.0.0.1", "give the lower address first"]),
        (&["reverse", "x.arpa"], ["x.arpa", "give a name such as"]),
        (&["vlsm", "10.0.0.0/24", "many"], ["many", "a number of hosts"]),
        (&["10.0.0.0/24", "split"], ["split", "give one such as"]),
    ] {
        let message = refused(2, arguments);
        assert!(parts.iter().all(|part| message.contains(part)), "{arguments:?}: {message}");
    }
    assert!(run(None, &["calc"]).code == 2, "without arguments it shows its help and fails");
}
