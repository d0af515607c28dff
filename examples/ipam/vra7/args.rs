//! Arguments of `ipam vra7`.

use std::time::Duration;

use clap::{Args, Subcommand};

use crate::vra_server::Connection;

/// Server, user, tenant and command.
#[derive(Debug, Args)]
pub(crate) struct Vra7 {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// User, as name@domain; required here or in the environment. The password is in IPAM_VRA_PASSWORD, or in the file
    /// that IPAM_VRA_PASSWORD_FILE names.
    #[arg(long, global = true, env = "IPAM_VRA_USER")]
    pub(crate) user: Option<String>,
    /// Name of the tenant in URLs, such as vsphere.local; required here or in the environment.
    #[arg(long, global = true, env = "IPAM_VRA_TENANT")]
    pub(crate) tenant: Option<String>,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List the catalog items that the user may request.
    Items(List),
    /// Request an item, wait until the request ends, and show its resources.
    Request(Request),
    /// List the user's requests, newest first.
    Requests(List),
    /// List resources with their addresses.
    Resources(Resources),
    /// List open approvals, or approve or reject one.
    Approve(Approve),
    /// List reservations.
    Reservations(List),
    /// List network profiles, or the ranges of one.
    Profiles(Profiles),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only with exactly this name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Largest number of results; 0 for all.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Request {
    /// Name of the item.
    pub(crate) item: String,
    /// Name of the business group [default: the user's default group, which the server chooses].
    #[arg(long)]
    pub(crate) group: Option<String>,
    /// Reason for the request, shown to approvers.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Value of the request, such as _leaseDays=5, or of a component of the blueprint, such as machine.cpu=2; may be
    /// repeated.
    #[arg(long = "set", value_name = "[COMPONENT.]KEY=VALUE")]
    pub(crate) values: Vec<String>,
    /// Submit the request and do not wait for its end.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Longest time to wait for the end of the request. If it passes, or the request fails, the exit code is 1; a request that
    /// is not finished goes on.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = ipam_core::plan::parse_duration)]
    pub(crate) wait: Duration,
    /// First pause between two queries of the state; pauses grow to 15 seconds.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = ipam_core::plan::parse_duration)]
    pub(crate) pause: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Resources {
    /// Only of this type, such as Infrastructure.Machine.
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "request")]
    pub(crate) kind: Option<String>,
    /// Only resources of the request with this id.
    #[arg(long, value_name = "ID")]
    pub(crate) request: Option<String>,
    /// Resources of all business groups that the user manages.
    #[arg(long, conflicts_with = "request")]
    pub(crate) managed: bool,
    /// Largest number of results; 0 for all.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// Id of the approval to complete.
    pub(crate) id: Option<String>,
    /// Reject instead of approve.
    #[arg(long, requires = "id")]
    pub(crate) reject: bool,
    /// Reason for the decision.
    #[arg(long, requires = "id")]
    pub(crate) reason: Option<String>,
    /// Also list completed approvals.
    #[arg(long, conflicts_with = "id")]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Profiles {
    /// Name of a profile: show its ranges.
    pub(crate) name: Option<String>,
    /// Only profiles of this kind: external, nat, routed or private.
    #[arg(long, value_name = "KIND", conflicts_with = "name")]
    pub(crate) kind: Option<String>,
    /// Largest number of results; 0 for all.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}
