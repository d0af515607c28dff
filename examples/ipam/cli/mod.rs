//! The arguments.

mod addresses;
mod blocks;
mod command_line;
mod labels;
mod plan;
mod ranges;
mod value_parsers;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use vra_client::plugin::Action;

use crate::vra7::Vra7;

pub(crate) use self::addresses::{Allocate, AllocationField, Changes, Deallocate, Find, Sweep, Update, Usage};
pub(crate) use self::blocks::{BlockField, Blocks, CarveRange};
pub(crate) use self::command_line::read;
pub(crate) use self::labels::ExpectArgs;
pub(crate) use self::plan::{FileFormat, PlanCommand, PlanFiles};
pub(crate) use self::ranges::{AddRange, ListRanges, RangeField, RangeFields, Ranges, UpdateRange};

/// Look at, take and give back IP addresses.
///
/// Exit codes: 0 done, 1 failed, 2 wrong use, 3 exhausted, 4 not found, 130 and 143 stopped by SIGINT and SIGTERM.
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
    Plan(PlanCommand),
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
    /// Undo what processes claimed that died before they acknowledged it. Acknowledged addresses are never touched.
    Sweep(Sweep),
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
pub(crate) enum Store {
    /// Read the whole of an embedded store and check it against itself.
    Check {
        /// The file; that of --provider if none is named.
        path: Option<PathBuf>,
    },
    /// Write a sound copy of the embedded store of --provider to a new file, also while others use the store.
    ///
    /// Copying the file by other means is safe only when no program has the store open: until then a part of it is in the
    /// file beside it that ends in -wal.
    Backup {
        /// The file to write; it must not exist.
        file: PathBuf,
    },
    /// Put a copy of a backup in the place of the embedded store of --provider. What the store had is lost; make a backup
    /// of it first.
    ///
    /// Refused while any program has the store open. The backup is checked before anything is changed.
    Restore {
        /// The backup; it stays as it is.
        backup: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
