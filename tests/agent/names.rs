//! Host names from a real name server.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use ipam_tests::lab::{self, block_on};
use phpipam_client::scan::{DnsLookup, ReverseLookup, host_name};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn names_come_from_the_servers_of_the_subnet_or_of_the_system() {
    lab::inside(|lab| {
        lab.scanner_address("10.77.0.1/24");
        lab.scanner_address("fd77::1/64");
        let one = lab.add_host("one", &["10.77.0.53/24", "fd77::53/64"]);
        let two = lab.add_host("two", &["10.77.0.54/24"]);
        lab.serve_dns(
            &one,
            &[
                ("10.77.0.5", "Web1.example.test"),
                ("10.77.0.6", "zeta.example.test"),
                ("10.77.0.6", "alpha.example.test"),
                ("10.77.0.7", "10-77-0-7.pool.example.test"),
                ("fd77::5", "web6.example.test"),
            ],
        );
        lab.serve_dns(&two, &[("10.77.0.5", "other.example.test")]);
        lab.set_system_resolver(&[address("10.77.0.54")]);
        let lookup = DnsLookup::new();
        let name = |of: &str, servers: &[&str]| {
            let servers: Vec<IpAddr> = servers.iter().map(|&server| address(server)).collect();
            block_on(lookup.name(address(of), &servers)).and_then(|name| host_name(address(of), &name))
        };
        assert_eq!(name("10.77.0.5", &["10.77.0.53"]).as_deref(), Some("web1"));
        assert_eq!(name("10.77.0.5", &["fd77::53"]).as_deref(), Some("web1"), "a server with an IPv6 address");
        assert_eq!(name("fd77::5", &["10.77.0.53"]).as_deref(), Some("web6"));
        assert_eq!(name("10.77.0.6", &["10.77.0.53"]).as_deref(), Some("alpha"), "the same of several, always");
        assert_eq!(name("10.77.0.7", &["10.77.0.53"]), None, "a name that spells the address");
        assert_eq!(name("10.77.0.8", &["10.77.0.53"]), None);
        assert_eq!(name("10.77.0.5", &[]).as_deref(), Some("other"), "the server of the system");

        // One of two servers is dead: the other one responds, and soon.
        let started = Instant::now();
        assert_eq!(name("10.77.0.5", &["10.77.0.99", "10.77.0.54"]).as_deref(), Some("other"));
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());

        // Remembered: the server is gone.
        lab.stop_dns(&one);
        assert_eq!(name("10.77.0.5", &["10.77.0.53"]).as_deref(), Some("web1"));
        assert_eq!(name("10.77.0.9", &["10.77.0.53"]), None);
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn a_dead_server_costs_a_few_seconds_in_total() {
    lab::inside(|lab| {
        lab.scanner_address("10.77.0.1/24");
        let dead = lab.add_host("dead", &["10.77.0.53/24"]);
        for blocked in [true, false] {
            // Packets are dropped, or the host is gone.
            if blocked {
                lab.block_all(&dead)
            } else {
                lab.stop_host(&dead)
            }
            let lookup = DnsLookup::new();
            let started = Instant::now();
            let found = block_on(async {
                let servers = [address("10.77.0.53")];
                let each = (0..=255).map(|last| {
                    let (lookup, servers) = (&lookup, &servers);
                    async move { lookup.name(IpAddr::from([10, 77, 0, last]), servers).await }
                });
                futures_util::future::join_all(each).await
            });
            assert!(found.iter().all(Option::is_none));
            assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
        }
    });
}
