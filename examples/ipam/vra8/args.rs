//! Arguments of `ipam vra8`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use vra_client::poll::Wait;

use crate::cli::{ip, pair};
use crate::vra_server::Connection;

/// Longest pause between two queries of a state.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Server, login and command.
#[derive(Debug, Args)]
pub(crate) struct Vra8 {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// User. The password is in IPAM_VRA_PASSWORD, or in the file that IPAM_VRA_PASSWORD_FILE names. Without a user,
    /// the refresh token in IPAM_VRA_REFRESH_TOKEN, or in the file that IPAM_VRA_REFRESH_TOKEN_FILE names, logs in.
    #[arg(long, global = true, env = "IPAM_VRA_USER")]
    pub(crate) user: Option<String>,
    /// Domain of the user's directory, unless it is in the name.
    #[arg(long, global = true, env = "IPAM_VRA_DOMAIN")]
    pub(crate) domain: Option<String>,
    /// Organization of VCF Automation 9, which logs in by a refresh token only.
    #[arg(long, global = true, env = "IPAM_VRA_ORGANIZATION", conflicts_with = "user")]
    pub(crate) organization: Option<String>,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List the catalog items that the user may request.
    Items(Items),
    /// Request an item, wait until its deployment is ready, and show the resources.
    Request(Request),
    /// List deployments, newest first.
    Deployments(Deployments),
    /// List the resources of a deployment with their addresses.
    Resources(OfDeployment),
    /// List the network cards of the machines of a deployment with their addresses.
    Addresses(OfDeployment),
    /// Delete a deployment with its resources, and wait until it is gone.
    Delete(Delete),
    /// List the IP ranges of the server's own address management with their counts, the addresses of one of them, or
    /// the ranges of external IPAMs.
    Ranges(Ranges),
    /// Attach a range of an external IPAM to one more fabric network.
    Attach(Attach),
    /// Allocate addresses of a range of the server's own address management, and print them.
    Allocate(Allocate),
    /// Release addresses of a range of the server's own address management.
    Release(Release),
    /// Import the package of an IPAM plug-in.
    #[command(subcommand)]
    Package(Package),
    /// List or add integrations.
    #[command(subcommand)]
    Integrations(Integrations),
}

#[derive(Debug, Args)]
pub(crate) struct Items {
    /// Only with this text in the name or the description.
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// Only of the project with this name.
    #[arg(long)]
    pub(crate) project: Option<String>,
    /// Largest number of results; 0 for all.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

/// Limits of a wait.
#[derive(Debug, Args)]
pub(crate) struct Waiting {
    /// Longest time to wait for the end. If it passes, the exit code is 1, and the work goes on at the server.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = ipam_core::plan::parse_duration)]
    wait: Duration,
    /// First pause between two queries of the state; pauses grow to 15 seconds.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = ipam_core::plan::parse_duration)]
    pause: Duration,
}

impl Waiting {
    pub(crate) fn limits(&self) -> Wait {
        Wait::up_to(self.wait).with_pauses(self.pause, LONGEST_PAUSE)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Request {
    /// Name of the item.
    pub(crate) item: String,
    /// Name of the project.
    #[arg(long)]
    pub(crate) project: String,
    /// Name of the deployment. It must not exist, so that a repeated command makes no second one.
    #[arg(long)]
    pub(crate) name: String,
    /// Version of the item [default: the newest].
    #[arg(long)]
    pub(crate) item_version: Option<String>,
    /// Reason for the request, shown to approvers.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Input of the item, such as cpu=2; may be repeated. A value is read as JSON unless the input is a text.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) values: Vec<(String, String)>,
    /// Submit the request and do not wait for its end.
    #[arg(long)]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct Deployments {
    /// Only with exactly this name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Only of the project with this name.
    #[arg(long)]
    pub(crate) project: Option<String>,
    /// Only with this status, such as CREATE_FAILED.
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// Largest number of results; 0 for all.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct OfDeployment {
    /// Name or id of the deployment.
    pub(crate) deployment: String,
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// Name or id of the deployment.
    pub(crate) deployment: String,
    /// Begin the deletion and do not wait for its end.
    #[arg(long)]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct Ranges {
    /// Name or id of a range: show its addresses that are allocated, released, or used by others.
    pub(crate) range: Option<String>,
    /// List the ranges of external IPAMs.
    #[arg(long, conflicts_with = "range")]
    pub(crate) external: bool,
    /// Largest number of results; 0 for all. The counts take one request for each range.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Attach {
    /// Name or id of the external range.
    pub(crate) range: String,
    /// Name or id of the fabric network.
    pub(crate) network: String,
}

#[derive(Debug, Args)]
pub(crate) struct Allocate {
    /// Name or id of the range.
    pub(crate) range: String,
    /// Addresses to allocate, at most 100 of one version [default: the server chooses].
    #[arg(value_parser = ip)]
    pub(crate) addresses: Vec<IpAddr>,
    /// Number of addresses for the server to choose, at most 100 [default: 1].
    #[arg(long, conflicts_with = "addresses")]
    pub(crate) count: Option<u32>,
    /// Description of the addresses.
    #[arg(long)]
    pub(crate) description: Option<String>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Args)]
pub(crate) struct Release {
    /// Name or id of the range.
    pub(crate) range: String,
    /// Addresses to release, at most 100 of one version.
    #[arg(required = true, value_parser = ip)]
    pub(crate) addresses: Vec<IpAddr>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Package {
    /// Import a package, such as one that `ipam vra package` made.
    Import(Import),
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// File of the package.
    pub(crate) file: PathBuf,
    /// Replace the package if its provider is there already.
    #[arg(long)]
    pub(crate) overwrite: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Integrations {
    /// List integrations of IPAMs and other systems.
    List(ListIntegrations),
    /// Add the integration of an IPAM: the server calls the package to check it. The password of the IPAM is in
    /// IPAM_PASSWORD, or in the file that IPAM_PASSWORD_FILE names.
    Add(AddIntegration),
}

#[derive(Debug, Args)]
pub(crate) struct ListIntegrations {
    /// Only of this type, such as ipam.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<String>,
    /// Largest number of results; 0 for all.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct AddIntegration {
    /// Name of the integration.
    pub(crate) name: String,
    /// Id of the package's provider, which `package import` prints.
    #[arg(long, value_name = "ID")]
    pub(crate) package: String,
    /// Host name of the IPAM.
    #[arg(long)]
    pub(crate) host: String,
    /// User of the IPAM.
    #[arg(long, value_name = "USER")]
    pub(crate) ipam_user: String,
    /// Further field of the package's form; may be repeated.
    #[arg(long = "field", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) fields: Vec<(String, String)>,
    /// Only check whether the IPAM can be used, and add nothing.
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}
