//! Arguments of the commands on addresses and allocations.

use std::net::IpAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ipam_core::MacAddr;
use ipam_core::net::IpRange;

use super::labels::{ExpectArgs, Labels};
use super::value_parsers::ip;

#[derive(Debug, Args)]
pub(crate) struct Allocate {
    /// The ranges to try, in this order; all addresses come from one of them.
    #[arg(required = true)]
    pub(crate) ranges: Vec<String>,
    /// Owner of the addresses.
    #[arg(long)]
    pub(crate) owner: String,
    /// Key of the request: a repetition with the same key returns the same addresses.
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// Number of addresses.
    #[arg(long, default_value_t = 1)]
    pub(crate) count: u32,
    /// Take consecutive addresses.
    #[arg(long)]
    pub(crate) contiguous: bool,
    /// Take consecutive addresses; the first is a multiple of the count rounded up to a power of two.
    #[arg(long, conflicts_with_all = ["contiguous", "address"])]
    pub(crate) aligned: bool,
    /// Take exactly this address; with --count, this one and those that follow it.
    #[arg(long, value_name = "IP", conflicts_with = "contiguous", value_parser = ip)]
    pub(crate) address: Option<IpAddr>,
    /// Addresses to leave out although they are free.
    #[arg(long, value_name = "ADDRESSES,…", value_delimiter = ',')]
    pub(crate) exclude: Vec<IpRange>,
    #[command(flatten)]
    pub(crate) labels: Labels,
    /// Time after which the allocations expire and the addresses are free again, such as 8h or 7d [default: never].
    #[arg(long, value_name = "TIME", value_parser = ipam_core::plan::parse_duration)]
    pub(crate) expiry: Option<Duration>,
    /// Show which addresses would be allocated, and allocate nothing.
    #[arg(long)]
    pub(crate) preview: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Deallocate {
    /// Allocations, each by its id, or by its address if only one address space has that address.
    #[arg(required_unless_present_any = ["keys", "addresses"])]
    pub(crate) ids: Vec<String>,
    /// Key of a request: all its allocations; may be repeated.
    #[arg(long = "key", value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    /// Address in --range; may be repeated.
    #[arg(long = "address", value_name = "IP", requires = "range", value_parser = ip)]
    pub(crate) addresses: Vec<IpAddr>,
    /// Range of the addresses.
    #[arg(long)]
    pub(crate) range: Option<String>,
    #[command(flatten)]
    pub(crate) expect: ExpectArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Find {
    /// Only of this address.
    #[arg(value_parser = ip)]
    pub(crate) address: Option<IpAddr>,
    /// Only the allocation with this id.
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// Only with this host name.
    #[arg(long)]
    pub(crate) hostname: Option<String>,
    /// Only with this MAC address.
    #[arg(long)]
    pub(crate) mac: Option<MacAddr>,
    /// Only with this key.
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// Only of this owner.
    #[arg(long)]
    pub(crate) owner: Option<String>,
    /// Only in this range.
    #[arg(long)]
    pub(crate) range: Option<String>,
    /// Only in this address space.
    #[arg(long)]
    pub(crate) space: Option<String>,
    /// Also list quarantined addresses: deallocated, and not yet available again.
    #[arg(long)]
    pub(crate) quarantined: bool,
    /// Largest number of results; 0 for all.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Id of the allocation, or its address if only one address space has that address.
    #[arg(value_name = "ID|IP")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) labels: Labels,
    /// Time from now until the allocation expires, such as 8h or 7d.
    #[arg(long, value_name = "TIME", value_parser = ipam_core::plan::parse_duration)]
    pub(crate) expiry: Option<Duration>,
    /// Fields to empty. With --tag in the same call, the new tags replace the old ones.
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    pub(crate) clear: Vec<AllocationField>,
}

/// Field that --clear empties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AllocationField {
    Hostname,
    Description,
    Mac,
    Tags,
    Expiry,
}

#[derive(Debug, Args)]
pub(crate) struct Usage {
    /// Ids of the ranges [default: all].
    pub(crate) ranges: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Sweep {
    /// List what would be undone, and undo nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Age from which a claim is undone, such as 10m. The provider's own limit applies if it is longer, and by default;
    /// of a phpIPAM it is three minutes, three times its `claim_time`.
    #[arg(long, value_name = "TIME", value_parser = ipam_core::plan::parse_duration)]
    pub(crate) older_than: Option<Duration>,
    /// Largest number of claims to undo.
    #[arg(long, default_value_t = ipam_core::Sweep::DEFAULT_LIMIT, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Changes {
    /// Only changes after this position: a value of the column POSITION, or `next` of an earlier run with --json.
    #[arg(long, value_name = "POSITION")]
    pub(crate) since: Option<String>,
    /// Largest number of results; 0 for all.
    #[arg(long, default_value_t = 1_000, conflicts_with = "follow")]
    pub(crate) limit: usize,
    /// Go on with the changes that come, until the program is stopped. With --json each change is one line.
    #[arg(long)]
    pub(crate) follow: bool,
    /// With --follow: seconds between two looks at the provider.
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) interval: u64,
}
