//! `ipam vra`: the IPAM plug-in of vRealize Automation 8 and later.

mod action;
mod package;
#[cfg(unix)]
mod replay;

use clap::Subcommand;
use vra_client::plugin::Action;

use crate::closing::Ended;
use crate::exit::Failure;
use crate::output::Output;

/// Command of the plug-in.
#[derive(Debug, Subcommand)]
pub(crate) enum Vra {
    #[command(flatten)]
    Action(VraAction),
    /// Write the package of the plug-in, which an administrator imports into vRA.
    ///
    /// The actions run a program that is built from the checkout of this workspace with cargo, or given with --program.
    // The version is that of the package here.
    #[command(disable_version_flag = true)]
    Package(Box<package::PackageArgs>),
    /// Run an action of a package as vRA does, with recorded inputs.
    #[cfg(unix)]
    Replay(replay::Args),
}

/// Action of the contract, by its name in the package or on the command line.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum VraAction {
    /// Check that the endpoint is reachable and that its credentials have the permissions needed.
    #[command(alias = "ValidateEndpoint")]
    ValidateEndpoint,
    /// List the ranges that addresses are allocated from.
    #[command(name = "get-ip-ranges", alias = "GetIPRanges")]
    GetIpRanges,
    /// Allocate the addresses of a machine.
    #[command(name = "allocate-ip", alias = "AllocateIP")]
    AllocateIp,
    /// Deallocate addresses of a machine.
    #[command(name = "deallocate-ip", alias = "DeallocateIP")]
    DeallocateIp,
    /// Record the MAC addresses and the host name of a machine.
    #[command(aliases = ["Update", "UpdateRecord"])]
    UpdateRecord,
    /// List the blocks that on-demand networks are allocated in.
    #[command(name = "get-ip-blocks", alias = "GetIPBlocks")]
    GetIpBlocks,
    /// Allocate an on-demand network.
    #[command(name = "allocate-ip-range", alias = "AllocateIPRange")]
    AllocateIpRange,
    /// Deallocate an on-demand network.
    #[command(name = "deallocate-ip-range", alias = "DeallocateIPRange")]
    DeallocateIpRange,
}

impl From<VraAction> for Action {
    fn from(action: VraAction) -> Self {
        match action {
            VraAction::ValidateEndpoint => Self::ValidateEndpoint,
            VraAction::GetIpRanges => Self::GetIpRanges,
            VraAction::AllocateIp => Self::AllocateIp,
            VraAction::DeallocateIp => Self::DeallocateIp,
            VraAction::UpdateRecord => Self::UpdateRecord,
            VraAction::GetIpBlocks => Self::GetIpBlocks,
            VraAction::AllocateIpRange => Self::AllocateIpRange,
            VraAction::DeallocateIpRange => Self::DeallocateIpRange,
        }
    }
}

/// Runs a command of the plug-in. An action runs over the provider at `url`.
pub(crate) async fn run(url: Option<&str>, command: Vra) -> Result<Ended<Output>, Failure> {
    match command {
        Vra::Action(action) => action::run(url, action.into()).await,
        Vra::Package(args) => Ok(Ended { value: package::run(*args).await?, closing: None }),
        #[cfg(unix)]
        Vra::Replay(args) => replay::run(args).await,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use clap::{Command, FromArgMatches};

    use super::*;

    #[test]
    fn every_action_has_a_command_of_both_its_names() {
        for action in Action::ALL {
            for name in [action.command(), action.name()] {
                let command = Vra::augment_subcommands(Command::new("vra"));
                let matches = command.try_get_matches_from(["vra", name]).unwrap();
                let read = Vra::from_arg_matches(&matches).unwrap();
                assert!(matches!(read, Vra::Action(read) if Action::from(read) == action), "{name}");
            }
        }
    }
}
