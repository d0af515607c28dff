//! Arguments of `ipam diff` and `ipam migrate`.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// URL of the first provider; its secrets may be in IPAM_FROM_PASSWORD and so on, or else in IPAM_PASSWORD.
    #[arg(value_name = "URL")]
    pub(crate) first: String,
    /// URL of the second provider; its secrets may be in IPAM_TO_PASSWORD and so on, or else in IPAM_PASSWORD.
    #[arg(value_name = "URL")]
    pub(crate) second: String,
    /// Largest number of differences to print; 0 for all. The others are counted.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// URL of the provider to read; nothing is changed there. Its secrets may be in IPAM_FROM_PASSWORD and so on, or
    /// else in IPAM_PASSWORD.
    #[arg(value_name = "FROM")]
    pub(crate) from: String,
    /// URL of the provider to write; a store is made if there is none. Its secrets may be in IPAM_TO_PASSWORD and so on,
    /// or else in IPAM_PASSWORD.
    #[arg(value_name = "TO")]
    pub(crate) to: String,
    /// Show what would be written, what is lost and what is in the way; write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write although the target cannot hold everything. Without it such a migration writes nothing.
    #[arg(long)]
    pub(crate) accept_losses: bool,
}
