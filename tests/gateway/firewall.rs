//! Port maps in the kernel.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use ipam_tests::lab::{self, Lab};
use lab_gateway::firewall::{Firewall, FirewallError, NftFirewall, NftLayout, Rule, Transaction};

use crate::site::{GATEWAY, INNER, Site, at, connect, echo, firewall, layout, run, speak};

fn rule(port: u16) -> Rule {
    Rule::new(port, format!("{INNER}:8080").parse().unwrap())
}

/// A machine of the lab that sends back what arrives at its port 8080.
fn listening(lab: &Lab, site: &Site) {
    let listener = lab.in_host(&site.inner, || TcpListener::bind("0.0.0.0:8080")).unwrap();
    echo(listener);
}

fn apply(lab: &Lab, site: &Site, firewall: &NftFirewall, transaction: &Transaction) {
    at(lab, &site.gateway, firewall.apply(transaction)).unwrap();
}

#[test]
#[ignore = "needs network namespaces, nft, named and conntrack; .ci/gateway.sh runs it"]
fn a_port_map_forwards_and_its_removal_ends_connections() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        listening(lab, &site);
        let firewall = firewall();
        at(lab, &site.gateway, firewall.check()).unwrap();
        apply(lab, &site, &firewall, &Transaction::Replace(vec![rule(50_001)]));
        apply(lab, &site, &firewall, &Transaction::add(rule(50_002)));

        let through = [50_001, 50_002].map(|port| connect(&format!("{GATEWAY}:{port}")).unwrap());
        for stream in &through {
            speak(stream, "hello").unwrap();
        }
        // There is a route into the lab, and only port maps let in.
        assert_eq!(connect(&format!("{INNER}:8080")).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(connect(&format!("{GATEWAY}:50003")).unwrap_err().kind(), ErrorKind::ConnectionRefused);

        apply(lab, &site, &firewall, &Transaction::remove(rule(50_001)));
        // A connection outlives its rule until it is ended.
        speak(&through[0], "still").unwrap();
        assert_eq!(at(lab, &site.gateway, firewall.end_connections(&[rule(50_001)])).unwrap(), 1);
        assert!(speak(&through[0], "gone").is_err());
        assert_eq!(connect(&format!("{GATEWAY}:50001")).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        // The other one goes on.
        speak(&through[1], "on").unwrap();
        let tracked = run(lab.command_in(&site.gateway, "conntrack").args(["-L", "-p", "tcp"]));
        assert!(tracked.contains("dport=50002") && !tracked.contains("dport=50001"), "{tracked}");
        assert_eq!(at(lab, &site.gateway, firewall.end_connections(&[rule(50_001)])).unwrap(), 0);
    });
}

#[test]
#[ignore = "needs network namespaces, nft, named and conntrack; .ci/gateway.sh runs it"]
fn what_others_change_is_noticed_and_mended() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        listening(lab, &site);
        let rules = vec![rule(50_001), rule(50_002)];
        let first = firewall();
        assert!(!at(lab, &site.gateway, first.read()).unwrap().intact, "there is no table yet");
        apply(lab, &site, &first, &Transaction::Replace(rules.clone()));
        let stream = connect(&format!("{GATEWAY}:50001")).unwrap();

        // After a restart the state is read without a memory, and a replacement leaves connections alone.
        let firewall = firewall();
        let state = at(lab, &site.gateway, firewall.read()).unwrap();
        assert!(state.intact && state.rules == rules, "{state:?}");
        apply(lab, &site, &firewall, &Transaction::Replace(rules.clone()));
        speak(&stream, "after a restart").unwrap();

        let other = NftFirewall::new("nft", layout().with_log_group(None));
        assert!(!at(lab, &site.gateway, other.read()).unwrap().intact, "other settings");
        for change in [
            "flush ruleset",
            "flush table ip lab_gateway",
            "flush chain ip lab_gateway arriving",
            "add rule ip lab_gateway through drop",
            "delete element ip lab_gateway ports { 50001 : 10.88.0.5 . 8080 }",
            "add element ip lab_gateway ports { 50009 : 10.88.0.5 . 8080 }",
        ] {
            run(lab.command_in(&site.gateway, "nft").arg(change));
            let state = at(lab, &site.gateway, firewall.read()).unwrap();
            assert!(!state.intact || state.rules != rules, "{change}: {state:?}");
            apply(lab, &site, &firewall, &Transaction::Replace(rules.clone()));
            let state = at(lab, &site.gateway, firewall.read()).unwrap();
            assert!(state.intact && state.rules == rules, "{change}: {state:?}");
            speak(&connect(&format!("{GATEWAY}:50001")).unwrap(), "mended").unwrap();
        }
        // A change after a flush makes the table, too.
        run(lab.command_in(&site.gateway, "nft").arg("flush ruleset"));
        apply(lab, &site, &firewall, &Transaction::add(rule(50_005)));
        let state = at(lab, &site.gateway, firewall.read()).unwrap();
        assert!(state.intact && state.rules == [rule(50_005)], "{state:?}");
        // Tables of others are not touched.
        run(lab.command_in(&site.gateway, "nft").arg("add table ip other"));
        apply(lab, &site, &firewall, &Transaction::Replace(rules));
        assert!(run(lab.command_in(&site.gateway, "nft").args(["list", "tables"])).contains("table ip other"));
    });
}

#[test]
#[ignore = "needs network namespaces, nft, named and conntrack; .ci/gateway.sh runs it"]
fn faults_change_nothing() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        let firewall = firewall();
        apply(lab, &site, &firewall, &Transaction::Replace(vec![rule(50_001)]));
        let other = Rule::new(50_001, "10.88.0.6:22".parse().unwrap());
        let both = Transaction::Change { remove: vec![], add: vec![rule(50_002), other] };
        let conflict = at(lab, &site.gateway, firewall.apply(&both)).unwrap_err();
        assert_eq!(conflict, FirewallError::Conflict { found: rule(50_001) });
        // A late removal of another rule, a repeated addition and a repeated removal.
        apply(lab, &site, &firewall, &Transaction::remove(other));
        apply(lab, &site, &firewall, &Transaction::add(rule(50_001)));
        apply(lab, &site, &firewall, &Transaction::remove(rule(50_004)));

        let absent = NftFirewall::new("/nonexistent/nft", layout());
        let fault = at(lab, &site.gateway, absent.apply(&Transaction::add(rule(50_003)))).unwrap_err();
        assert!(
            matches!(&fault, FirewallError::Unavailable(said) if said.contains("apt-get install nftables")),
            "{fault}"
        );
        let script = |name: &str, text: &str| {
            let path = lab.dir().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
            path
        };
        let powerless = script("powerless", "exec setpriv --bounding-set=-all --inh-caps=-all nft \"$@\"");
        let powerless = NftFirewall::new(powerless, layout());
        for fault in [
            at(lab, &site.gateway, powerless.check()).unwrap_err(),
            at(lab, &site.gateway, powerless.apply(&Transaction::add(rule(50_003)))).unwrap_err(),
            at(lab, &site.gateway, powerless.apply(&Transaction::Replace(vec![]))).unwrap_err(),
        ] {
            assert!(matches!(&fault, FirewallError::Unavailable(said) if said.contains("CAP_NET_ADMIN")), "{fault}");
        }
        // Another process takes the port between the look and the change: the kernel refuses the whole.
        let racing = script(
            "racing",
            "[ \"$1\" = -j ] || nft 'add element ip lab_gateway ports { 50007 : 10.88.0.9 . 1 }'\nexec nft \"$@\"",
        );
        let racing = NftFirewall::new(racing, layout());
        let both = Transaction::Change { remove: vec![], add: vec![rule(50_006), rule(50_007)] };
        let conflict = at(lab, &site.gateway, racing.apply(&both)).unwrap_err();
        let found = Rule::new(50_007, "10.88.0.9:1".parse().unwrap());
        assert_eq!(conflict, FirewallError::Conflict { found });

        let state = at(lab, &site.gateway, firewall.read()).unwrap();
        assert!(state.intact && state.rules == [rule(50_001), found], "{state:?}");
        let nowhere = NftFirewall::new("nft", NftLayout::new("lab_gateway", "absent0").unwrap());
        // An interface that comes later is no fault of the rules.
        at(lab, &site.gateway, nowhere.check()).unwrap();
    });
}

#[test]
#[ignore = "needs network namespaces, nft, named and conntrack; .ci/gateway.sh runs it"]
fn thousands_of_rules_are_one_transaction() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        let firewall = firewall();
        let rules: Vec<Rule> = (10_000..15_000).map(rule).collect();
        apply(lab, &site, &firewall, &Transaction::Replace(rules.clone()));
        assert_eq!(at(lab, &site.gateway, firewall.read()).unwrap().rules, rules);
        apply(lab, &site, &firewall, &Transaction::Change { remove: rules.clone(), add: vec![] });
        let state = at(lab, &site.gateway, firewall.read()).unwrap();
        assert!(state.intact && state.rules.is_empty(), "{} left", state.rules.len());
        assert_eq!(at(lab, &site.gateway, firewall.end_connections(&rules)).unwrap(), 0);
    });
}
