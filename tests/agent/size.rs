//! Requests and seconds of a /24 and a /20, beside nmap alone on the same network.

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ipam_tests::lab::{self, Lab, block_on};
use ipnet::Ipv4Net;
use phpipam_client::scan::{Agent, Event, Policy, Probes, Status};
use phpipam_client::testing::{Object, Server};
use phpipam_client::{Auth, Client, HttpOptions};

const CODE: &str = "building7";

/// Lets a host have these addresses, all at once: a program for each would take longer than the scan.
fn populate(lab: &Lab, host: &lab::Host, net: Ipv4Net, addresses: usize) {
    let batch = lab.dir().join("addresses");
    let text: String = net
        .hosts()
        .skip(1)
        .take(addresses)
        .map(|address| format!("addr add {address}/{} dev eth0\n", net.prefix_len()))
        .collect();
    fs::write(&batch, text).unwrap();
    assert!(lab.command_in(host, "ip").arg("-batch").arg(&batch).status().unwrap().success());
}

fn figures(lab: &mut Lab, net: &str, addresses: usize) {
    let net: Ipv4Net = net.parse().unwrap();
    let mut own = net.hosts();
    lab.scanner_address(&format!("{}/{}", own.next().unwrap(), net.prefix_len()));
    let crowd = lab.add_host("crowd", &[]);
    populate(lab, &crowd, net, addresses);

    let started = Instant::now();
    let mut nmap = lab.command("nmap");
    let nmap = nmap.args(["-sn", "-n", "-oX", "-", &net.to_string()]).stderr(Stdio::null()).output().unwrap();
    let alone = started.elapsed().as_secs_f64();
    let found = String::from_utf8(nmap.stdout).unwrap().matches("state=\"up\"").count();
    // Those of the crowd, and the scanner.
    assert_eq!(found, addresses + 1, "nmap alone");

    let server = block_on(Server::builder().start()).unwrap();
    server.seed(|store| {
        let agent = store.add(Object::ScanAgent, &[("name", "Lab"), ("type", "api"), ("code", CODE)]).unwrap();
        let section = store.add_section("Lab");
        let subnet = store.add_subnet(section, net.into());
        for (field, value) in [("scanAgent", agent.to_string().as_str()), ("discoverSubnet", "1"), ("pingSubnet", "1")]
        {
            store.set_field(Object::Subnet, subnet, field, value);
        }
    });
    let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
        .with_http_options(HttpOptions::new().with_allow_http(true))
        .build()
        .unwrap();
    let agent = Agent::builder(client, CODE)
        .with_probe(Arc::new(Probes::new()))
        .with_policy(Policy::default().with_last_seen_interval(Duration::ZERO))
        .build()
        .unwrap();
    for (run, method) in [("created", "POST"), ("written again", "PATCH")] {
        server.clear_log();
        // Times have seconds.
        std::thread::sleep(Duration::from_millis(1100));
        let report = block_on(agent.run_once(&|_: &Event<'_>| {})).unwrap();
        assert_eq!((report.status, report.totals.found), (Status::Ok, addresses + 1), "{report:?}");
        let log = server.requests();
        let reads = log.iter().filter(|entry| entry.method == "GET").count();
        let writes = log.iter().filter(|entry| entry.method == method && entry.path.contains("/addresses/")).count();
        println!(
            "{net}: {found} hosts {run}: {reads} reads, {writes} writes of hosts; {:.1} s in all, {:.1} s of them \
             probing; nmap alone {alone:.1} s",
            report.seconds, report.subnets[0].probe_seconds,
        );
        assert!(reads <= 8, "{reads} reads");
        assert_eq!(writes, addresses + 1, "one write for each host");
    }
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn a_24_takes_a_fixed_number_of_reads_and_a_write_for_each_host() {
    lab::inside(|lab| figures(lab, "10.77.0.0/24", 253));
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn a_20_takes_a_fixed_number_of_reads_and_a_write_for_each_host() {
    lab::inside(|lab| figures(lab, "10.80.0.0/20", 1000));
}
