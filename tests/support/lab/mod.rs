//! Laboratory: a small network of Linux network namespaces, with real hosts, routers and name servers in it.
//!
//! A test runs itself again inside namespaces of its own, as root of a user namespace, so that an ordinary user can run it.
//! The process of the test is the *scanner*: it has a bridge, `br0`, and every host of [`Lab::add_host`] is a namespace of its
//! own behind that bridge. Whatever the test does or starts there sees this network and no other:
//!
//! ```no_run
//! use ipam_tests::lab;
//!
//! #[test]
//! #[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
//! fn a_stopped_host_is_silent() {
//!     lab::inside(|lab| {
//!         lab.scanner_address("10.77.0.1/24");
//!         let web = lab.add_host("web", &["10.77.0.5/24"]);
//!         assert!(lab.command("nmap").args(["-sn", "10.77.0.5"]).status().unwrap().success());
//!         lab.stop_host(&web);
//!     });
//! }
//! # fn main() {}
//! ```
//!
//! - Everything is gone when the process ends; there is nothing to clean up, and labs of several tests do not meet.
//! - `lo` is up in the scanner and in every host: a simulator on 127.0.0.1 is reachable from the scanner. To put a server
//!   into a host, create its socket with [`Lab::in_host`]; a socket stays in the namespace where it was created.
//! - A server outside, such as a real phpIPAM on this machine, is reachable with [`inside_with`].
//! - Async code runs with [`block_on`]. The methods of the lab are synchronous and may be called between two of these.
//! - [`inside`] refuses to run where a default route exists: a gateway may reply to everything, and every address looks alive.
//! - Where something is missing, the test fails with `not run: …`, and never counts as passed; `.ci/agent.sh` looks for it
//!   first and says `not run`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "support of tests, which fail by panicking"
)]

mod dns;
mod door;
mod enter;
mod host;

pub use enter::{inside, inside_with, missing};
pub use host::Host;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{IpAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Runs a future to its end.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME
        .get_or_init(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime"))
        .block_on(future)
}

/// The network. Its process is the scanner.
#[derive(Debug)]
pub struct Lab {
    dir: TempDir,
    resolv_conf: PathBuf,
    interfaces: u8,
    dns: Vec<(String, Child)>,
}

impl Drop for Lab {
    fn drop(&mut self) {
        for (_, server) in &mut self.dns {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl Lab {
    /// Directory of the test, for its files. It is removed at the end.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Gives the scanner an address on the bridge, such as `10.77.0.1/24` or `fd77::1/64`.
    pub fn scanner_address(&mut self, address: &str) {
        run(self.command("ip").args(["addr", "add", address, "dev", "br0"]).args(nodad(address)));
    }

    /// Adds a host with these addresses, each with its prefix length, to the scanner's network.
    ///
    /// It replies to ARP, neighbour discovery and echo requests, and refuses every TCP connection.
    pub fn add_host(&mut self, name: &str, addresses: &[&str]) -> Host {
        let (host, port) = self.new_host(name, addresses);
        run(self.command("ip").args(["link", "set", &port, "addrgenmode", "none"]));
        run(self.command("ip").args(["link", "set", &port, "master", "br0", "up"]));
        host.start();
        // The bridge has no link before its first host.
        settle("br0", || self.command("ip"));
        host
    }

    /// Adds a router: `near` is its address in the scanner's network, `far` that in a network behind it, to which the scanner
    /// gets a route. IPv4 only.
    pub fn add_router(&mut self, name: &str, near: &str, far: &str) -> Host {
        let router = self.add_host(name, &[near]);
        let via = near.split_once('/').expect("a prefix length").0;
        let net: ipnet::IpNet = far.parse().expect("an address with its prefix length");
        run(self.command("ip").args(["route", "add", &net.trunc().to_string(), "via", via]));
        for ip in [
            ["link", "add", "far", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0"].as_slice(),
            &["addr", "add", far, "dev", "far"],
            &["link", "set", "far", "up"],
        ] {
            run(self.command_in(&router, "ip").args(ip));
        }
        run(self.command_in(&router, "sh").args(["-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]));
        router
    }

    /// Adds a host to the network behind a router, whose address there (`gateway`) becomes its default route.
    pub fn add_host_behind(&mut self, router: &Host, name: &str, address: &str, gateway: IpAddr) -> Host {
        let (host, port) = self.new_host(name, &[address]);
        run(self.command("ip").args(["link", "set", &port, "netns", router.name()]));
        run(self.command_in(router, "ip").args(["link", "set", &port, "master", "far", "up"]));
        host.start();
        run(self.command_in(&host, "ip").args(["route", "add", "default", "via", &gateway.to_string()]));
        host
    }

    /// Creates the namespace of a host, and a cable to it. Returns the name of the other end.
    fn new_host(&mut self, name: &str, addresses: &[&str]) -> (Host, String) {
        self.interfaces += 1;
        let port = format!("port{}", self.interfaces);
        let host = Host::new(name, self.interfaces, addresses);
        let mac = host.mac().to_string();
        run(self.command("ip").args(["netns", "add", name]));
        run(self
            .command("ip")
            .args(["link", "add", &port, "type", "veth", "peer", "name", "eth0"])
            .args(["netns", name, "address", &mac]));
        run(self.command_in(&host, "ip").args(["link", "set", "lo", "up"]));
        (host, port)
    }

    /// Cuts a host from the network, as if its power had failed. [`start_host`](Self::start_host) brings it back.
    pub fn stop_host(&mut self, host: &Host) {
        run(self.command_in(host, "ip").args(["link", "set", "eth0", "down"]));
    }

    /// Connects a stopped host again.
    pub fn start_host(&mut self, host: &Host) {
        host.start();
    }

    /// Lets a host drop echo requests. It still refuses TCP connections, and replies to ARP and neighbour discovery.
    pub fn block_icmp(&mut self, host: &Host) {
        self.filter(host, "icmp type echo-request drop\nicmpv6 type echo-request drop\n");
    }

    /// Lets a host drop everything but ARP and neighbour discovery.
    pub fn block_all(&mut self, host: &Host) {
        self.filter(host, "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\ndrop\n");
    }

    /// Takes every filter from a host.
    pub fn unblock(&mut self, host: &Host) {
        self.filter(host, "accept\n");
    }

    /// Replaces the filter of a host: rules of nft for what arrives there, one a line.
    pub fn filter(&mut self, host: &Host, rules: &str) {
        let mut script = String::from("table inet lab\ndelete table inet lab\n");
        let _ = write!(
            script,
            "table inet lab {{\nchain arriving {{\ntype filter hook input priority 0; policy accept;\n{rules}\n}}\n}}\n"
        );
        let path = self.dir().join("filter.nft");
        fs::write(&path, script).expect("a file");
        run(self.command_in(host, "nft").arg("-f").arg(path));
    }

    /// Accepts TCP connections at a port of a host until the listener is dropped.
    pub fn listen(&self, host: &Host, port: u16) -> TcpListener {
        self.in_host(host, || TcpListener::bind(("::", port)).or_else(|_| TcpListener::bind(("0.0.0.0", port))))
            .expect("a listener")
    }

    /// Runs a function in the namespace of a host. Sockets that it creates stay there.
    pub fn in_host<T: Send>(&self, host: &Host, function: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let file = File::open(host.namespace()).expect("the host's namespace");
                // Only this thread moves; it ends with the function.
                setns(file, CloneFlags::CLONE_NEWNET).expect("the host's namespace");
                function()
            });
            thread.join().expect("a function that does not panic")
        })
    }

    /// A program in the scanner's namespace.
    pub fn command(&self, program: &str) -> Command {
        Command::new(program)
    }

    /// A program in the namespace of a host.
    pub fn command_in(&self, host: &Host, program: &str) -> Command {
        host.command(program)
    }

    /// Lets the scanner's system resolver ask these name servers.
    pub fn set_system_resolver(&mut self, servers: &[IpAddr]) {
        let lines: String = servers.iter().map(|server| format!("nameserver {server}\n")).collect();
        fs::write(&self.resolv_conf, lines).expect("the resolver's configuration");
    }

    /// Ids of the processes with this name in the scanner's namespace.
    pub fn processes(&self, name: &str) -> Vec<u32> {
        let own = fs::read_link("/proc/self/ns/net").expect("the own namespace");
        let entries = fs::read_dir("/proc").expect("the processes");
        let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        ids.filter(|id: &u32| {
            let dir = PathBuf::from(format!("/proc/{id}"));
            // A process may end between the look-ups.
            fs::read_to_string(dir.join("comm")).is_ok_and(|comm| comm.trim_end() == name)
                && fs::read_link(dir.join("ns/net")).is_ok_and(|namespace| namespace == own)
                && fs::read_to_string(dir.join("stat")).is_ok_and(|stat| !stat.contains(") Z "))
        })
        .collect()
    }
}

/// IPv6 addresses are usable at once, without a search for duplicates.
fn nodad(address: &str) -> &'static [&'static str] {
    if address.contains(':') { &["nodad"] } else { &[] }
}

/// Waits until an interface is up and its IPv6 addresses are usable; the kernel notices a new link with a delay of up to a
/// second, and drops packets until then.
fn settle(interface: &str, ip: impl Fn() -> Command) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let output = |arguments: &[&str]| {
            let output = ip().args(arguments).args(["dev", interface]).output().expect("ip").stdout;
            String::from_utf8_lossy(&output).into_owned()
        };
        let link = output(&["link", "show"]);
        let tentative = output(&["-6", "addr", "show", "scope", "global", "tentative"]);
        if link.contains("state UP") && tentative.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "{interface} does not come up: {link}{tentative}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs a program to its end, and fails with its output.
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
