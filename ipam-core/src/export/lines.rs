//! Formats of a line per address: hosts files, and static leases of dnsmasq.

use std::io::{self, Write};
use std::net::IpAddr;

use super::host_list::HostList;

/// Writes a hosts file, as hosts(5) describes it.
pub(super) fn hosts(list: &HostList, out: &mut dyn Write) -> io::Result<()> {
    for host in &list.hosts {
        let (Some(name), Some(full)) = (host.name.as_deref(), list.full_name(host)) else { continue };
        write!(out, "{}\t{full}", host.address)?;
        // The canonical name first. The short one only where people use it: two hosts of different domains share it.
        if full != name {
            write!(out, " {name}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Writes static leases, as dnsmasq(8) describes them for `--dhcp-host`.
pub(super) fn dnsmasq(list: &HostList, out: &mut dyn Write) -> io::Result<()> {
    for host in &list.hosts {
        let Some(mac) = host.mac else { continue };
        write!(out, "dhcp-host={mac},")?;
        match host.address {
            IpAddr::V4(address) => write!(out, "{address}")?,
            // In brackets, because dnsmasq takes colons for those of a MAC address.
            IpAddr::V6(address) => write!(out, "[{address}]")?,
        }
        match host.name.as_deref() {
            Some(name) => writeln!(out, ",{name}")?,
            None => writeln!(out)?,
        }
    }
    Ok(())
}
