//! Probes in the network: which hosts they find, by what evidence, and what they say when they cannot look.

use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use ipam_tests::lab::{self, Host, Lab, block_on};
use phpipam_client::scan::{
    Coverage, EchoSocket, Evidence, NeighbourProbe, NmapProbe, NmapSockets, Observation, Probe, ProbeTarget, Probes,
    SocketProbe,
};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn whole(net: &str) -> ProbeTarget {
    ProbeTarget::whole(net.parse().unwrap())
}

fn list(net: &str, addresses: &[&str]) -> ProbeTarget {
    ProbeTarget::addresses(net.parse().unwrap(), addresses.iter().map(|&text| address(text)))
}

/// Addresses of the hosts that were found.
fn found(observation: &Observation) -> Vec<String> {
    observation.hosts.iter().map(|host| host.address.to_string()).collect()
}

fn has(observation: &Observation, at: &str, evidence: Evidence) -> bool {
    observation.host(address(at)).is_some_and(|host| host.evidence.contains(&evidence))
}

fn reason(observation: &Observation) -> &str {
    match &observation.coverage {
        Coverage::Incomplete(reason) => reason,
        other => panic!("complete: {other:?}"),
    }
}

/// The hosts of most tests: one that replies to all, one that blocks echo, one that blocks all but ARP and neighbour
/// discovery, and one that is off.
struct Site {
    open: Host,
    dark: Host,
}

impl Site {
    fn new(lab: &mut Lab) -> Self {
        lab.scanner_address("10.77.0.1/24");
        lab.scanner_address("fd77::1/64");
        let open = lab.add_host("open", &["10.77.0.5/24", "fd77::5/64"]);
        let shy = lab.add_host("shy", &["10.77.0.6/24", "fd77::6/64"]);
        let dark = lab.add_host("dark", &["10.77.0.7/24", "fd77::7/64"]);
        let off = lab.add_host("off", &["10.77.0.8/24", "fd77::8/64"]);
        lab.block_icmp(&shy);
        lab.block_all(&dark);
        lab.stop_host(&off);
        Self { open, dark }
    }
}

const FOUR: [&str; 4] = ["fd77::5", "fd77::6", "fd77::7", "fd77::8"];

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn nmap_finds_by_arp_and_neighbour_discovery_with_macs() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        let probe = NmapProbe::new();
        assert!(block_on(probe.check()).unwrap().starts_with(char::is_numeric));
        let observation = block_on(probe.probe(&whole("10.77.0.0/24")));
        assert_eq!(found(&observation), ["10.77.0.1", "10.77.0.5", "10.77.0.6", "10.77.0.7"]);
        assert_eq!(observation.coverage, Coverage::Whole);
        assert_eq!(observation.host(address("10.77.0.7")).unwrap().mac, Some(site.dark.mac()));
        assert!(has(&observation, "10.77.0.7", Evidence::Neighbour));
        assert!(observation.notes.is_empty(), "{:?}", observation.notes);

        let observation = block_on(probe.probe(&list("fd77::/64", &FOUR)));
        assert_eq!(found(&observation), ["fd77::5", "fd77::6", "fd77::7"]);
        assert!(observation.covers(address("fd77::8")) && !observation.covers(address("fd77::9")));
        assert_eq!(observation.host(address("fd77::5")).unwrap().mac, Some(site.open.mac()));
        let few = block_on(probe.probe(&list("10.77.0.0/24", &["10.77.0.6", "10.77.0.8"])));
        assert_eq!(found(&few), ["10.77.0.6"]);
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn nmap_without_raw_sockets_says_so_and_has_no_macs() {
    lab::inside(|lab| {
        Site::new(lab);
        let probe = NmapProbe::new().with_sockets(NmapSockets::Connect);
        let observation = block_on(probe.probe(&whole("10.77.0.0/28")));
        assert!(has(&observation, "10.77.0.5", Evidence::Tcp) && has(&observation, "10.77.0.6", Evidence::Tcp));
        assert!(observation.hosts.iter().all(|host| host.mac.is_none()));
        assert!(observation.notes[0].contains("no MAC addresses"), "{:?}", observation.notes);
        // Without the right to raw sockets, the same happens by itself.
        let tool = lab.dir().join("limited");
        script(&tool, "exec setpriv --bounding-set -net_raw --inh-caps -net_raw nmap \"$@\"");
        let forced = NmapProbe::new().with_program(&tool).with_sockets(NmapSockets::Raw);
        let observation = block_on(forced.probe(&whole("10.77.0.0/28")));
        assert!(reason(&observation).contains("nmap"), "{observation:?}");
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn an_nmap_that_is_killed_or_late_is_incomplete_and_leaves_no_process() {
    lab::inside(|lab| {
        lab.scanner_address("10.77.0.1/16");
        // Slow enough to be caught: one packet in ten seconds.
        let slow = NmapProbe::new().with_rates(None, Some(1)).with_max_retries(Some(9));
        let target = whole("10.77.4.0/24");
        let kill = |lab: &Lab| {
            let deadline = Instant::now() + Duration::from_secs(20);
            let ids = loop {
                let ids = lab.processes("nmap");
                if !ids.is_empty() || Instant::now() > deadline {
                    break ids;
                }
                std::thread::sleep(Duration::from_millis(20));
            };
            assert!(!ids.is_empty(), "nmap never started");
            ids.iter()
                .for_each(|id| assert!(lab.command("kill").args(["-9", &id.to_string()]).status().unwrap().success()));
        };
        std::thread::scope(|scope| {
            let run = scope.spawn(|| block_on(slow.probe(&target)));
            kill(lab);
            assert!(reason(&run.join().unwrap()).contains("signal: 9"));
        });

        let late = block_on(slow.clone().with_time_limit(Duration::from_millis(300)).probe(&target));
        assert!(reason(&late).contains("time limit"), "{late:?}");
        none_left(lab);

        block_on(async {
            let run = tokio::time::timeout(Duration::from_millis(300), slow.probe(&target)).await;
            assert!(run.is_err(), "the future was dropped");
        });
        none_left(lab);
    });
}

fn none_left(lab: &Lab) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !lab.processes("nmap").is_empty() {
        assert!(Instant::now() < deadline, "nmap is left: {:?}", lab.processes("nmap"));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn without_a_route_nothing_counts_as_silent() {
    lab::inside(|lab| {
        Site::new(lab);
        let probes: [&dyn Probe; 4] = [
            &NmapProbe::new(),
            &NmapProbe::new().with_sockets(NmapSockets::Connect),
            &SocketProbe::new(),
            &Probes::new(),
        ];
        for probe in probes {
            for target in [whole("198.51.100.0/28"), list("2001:db8::/64", &["2001:db8::5"])] {
                let observation = block_on(probe.probe(&target));
                assert!(reason(&observation).contains("routes"), "{}: {observation:?}", probe.name());
                assert!(observation.hosts.is_empty());
            }
        }
        // A route to a part only: a list may span several.
        let observation = block_on(NmapProbe::new().probe(&list("10.0.0.0/8", &["10.77.0.5", "10.99.0.5"])));
        assert!(reason(&observation).contains("10.99.0.5"), "{observation:?}");
        let observation =
            block_on(SocketProbe::new().probe(&list("10.0.0.0/8", &["10.77.0.5", "10.88.0.1", "10.77.0.8"])));
        assert!(!observation.covers(address("10.88.0.1")), "{observation:?}");
        // The scanner's own firewall stops what it sends.
        let drop = "table inet out { chain out { type filter hook output priority 0; policy drop; }; }";
        assert!(lab.command("nft").arg(drop).status().unwrap().success());
        let observation = block_on(SocketProbe::new().with_ports([]).probe(&whole("10.77.0.0/28")));
        assert!(reason(&observation).contains("nothing could be sent"), "{observation:?}");
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn sockets_find_by_echo_and_by_tcp() {
    lab::inside(|lab| {
        Site::new(lab);
        let echo_only = SocketProbe::new().with_echo(EchoSocket::Raw).with_ports([]);
        let both = SocketProbe::new();
        let tcp_only = SocketProbe::new().with_echo(EchoSocket::Off);
        for (net, hosts) in
            [("10.77.0.0/24", ["10.77.0.5", "10.77.0.6", "10.77.0.7", "10.77.0.8"]), ("fd77::/64", FOUR)]
        {
            let target = if net.contains(':') { list(net, &hosts) } else { whole(net) };
            let of = |probe: &SocketProbe, by_echo: bool| {
                let observation = block_on(probe.probe(&target));
                // Without echo requests silence counts where the kernel still knows that there was no reply to ARP. It
                // forgets that within seconds if its table has more than 128 entries.
                assert!(!by_echo || observation.covers(address(hosts[3])), "{observation:?}");
                let own = found(&observation).into_iter().filter(|found| found != "10.77.0.1").collect::<Vec<_>>();
                (own, observation)
            };
            let (found, observation) = of(&echo_only, true);
            assert_eq!(found, hosts[..1]);
            assert!(has(&observation, hosts[0], Evidence::Echo));
            assert!(observation.notes[0].contains("raw socket"), "{:?}", observation.notes);
            let (found, observation) = of(&both, true);
            assert_eq!(found, hosts[..2]);
            assert!(has(&observation, hosts[0], Evidence::Echo) && has(&observation, hosts[1], Evidence::Tcp));
            let (found, observation) = of(&tcp_only, false);
            assert_eq!(found, hosts[..2]);
            assert!(has(&observation, hosts[0], Evidence::Tcp));
        }
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn the_kind_of_echo_socket_follows_what_is_permitted() {
    lab::inside(|lab| {
        Site::new(lab);
        let range = "/proc/sys/net/ipv4/ping_group_range";
        let note = |probe: &SocketProbe, target: &ProbeTarget| block_on(probe.probe(target)).notes.join(" ");
        let (four, six) = (list("10.77.0.0/24", &["10.77.0.5"]), list("fd77::/64", &["fd77::5"]));
        // No group may open one in a new namespace.
        let datagram = SocketProbe::new().with_echo(EchoSocket::Datagram);
        let refused = block_on(datagram.probe(&four));
        assert!(reason(&refused).contains("ping_group_range"), "{refused:?}");
        assert!(note(&SocketProbe::new(), &four).contains("raw socket"));
        std::fs::write(range, "0 0").unwrap();
        for target in [&four, &six] {
            assert!(note(&SocketProbe::new(), target).contains("datagram socket"));
            let observation = block_on(datagram.probe(target));
            assert_eq!(observation.hosts.len(), 1, "{observation:?}");
            assert!(observation.hosts[0].evidence.contains(&Evidence::Echo));
        }
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn without_rights_tcp_has_to_do_and_the_report_says_so() {
    /// Set in the process that has no rights.
    const LIMITED: &str = "IPAM_LAB_LIMITED";
    if std::env::var_os(LIMITED).is_some() {
        let target = whole("10.77.0.0/28");
        let observation = block_on(SocketProbe::new().probe(&target));
        assert_eq!(found(&observation), ["10.77.0.1", "10.77.0.5", "10.77.0.6"]);
        assert!(observation.notes[0].contains("TCP connections only"), "{observation:?}");
        // Silence counts where ARP had no reply either: 10.77.0.7 replies to nothing but ARP.
        let counts =
            |observation: &Observation| ["10.77.0.2", "10.77.0.7"].map(|silent| observation.covers(address(silent)));
        assert_eq!(counts(&observation), [true, false], "{observation:?}");
        let required = block_on(SocketProbe::new().with_echo(EchoSocket::Raw).probe(&target));
        assert!(reason(&required).contains("CAP_NET_RAW"), "{required:?}");
        let observation = block_on(NmapProbe::new().probe(&target));
        assert_eq!(counts(&observation), [true, false], "{observation:?}");
        assert!(observation.notes[0].contains("no raw sockets"), "{observation:?}");
        // The neighbour table needs no right, and has the MAC addresses.
        let observation = block_on(Probes::new().probe(&target));
        assert!(observation.host(address("10.77.0.7")).unwrap().mac.is_some(), "{observation:?}");
        return;
    }
    lab::inside(|lab| {
        Site::new(lab);
        let test = "probes::without_rights_tcp_has_to_do_and_the_report_says_so";
        let output = lab
            .command("setpriv")
            .args(["--bounding-set", "-net_raw", "--inh-caps", "-net_raw"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", test, "--include-ignored", "--nocapture"])
            .env(LIMITED, "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn complaints_of_a_router_are_no_evidence_and_those_of_the_host_are() {
    lab::inside(|lab| {
        lab.scanner_address("10.77.0.1/24");
        let router = lab.add_router("router", "10.77.0.254/24", "10.88.0.1/24");
        let gateway = address("10.88.0.1");
        let far = lab.add_host_behind(&router, "far", "10.88.0.5/24", gateway);
        let wary = lab.add_host_behind(&router, "wary", "10.88.0.6/24", gateway);
        lab.block_icmp(&far);
        // A firewall on the host itself: its complaint comes from the host.
        lab.filter(&wary, "reject with icmp port-unreachable\n");
        // The router refuses, by ICMP, what goes to one address; to others it says that the host cannot be reached.
        let rules = "table inet r { chain f { type filter hook forward priority 0; policy accept;
            ip daddr 10.88.0.7 reject with icmp port-unreachable; }; }";
        assert!(lab.command_in(&router, "nft").arg(rules).status().unwrap().success());
        let target = list("10.88.0.0/24", &["10.88.0.5", "10.88.0.6", "10.88.0.7", "10.88.0.8"]);
        // Beyond a router, silence to connections alone proves nothing.
        for (probe, counts) in [(SocketProbe::new(), true), (SocketProbe::new().with_echo(EchoSocket::Off), false)] {
            let observation = block_on(probe.probe(&target));
            assert_eq!(found(&observation), ["10.88.0.5", "10.88.0.6"]);
            for silent in ["10.88.0.7", "10.88.0.8"] {
                assert_eq!(observation.covers(address(silent)), counts, "{silent}: {observation:?}");
            }
            assert!(observation.hosts.iter().all(|host| host.mac.is_none()), "no MAC address passes a router");
        }
        let observation = block_on(Probes::new().probe(&target));
        assert!(has(&observation, "10.88.0.5", Evidence::Tcp), "{observation:?}");
        assert!(observation.hosts.iter().all(|host| host.mac.is_none()), "{observation:?}");
        assert!(observation.host(address("10.88.0.7")).is_none() && observation.host(address("10.88.0.8")).is_none());
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn the_neighbour_table_finds_who_replied_lately_and_covers_no_address() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        let table = NeighbourProbe::new();
        let before = block_on(table.probe(&whole("10.77.0.0/24")));
        assert!(before.hosts.is_empty(), "{before:?}");
        block_on(SocketProbe::new().probe(&whole("10.77.0.0/28")));
        block_on(SocketProbe::new().probe(&list("fd77::/64", &FOUR)));
        for (net, hosts) in
            [("10.77.0.0/24", ["10.77.0.5", "10.77.0.6", "10.77.0.7"]), ("fd77::/64", [FOUR[0], FOUR[1], FOUR[2]])]
        {
            let observation = block_on(table.probe(&whole(net)));
            assert_eq!(found(&observation), hosts);
            let dark = observation.host(address(hosts[2])).unwrap();
            assert_eq!((dark.mac, dark.evidence.len()), (Some(site.dark.mac()), 1));
            assert!(SystemTime::now().duration_since(dark.seen).unwrap() < Duration::from_secs(30));
            assert_eq!(observation.coverage, Coverage::Addresses([].into()));
        }
        // Entries that an administrator wrote, and old ones, prove nothing.
        for state in ["permanent", "stale", "noarp"] {
            let entry = ["neigh", "replace", "10.77.0.99", "lladdr", "02:00:00:00:00:99", "nud", state, "dev", "br0"];
            assert!(lab.command("ip").args(entry).status().unwrap().success());
            let observation = block_on(table.probe(&whole("10.77.0.0/24")));
            assert!(observation.host(address("10.77.0.99")).is_none(), "{state}");
        }
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn probes_together_find_all_with_macs() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        let kinds = [
            Probes::new(),
            Probes::new().with_nmap(None),
            Probes::new().with_nmap(Some(NmapProbe::new().with_program("/nonexistent/nmap"))),
            Probes::new().with_nmap(Some(NmapProbe::new().with_sockets(NmapSockets::Connect))),
        ];
        // The same hosts again and again: their entries grow old, and the kernel confirms them only after a while.
        for (index, probes) in kinds.iter().enumerate() {
            let target = whole("10.77.0.0/24").with_known([address("10.77.0.7"), address("10.77.0.8")]);
            let observation = block_on(probes.probe(&target));
            for (at, mac) in [("10.77.0.5", site.open.mac()), ("10.77.0.7", site.dark.mac())] {
                let host = observation.host(address(at)).unwrap_or_else(|| panic!("{index}: {at} in {observation:?}"));
                assert_eq!(host.mac, Some(mac), "{index}: {at}");
            }
            assert!(observation.host(address("10.77.0.8")).is_none(), "{index}");
            assert!(observation.covers(address("10.77.0.8")), "{index}: {:?}", observation.coverage);
            let missing = observation.notes.iter().any(|note| note.contains("install nmap"));
            assert_eq!(missing, index == 2, "{:?}", observation.notes);
            let six = block_on(probes.probe(&list("fd77::/64", &["fd77::5", "fd77::8"])));
            assert!(six.host(address("fd77::5")).is_some() && six.host(address("fd77::8")).is_none(), "{six:?}");
            assert!(six.covers(address("fd77::8")), "{index}: {six:?}");
        }
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn an_ipv6_neighbour_that_is_not_listed_is_found() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        // The host talks to the scanner by itself.
        lab.in_host(&site.open, || {
            let _ = std::net::TcpStream::connect_timeout(&"[fd77::1]:80".parse().unwrap(), Duration::from_secs(1));
        });
        let observation = block_on(Probes::new().probe(&list("fd77::/64", &["fd77::7"])));
        assert_eq!(found(&observation), ["fd77::5", "fd77::7"]);
        assert_eq!(observation.host(address("fd77::5")).unwrap().mac, Some(site.open.mac()));
        assert!(observation.covers(address("fd77::5")), "the table knew the address, so that it was asked");
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn a_host_that_comes_back_in_between_is_not_silent() {
    lab::inside(|lab| {
        lab.scanner_address("10.77.0.1/24");
        let host = lab.add_host("web", &["10.77.0.5/24"]);
        // Echo requests are lost until the first probe is over: nft counts them.
        lab.filter(
            &host,
            "icmp type echo-request limit rate over 1/hour burst 1 packets drop\ntcp dport 1-65535 drop\n",
        );
        let probe = SocketProbe::new().with_ports([]);
        let observation = block_on(probe.probe(&list("10.77.0.0/24", &["10.77.0.5"])));
        assert_eq!(found(&observation), ["10.77.0.5"]);
        lab.block_all(&host);
        let target = list("10.77.0.0/24", &["10.77.0.5"]);
        let observation = std::thread::scope(|scope| {
            let probes = Probes::new().with_nmap(None).with_neighbours(false).with_sockets(probe.clone());
            let run = scope.spawn(move || block_on(probes.probe(&target)));
            // Two rounds of a second each, and the pause, before the host is asked again.
            std::thread::sleep(Duration::from_millis(2300));
            lab.unblock(&host);
            run.join().unwrap()
        });
        assert_eq!(found(&observation), ["10.77.0.5"]);
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn refused_targets_send_nothing() {
    lab::inside(|lab| {
        lab.scanner_address("10.77.0.1/8");
        lab.scanner_address("fd77::1/64");
        let watched = lab.add_host("watched", &["10.77.0.5/8", "fd77::5/64"]);
        let received = |lab: &Lab| {
            let path = "/sys/class/net/eth0/statistics/rx_packets";
            let output = lab.command_in(&watched, "ip").args(["-s", "-json", "link", "show", "eth0"]).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let json: serde_json::Value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"));
            json[0]["stats64"]["rx"]["packets"].as_u64().unwrap()
        };
        let probes: [&dyn Probe; 4] =
            [&NmapProbe::new(), &SocketProbe::new(), &Probes::new(), &Probes::new().with_nmap(None)];
        // Whatever else the kernel sends by itself, such as its own discovery of neighbours, has been sent by then.
        std::thread::sleep(Duration::from_secs(3));
        let before = received(lab);
        for probe in probes {
            for target in [whole("10.0.0.0/8"), whole("10.76.0.0/15"), whole("fd77::/64")] {
                let observation = block_on(probe.probe(&target));
                assert!(!reason(&observation).is_empty() && observation.hosts.is_empty(), "{}", probe.name());
            }
        }
        assert_eq!(received(lab), before, "packets of refused probes arrived");
        block_on(SocketProbe::new().probe(&list("10.0.0.0/8", &["10.77.0.5"])));
        assert!(received(lab) > before, "the count works");
    });
}

pub(crate) fn script(path: &std::path::Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
