//! Arguments of `ipam calc`.

use clap::{Args, Subcommand};

/// A `Vec` and a command, and not one command more for the description: `ipam calc 10.0.0.7/24` is what the users of ipcalc
/// and sipcalc type.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Calc {
    /// Prefixes to describe, such as 10.0.0.7/24, 10.0.0.7/255.255.255.0 or 2001:db8::/48.
    #[arg(value_name = "PREFIX")]
    pub(super) prefixes: Vec<String>,
    #[command(subcommand)]
    pub(super) command: Option<CalcCommand>,
}

#[derive(Debug, Subcommand)]
pub(super) enum CalcCommand {
    /// List the subnets of a prefix.
    Split(Split),
    /// List the addresses of a prefix that hosts can have.
    Hosts(Hosts),
    /// Show the prefix of a shorter length around a prefix.
    Supernet {
        /// Prefix or address.
        prefix: String,
        /// Length of the result.
        #[arg(value_parser = length)]
        length: u8,
    },
    /// Show the smallest prefix that holds all items, and more if it must.
    Cover {
        /// Prefixes, addresses, or ranges FIRST-LAST; - reads them from standard input.
        #[arg(value_name = "ITEM", required = true)]
        items: Vec<String>,
    },
    /// List the fewest prefixes that hold exactly the items. Of a range FIRST-LAST, these are its prefixes.
    #[command(visible_alias = "deaggregate")]
    Aggregate {
        /// Prefixes, addresses, or ranges FIRST-LAST; - reads them from standard input.
        #[arg(value_name = "ITEM", required = true)]
        items: Vec<String>,
        #[command(flatten)]
        limit: Limit,
    },
    /// List the fewest prefixes that are left of an item without the others.
    Subtract {
        /// Prefix, or range FIRST-LAST.
        from: String,
        /// Prefixes, addresses, or ranges FIRST-LAST to leave out; - reads them from standard input.
        #[arg(value_name = "ITEM", required = true)]
        items: Vec<String>,
        #[command(flatten)]
        limit: Limit,
    },
    /// Show the names and zones of reverse DNS, or the prefix of such a name.
    ///
    /// A part of a /24 has a zone by RFC 2317; another prefix off the boundary of a label has several zones.
    Reverse {
        /// Addresses, prefixes, or names below in-addr.arpa or ip6.arpa.
        #[arg(value_name = "ITEM", required = true)]
        items: Vec<String>,
    },
    /// Place subnets of given sizes in blocks, the largest first, each in the smallest free piece with room for it.
    #[command(visible_alias = "plan")]
    Vlsm(Vlsm),
}

/// Limit of a list. No `default_value`: a list that is longer than the default is refused, and one that is longer than
/// what was asked for is cut.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Limit {
    /// Largest number of results; 0 for all. Without it, a list of more than 65536 is refused.
    #[arg(long)]
    pub(super) limit: Option<u64>,
}

#[derive(Debug, Args)]
pub(super) struct Split {
    /// Prefix to split.
    pub(super) prefix: String,
    /// Length of the subnets, or +N for lengths N above that of the prefix.
    #[arg(value_parser = new_length)]
    pub(super) length: NewLength,
    #[command(flatten)]
    pub(super) limit: Limit,
}

#[derive(Debug, Args)]
pub(super) struct Hosts {
    /// Prefix of the hosts.
    pub(super) prefix: String,
    /// Also list the network and broadcast addresses, or the anycast address of IPv6.
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) limit: Limit,
}

#[derive(Debug, Args)]
pub(super) struct Vlsm {
    /// Block of the subnets.
    pub(super) block: String,
    /// Sizes of the subnets, each a number of hosts or /LENGTH, with a name or without. The gateway counts as a host.
    #[arg(value_name = "[NAME=]SIZE", required = true, value_parser = size)]
    pub(super) sizes: Vec<Size>,
    /// Further block; may be repeated.
    #[arg(long = "block", value_name = "PREFIX")]
    pub(super) blocks: Vec<String>,
    /// Prefixes, addresses, or ranges FIRST-LAST that are taken.
    #[arg(long, value_name = "ITEM,…", value_delimiter = ',')]
    pub(super) taken: Vec<String>,
    /// Count the network and broadcast addresses as hosts, too.
    #[arg(long)]
    pub(super) all: bool,
}

/// Length of subnets, as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NewLength {
    Exactly(u8),
    Longer(u8),
}

/// Size of a subnet to place, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) name: Option<String>,
    /// Size as it was given.
    pub(super) text: String,
    pub(super) size: ipam_core::net::SubnetSize,
}

fn length(text: &str) -> Result<u8, String> {
    let digits = text.strip_prefix('/').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain).ok_or_else(|| "write a prefix length such as 24 or /24".to_owned())
}

fn new_length(text: &str) -> Result<NewLength, String> {
    match text.strip_prefix('+') {
        Some(more) => length(more).map(NewLength::Longer),
        None => length(text).map(NewLength::Exactly),
    }
    .map_err(|_| "write a prefix length such as 24 or /24, or +2 for two bits more than the prefix".to_owned())
}

fn size(text: &str) -> Result<Size, String> {
    use ipam_core::net::SubnetSize::{Hosts, PrefixLen};
    let (name, size) = text.split_once('=').map_or((None, text), |(name, size)| (Some(name.to_owned()), size));
    let read = match size.strip_prefix('/') {
        Some(_) => length(size).ok().map(PrefixLen),
        None => size.parse().ok().filter(|_| !size.starts_with('+')).map(Hosts),
    };
    let size = size.to_owned();
    let read =
        read.ok_or("write a number of hosts such as 50, a length such as /26, or one of them with a name: lan=50")?;
    Ok(Size { name, text: size, size: read })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use ipam_core::net::SubnetSize;

    use super::*;

    #[test]
    fn lengths_and_sizes_are_read_or_refused() {
        assert_eq!((length("24"), length("/24")), (Ok(24), Ok(24)));
        assert!(["", "/", "+24", "256", "x", "-1"].iter().all(|text| length(text).is_err()));
        assert_eq!(new_length("+2"), Ok(NewLength::Longer(2)));
        assert!(new_length("++2").is_err());
        assert_eq!(size("50").unwrap().size, SubnetSize::Hosts(50));
        assert_eq!(size("dmz=/28").unwrap().name.as_deref(), Some("dmz"));
        assert!(["", "x", "+5", "lan=", "=", "/129x"].iter().all(|text| size(text).is_err()));
    }
}
