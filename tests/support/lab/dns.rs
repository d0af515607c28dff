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
        let mut zone =
            String::from("$TTL 60\n@ SOA ns.example.test. admin.example.test. 1 60 60 60 60\n@ NS ns.example.test.\n");
        for (address, name) in names {
            let _ = writeln!(zone, "{} PTR {name}.", reverse(address.parse().expect("an address")));
        }
        self.start_dns(host, "arpa", &zone, "", "");
    }

    /// Starts a name server (`named`, port 53) in a host, with one zone that can be updated. `keys` and `policy` are text of
    /// its configuration: statements `key`, and the content of an `update-policy`.
    ///
    /// The zone has an alias, `alias`, beside the records of the zone itself.
    pub fn serve_updates(&mut self, host: &Host, zone: &str, keys: &str, policy: &str) {
        let records = format!(
            "$TTL 60\n@ SOA ns.{zone}. admin.{zone}. 1 60 60 60 60\n@ NS ns.{zone}.\nns A 192.0.2.53\nalias CNAME ns\n"
        );
        self.start_dns(host, zone, &records, keys, &format!("update-policy {{ {policy} }};"));
    }

    /// Starts a name server with one zone. `keys` stands outside the zone in its configuration, and `options` inside.
    fn start_dns(&mut self, host: &Host, name: &str, zone: &str, keys: &str, options: &str) {
        self.stop_dns(host);
        let dir = self.dns_dir(host);
        let path = |file: &str| dir.join(file).display().to_string();
        // Of the updates of an earlier server.
        let _ = fs::remove_file(dir.join("zone.jnl"));
        fs::write(dir.join("zone"), zone).expect("the zone");
        let config = format!(
            "options {{ directory \"{dir}\"; listen-on {{ any; }}; listen-on-v6 {{ any; }}; recursion no; dnssec-validation no;\n\
             pid-file none; session-keyfile none; managed-keys-directory \"{dir}\"; minimal-responses yes; }};\n\
             controls {{ }};\n{keys}\nzone \"{name}\" {{ type primary; file \"{}\"; {options} }};\n",
            path("zone"),
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
