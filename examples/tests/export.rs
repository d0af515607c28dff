//! Runs `ipam export`: each format, files and zones, what is refused, and the programs that read the files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::Shell;

/// Hosts in two families, some of them without a name, a MAC address or a domain.
fn site() -> Shell {
    let shell = Shell::new();
    shell.ok(&["ranges", "add", "lan", "192.0.2.0/24", "--domain", "example.com", "--gateway", "192.0.2.1"]);
    shell.ok(&["ranges", "add", "lan6", "2001:db8::/64", "--domain", "example.com"]);
    shell.ok(&["ranges", "add", "dmz", "198.51.100.64/26"]);
    let add = |range: &str, address: &str, labels: &[&str]| {
        shell.ok(&[&["allocate", range, "--owner", "team-a", "--address", address], labels].concat());
    };
    add("lan", "192.0.2.10", &["--hostname", "ns1", "--mac", "00:50:56:ab:cd:ef", "--tag", "env=prod"]);
    add("lan6", "2001:db8::10", &["--hostname", "ns1", "--mac", "00:50:56:ab:cd:ef"]);
    add("lan", "192.0.2.11", &["--mac", "00:50:56:ab:cd:f0"]);
    add("dmz", "198.51.100.70", &["--hostname", "www.example.net"]);
    shell
}

/// Returns true if the program is installed; says so otherwise, because the rest of a test is then not run.
fn installed(program: &str) -> bool {
    let found =
        Command::new(program).arg("--version").output().is_ok() || Command::new(program).arg("-v").output().is_ok();
    if !found {
        eprintln!("not run: {program}, which is missing; on Debian: apt-get install bind9-utils dnsmasq-base");
    }
    found
}

fn accepts(program: &str, arguments: &[&str]) {
    let checked = Command::new(program).args(arguments).output().unwrap();
    assert!(checked.status.success(), "{program} {arguments:?}: {checked:?}");
}

#[test]
fn each_format_is_printed() {
    let shell = site();
    assert_eq!(
        shell.ok(&["export", "hosts"]),
        "192.0.2.10\tns1.example.com ns1\n198.51.100.70\twww.example.net\n2001:db8::10\tns1.example.com ns1\n"
    );
    assert_eq!(shell.ok(&["export", "hosts", "--range", "dmz"]), "198.51.100.70\twww.example.net\n");
    assert!(shell.ok(&["export", "dnsmasq"]).contains("dhcp-host=00:50:56:ab:cd:f0,192.0.2.11\n"));
    let inventory: Value = serde_json::from_str(&shell.ok(&["export", "ansible"])).unwrap();
    assert_eq!(inventory["all"]["hosts"]["ns1.example.com"]["ansible_host"], "192.0.2.10");
    let metrics = shell.ok(&["export", "prometheus"]);
    let line = "ipam_range_addresses{range=\"lan\",space=\"default\",prefix=\"192.0.2.0/24\",state=\"reserved\"} 1";
    assert!(metrics.lines().any(|found| found == line), "{metrics}");
    assert!(shell.run(&["export", "hosts"]).err.contains("left out: 1 without a host name"));
    let json = shell.json(&["export", "hosts", "--range", "dmz"]);
    let text = "198.51.100.70\twww.example.net\n";
    assert_eq!(json, json!({ "format": "hosts", "records": 1, "left_out": [], "text": text }));
}

#[test]
fn a_file_is_replaced_as_a_whole() {
    let shell = site();
    let path = shell.file("hosts", "old");
    assert!(shell.ok(&["export", "hosts", "--file", &path]).starts_with("3 records are in "));
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("192.0.2.10\t"));
    let before: Vec<_> = std::fs::read_dir(shell.directory.path()).unwrap().map(|file| file.unwrap().path()).collect();
    shell.ok(&["allocate", "lan", "--owner", "x", "--hostname", "two words"]);
    let refused = shell.run(&["export", "hosts", "--file", &path]);
    assert_eq!(refused.code, 2, "{refused:?}");
    for part in ["192.0.2.2", "\"lan\"", "hostname \"two words\"", "rename the host"] {
        assert!(refused.err.contains(part), "{part}: {refused:?}");
    }
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("192.0.2.10\t"), "the old file stays");
    let after: Vec<_> = std::fs::read_dir(shell.directory.path()).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(before.len(), after.len(), "no temporary file stays: {after:?}");
    let skipped = shell.run(&["export", "hosts", "--file", &path, "--skip-invalid"]);
    assert_eq!(skipped.code, 0, "{skipped:?}");
    assert!(skipped.err.contains("1 with a host name that cannot be written"), "{skipped:?}");
}

#[test]
fn zones_are_printed_one_by_one_or_written_to_a_directory() {
    let shell = site();
    let refused = shell.run(&["export", "bind"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("example.com, example.net") || refused.err.contains("example.net, example.com"));
    let one = shell.ok(&["export", "bind", "--zone", "example.net", "--ttl", "60"]);
    assert_eq!(one, "$ORIGIN example.net.\n$TTL 60\nwww\tIN\tA\t198.51.100.70\n");
    let directory = shell.path("zones").display().to_string();
    let servers = ["--ns", "ns1.example.com", "--contact", "dns@example.com", "--serial", "2026113001"];
    let bind = shell.json(&[&["export", "bind", "--directory", &directory], servers.as_slice()].concat());
    let ptr = ["export", "ptr", "--directory", &directory, "--classless"];
    let ptr = shell.json(&[ptr.as_slice(), &servers].concat());
    let found: Vec<(String, String)> = [&bind, &ptr]
        .iter()
        .flat_map(|json| json["zones"].as_array().unwrap())
        .map(|zone| (zone["name"].as_str().unwrap().to_owned(), zone["file"].as_str().unwrap().to_owned()))
        .collect();
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "example.com",
            "example.net",
            "2.0.192.in-addr.arpa",
            "100.51.198.in-addr.arpa",
            "64/26.100.51.198.in-addr.arpa",
            "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
        ]
    );
    assert!(found.iter().all(|(_, file)| Path::new(file).exists()));
    if installed("named-checkzone") {
        for (name, file) in &found {
            accepts("named-checkzone", &["-i", "local", name, file]);
        }
    }
}

#[test]
fn dnsmasq_reads_the_leases() {
    let shell = site();
    if !installed("dnsmasq") {
        return;
    }
    let leases = shell.ok(&["export", "dnsmasq"]);
    assert_eq!(leases.lines().count(), 3);
    let file = shell.file("leases.conf", &leases);
    accepts("dnsmasq", &["--test", &format!("--conf-file={file}")]);
    // The check would also pass a file that it does not read.
    let wrong = shell.file("wrong.conf", &leases.repeat(2));
    assert!(
        !Command::new("dnsmasq").args(["--test", &format!("--conf-file={wrong}")]).output().unwrap().status.success()
    );
}
