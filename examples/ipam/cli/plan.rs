//! Arguments of `ipam plan`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Add the rows of a plan that the provider does not have: all of them or, if one conflicts, none.
    Import {
        #[command(flatten)]
        files: PlanFiles,
        /// Show what would be added, and add nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Write the provider as a plan: blocks, ranges and allocated addresses.
    Export {
        /// Format to write.
        #[arg(long, value_parser = ["csv", "json"], default_value = "csv")]
        to: String,
    },
    /// Convert a plan to another format.
    Convert {
        #[command(flatten)]
        files: PlanFiles,
        /// Format to write.
        #[arg(long, value_parser = ["csv", "json"])]
        to: String,
    },
}

/// Format of a plan's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// A table with a column for each field; see examples/README.md.
    Csv,
    /// An object of `blocks`, `ranges` and `allocations`; see examples/README.md.
    Json,
    /// Response of phpIPAM to GET subnets/all/.
    Phpipam,
}

#[derive(Debug, Args)]
pub(crate) struct PlanFiles {
    /// File of the plan; - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Format of the file [default: detected from its content].
    #[arg(long)]
    pub(crate) format: Option<FileFormat>,
    /// With the format phpipam: file of the response to GET addresses/all/.
    #[arg(long, value_name = "FILE")]
    pub(crate) addresses: Option<PathBuf>,
    /// With the format phpipam: file of the response to GET tools/nameservers/.
    #[arg(long, value_name = "FILE")]
    pub(crate) nameservers: Option<PathBuf>,
    /// With the format phpipam: file of the response to GET vlans/.
    #[arg(long, value_name = "FILE")]
    pub(crate) vlans: Option<PathBuf>,
}
