//! The program as a whole: what it says over its API, and what the kernel, the name server and the collector have then.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use ipam_tests::lab::{self, Host, Lab, block_on};
use lab_gateway::log::{CollectorKey, Entry};
use serde_json::{Value, json};

use crate::client::Main;
use crate::ddns;
use crate::outside::{Manner, Outside};
use crate::program::{Files, NAME, Program};
use crate::site::{CLIENT, GATEWAY, INNER, Site, connect, echo, run, speak};

const ADDR: &str = "/api/1/ipam/addr";
const PORTMAP: &str = "/api/1/ipam/portmap";
const HEALTH: &str = "/api/1/ipam/healthcheck";

/// Waits until the function returns a value.
fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn map(port: u16) -> Value {
    json!({ "target_addr": INNER, "target_port": port, "target_name": "web1", "target_component": "web" })
}

fn through(port: u16) -> TcpStream {
    let stream = connect(&format!("{GATEWAY}:{port}")).unwrap();
    speak(&stream, "hello").unwrap();
    stream
}

fn refused(port: u16) {
    assert_eq!(connect(&format!("{GATEWAY}:{port}")).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

/// Ports of the rules that the kernel has.
fn ports_of(lab: &Lab, site: &Site) -> Vec<u64> {
    let listed = run(lab.command_in(&site.gateway, "nft").args(["-j", "list", "map", "ip", "lab_gateway", "ports"]));
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let map = listed["nftables"].as_array().unwrap().iter().find_map(|object| object.get("map")).unwrap();
    let elements = map["elem"].as_array().cloned().unwrap_or_default();
    let ports: BTreeSet<u64> = elements.iter().map(|element| element[0].as_u64().unwrap()).collect();
    ports.into_iter().collect()
}

/// Checks that records, rules and allocations fit together.
fn whole(files: &Files, mapped: &[u64]) {
    let health = files.send("GET", HEALTH, &json!({}));
    let content = health.content();
    assert_eq!((&content["database"], &content["firewall"]), (&json!("up"), &json!("up")), "{content}");
    assert_eq!((&content["maps_without_rule"], &content["rules_without_map"]), (&json!([]), &json!([])), "{content}");
    let listed = files.send("GET", PORTMAP, &json!({}));
    let ports: Vec<u64> =
        listed.content()["ports"].as_object().unwrap().keys().map(|port| port.parse().unwrap()).collect();
    assert_eq!(ports, mapped);
    let addresses = files.send("GET", ADDR, &json!({}));
    let addresses: Vec<&String> = addresses.content().as_object().unwrap().keys().collect();
    assert_eq!(addresses.len(), usize::from(!mapped.is_empty()), "allocated as long as it is mapped: {addresses:?}");
}

/// Servers around the gateway, and its settings.
struct Stage {
    files: Files,
    outside: Outside,
    secret: secrecy::SecretString,
}

impl Stage {
    fn new(lab: &Lab) -> Self {
        let main = Main::new();
        let outside = block_on(Outside::start(CLIENT, &main.pem(), Manner::default()));
        let (secret, public) = CollectorKey::generate();
        let dir = lab.dir().display();
        let sections = format!(
            "[reachability]\nevery = \"1s\"\n[ddns]\nserver = \"{}\"\nzone = \"{}\"\nname = \"{NAME}\"\nkey_file = \
             \"{dir}/ddns.key\"\n[log]\ncollector = \"{}logs/\"\ncollector_key = \"{public}\"\nca_file = \
             \"{dir}/outside.pem\"\nspool = \"{dir}/spool\"\n[firewall]\nreconcile = \"1s\"\n",
            ddns::SERVER,
            ddns::ZONE,
            outside.url,
        );
        let files = Files::new(lab, main, &outside, &sections);
        files.secret("ddns.key", ddns::KEYS.lines().next().unwrap());
        Self { files, outside, secret }
    }
}

fn lab_of(lab: &mut Lab) -> (Site, Host, Stage) {
    let site = Site::new(lab);
    let server = lab.add_host("dns", &[&format!("{}/24", ddns::SERVER)]);
    // At first with another secret.
    lab.serve_updates(&server, ddns::ZONE, &ddns::KEYS.replace("ZXdheS0x", "ZXdheS0z"), ddns::POLICY);
    let listeners = [8080, 8081].map(|port| lab.in_host(&site.inner, || TcpListener::bind(("0.0.0.0", port))).unwrap());
    listeners.into_iter().for_each(echo);
    (site, server, Stage::new(lab))
}

#[test]
#[ignore = "needs network namespaces, nft, named and conntrack; .ci/gateway.sh runs it"]
fn the_service_does_all_its_work_from_start_to_stop() {
    lab::inside(|lab| {
        let (site, server, stage) = lab_of(lab);
        let files = &stage.files;
        let said = files.check(lab, &site);
        assert!(said.contains("firewall: ok") && said.contains("ddns: ok") && said.contains("log: ok"), "{said}");
        let program = files.start(lab, &site);
        until("the key of tokens", || (files.send("GET", ADDR, &json!({})).status == 200).then_some(()));
        assert_eq!(files.send_with(None, "GET", PORTMAP, &json!({})).kind(), "token_missing");
        // A fault of DNS is one of its part alone, with its type; it goes away with its cause.
        until("the fault of DNS", || {
            let ddns = files.send("GET", HEALTH, &json!({})).content()["parts"]["ddns"].clone();
            (ddns["type"] == "dns_bad_sig").then_some(())
        });
        lab.serve_updates(&server, ddns::ZONE, ddns::KEYS, ddns::POLICY);
        let own = json!({ "target_addr": "10.88.0.1", "target_port": 22, "target_name": "x", "target_component": "x" });
        assert_eq!(files.send("POST", PORTMAP, &own).kind(), "target_is_gateway");

        // A map is made from outside, and leads to the machine.
        let made = files.send("POST", PORTMAP, &map(8080));
        assert_eq!(made.content(), &json!({ "conn_port": 50_000 }));
        let first = through(50_000);
        assert_eq!(files.send("POST", PORTMAP, &map(8081)).content(), &json!({ "conn_port": 50_001 }));
        let second = through(50_001);
        assert_eq!(files.send("GET", PORTMAP, &json!({})).content()["gateway_ip"], GATEWAY);
        whole(files, &[50_000, 50_001]);
        // The name server serves the name, and the worker has seen the machine.
        until("the name", || (ddns::served(lab, NAME) == format!("{NAME}. 300 IN A {GATEWAY}")).then_some(()));
        let web1 = until("a reply of the machine", || {
            let web1 = files.send("GET", ADDR, &json!({})).content()["web1"].clone();
            (web1["routable"] == true).then_some(web1)
        });
        assert_eq!((&web1["addr"], &web1["component"]), (&json!([INNER]), &json!("web")));
        assert!(web1["last_seen"].is_string(), "{web1}");
        // The forwarded connections are recorded, encrypted, at the collector.
        until("two records", || {
            let entries = stage.outside.entries(&stage.secret);
            let ours = entries.iter().filter(|entry| match entry {
                Entry::Record(record) => {
                    assert_eq!(record.user, "alice");
                    record.source.to_string() == CLIENT && record.target.to_string() == INNER
                }
                Entry::Notice(notice) => panic!("{notice:?}"),
            });
            (ours.count() == 2).then_some(())
        });
        // Anyone's flush is put right on the cycle.
        run(lab.command_in(&site.gateway, "nft").args(["flush", "ruleset"]));
        until("the rules after a flush", || connect(&format!("{GATEWAY}:50000")).is_ok().then_some(()));

        // It stops at a signal; connections go on. The next start restores the maps, also without any rule in the kernel.
        program.stop();
        speak(&first, "without the gateway's program").unwrap();
        run(lab.command_in(&site.gateway, "nft").args(["flush", "ruleset"]));
        refused(50_000);
        let program = files.start(lab, &site);
        speak(&first, "after a restart").unwrap();
        through(50_000);
        until("the key of tokens", || (files.send("GET", ADDR, &json!({})).status == 200).then_some(()));
        whole(files, &[50_000, 50_001]);

        // With its map a connection ends, and the other one goes on.
        assert_eq!(files.send("DELETE", PORTMAP, &json!({ "conn_port": 50_000 })).content(), &json!({}));
        assert!(speak(&first, "gone").is_err());
        refused(50_000);
        speak(&second, "on").unwrap();
        whole(files, &[50_001]);
        assert_eq!(files.send("DELETE", PORTMAP, &json!({ "conn_port": 50_001 })).content(), &json!({}));
        whole(files, &[]);
        program.stop();
    });
}

/// A program in the place of nft that kills the gateway before or after a change, if it is told to.
fn deadly_nft(lab: &Lab) {
    let dir = lab.dir().display();
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in\n*-f*)\n  input=$(cat)\n  if rm {dir}/kill-before 2>/dev/null; then kill -9 $PPID; exit 1; fi\n  \
         printf '%s\\n' \"$input\" | nft \"$@\" || exit\n  if rm {dir}/kill-after 2>/dev/null; then kill -9 $PPID; fi\n  exit 0 ;;\n\
         esac\nexec nft \"$@\"\n"
    );
    let path = lab.dir().join("nft");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
#[ignore = "needs network namespaces, nft, named and conntrack; .ci/gateway.sh runs it"]
fn killed_between_record_and_rule_it_puts_itself_right() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        let listener = lab.in_host(&site.inner, || TcpListener::bind("0.0.0.0:8080")).unwrap();
        echo(listener);
        deadly_nft(lab);
        let main = Main::new();
        let outside = block_on(Outside::start(CLIENT, &main.pem(), Manner::default()));
        let nft = format!("[reachability]\nenabled = false\n[firewall]\nnft = \"{}/nft\"\n", lab.dir().display());
        let files = Files::new(lab, main, &outside, &nft);
        let ready = || until("the key of tokens", || (files.send("GET", ADDR, &json!({})).status == 200).then_some(()));
        let mut program = files.start(lab, &site);
        ready();
        let killed_at = |program: &mut Program, when: &str, method: &str, body: &Value| {
            std::fs::write(files.path(when), "").unwrap();
            assert_eq!(files.send(method, PORTMAP, body).status, 0, "{when}");
            assert!(!program.ended().success());
        };
        // Between the record and the rule, and between the rule and the completed record.
        for (when, rules) in [("kill-before", &[][..]), ("kill-after", &[50_000][..])] {
            killed_at(&mut program, when, "POST", &map(8080));
            assert_eq!(ports_of(lab, &site), rules, "{when}");
            program = files.start(lab, &site);
            program.wait_for("cleared up what was left of 50000 -> 10.88.0.5:8080");
            assert_eq!(ports_of(lab, &site), Vec::<u64>::new(), "{when}");
            ready();
            whole(&files, &[]);
        }
        // The same for a removal: what was begun is finished.
        for (when, rules) in [("kill-before", &[50_000][..]), ("kill-after", &[][..])] {
            assert_eq!(files.send("POST", PORTMAP, &map(8080)).content(), &json!({ "conn_port": 50_000 }));
            let stream = through(50_000);
            killed_at(&mut program, when, "DELETE", &json!({ "conn_port": 50_000 }));
            assert_eq!(ports_of(lab, &site), rules, "{when}");
            program = files.start(lab, &site);
            program.wait_for("cleared up what was left of 50000 -> 10.88.0.5:8080");
            assert!(speak(&stream, "gone").is_err(), "{when}: its connections ended");
            refused(50_000);
            ready();
            whole(&files, &[]);
        }
        program.stop();
    });
}

#[test]
#[ignore = "needs network namespaces, nft, named and conntrack; .ci/gateway.sh runs it"]
fn callers_at_once_and_flushes_of_the_rules_leave_everything_whole() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        let main = Main::new();
        let outside = block_on(Outside::start(CLIENT, &main.pem(), Manner::default()));
        let sections = "[reachability]\nenabled = false\n[firewall]\nreconcile = \"1s\"\n";
        let files = Files::new(lab, main, &outside, sections);
        let program = files.start(lab, &site);
        until("the key of tokens", || (files.send("GET", ADDR, &json!({})).status == 200).then_some(()));
        let flush = || run(lab.command_in(&site.gateway, "nft").args(["flush", "ruleset"]));
        // Half of the callers want the same map.
        let targets: Vec<u16> = (0..16).map(|caller| if caller % 2 == 0 { 9000 } else { 8000 + caller }).collect();
        let ports: Vec<(u16, u64)> = std::thread::scope(|scope| {
            let adding: Vec<_> = targets
                .iter()
                .map(|target| {
                    let files = &files;
                    scope.spawn(move || {
                        let made = files.send("POST", PORTMAP, &map(*target));
                        (*target, made.content()["conn_port"].as_u64().unwrap())
                    })
                })
                .collect();
            flush();
            flush();
            adding.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        let distinct: BTreeSet<(u16, u64)> = ports.into_iter().collect();
        assert_eq!(distinct.len(), 9, "one port for each target: {distinct:?}");
        let mapped: Vec<u64> = distinct.iter().map(|(_, port)| *port).collect::<BTreeSet<u64>>().into_iter().collect();
        assert_eq!(mapped.len(), 9, "no port has two targets: {distinct:?}");
        until("the rules after the flushes", || {
            let health = files.send("GET", HEALTH, &json!({})).content().clone();
            (health["firewall"] == "up" && health["maps_without_rule"] == json!([])).then_some(())
        });
        assert_eq!(ports_of(lab, &site), mapped);
        whole(&files, &mapped);
        std::thread::scope(|scope| {
            for port in &mapped {
                let files = &files;
                scope.spawn(move || {
                    let removed = files.send("DELETE", PORTMAP, &json!({ "conn_port": port }));
                    assert_eq!(removed.content(), &json!({}));
                });
            }
            flush();
        });
        until("the table after a flush", || {
            (files.send("GET", HEALTH, &json!({})).content()["firewall"] == "up").then_some(())
        });
        whole(&files, &[]);
        program.stop();
    });
}
