//! Arguments that several commands share.

use clap::Args;
use ipam_core::{MacAddr, Tag};

use super::value_parsers::{pair, tag};

/// Description of a range or block.
#[derive(Debug, Args)]
pub(crate) struct Described {
    /// Display name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Description, in free text.
    #[arg(long)]
    pub(crate) description: Option<String>,
    /// Tag; may be repeated.
    #[arg(long = "tag", value_name = "KEY[=VALUE]", value_parser = tag)]
    pub(crate) tags: Vec<Tag>,
    /// Property; may be repeated.
    #[arg(long = "property", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) properties: Vec<(String, String)>,
}

/// Description of an allocation.
#[derive(Debug, Args)]
pub(crate) struct Labels {
    /// Host name.
    #[arg(long)]
    pub(crate) hostname: Option<String>,
    /// Description, in free text.
    #[arg(long)]
    pub(crate) description: Option<String>,
    /// MAC address of the interface.
    #[arg(long)]
    pub(crate) mac: Option<MacAddr>,
    /// Tag to add; may be repeated.
    #[arg(long = "tag", value_name = "KEY[=VALUE]", value_parser = tag)]
    pub(crate) tags: Vec<Tag>,
}

/// Condition for a deallocation. A target that does not meet it is skipped and counts as free already.
#[derive(Debug, Args)]
pub(crate) struct ExpectArgs {
    /// Deallocate only what belongs to this owner, or has no owner. Other targets are skipped without an error.
    #[arg(long, value_name = "OWNER", conflicts_with = "expect_key")]
    pub(crate) expect_owner: Option<String>,
    /// Deallocate only what the request with this key allocated, or what has no key. Other targets are skipped without
    /// an error.
    #[arg(long, value_name = "KEY")]
    pub(crate) expect_key: Option<String>,
}
