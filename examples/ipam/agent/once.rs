//! `ipam agent once`: one run.

use phpipam_client::scan::{Agent, Report, Status};

use super::args::Once;
use super::settings::Settings;
use super::shown::Shown;
use super::{connect, tables};
use crate::closing::Signals;
use crate::exit::{self, Failure};
use crate::output::Output;
use crate::progress;

pub(super) async fn run(settings: &Settings, args: Once) -> Result<(Output, u8), Failure> {
    let mut signals = Signals::new()?;
    let agent = connect::agent(settings, connect::client(settings)?, &args.only.subnets).await?;
    // Dropped by a signal: what was written stays, and the next run does the rest.
    let report = tokio::select! {
        report = scan(&agent, args.dry_run) => report?,
        signal = signals.next() => return Err(Failure::StoppedScan(signal)),
    };
    // Quiet where all is well: JSON is printed in any case.
    let text = if progress::is_quiet() && report.status == Status::Ok && !args.dry_run {
        String::new()
    } else {
        tables::report(&report)
    };
    Ok((Output::new(text, &report)?, code(&report)))
}

/// Runs the agent once, with its progress on standard error.
pub(super) async fn scan(agent: &Agent, dry_run: bool) -> Result<Report, Failure> {
    let shown = Shown::new();
    let report =
        if dry_run { shown.during(agent.dry_run(&shown)).await } else { shown.during(agent.run_once(&shown)).await };
    Ok(report?)
}

/// Returns the exit code for a report.
pub(super) fn code(report: &Report) -> u8 {
    match report.status {
        Status::Ok => exit::DONE,
        Status::Incomplete => exit::INCOMPLETE,
        _ => exit::FAILED,
    }
}
