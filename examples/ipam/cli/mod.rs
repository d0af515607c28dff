//! Command line of the program.

mod addresses;
mod blocks;
mod command;
mod command_line;
mod examples;
mod export;
mod labels;
mod moving;
mod plan;
mod profiles;
mod ranges;
mod value_parsers;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::agent::Agent;
use crate::calc::Calc;
use crate::output::Form;
use crate::vra::Vra;
use crate::vra7::Vra7;
use crate::vra8::Vra8;

pub(crate) use self::addresses::{Allocate, AllocationField, Changes, Deallocate, Find, Sweep, Update, Usage};
pub(crate) use self::blocks::{AllocateRange, BlockField, Blocks};
pub(crate) use self::command::command;
pub(crate) use self::command_line::read;
pub(crate) use self::export::{ExportCommand, ExportFile, ExportFilter, ExportZones};
pub(crate) use self::labels::ExpectArgs;
pub(crate) use self::moving::{Diff, Migrate};
pub(crate) use self::plan::{FileFormat, PlanCommand, PlanFiles};
pub(crate) use self::ranges::{AddRange, ListRanges, RangeField, RangeFields, Ranges, UpdateRange};
pub(crate) use self::value_parsers::{ip, pair};

/// Look up, allocate and deallocate IP addresses.
///
/// Exit codes: 0 done, 1 failed, 2 wrong use, 3 exhausted, 4 not found, 5 scan incomplete, 6 providers differ, 7 and 8 warnings
/// and errors of doctor, 130 and 143 stopped by SIGINT and
/// SIGTERM.
#[derive(Debug, Parser)]
#[command(name = "ipam", version, propagate_version = true, after_long_help = PROVIDERS)]
pub(crate) struct Cli {
    /// URL of the provider that keeps the addresses. `ipam --help` has its forms.
    #[arg(long, short, global = true, value_name = "URL", env = "IPAM_PROVIDER", hide_env_values = true, help_heading = GLOBAL)]
    pub(crate) provider: Option<String>,
    /// Profile of the configuration file: provider and form of the results.
    ///
    /// Without it, IPAM_PROFILE names one. The file is ~/.config/ipam/config.toml, or the one that IPAM_CONFIG names. The
    /// command line counts more than the profile, and the profile more than variables.
    // The variable is read by hand: clap would hand it on to the option of this name that `simulate` has.
    #[arg(long, global = true, value_name = "NAME", help_heading = GLOBAL)]
    profile: Option<String>,
    /// Form of the results. With csv and name, tables are for programs; errors are JSON with json only.
    #[arg(long, short, global = true, value_name = "FORM", default_value = "table", help_heading = GLOBAL)]
    output: Form,
    /// Print results and errors as JSON, as -o json does.
    #[arg(long, global = true, conflicts_with = "output", help_heading = GLOBAL)]
    json: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

impl Cli {
    /// Returns the form of the results.
    pub(crate) fn form(&self) -> Form {
        if self.json { Form::Json } else { self.output }
    }
}

/// Heading of the options that all commands have.
const GLOBAL: &str = "Global options";

/// Text on `--provider` at the end of the long help: once, and not in the help of each command.
const PROVIDERS: &str = "\
Providers:
  memory:                                         memory of the process, lost at its end
  embedded:PATH?busy_timeout=5s&actor=NAME        one SQLite file
  phpipam+https://[USER@]HOST[/BASE]/APP          a phpIPAM; its secret is in IPAM_PASSWORD or IPAM_APP_CODE
  vra8+https://[USER@]HOST?network=NAME           a vRealize Automation 8; its secret is in IPAM_PASSWORD or IPAM_REFRESH_TOKEN
  postgres://[USER@]HOST/DATABASE                 a PostgreSQL, in builds with the feature postgres

Each secret may be in a file instead, which IPAM_PASSWORD_FILE and so on name. No provider is needed by agent, calc, completions,
diff, man, migrate, plan convert, quickstart, simulate, vra7, vra8, and store check with a file.";

/// Command of the program.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Import a real subnet plan into a new store, allocate and deallocate addresses, and check the result.
    Quickstart(Quickstart),
    #[command(flatten)]
    Ask(Box<Ask>),
    /// Calculate with prefixes and addresses, without a provider: masks, hosts, subnets, supernets, reverse zones, plans.
    ///
    /// With prefixes alone it describes them.
    Calc(Calc),
    /// Examine the phpIPAM server of --provider: URL, network, TLS, app, credentials, version, size and content, each finding
    /// with its remedy.
    ///
    /// It only reads, logs in at most once, and sends the secret only after the certificate was checked. The exit code is 0
    /// if there are at most notes, 7 if there are warnings, 8 if there are errors.
    Doctor,
    /// Compare two providers: blocks, ranges and addresses. The exit code is 6 if they differ.
    Diff(Diff),
    /// Move blocks, ranges, addresses, keys and times from one provider to another. Run it again to continue one that was
    /// stopped.
    Migrate(Migrate),
    /// Import or export a subnet plan, or convert it to another format.
    #[command(subcommand)]
    Plan(PlanCommand),
    /// Check a store; back up or restore an embedded one.
    #[command(subcommand)]
    Store(Store),
    /// Run an action of vRealize Automation's IPAM plug-in contract: inputs as JSON on standard input, outputs as JSON on
    /// standard output.
    ///
    /// The input is the inputs alone or {"inputs": …, "credentials": …} with the response of vRA's credentials link. Errors
    /// go to standard error: use --json in a script. The exit codes are those of all commands.
    #[command(subcommand)]
    Vra(Vra),
    /// Scan the subnets that phpIPAM assigns to a scan agent, and keep their addresses in line with the network.
    ///
    /// A run ends with 0 if all subnets were scanned and everything was written, 5 if a scan was incomplete or silence was not
    /// acted upon, 1 if something failed, and 2 for wrong settings.
    Agent(Agent),
    /// Run a phpIPAM of any version in memory, for tests in any language, until SIGINT or SIGTERM.
    ///
    /// It prints one line with its URL, app, user, password and app code, and listens on 127.0.0.1 only.
    #[cfg(feature = "simulate")]
    Simulate(Box<crate::simulate::Simulate>),
    /// Request machines of vRealize Automation 6.2 to 7.6, and list requests, resources and networks.
    Vra7(Vra7),
    /// Request and delete deployments of vRealize Automation 8, Aria or VCF Automation 9, allocate addresses of its ranges, and
    /// register IPAM packages.
    Vra8(Box<Vra8>),
    /// Print the script with which a shell completes the arguments of this program.
    Completions {
        /// Shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page of this program, or write the pages of all commands.
    Man {
        /// Directory for the pages.
        #[arg(long, value_name = "DIRECTORY")]
        directory: Option<PathBuf>,
    },
}

/// Command that calls one provider.
#[derive(Debug, Subcommand)]
pub(crate) enum Ask {
    /// List, add, update and remove ranges.
    #[command(subcommand)]
    Ranges(Ranges),
    /// List, add, update and remove blocks; allocate child prefixes in them.
    #[command(subcommand)]
    Blocks(Blocks),
    /// Allocate addresses.
    Allocate(Allocate),
    /// Deallocate addresses. An address that is free already is no error.
    Deallocate(Deallocate),
    /// Find allocations. No match is no error.
    Find(Find),
    /// Change host name, description, MAC address, tags or expiry of an allocation.
    Update(Update),
    /// Show how many addresses of each range are allocated and free.
    Usage(Usage),
    /// Write files for other programs: hosts, dnsmasq, BIND and PTR zones, Ansible, Prometheus.
    #[command(subcommand)]
    Export(ExportCommand),
    /// List changes with time and actor, oldest first.
    Changes(Changes),
    /// Undo abandoned claims. A claim is an address that a process took on a server and did not return to its caller yet; it
    /// is abandoned if the process ended. Acknowledged allocations stay.
    Sweep(Sweep),
    /// Connect to the provider and show its version, capabilities and warnings.
    Check,
}

#[derive(Debug, Args)]
pub(crate) struct Quickstart {
    /// File of the new store, which is kept; it must not exist. Without it the store is in a temporary directory and removed.
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Read a whole store, embedded or on PostgreSQL, and check that its tables agree with each other. Nothing is changed.
    Check {
        /// File of the store, or its URL: embedded:PATH or postgres://USER@HOST/DATABASE; without it, that of --provider.
        #[arg(value_name = "STORE")]
        store: Option<OsString>,
    },
    /// Write a consistent copy of the embedded store of --provider to a new file. Other processes may use the store
    /// meanwhile.
    ///
    /// Copying the file by other means is safe only when no program has the store open: until then a part of the data is
    /// in a second file, which ends in -wal.
    Backup {
        /// File to write; it must not exist.
        file: PathBuf,
    },
    /// Replace the embedded store of --provider by a copy of a backup. The present content is lost; make a backup of it
    /// first.
    ///
    /// It is an error if any program has the store open. The backup is checked before anything changes.
    Restore {
        /// File of the backup; it is not changed.
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
