//! Arguments of `ipam ranges`.

use std::net::IpAddr;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use ipam_core::net::IpRange;
use ipam_core::{Family, Order, Tag, Vlan};
use ipnet::IpNet;

use super::labels::Described;
use super::value_parsers::{family, ip, net, tag, vlan};

#[derive(Debug, Subcommand)]
pub(crate) enum Ranges {
    /// List ranges.
    List(ListRanges),
    /// Add a range.
    Add(AddRange),
    /// Change a range. Fields without an argument keep their value. --dns, --search-domains, --reserve, --tag and
    /// --property add to the list; with --clear of the same field they replace it.
    Update(UpdateRange),
    /// Remove a range. A range that does not exist is no error.
    Remove {
        /// Id of the range.
        id: String,
        /// Remove the range and all allocations in it. Without this, a range with allocations is an error.
        #[arg(long)]
        with_allocations: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ListRanges {
    /// Only with these ids.
    pub(crate) ids: Vec<String>,
    /// Only in this address space.
    #[arg(long)]
    pub(crate) space: Option<String>,
    /// Only in this block, and not in a block inside it.
    #[arg(long)]
    pub(crate) block: Option<String>,
    /// Only of this address family, v4 or v6.
    #[arg(long, value_parser = family)]
    pub(crate) family: Option<Family>,
    /// Only with exactly this name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Only with this tag; may be repeated.
    #[arg(long = "tag", value_name = "KEY[=VALUE]", value_parser = tag)]
    pub(crate) tags: Vec<Tag>,
    /// Only inside this prefix.
    #[arg(long, value_name = "PREFIX", value_parser = net)]
    pub(crate) within: Option<IpNet>,
}

/// Fields of a range besides id, space and prefix.
#[derive(Debug, Args)]
pub(crate) struct RangeFields {
    #[command(flatten)]
    pub(crate) about: Described,
    /// First and last address that may be allocated.
    #[arg(long, value_name = "FIRST-LAST")]
    pub(crate) addresses: Option<IpRange>,
    /// Gateway; it is never allocated.
    #[arg(long, value_name = "IP", value_parser = ip)]
    pub(crate) gateway: Option<IpAddr>,
    /// DNS servers, in the order in which hosts use them.
    #[arg(long, value_name = "IP,…", value_delimiter = ',', value_parser = ip)]
    pub(crate) dns: Vec<IpAddr>,
    /// DNS search domains, in the order in which hosts use them.
    #[arg(long, value_name = "DOMAIN,…", value_delimiter = ',')]
    pub(crate) search_domains: Vec<String>,
    /// DNS domain of the hosts.
    #[arg(long)]
    pub(crate) domain: Option<String>,
    /// Number of the VLAN, 1 to 4094, and its name.
    #[arg(long, value_name = "NUMBER[=NAME]", value_parser = vlan)]
    pub(crate) vlan: Option<Vlan>,
    /// Addresses that are never allocated.
    #[arg(long, value_name = "ADDRESSES,…", value_delimiter = ',')]
    pub(crate) reserve: Vec<IpRange>,
    /// Order in which free addresses are allocated; first-free for a new range.
    #[arg(long)]
    pub(crate) order: Option<OrderArg>,
    /// Time for which an address is quarantined after its deallocation, such as 1h or 7d; none for a new range.
    #[arg(long, value_name = "TIME", value_parser = ipam_core::plan::parse_duration)]
    pub(crate) quarantine: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct AddRange {
    /// Id of the range.
    pub(crate) id: String,
    /// Prefix of the range, such as 10.0.0.0/24.
    #[arg(value_parser = net)]
    pub(crate) net: IpNet,
    /// Address space of the range [default: default].
    #[arg(long)]
    pub(crate) space: Option<String>,
    /// Allocate the network and broadcast addresses, too, as `hosts: all` in a plan. A range keeps this for good; its
    /// addresses can be changed with `ranges update --addresses`.
    #[arg(long)]
    pub(crate) pool: bool,
    #[command(flatten)]
    pub(crate) fields: RangeFields,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateRange {
    /// Id of the range.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) fields: RangeFields,
    /// Fields to empty. A list that is also given replaces the old one.
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    pub(crate) clear: Vec<RangeField>,
}

/// Field that --clear empties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RangeField {
    Name,
    Description,
    Addresses,
    Gateway,
    Dns,
    SearchDomains,
    Domain,
    Vlan,
    Reserve,
    /// Order and quarantine: first-free, and none.
    Policy,
    Tags,
    Properties,
}

/// Order in which free addresses are allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrderArg {
    FirstFree,
    Random,
    LeastRecentlyUsed,
}

impl From<OrderArg> for Order {
    fn from(order: OrderArg) -> Self {
        match order {
            OrderArg::FirstFree => Self::FirstFree,
            OrderArg::Random => Self::Random,
            OrderArg::LeastRecentlyUsed => Self::LeastRecentlyUsed,
        }
    }
}
