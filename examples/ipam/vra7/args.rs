//! The arguments of `ipam vra7`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

/// Where the server is, who asks, and for what.
#[derive(Debug, Args)]
pub(crate) struct Vra7 {
    /// The server, such as `https://vra.example`.
    #[arg(long, env = "IPAM_VRA_URL")]
    pub(crate) url: Option<String>,
    /// Who asks, as user@domain; the password is in `IPAM_VRA_PASSWORD`, or in the file that `IPAM_VRA_PASSWORD_FILE` names.
    #[arg(long, env = "IPAM_VRA_USER")]
    pub(crate) user: Option<String>,
    /// The tenant's name in URLs, such as vsphere.local.
    #[arg(long, env = "IPAM_VRA_TENANT")]
    pub(crate) tenant: Option<String>,
    /// A file with the certificate of an authority to trust besides the system's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Allow http:// URLs. Whoever sees the traffic then has the password.
    #[arg(long)]
    pub(crate) allow_http: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List the items that may be requested.
    Items(List),
    /// Request an item, wait for it, and show what came of it.
    Request(Request),
    /// List the own requests, newest first.
    Requests(List),
    /// List resources with their addresses.
    Resources(Resources),
    /// List what waits for approval, or approve or reject one of it.
    Approve(Approve),
    /// List reservations.
    Reservations(List),
    /// List network profiles, or the ranges of one.
    Profiles(Profiles),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only of exactly this name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// At most so many; 0 is all.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Request {
    /// The item's name.
    pub(crate) item: String,
    /// The business group's name; else the item's own.
    #[arg(long)]
    pub(crate) group: Option<String>,
    /// Why.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// A value of the request, such as `_leaseDays=5`, or of a component of the blueprint, such as `machine.cpu=2`; may
    /// be repeated.
    #[arg(long = "set", value_name = "[COMPONENT.]KEY=VALUE")]
    pub(crate) values: Vec<String>,
    /// Only hand it in.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// For how long to wait.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = ipam_core::plan::parse_duration)]
    pub(crate) wait: Duration,
    /// The first pause between two questions; pauses grow to 15 seconds.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = ipam_core::plan::parse_duration)]
    pub(crate) pause: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Resources {
    /// Only of this type, such as Infrastructure.Machine.
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "request")]
    pub(crate) kind: Option<String>,
    /// Only what came of this request, by id.
    #[arg(long, value_name = "ID")]
    pub(crate) request: Option<String>,
    /// Those of all business groups that one manages.
    #[arg(long, conflicts_with = "request")]
    pub(crate) managed: bool,
    /// At most so many; 0 is all.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The work item to complete, by id.
    pub(crate) id: Option<String>,
    /// Reject it.
    #[arg(long, requires = "id")]
    pub(crate) reject: bool,
    /// Why.
    #[arg(long, requires = "id")]
    pub(crate) reason: Option<String>,
    /// List what is completed, too.
    #[arg(long, conflicts_with = "id")]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Profiles {
    /// Show the ranges of the profile of this name.
    pub(crate) name: Option<String>,
    /// Only of this kind: external, nat, routed or private.
    #[arg(long, value_name = "KIND", conflicts_with = "name")]
    pub(crate) kind: Option<String>,
    /// At most so many; 0 is all.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}
