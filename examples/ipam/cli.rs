//! The arguments.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipam_core::net::IpRange;
use ipam_core::{Family, MacAddr, Order, Tag, Vlan};
use ipnet::IpNet;
use vra_client::plugin::Action;

use crate::plan::Format;
use crate::vra7::Vra7;

/// Look at, take and give back IP addresses.
///
/// Exit codes: 0 done, 1 failed, 2 wrong use, 3 exhausted, 4 not found.
#[derive(Debug, Parser)]
#[command(name = "ipam", version, propagate_version = true)]
pub(crate) struct Cli {
    /// Which provider.
    // The brackets of the URL would be links in a doc comment.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "IPAM_PROVIDER",
        hide_env_values = true,
        help = "Where the addresses are: memory:, embedded:PATH?busy_timeout=5s&actor=NAME, or \
            phpipam+https://[USER@]HOST[/BASE]/APP?section=NAME with the secret in IPAM_PASSWORD or IPAM_APP_CODE, or in \
            the file that IPAM_PASSWORD_FILE or IPAM_APP_CODE_FILE names"
    )]
    pub(crate) provider: Option<String>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show the whole of it on a real subnet plan, in a fresh store, and check what is shown.
    Quickstart(Quickstart),
    #[command(flatten)]
    Ask(Box<Ask>),
    /// Import a subnet plan, or write it in another format.
    #[command(subcommand)]
    Plan(Plan),
    /// Look after a store.
    #[command(subcommand)]
    Store(Store),
    /// Run an action of vRealize Automation's IPAM plug-in contract: inputs on standard input, outputs on standard output.
    Vra {
        /// validate-endpoint, get-ip-ranges, get-ip-blocks, allocate-ip, deallocate-ip, update-record, allocate-ip-range,
        /// deallocate-ip-range.
        action: Action,
    },
    /// Request machines of vRealize Automation 6.2 to 7.6, and look at what is there.
    Vra7(Vra7),
}

/// What is asked of one provider.
#[derive(Debug, Subcommand)]
pub(crate) enum Ask {
    /// List, add, update and remove ranges.
    #[command(subcommand)]
    Ranges(Ranges),
    /// List, add, update and remove blocks; carve ranges out of them.
    #[command(subcommand)]
    Blocks(Blocks),
    /// Take addresses.
    Allocate(Allocate),
    /// Give addresses back. What is free already counts as done.
    Deallocate(Deallocate),
    /// Find allocations. Nothing found is no failure.
    Find(Find),
    /// Change what is said about an allocation.
    Update(Update),
    /// Show how full ranges are.
    Usage(Usage),
    /// Show who did what, oldest first.
    Changes(Changes),
    /// Check that the provider can be used.
    Check,
}

#[derive(Debug, Args)]
pub(crate) struct Quickstart {
    /// Make the store in this file and keep it; it must not exist. Else it is made in a temporary directory and removed.
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Ranges {
    /// List ranges.
    List(ListRanges),
    /// Add a range.
    Add(AddRange),
    /// Change a range; what is not named stays as it is.
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
    /// Its name for people.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What it is for.
    #[arg(long)]
    pub(crate) description: Option<String>,
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
    #[arg(long, value_name = "TIME", value_parser = crate::text::duration)]
    pub(crate) quarantine: Option<Duration>,
    /// A tag; may be repeated.
    #[arg(long = "tag", value_name = "KEY[=VALUE]", value_parser = tag)]
    pub(crate) tags: Vec<Tag>,
    /// A property; may be repeated.
    #[arg(long = "property", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) properties: Vec<(String, String)>,
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
    /// Fields to empty.
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

#[derive(Debug, Subcommand)]
pub(crate) enum Blocks {
    /// List blocks.
    List {
        /// Only in this address space.
        #[arg(long)]
        space: Option<String>,
        /// Only this address family.
        #[arg(long, value_parser = family)]
        family: Option<Family>,
        /// Only of exactly this name.
        #[arg(long)]
        name: Option<String>,
    },
    /// Add a block.
    Add {
        /// Its id.
        id: String,
        /// Its prefix, such as 10.0.0.0/16.
        #[arg(value_parser = net)]
        net: IpNet,
        /// The address space.
        #[arg(long)]
        space: Option<String>,
        #[command(flatten)]
        fields: BlockFields,
    },
    /// Change a block; what is not named stays as it is.
    Update {
        /// Its id.
        id: String,
        #[command(flatten)]
        fields: BlockFields,
        /// Fields to empty.
        #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
        clear: Vec<BlockField>,
    },
    /// Remove a block; what lies in it stays. One that is gone already counts as done.
    Remove {
        /// Its id.
        id: String,
    },
    /// Carve a range out of the first of these blocks that has room.
    Allocate(CarveRange),
    /// Give a carved range back.
    Deallocate {
        /// The range's id.
        #[arg(required_unless_present = "key", conflicts_with = "key")]
        range: Option<String>,
        /// The key of the request that carved it.
        #[arg(long)]
        key: Option<String>,
        /// Give it back though addresses of it are allocated; they end with it.
        #[arg(long)]
        with_allocations: bool,
        #[command(flatten)]
        expect: ExpectArgs,
    },
}

#[derive(Debug, Args)]
pub(crate) struct BlockFields {
    /// Its name for people.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What it is for.
    #[arg(long)]
    pub(crate) description: Option<String>,
    /// A tag; may be repeated.
    #[arg(long = "tag", value_name = "KEY[=VALUE]", value_parser = tag)]
    pub(crate) tags: Vec<Tag>,
    /// A property; may be repeated.
    #[arg(long = "property", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) properties: Vec<(String, String)>,
}

/// A field that can be emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BlockField {
    Name,
    Description,
    Tags,
    Properties,
}

#[derive(Debug, Args)]
pub(crate) struct CarveRange {
    /// The blocks to try, in this order.
    #[arg(required = true)]
    pub(crate) blocks: Vec<String>,
    /// Who the range is for.
    #[arg(long)]
    pub(crate) owner: String,
    /// The length of the prefix to carve.
    #[arg(long, value_name = "LENGTH", required_unless_present = "net", conflicts_with = "net")]
    pub(crate) prefix_len: Option<u8>,
    /// Exactly this prefix.
    #[arg(long, value_name = "PREFIX", value_parser = net)]
    pub(crate) net: Option<IpNet>,
    /// Names the request, so that repeating it gives the same range.
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// The range's name for people.
    #[arg(long)]
    pub(crate) name: Option<String>,
}

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
    /// The host's name.
    #[arg(long)]
    pub(crate) hostname: Option<String>,
    /// What it is for.
    #[arg(long)]
    pub(crate) description: Option<String>,
    /// The MAC address of the interface.
    #[arg(long)]
    pub(crate) mac: Option<MacAddr>,
    /// A tag; may be repeated.
    #[arg(long = "tag", value_name = "KEY[=VALUE]", value_parser = tag)]
    pub(crate) tags: Vec<Tag>,
    /// After how long the addresses end by themselves, such as 8h or 7d.
    #[arg(long, value_name = "TIME", value_parser = crate::text::duration)]
    pub(crate) expiry: Option<Duration>,
    /// Show what would be taken; take nothing.
    #[arg(long)]
    pub(crate) preview: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Deallocate {
    /// Allocations by id.
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

/// Whose it has to be; what is another's is left alone and counts as free.
#[derive(Debug, Args)]
pub(crate) struct ExpectArgs {
    /// Only what is this owner's, or nobody's.
    #[arg(long, value_name = "OWNER", conflicts_with = "expect_key")]
    pub(crate) expect_owner: Option<String>,
    /// Only what this request took, or nobody's.
    #[arg(long, value_name = "KEY")]
    pub(crate) expect_key: Option<String>,
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
    /// The allocation's id.
    pub(crate) id: String,
    /// The host's name.
    #[arg(long)]
    pub(crate) hostname: Option<String>,
    /// What it is for.
    #[arg(long)]
    pub(crate) description: Option<String>,
    /// The MAC address of the interface.
    #[arg(long)]
    pub(crate) mac: Option<MacAddr>,
    /// All tags; may be repeated.
    #[arg(long = "tag", value_name = "KEY[=VALUE]", value_parser = tag)]
    pub(crate) tags: Vec<Tag>,
    /// How long from now until it ends by itself.
    #[arg(long, value_name = "TIME", value_parser = crate::text::duration)]
    pub(crate) expiry: Option<Duration>,
    /// Fields to empty.
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
pub(crate) struct Changes {
    /// Only after this position.
    #[arg(long, value_name = "POSITION")]
    pub(crate) since: Option<String>,
    /// At most so many; 0 for all.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) limit: usize,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Plan {
    /// Add what a plan has and the store has not: all of it, or nothing.
    Import {
        #[command(flatten)]
        files: PlanFiles,
        /// Say what would be done; do nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Write a plan in another format.
    Convert {
        #[command(flatten)]
        files: PlanFiles,
        /// The format to write.
        #[arg(long, value_parser = ["csv", "json"])]
        to: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PlanFiles {
    /// The plan; - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Its format, if it is not to be guessed.
    #[arg(long)]
    pub(crate) format: Option<Format>,
    /// With a phpIPAM answer: the answer to GET addresses/.
    #[arg(long, value_name = "FILE")]
    pub(crate) addresses: Option<PathBuf>,
    /// With a phpIPAM answer: the answer to GET tools/nameservers/.
    #[arg(long, value_name = "FILE")]
    pub(crate) nameservers: Option<PathBuf>,
    /// With a phpIPAM answer: the answer to GET vlans/.
    #[arg(long, value_name = "FILE")]
    pub(crate) vlans: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Read the whole of an embedded store and check it against itself.
    Check {
        /// The file; that of --provider if none is named.
        path: Option<PathBuf>,
    },
}

fn family(text: &str) -> Result<Family, String> {
    match text {
        "v4" | "4" | "ipv4" => Ok(Family::V4),
        "v6" | "6" | "ipv6" => Ok(Family::V6),
        _ => Err("write v4 or v6".to_owned()),
    }
}

fn ip(text: &str) -> Result<IpAddr, String> {
    text.trim().parse().map_err(|_| "write an address such as 10.0.0.7 or 2001:db8::7".to_owned())
}

fn net(text: &str) -> Result<IpNet, String> {
    text.trim().parse().map_err(|_| "write a prefix such as 10.0.0.0/24 or 2001:db8::/64".to_owned())
}

fn tag(text: &str) -> Result<Tag, String> {
    Ok(crate::text::tag(text))
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn vlan(text: &str) -> Result<Vlan, String> {
    let (number, name) = text.split_once('=').map_or((text, None), |(number, name)| (number, Some(name)));
    let number = number.parse().ok().filter(|number| (1..=4094).contains(number));
    let vlan = Vlan::new(number.ok_or("write a number from 1 to 4094, and its name after =")?);
    Ok(match name {
        Some(name) => vlan.with_name(name),
        None => vlan,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn values_are_read_or_refused_with_a_remedy() {
        assert_eq!(vlan("12=dmz"), Ok(Vlan::new(12).with_name("dmz")));
        assert!(vlan("0").is_err() && vlan("4095").is_err() && vlan("x").is_err());
        assert_eq!(family("v6"), Ok(Family::V6));
        assert!(pair("x").is_err());
        assert!(net("10.0.0.0/33").is_err_and(|remedy| remedy.contains("10.0.0.0/24")));
        assert!(ip("10.0.0").is_err_and(|remedy| remedy.contains("10.0.0.7")));
    }
}
