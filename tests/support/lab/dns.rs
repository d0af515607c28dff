//! Name servers.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::{Host, Lab, run};

/// Directory that an AppArmor profile of named lets it read.
const CACHE: &str = "/var/cache/bind";

impl Lab {
    /// Starts a name server (`named`, port 53) in a host, with a PTR record for each address.
    ///
    /// A further call for the same host replaces the records. The server knows nothing else, and asks no other server.
    pub fn serve_dns(&mut self, host: &Host, names: &[(&str, &str)]) {
        self.stop_dns(host);
        let dir = self.dns_dir(host);
        let mut zone =
            String::from("$TTL 60\n@ SOA ns.example.test. admin.example.test. 1 60 60 60 60\n@ NS ns.example.test.\n");
        for (address, name) in names {
            let _ = writeln!(zone, "{} PTR {name}.", reverse(address.parse().expect("an address")));
        }
        let path = |file: &str| dir.join(file).display().to_string();
        fs::write(dir.join("arpa.zone"), zone).expect("the zone");
        let config = format!(
            "options {{ directory \"{dir}\"; listen-on {{ any; }}; listen-on-v6 {{ any; }}; recursion no; dnssec-validation no;\n\
             pid-file none; session-keyfile none; managed-keys-directory \"{dir}\"; minimal-responses yes; }};\n\
             controls {{ }};\nzone \"arpa\" {{ type primary; file \"{}\"; }};\n",
            path("arpa.zone"),
            dir = dir.display(),
        );
        fs::write(dir.join("named.conf"), config).expect("the configuration");
        let log = dir.join("log");
        let output = File::create(&log).expect("a log");
        let mut command: Command = host.command("setpriv");
        // The server ends with the test, however that ends.
        command.args(["--pdeathsig", "KILL", "named", "-g", "-n", "1", "-c", &path("named.conf")]);
        command.stdout(output.try_clone().expect("the log")).stderr(output);
        let server = command.spawn().expect("named");
        self.dns.push((host.name().to_owned(), server));
        self.wait_for_dns(&log);
    }

    /// Stops the name server of a host. The host stays, and refuses the port.
    pub fn stop_dns(&mut self, host: &Host) {
        let (stopped, rest) = self.dns.drain(..).partition(|(name, _)| name == host.name());
        self.dns = rest;
        let stopped: Vec<(String, std::process::Child)> = stopped;
        for (_, mut server) in stopped {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    fn dns_dir(&self, host: &Host) -> PathBuf {
        let cache = Path::new(CACHE);
        // The mount is seen by this test alone.
        let mounted = cache.join(".lab").exists()
            || (cache.exists() && {
                run(self.command("mount").args(["-t", "tmpfs", "lab", CACHE]));
                File::create(cache.join(".lab")).is_ok()
            });
        let dir = if mounted { cache } else { self.dir() }.join(host.name());
        fs::create_dir_all(&dir).expect("a directory");
        dir
    }

    fn wait_for_dns(&mut self, log: &Path) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let (_, server) = self.dns.last_mut().expect("a server");
        loop {
            let text = fs::read_to_string(log).unwrap_or_default();
            if text.lines().any(|line| line.ends_with(" running")) {
                return;
            }
            let ended = server.try_wait().expect("the server's state");
            assert!(ended.is_none() && Instant::now() < deadline, "named did not start ({ended:?}):\n{text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Name of the PTR record of an address.
fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
        }
        IpAddr::V6(address) => {
            let digits = format!("{:032x}", u128::from(address));
            digits.chars().rev().fold(String::new(), |name, digit| format!("{name}{digit}.")) + "ip6.arpa."
        }
    }
}
