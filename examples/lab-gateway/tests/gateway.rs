//! The program with the kernel's firewall, in a network namespace: killed at any time, it puts itself right.
//!
//! `.ci/gateway.sh` runs this test, or says why it cannot.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "it/client.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod client;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use client::{Client, ISSUER, Main, Response, exchange};
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Kills of the test.
const KILLS: u64 = 60;
/// Variable that says that the process is in its namespace.
const INSIDE: &str = "TEST_INSIDE_NAMESPACE";

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Runs this test again in a network namespace of its own, as root of it.
fn in_a_namespace() {
    let is_root = nix::unistd::geteuid().is_root();
    let mut command = Command::new("unshare");
    command.arg("--net").args(if is_root { &[][..] } else { &["--user", "--map-root-user"] });
    command.arg(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "killed_at_any_time_it_puts_itself_right", "--nocapture"]);
    assert!(command.env(INSIDE, "1").status().unwrap().success());
}

fn settings(directory: &Path, main: &Main) -> String {
    let path = |name: &str| directory.join(name).display().to_string();
    std::fs::write(path("token.pem"), main.pem()).unwrap();
    let text = format!(
        "name = \"alice\"\n[api]\nlisten = \"127.0.0.1:0\"\n[token]\nkey_file = \"{}\"\nalgorithm = \"EdDSA\"\nissuer = \
         \"{ISSUER}\"\n[lab]\nprovider = \"embedded:{}\"\nnetworks = [\"10.0.0.0/24\"]\n[outside]\ninterface = \
         \"out0\"\n[store]\npath = \"{}\"\n[reachability]\nenabled = false\n",
        path("token.pem"),
        path("ipam.db"),
        path("portmaps.db"),
    );
    std::fs::write(path("gateway.toml"), text).unwrap();
    path("gateway.toml")
}

/// Starts the gateway, and waits until it listens.
fn start(settings: &str) -> (Child, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lab-gateway"));
    let mut child = command.args(["--config", settings, "run"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut said = Vec::new();
    let listening = lines.find(|line| {
        said.push(line.clone());
        line.starts_with("listening on ")
    });
    let line = listening.unwrap_or_else(|| panic!("it does not listen: {said:?}"));
    std::thread::spawn(move || lines.for_each(drop));
    (child, line.trim_start_matches("listening on http://").parse().unwrap())
}

/// Sends a request to a gateway that may die; the status is 0 then.
async fn send(client: &Client, method: &str, path: &str, body: &Value) -> Response {
    let request = client.text(method, path, &body.to_string());
    match TcpStream::connect(client.address).await {
        Ok(stream) => exchange(stream, request.as_bytes()).await,
        Err(_) => Response { status: 0, head: String::new(), json: Value::Null },
    }
}

/// Maps as a client knows them: acknowledged ones by target, and targets whose last request had no response.
#[derive(Default)]
struct Known {
    maps: BTreeMap<String, u64>,
    unsure: BTreeSet<String>,
}

impl Known {
    /// Compares with what a started gateway has: rules, records and allocations.
    async fn check(&mut self, client: &Client, round: u64) {
        let health = send(client, "GET", "/api/1/ipam/healthcheck", &json!({})).await;
        let content = health.content();
        assert_eq!((&content["database"], &content["firewall"]), (&json!("up"), &json!("up")), "round {round}");
        assert_eq!(content["maps_without_rule"], json!([]), "round {round}");
        assert_eq!(content["rules_without_map"], json!([]), "round {round}");
        let listed = send(client, "GET", "/api/1/ipam/portmap", &json!({})).await;
        let there: BTreeMap<String, u64> = listed.content()["ports"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(port, map)| {
                let target = format!("{}:{}", map["target_addr"].as_str().unwrap(), map["target_port"]);
                (target, port.parse().unwrap())
            })
            .collect();
        for target in std::mem::take(&mut self.unsure) {
            self.maps.remove(&target);
            self.maps.extend(there.get(&target).map(|port| (target, *port)));
        }
        assert_eq!(there, self.maps, "round {round}: what was acknowledged is there, and nothing else");
        let addresses: BTreeSet<&str> = there.keys().map(|target| target.split(':').next().unwrap()).collect();
        let allocated = send(client, "GET", "/api/1/ipam/addr", &json!({})).await;
        let allocated: BTreeSet<&str> = allocated
            .content()
            .as_object()
            .unwrap()
            .values()
            .flat_map(|entry| entry["addr"].as_array().unwrap())
            .map(|address| address.as_str().unwrap())
            .collect();
        assert_eq!(allocated, addresses, "round {round}: allocated as long as it is mapped");
    }

    /// Sends changes until the gateway dies. Returns how many were acknowledged.
    async fn change(&mut self, client: &Client, round: u64) -> usize {
        let mut done = 0;
        for step in 0.. {
            let number = round * 7 + step;
            let old = self
                .maps
                .iter()
                .nth(usize::try_from(number).unwrap() % 5)
                .map(|(target, port)| (target.clone(), *port));
            let response = match old.filter(|_| number % 3 == 2) {
                Some((target, port)) => {
                    let response = send(client, "DELETE", "/api/1/ipam/portmap", &json!({ "conn_port": port })).await;
                    match response.status {
                        200 => drop(self.maps.remove(&target)),
                        _ => drop(self.unsure.insert(target)),
                    }
                    response
                }
                None => {
                    let (host, port) = (5 + number % 4, 1000 + number % 20);
                    let body = json!({
                        "target_addr": format!("10.0.0.{host}"), "target_port": port, "target_name": format!("m{host}"),
                        "target_component": "web",
                    });
                    let response = send(client, "POST", "/api/1/ipam/portmap", &body).await;
                    let target = format!("10.0.0.{host}:{port}");
                    match response.json["content"]["conn_port"].as_u64() {
                        Some(conn_port) => drop(self.maps.insert(target, conn_port)),
                        None => drop(self.unsure.insert(target)),
                    }
                    response
                }
            };
            match response.status {
                0 => return done,
                200 => done += 1,
                _ => panic!("round {round}: {response:?}"),
            }
        }
        done
    }
}

#[test]
#[ignore = "needs network namespaces and nft; .ci/gateway.sh runs it"]
fn killed_at_any_time_it_puts_itself_right() {
    if std::env::var_os(INSIDE).is_none() {
        return in_a_namespace();
    }
    for arguments in [
        &["link", "set", "lo", "up"][..],
        &["link", "add", "out0", "type", "veth", "peer", "name", "out1"],
        &["address", "add", "192.0.2.7/24", "dev", "out0"],
        &["link", "set", "out0", "up"],
    ] {
        run("ip", arguments);
    }
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(kills());
}

async fn kills() {
    let (directory, main) = (tempfile::tempdir().unwrap(), Main::new());
    let settings = settings(directory.path(), &main);
    let (mut known, mut acknowledged, mut killed) = (Known::default(), 0, 0);
    for round in 0..KILLS {
        if round % 10 == 9 {
            run("nft", &["flush", "ruleset"]);
        }
        let (mut child, address) = start(&settings);
        let client = Client { address, token: Some(main.token("alice")) };
        known.check(&client, round).await;
        // From the first instant of the first change to some changes later, in steps that are no multiple of one another.
        let delay = Duration::from_millis(round * 41 % 307);
        let killing = tokio::task::spawn_blocking(move || {
            std::thread::sleep(delay);
            child.kill().unwrap();
            // Not if it had ended by itself before.
            child.wait().unwrap().signal() == Some(9)
        });
        acknowledged += known.change(&client, round).await;
        killed += usize::from(killing.await.unwrap());
    }
    let (mut child, address) = start(&settings);
    let client = Client { address, token: Some(main.token("alice")) };
    known.check(&client, KILLS).await;
    child.kill().unwrap();
    child.wait().unwrap();
    println!("{killed} kills, {acknowledged} changes acknowledged");
    assert!(killed >= 50, "{killed} kills only");
    assert!(acknowledged > 20, "{acknowledged}: the gateway died before it did anything");
}
