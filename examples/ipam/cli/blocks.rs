//! The arguments of `ipam blocks`.

use clap::{Args, Subcommand, ValueEnum};
use ipam_core::Family;
use ipnet::IpNet;

use super::labels::{Described, ExpectArgs};
use super::value_parsers::{family, net};

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
        fields: Described,
    },
    /// Change a block; what is not named stays as it is. --tag and --property add to what is there; with --clear of the
    /// same field they replace it.
    Update {
        /// Its id.
        id: String,
        #[command(flatten)]
        fields: Described,
        /// Fields to empty; a list that is given as well is then all there is.
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
