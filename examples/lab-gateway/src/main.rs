//! `lab-gateway`: gateway of a NAT lab.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use lab_gateway::background::{Stopper, note};
use lab_gateway::check;
use lab_gateway::config::Config;
use lab_gateway::service::{self, Service, StartError};
use tokio::signal::unix::{SignalKind, signal};

/// Exit code for settings that cannot be used, as `sysexits.h` has it. The unit does not start the service again then.
const CONFIG: u8 = 78;
/// Exit code for a check that failed, and for a service that cannot start now.
const FAILED: u8 = 1;

/// Gateway of a NAT lab: addresses, port maps, reachability, DNS and logs.
#[derive(Debug, Parser)]
#[command(version, after_help = "Exit codes: 0 done, 1 failed, 2 wrong arguments, 78 settings that cannot be used.")]
struct Arguments {
    /// File of the settings.
    #[arg(long, env = "LAB_GATEWAY_CONFIG", default_value = "/etc/lab-gateway/lab-gateway.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves until SIGTERM or SIGINT.
    Run,
    /// Checks settings, provider, firewall, store, key and DNS, and changes nothing.
    Check,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = start(&arguments);
    ended.unwrap_or_else(|error| {
        note(format_args!("error: {error}"));
        ExitCode::from(if error.is_config() { CONFIG } else { FAILED })
    })
}

#[tokio::main]
async fn start(arguments: &Arguments) -> Result<ExitCode, StartError> {
    let config = Config::load(&arguments.config)?;
    let firewall = Arc::new(service::nft(&config)?);
    match arguments.command {
        Command::Check => {
            let findings = check::all(&config, firewall.as_ref()).await;
            for finding in &findings {
                note(format_args!("{finding}"));
            }
            let failed = findings.iter().any(|finding| finding.result.is_err());
            Ok(if failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
        }
        Command::Run => {
            let (stopper, stop) = Stopper::new();
            // Received from now on, so that a signal during the start is not lost.
            tokio::spawn(signals(stopper));
            let Some(service) = stop.or(Service::start(config, firewall)).await else { return Ok(ExitCode::SUCCESS) };
            let service = service?;
            note(format_args!("listening on {}", service.url()));
            service.run(stop).await?;
            note(format_args!("stopped"));
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Stops the service at the first signal.
async fn signals(stopper: Stopper) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        note(format_args!("error: signals cannot be received"));
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    stopper.stop();
    // Held until the program ends.
    std::future::pending::<()>().await;
}
