//! The arguments of what deals with addresses.

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
    /// Who the addresses are for.
    #[arg(long)]
    pub(crate) owner: String,
    /// Names the request, so that repeating it gives the same addresses.
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 1)]
    pub(crate) count: u32,
    /// One after another.
    #[arg(long)]
    pub(crate) contiguous: bool,
    /// One after another, from a multiple of the count on.
    #[arg(long, conflicts_with_all = ["contiguous", "address"])]
    pub(crate) aligned: bool,
    /// Exactly this one; with --count, from this one on.
    #[arg(long, value_name = "IP", conflicts_with = "contiguous", value_parser = ip)]
    pub(crate) address: Option<IpAddr>,
    /// Addresses not to take.
    #[arg(long, value_name = "ADDRESSES,…", value_delimiter = ',')]
    pub(crate) exclude: Vec<IpRange>,
    #[command(flatten)]
    pub(crate) labels: Labels,
    /// After how long the addresses end by themselves, such as 8h or 7d.
    #[arg(long, value_name = "TIME", value_parser = ipam_core::plan::parse_duration)]
    pub(crate) expiry: Option<Duration>,
    /// Show what would be taken; take nothing.
    #[arg(long)]
    pub(crate) preview: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Deallocate {
    /// Allocations by id, or by address where one address space has it.
    #[arg(required_unless_present_any = ["keys", "addresses"])]
    pub(crate) ids: Vec<String>,
    /// All that this request took; may be repeated.
    #[arg(long = "key", value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    /// An address of --range; may be repeated.
    #[arg(long = "address", value_name = "IP", requires = "range", value_parser = ip)]
    pub(crate) addresses: Vec<IpAddr>,
    /// The range of the addresses.
    #[arg(long)]
    pub(crate) range: Option<String>,
    #[command(flatten)]
    pub(crate) expect: ExpectArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Find {
    /// Of this address.
    #[arg(value_parser = ip)]
    pub(crate) address: Option<IpAddr>,
    /// The allocation of this id.
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// Of this host.
    #[arg(long)]
    pub(crate) hostname: Option<String>,
    /// Of this MAC address.
    #[arg(long)]
    pub(crate) mac: Option<MacAddr>,
    /// Of this request.
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// Of this owner.
    #[arg(long)]
    pub(crate) owner: Option<String>,
    /// In this range.
    #[arg(long)]
    pub(crate) range: Option<String>,
    /// In this address space.
    #[arg(long)]
    pub(crate) space: Option<String>,
    /// Addresses that rest after they were given back, too.
    #[arg(long)]
    pub(crate) quarantined: bool,
    /// At most so many; 0 for all.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Update {
    /// The allocation's id, or its address if only one address space has that.
    #[arg(value_name = "ID|IP")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) labels: Labels,
    /// How long from now until it ends by itself.
    #[arg(long, value_name = "TIME", value_parser = ipam_core::plan::parse_duration)]
    pub(crate) expiry: Option<Duration>,
    /// Fields to empty; with --tag as well, the tags given are then all there are.
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    pub(crate) clear: Vec<AllocationField>,
}

/// A field that can be emptied.
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
    /// The ranges; all of them if none is named.
    pub(crate) ranges: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Sweep {
    /// List what would be undone; undo nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Only claims at least this old. A time below the provider's own claim time is raised to it.
    #[arg(long, value_name = "TIME", value_parser = ipam_core::plan::parse_duration)]
    pub(crate) older_than: Option<Duration>,
    /// At most so many claims.
    #[arg(long, default_value_t = ipam_core::Sweep::DEFAULT_LIMIT, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Changes {
    /// Only after this position.
    #[arg(long, value_name = "POSITION")]
    pub(crate) since: Option<String>,
    /// At most so many; 0 for all.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) limit: usize,
}
