//! The arguments of `ipam ranges`.

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
    /// Change a range; what is not named stays as it is. --dns, --search-domains, --reserve, --tag and --property add to
    /// what is there; with --clear of the same field they replace it.
    Update(UpdateRange),
    /// Remove a range. One that is gone already counts as done.
    Remove {
        /// Its id.
        id: String,
        /// Remove it though addresses of it are allocated; they end with it.
        #[arg(long)]
        with_allocations: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ListRanges {
    /// Only these ids.
    pub(crate) ids: Vec<String>,
    /// Only in this address space.
    #[arg(long)]
    pub(crate) space: Option<String>,
    /// Only directly in this block.
    #[arg(long)]
    pub(crate) block: Option<String>,
    /// Only this address family.
    #[arg(long, value_parser = family)]
    pub(crate) family: Option<Family>,
    /// Only of exactly this name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Only with this tag; may be repeated.
    #[arg(long = "tag", value_name = "KEY[=VALUE]", value_parser = tag)]
    pub(crate) tags: Vec<Tag>,
    /// Only inside this prefix.
    #[arg(long, value_name = "PREFIX", value_parser = net)]
    pub(crate) within: Option<IpNet>,
}

/// What a range has besides id, space and prefix.
#[derive(Debug, Args)]
pub(crate) struct RangeFields {
    #[command(flatten)]
    pub(crate) about: Described,
    /// First and last address.
    #[arg(long, value_name = "FIRST-LAST")]
    pub(crate) addresses: Option<IpRange>,
    /// The gateway; never handed out.
    #[arg(long, value_name = "IP", value_parser = ip)]
    pub(crate) gateway: Option<IpAddr>,
    /// DNS servers, in the order to try.
    #[arg(long, value_name = "IP,…", value_delimiter = ',', value_parser = ip)]
    pub(crate) dns: Vec<IpAddr>,
    /// DNS search domains, in the order to try.
    #[arg(long, value_name = "DOMAIN,…", value_delimiter = ',')]
    pub(crate) search_domains: Vec<String>,
    /// The DNS domain of the hosts.
    #[arg(long)]
    pub(crate) domain: Option<String>,
    /// The VLAN's number, and its name.
    #[arg(long, value_name = "NUMBER[=NAME]", value_parser = vlan)]
    pub(crate) vlan: Option<Vlan>,
    /// Addresses never handed out.
    #[arg(long, value_name = "ADDRESSES,…", value_delimiter = ',')]
    pub(crate) reserve: Vec<IpRange>,
    /// Which free address comes next.
    #[arg(long)]
    pub(crate) order: Option<OrderArg>,
    /// How long an address rests after it was given back.
    #[arg(long, value_name = "TIME", value_parser = ipam_core::plan::parse_duration)]
    pub(crate) quarantine: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct AddRange {
    /// Its id.
    pub(crate) id: String,
    /// Its prefix, such as 10.0.0.0/24.
    #[arg(value_parser = net)]
    pub(crate) net: IpNet,
    /// The address space.
    #[arg(long)]
    pub(crate) space: Option<String>,
    /// Hand out network and broadcast address, too: the prefix is a pool.
    #[arg(long)]
    pub(crate) pool: bool,
    #[command(flatten)]
    pub(crate) fields: RangeFields,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateRange {
    /// Its id.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) fields: RangeFields,
    /// Fields to empty; a list that is given as well is then all there is.
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    pub(crate) clear: Vec<RangeField>,
}

/// A field that can be emptied.
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
    Policy,
    Tags,
    Properties,
}

/// Which free address comes next.
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
