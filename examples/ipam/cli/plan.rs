//! The arguments of `ipam plan`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
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

/// How a plan's file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// A table with a column for each field; see examples/README.md.
    Csv,
    /// An object of `blocks`, `ranges` and `allocations`; see examples/README.md.
    Json,
    /// What phpIPAM returns for GET subnets/.
    Phpipam,
}

#[derive(Debug, Args)]
pub(crate) struct PlanFiles {
    /// The plan; - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Its format, if it is not to be guessed.
    #[arg(long)]
    pub(crate) format: Option<FileFormat>,
    /// With a phpIPAM's response: the response to GET addresses/.
    #[arg(long, value_name = "FILE")]
    pub(crate) addresses: Option<PathBuf>,
    /// With a phpIPAM's response: the response to GET tools/nameservers/.
    #[arg(long, value_name = "FILE")]
    pub(crate) nameservers: Option<PathBuf>,
    /// With a phpIPAM's response: the response to GET vlans/.
    #[arg(long, value_name = "FILE")]
    pub(crate) vlans: Option<PathBuf>,
}
