//! The arguments of `ipam plan`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::plan::Format;

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
