//! Arguments of `ipam blocks`.

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
        /// Only of this address family, v4 or v6.
        #[arg(long, value_parser = family)]
        family: Option<Family>,
        /// Only with exactly this name.
        #[arg(long)]
        name: Option<String>,
    },
    /// Add a block.
    Add {
        /// Id of the block.
        id: String,
        /// Prefix of the block, such as 10.0.0.0/16.
        #[arg(value_parser = net)]
        net: IpNet,
        /// Address space of the block [default: default].
        #[arg(long)]
        space: Option<String>,
        #[command(flatten)]
        fields: Described,
    },
    /// Change a block. Fields without an argument keep their value. --tag and --property add to the list; with --clear of
    /// the same field they replace it.
    Update {
        /// Id of the block.
        id: String,
        #[command(flatten)]
        fields: Described,
        /// Fields to empty. A list that is also given replaces the old one.
        #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
        clear: Vec<BlockField>,
    },
    /// Remove a block, but not the ranges and blocks inside it. A block that does not exist is no error.
    Remove {
        /// Id of the block.
        id: String,
    },
    /// Allocate a child prefix: make a new range in the first of these blocks that has room.
    Allocate(AllocateRange),
    /// Deallocate a child prefix: remove a range that `blocks allocate` made.
    Deallocate {
        /// Id of the range.
        #[arg(required_unless_present = "key", conflicts_with = "key")]
        range: Option<String>,
        /// Key of the request that allocated it.
        #[arg(long)]
        key: Option<String>,
        /// Deallocate the range and all allocations in it. Without this, a range with allocations is an error.
        #[arg(long)]
        with_allocations: bool,
        #[command(flatten)]
        expect: ExpectArgs,
    },
}

/// Field that --clear empties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BlockField {
    Name,
    Description,
    Tags,
    Properties,
}

#[derive(Debug, Args)]
pub(crate) struct AllocateRange {
    /// Ids of the blocks to try, in this order.
    #[arg(required = true)]
    pub(crate) blocks: Vec<String>,
    /// Owner of the range.
    #[arg(long)]
    pub(crate) owner: String,
    /// Length of the prefix; the lowest free prefix that leaves larger gaps whole is taken.
    #[arg(long, value_name = "LENGTH", required_unless_present = "net", conflicts_with = "net")]
    pub(crate) prefix_len: Option<u8>,
    /// Exactly this prefix, instead of --prefix-len.
    #[arg(long, value_name = "PREFIX", value_parser = net)]
    pub(crate) net: Option<IpNet>,
    /// Key of the request: a repetition with the same key returns the same range.
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// Display name of the range.
    #[arg(long)]
    pub(crate) name: Option<String>,
}
