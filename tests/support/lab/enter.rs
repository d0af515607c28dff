//! Namespaces: a test runs itself again inside them.

use std::any::type_name;
use std::env;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Lab, door, run};

/// Set inside; the value is the network namespace outside.
const OUTSIDE: &str = "IPAM_LAB_OUTSIDE";
/// Set inside; the value is the socket of the door, which exists if the test has one.
const DOOR: &str = "IPAM_LAB_DOOR";
/// Longest time of a test.
const LIMIT: Duration = Duration::from_secs(300);
/// Programs of a lab, each with the Debian package that has it.
const PROGRAMS: [(&str, &str); 8] = [
    ("ip", "iproute2"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("setpriv", "util-linux"),
    ("nft", "nftables"),
    ("nmap", "nmap"),
    ("named", "bind9"),
    ("dig", "bind9-dnsutils"),
];

/// Runs a test in a network of its own. Call it as the only statement of the test.
pub fn inside<F: FnOnce(&mut Lab)>(body: F) {
    match env::var(OUTSIDE) {
        Ok(outside) => body(&mut Lab::new(&outside)),
        Err(_) => again(test_name::<F>(), None),
    }
}

/// Runs a test in a network of its own, from where one server outside can be reached: it must have an address of the
/// loopback interface, which stays the same.
pub fn inside_with<F: FnOnce(&mut Lab)>(server: SocketAddr, body: F) {
    assert!(server.ip().is_loopback(), "{server}: only a server on the loopback interface can be reached from inside");
    match env::var(OUTSIDE) {
        Ok(outside) => {
            let mut lab = Lab::new(&outside);
            door::enter(Path::new(&env::var(DOOR).expect("the door")), server);
            body(&mut lab);
        }
        Err(_) => again(test_name::<F>(), Some(server)),
    }
}

/// Returns the reason why no lab can be made here, with the remedy.
pub fn missing() -> Option<String> {
    let path = search_path();
    let present = |program: &str| path.split(':').any(|dir| Path::new(dir).join(program).is_file());
    for (program, package) in PROGRAMS {
        if !present(program) {
            return Some(format!("{program} is missing; install the package {package}"));
        }
    }
    unshare().is_none().then(|| {
        "this system lets the user create no network namespace; run as root, or allow user namespaces \
         (sysctl user.max_user_namespaces)"
            .to_owned()
    })
}

/// The programs of administrators are not in every user's path.
fn search_path() -> String {
    format!("{}:/usr/sbin:/sbin", env::var("PATH").unwrap_or_default())
}

/// Returns the arguments of `unshare` that work here: root needs no user namespace, and may not be allowed one.
fn unshare() -> Option<&'static [&'static str]> {
    let kinds: [&[&str]; 2] = [&["--net", "--mount"], &["--user", "--map-root-user", "--net", "--mount"]];
    kinds.into_iter().find(|kind| {
        let trial = Command::new("unshare").args(*kind).args(["mount", "-t", "tmpfs", "lab", "/run"]).output();
        trial.is_ok_and(|output| output.status.success())
    })
}

/// Returns the path of the test that calls with this closure, as the test harness has it.
fn test_name<F>() -> &'static str {
    let name = type_name::<F>();
    let name = name.split("::{{closure}}").next().unwrap_or(name);
    name.split_once("::").map_or(name, |(_target, test)| test)
}

/// Runs the test again, inside.
fn again(test: &str, server: Option<SocketAddr>) {
    if let Some(reason) = missing() {
        panic!("not run: {reason}");
    }
    let outside = fs::read_link("/proc/self/ns/net").expect("the network namespace");
    let dir = tempfile::tempdir().expect("a directory");
    let log = dir.path().join("log");
    let output = File::create(&log).expect("a file");
    let path = dir.path().join("door");
    if let Some(server) = server {
        door::open(&path, server);
    }
    let mut child = Command::new("unshare")
        .args(unshare().expect("a kind of namespace"))
        .arg(env::current_exe().expect("the program of the test"))
        .args(["--exact", test, "--include-ignored", "--nocapture", "--test-threads", "1"])
        .env(OUTSIDE, outside)
        .env(DOOR, &path)
        .env("PATH", search_path())
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("the file"))
        .stderr(output)
        .spawn()
        .expect("unshare");
    let deadline = Instant::now() + LIMIT;
    let status = loop {
        match child.try_wait().expect("the state of the test") {
            Some(status) => break status.to_string(),
            None if Instant::now() > deadline => {
                let _ = child.kill();
                let _ = child.wait();
                break format!("ended after {LIMIT:?}");
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let text = String::from_utf8_lossy(&fs::read(&log).expect("the output of the test")).into_owned();
    println!("{text}");
    // A name that the harness does not know would run no test, and succeed.
    assert!(text.contains("test result: ok. 1 passed"), "{test}, inside its namespaces: {status}");
}

impl Lab {
    /// Makes the network, in the namespaces of this process.
    fn new(outside: &str) -> Self {
        let own = fs::read_link("/proc/self/ns/net").expect("the network namespace");
        assert_ne!(own, Path::new(outside), "{OUTSIDE} is set, and this is not inside");
        for family in ["-4", "-6"] {
            let routes = Command::new("ip").args([family, "route", "show", "default"]).output().expect("ip").stdout;
            assert!(
                routes.is_empty(),
                "not run: there is a default route here, through which every address may look alive: {}",
                String::from_utf8_lossy(&routes)
            );
        }
        // `ip netns` keeps its names in /run, which an ordinary user may not write. Mounts are seen by this test alone.
        let resolv_conf = fs::canonicalize("/etc/resolv.conf").unwrap_or_else(|_| PathBuf::from("/run/resolv.conf"));
        run(Command::new("mount").args(["-t", "tmpfs", "lab", "/run"]));
        let dir = tempfile::tempdir().expect("a directory");
        let resolv_conf = replace(&resolv_conf, dir.path());
        for ip in [
            ["link", "set", "lo", "up"].as_slice(),
            &["link", "add", "br0", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0"],
            &["link", "set", "br0", "up"],
        ] {
            run(Command::new("ip").args(ip));
        }
        Self { dir, resolv_conf, interfaces: 0, dns: Vec::new() }
    }
}

/// Puts an empty file in the place of the resolver's configuration. Returns where it can be written.
fn replace(path: &Path, dir: &Path) -> PathBuf {
    if path.starts_with("/run") {
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        File::create(path).expect("the resolver's configuration");
        return path.to_owned();
    }
    let own = dir.join("resolv.conf");
    File::create(&own).expect("a file");
    run(Command::new("mount").arg("--bind").arg(&own).arg(path));
    own
}
