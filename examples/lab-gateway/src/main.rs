//! `lab-gateway`: gateway of a NAT lab.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lab_gateway::background::note;
use lab_gateway::config::Config;

/// Exit code for settings that cannot be used.
const CONFIG: u8 = 78;

/// Gateway of a NAT lab: addresses, port maps, reachability, DNS and logs.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// File of the settings.
    #[arg(long, env = "LAB_GATEWAY_CONFIG", default_value = "/etc/lab-gateway/lab-gateway.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks the settings, and changes nothing.
    Check,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match Config::load(&arguments.config) {
        Ok(_) => match arguments.command {
            Command::Check => ExitCode::SUCCESS,
        },
        Err(error) => {
            note(format_args!("error: {error}"));
            ExitCode::from(CONFIG)
        }
    }
}
