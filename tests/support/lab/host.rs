//! Hosts.

use std::path::PathBuf;
use std::process::Command;

use ipam_core::MacAddr;

use super::{nodad, run, settle};

/// Host of a [`Lab`](super::Lab): a network namespace with an interface `eth0`.
#[derive(Debug, Clone)]
pub struct Host {
    name: String,
    number: u8,
    addresses: Vec<String>,
}

impl Host {
    pub(super) fn new(name: &str, number: u8, addresses: &[&str]) -> Self {
        Self { name: name.to_owned(), number, addresses: addresses.iter().map(|&address| address.to_owned()).collect() }
    }

    /// Name of the host, and of its namespace.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// MAC address of `eth0`.
    pub fn mac(&self) -> MacAddr {
        format!("02:00:00:00:00:{:02x}", self.number).parse().expect("a MAC address")
    }

    pub(super) fn namespace(&self) -> PathBuf {
        PathBuf::from("/run/netns").join(&self.name)
    }

    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.namespace().display())).arg(program);
        command
    }

    /// Connects the interface. IPv6 addresses and routes are lost when it goes down, so that all are set anew.
    pub(super) fn start(&self) {
        run(self.command("ip").args(["link", "set", "eth0", "up"]));
        for address in &self.addresses {
            run(self.command("ip").args(["addr", "replace", address, "dev", "eth0"]).args(nodad(address)));
        }
        settle("eth0", || self.command("ip"));
    }
}
