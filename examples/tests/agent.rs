//! `ipam agent` over a simulated phpIPAM. Nothing leaves this machine: the subnets are in 127.0.0.0/8, and nmap is a script.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "agent/relay.rs"]
mod relay;
#[path = "agent/stage.rs"]
mod stage;
mod support;
#[path = "agent/trouble.rs"]
mod trouble;

use std::time::{Duration, Instant};

use phpipam_client::testing::{Fault, Object, When};
use serde_json::Value;
use stage::{NET, Running, Stage, json};

#[test]
fn plan_shows_the_assigned_subnets_and_writes_nothing() {
    let stage = Stage::new();
    stage.assign("10.0.0.0/15", &[]);
    stage.assign("2001:db8::/64", &[("description", "Lab \u{1b}[2J")]);
    let text = stage.ok(&["plan"]);
    for part in [NET, "2001:db8::/64", "known ones", "note: refused 10.0.0.0/15"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");
    let plan = json(&stage.ok(&["plan", "--json"]));
    assert_eq!(plan["subnets"].as_array().unwrap().len(), 2, "{plan}");
    assert_eq!(stage.writes(), Vec::<String>::new());
}

#[test]
fn once_creates_and_updates_and_a_dry_run_does_not() {
    let stage = Stage::new();
    stage.nmap(&["127.77.0.2", "127.77.0.3"]);
    let dry = stage.run(&["once", "--dry-run"]);
    assert_eq!(dry.code, 0, "{dry:?}");
    assert!(dry.out.contains("create  127.77.0.2") && dry.out.contains("nothing was written"), "{}", dry.out);
    assert_eq!(stage.writes(), Vec::<String>::new());
    assert!(dry.err.contains("plan: 1 subnets") && dry.err.contains("127.77.0.0/29: ok: 2 found"), "{}", dry.err);

    let report = json(&stage.ok(&["once", "--json"]));
    assert_eq!((&report["status"], &report["totals"]["created"]), (&"ok".into(), &2.into()), "{report}");
    assert_eq!(stage.hosts(), ["127.77.0.2", "127.77.0.3"]);
    let again = json(&stage.ok(&["once", "--json"]));
    assert_eq!((&again["totals"]["created"], &again["totals"]["unchanged"]), (&0.into(), &2.into()), "{again}");
}

#[test]
fn subnet_limits_a_run_to_what_is_assigned() {
    let stage = Stage::new();
    stage.assign("127.78.0.0/29", &[]);
    stage.nmap(&["127.77.0.2"]);
    let report = json(&stage.ok(&["once", "--json", "--subnet", "127.77.0.0/16"]));
    let nets: Vec<&Value> = report["subnets"].as_array().unwrap().iter().map(|subnet| &subnet["net"]).collect();
    assert_eq!(nets, [NET]);
    let limited = stage.run(&["once", "--subnet", NET]);
    assert!(limited.err.contains("plan: 1 subnets"), "{limited:?}");
    let refused = stage.run(&["once", "--subnet", "127.79.0.0/24"]);
    assert!(refused.code == 2 && refused.err.contains("127.79.0.0/24"), "{refused:?}");
}

#[test]
fn a_scan_that_is_cut_short_marks_nothing_and_has_a_code_of_its_own() {
    let stage = Stage::new();
    let old = [("lastSeen", "2020-01-01 00:00:00")];
    let id = stage.address("127.77.0.5", &old);
    stage.broken_nmap();
    let ran = stage.run(&["once"]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.out.contains("incomplete") && ran.out.contains("no host was marked offline"), "{}", ran.out);
    assert_eq!(stage.field(id, "state"), "2");
}

#[test]
fn wrong_settings_and_failures_have_their_codes() {
    let stage = Stage::new();
    let with = |line: &str, arguments: &[&str]| stage.run_with(&stage.settings(line), arguments);
    for (line, code, part) in [
        ("probe: nmap\nnmap_program: /nowhere/nmap\n", 2, "install nmap"),
        ("nmap_program: /nowhere/nmap\n", 2, "nmap_program: /nowhere/nmap cannot be started"),
        ("offline_afer: 1h\n", 2, "did you mean offline_after?"),
        ("utc_offset: nowhere\n", 2, "+05:45"),
    ] {
        let ran = with(line, &["once"]);
        assert!(ran.code == code && ran.err.contains(part), "{line}: {ran:?}");
        assert_eq!(stage.writes(), Vec::<String>::new(), "{line}");
    }
    let renamed = std::fs::read_to_string(stage.settings("")).unwrap().replace("building7", "building9");
    let path = stage.file("other.yaml", &renamed);
    let ran = stage.run_with(&path, &["once", "--json"]);
    let error = json(&ran.err);
    assert_eq!((ran.code, &error["error"]["exit_code"]), (2, &2.into()), "{ran:?}");
    assert!(!ran.err.contains(stage::PASSWORD), "{ran:?}");
    let none = stage.run_with("/nowhere/agent.yaml", &["plan"]);
    assert!(none.code == 2 && none.err.contains("/nowhere/agent.yaml"), "{none:?}");
    // Not the settings' fault.
    stage.server.fault(Fault::Status(403, "Broken".to_owned()), When::any().always());
    let ran = stage.run(&["plan"]);
    assert_eq!(ran.code, 1, "{ran:?}");
}

#[test]
fn an_app_code_needs_the_zone_only_where_times_are_written() {
    let stage = Stage::new();
    stage.nmap(&["127.77.0.2"]);
    let text = std::fs::read_to_string(stage.settings("")).unwrap();
    let text = text.replace("client_name: test", "client_name: codes");
    let text = text.lines().filter(|line| !line.starts_with("user:") && !line.starts_with("password"));
    let text = format!("{}\nclient_token: {}\n", text.collect::<Vec<_>>().join("\n"), stage::APP_CODE);
    let path = stage.file("code.yaml", &text);
    let ran = stage.run_with(&path, &["once"]);
    assert!(ran.code == 2 && ran.err.contains("utc_offset"), "{ran:?}");
    assert_eq!(stage.run_with(&path, &["plan"]).code, 0);
    let path = stage.file("zone.yaml", &format!("{text}utc_offset: '+00:00'\n"));
    let ran = stage.run_with(&path, &["once"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(stage.hosts(), ["127.77.0.2"]);
}

#[test]
fn run_repeats_survives_failures_and_ends_at_a_signal() {
    let stage = Stage::new();
    stage.nmap(&["127.77.0.2"]);
    let settings = stage.settings("last_seen_interval: 0\n");
    let mut command = stage.command(&settings, &["run", "--interval", "1s", "--json"]);
    let child = Running::start(&mut command);
    // The agent's last access is written once for each run.
    let runs = || stage.server.count("PATCH", "/tools/scanagents/");
    let until = |least: usize| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while runs() < least {
            assert!(Instant::now() < deadline, "{} runs of {least}", runs());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    until(2);
    // Not one that the client repeats by itself.
    let reads = || stage.server.count("GET", "/subnets/all/");
    let before = reads();
    stage
        .server
        .fault(Fault::Status(400, "Broken".to_owned()), When::any().method("GET").path("/subnets/all/").always());
    let deadline = Instant::now() + Duration::from_secs(60);
    while reads() < before + 2 {
        assert!(Instant::now() < deadline, "{} reads", reads());
        std::thread::sleep(Duration::from_millis(50));
    }
    stage.server.clear_faults();
    let before = runs();
    until(before + 2);
    stage.signal(child.id(), "TERM");
    let ended = child.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    let reports: Vec<Value> = ended.out.lines().map(json).collect();
    assert!(reports.len() >= 3 && reports.iter().all(|report| report["status"] == "ok"), "{ended:?}");
    assert!(ended.err.lines().next().is_some_and(|line| json(line)["error"]["message"].is_string()), "{ended:?}");
}

#[test]
fn a_signal_ends_a_single_run_with_its_code_and_no_process_is_left() {
    let stage = Stage::new();
    let started = stage.hanging_nmap();
    let mut command = stage.command(&stage.settings(""), &["once"]);
    let child = Running::start(&mut command);
    let deadline = Instant::now() + Duration::from_secs(60);
    let pid = loop {
        match std::fs::read_to_string(&started) {
            Ok(pid) if pid.ends_with('\n') => break pid.trim().to_owned(),
            _ => assert!(Instant::now() < deadline, "nmap never started"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    stage.signal(child.id(), "TERM");
    let ended = child.end();
    assert!(ended.code == 143 && ended.err.contains("the next run does the rest"), "{ended:?}");
    let alive = || std::process::Command::new("kill").args(["-0", &pid]).output().unwrap().status.success();
    while alive() {
        assert!(Instant::now() < deadline, "nmap is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
    let access = stage.server.seed(|store| store.row(Object::ScanAgent, stage.agent).unwrap()["last_access"].clone());
    assert!(access.is_string(), "what was written stays");
}

/// The whole program is killed at each of its writes, while the server carries it out.
#[test]
fn a_run_that_is_killed_anywhere_and_repeated_ends_as_one_that_was_not() {
    let site = || {
        let stage = Stage::new();
        for (address, tag) in [("127.77.0.1", "2"), ("127.77.0.2", "3"), ("127.77.0.3", "1"), ("127.77.0.4", "2")] {
            stage.address(address, &[("lastSeen", "2020-01-01 00:00:00"), ("tag", tag)]);
        }
        stage.nmap(&["127.77.0.2", "127.77.0.3", "127.77.0.5", "127.77.0.6"]);
        stage
    };
    let whole = site();
    whole.ok(&["once"]);
    let writes = whole.writes().len();
    assert!(writes > 6, "{:?}", whole.writes());
    for at in 0..writes {
        let stage = site();
        let slow = |method| When::any().method(method).always();
        for method in ["POST", "PATCH", "DELETE"] {
            stage.server.fault(Fault::Latency(Duration::from_millis(30)), slow(method));
        }
        let mut command = stage.command(&stage.settings("changes_at_once: 1\n"), &["once"]);
        let child = Running::start(&mut command);
        let deadline = Instant::now() + Duration::from_secs(60);
        while stage.writes().len() <= at {
            assert!(Instant::now() < deadline, "write {at} of {writes}: {:?}", stage.writes());
            std::thread::sleep(Duration::from_millis(1));
        }
        stage.signal(child.id(), "KILL");
        let ended = child.end();
        // The last write may have been the end.
        assert!(ended.code == -1 || at + 1 == writes, "{ended:?}");
        stage.server.clear_faults();
        let report = json(&stage.ok(&["once", "--json"]));
        assert_eq!(report["status"], "ok", "killed at write {at}: {report}");
        assert_eq!(stage.rows(), whole.rows(), "killed at write {at}");
    }
}
