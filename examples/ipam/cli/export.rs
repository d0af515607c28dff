//! Arguments of `ipam export`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ExportCommand {
    /// Write a hosts file: address, name with domain, and the name without it.
    Hosts(ExportFile),
    /// Write static leases of dnsmasq: dhcp-host=MAC,ADDRESS,NAME for each allocation with a MAC address.
    Dnsmasq(ExportFile),
    /// Write an Ansible inventory in JSON, with groups by range and tag. Name its file FILE.json.
    Ansible(ExportFile),
    /// Write the usage of the ranges as metrics of Prometheus, in its text format.
    Prometheus(ExportFile),
    /// Write the zones of the host names, with A and AAAA records, as BIND and most other name servers read them.
    ///
    /// A zone is made for each DNS domain of the ranges. A name that is in none of them is in the zone of its own domain.
    Bind(ExportZones),
    /// Write the reverse zones of the addresses, with PTR records.
    ///
    /// The zones follow from the prefixes of the ranges: on a label boundary, and at most a /24 or an IPv6 /64.
    Ptr {
        #[command(flatten)]
        zones: ExportZones,
        /// Make zones by RFC 2317 for IPv4 prefixes longer than /24. The zone of the /24 then has CNAME records into them.
        #[arg(long)]
        classless: bool,
    },
}

/// Allocations of a file.
#[derive(Debug, Args)]
pub(crate) struct ExportFilter {
    /// Only in this range.
    #[arg(long)]
    pub(crate) range: Option<String>,
    /// Only in this address space. A file of addresses has one.
    #[arg(long)]
    pub(crate) space: Option<String>,
    /// DNS domain of host names without a dot whose range has no domain.
    #[arg(long)]
    pub(crate) domain: Option<String>,
    /// Leave out allocations whose values the format cannot hold, such as a host name with a space. Without it they are an
    /// error.
    #[arg(long)]
    pub(crate) skip_invalid: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportFile {
    #[command(flatten)]
    pub(crate) filter: ExportFilter,
    /// File to write [default: standard output]. It is replaced when the new one is whole.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportZones {
    #[command(flatten)]
    pub(crate) filter: ExportFilter,
    /// The only zone to write, such as example.com or 2.0.192.in-addr.arpa.
    #[arg(long)]
    pub(crate) zone: Option<String>,
    /// Directory for a file of each zone, ZONE.zone [default: one zone, to standard output].
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) directory: Option<PathBuf>,
    /// Name server of the zones, the primary one first; may be repeated. Without it, there are no SOA and NS records, and
    /// the result is for $INCLUDE.
    #[arg(long = "ns", value_name = "NAME")]
    pub(crate) name_servers: Vec<String>,
    /// Mail address of the persons in charge, for the SOA record; without it, hostmaster@DOMAIN.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) contact: Option<String>,
    /// Serial number of the SOA records [default: seconds since 1970].
    #[arg(long, value_name = "NUMBER")]
    pub(crate) serial: Option<u32>,
    /// Time for which a resolver may keep a record, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    pub(crate) ttl: u32,
}
