//! Arguments that several verbs have.

use clap::Args;
use ipam_core::{MacAddr, Tag};

use super::value_parsers::{pair, tag};

/// What ranges and blocks say about themselves.
#[derive(Debug, Args)]
pub(crate) struct Described {
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

/// What allocations say about themselves.
#[derive(Debug, Args)]
pub(crate) struct Labels {
    /// The host's name.
    #[arg(long)]
    pub(crate) hostname: Option<String>,
    /// What it is for.
    #[arg(long)]
    pub(crate) description: Option<String>,
    /// The MAC address of the interface.
    #[arg(long)]
    pub(crate) mac: Option<MacAddr>,
    /// A tag, added to those there are; may be repeated.
    #[arg(long = "tag", value_name = "KEY[=VALUE]", value_parser = tag)]
    pub(crate) tags: Vec<Tag>,
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
