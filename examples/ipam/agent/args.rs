//! Arguments of `ipam agent`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ipnet::IpNet;

/// Arguments of all commands of the scan agent.
#[derive(Debug, Args)]
pub(crate) struct Agent {
    /// File of the settings, in YAML or TOML; that of the community agent works unchanged. Settings can also be given as
    /// variables, such as IPAM_AGENT_API_URL for api_url.
    ///
    /// [default: /etc/phpipam/scan_agent.yaml, if it exists]
    #[arg(long, global = true, value_name = "FILE", env = "IPAM_AGENT_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// Show no progress, and no report of a run without a problem. For cron, which mails what is printed.
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) verb: AgentVerb,
}

/// Command of the scan agent.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentVerb {
    /// Show the subnets that are assigned to the agent, without scanning them.
    Plan,
    /// Scan all subnets once.
    Once(Once),
    /// Scan all subnets again and again, until SIGINT or SIGTERM.
    Run(Run),
    /// Receive the reports of scanners that cannot reach phpIPAM, and apply them.
    Relay,
}

/// Arguments of `ipam agent once`.
#[derive(Debug, Args)]
pub(crate) struct Once {
    /// Scan and list the changes that would be made, but write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) only: Only,
}

/// Arguments of `ipam agent run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Time from the start of a run to the start of the next, such as 10m; replaces the setting `interval`.
    #[arg(long, value_name = "TIME", value_parser = super::settings::parse_time)]
    pub(crate) interval: Option<std::time::Duration>,
    #[command(flatten)]
    pub(crate) only: Only,
}

/// Limit of the subnets.
#[derive(Debug, Args)]
pub(crate) struct Only {
    /// Scan only the assigned subnets within this network; can be repeated.
    #[arg(long = "subnet", value_name = "CIDR")]
    pub(crate) subnets: Vec<IpNet>,
}
