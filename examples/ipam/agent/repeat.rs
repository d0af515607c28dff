//! `ipam agent run`: runs at an interval, until a signal.

use std::io::Write as _;
use std::time::Duration;

use phpipam_client::scan::{Report, ScanError};
use tokio::time::{Instant, sleep_until};

use super::args::Run;
use super::settings::Settings;
use super::{connect, once, tables};
use crate::closing::Signals;
use crate::exit::{self, Failure};
use crate::output::Output;

/// First wait after a run that failed. It doubles with each further one, up to the interval.
const FIRST_WAIT: Duration = Duration::from_secs(15);
/// Shortest interval: more would be a load for the networks and the server.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

pub(super) async fn run(settings: &Settings, args: Run, as_json: bool) -> Result<(Output, u8), Failure> {
    let interval = args.interval.unwrap_or(settings.interval).max(MIN_INTERVAL);
    let mut signals = Signals::new()?;
    let agent = connect::agent(settings, &args.only.subnets).await?;
    let mut failures: u32 = 0;
    loop {
        let start = Instant::now();
        let done = tokio::select! {
            done = once::scan(&agent, false) => done,
            _ = signals.next() => break,
        };
        let wait = match done {
            Ok(report) => {
                failures = 0;
                print(&report, as_json)?;
                interval
            }
            // The settings stay as they are until the program is started again.
            Err(failure @ Failure::Scan(ScanError::Setting { .. } | ScanError::Zone { .. })) => return Err(failure),
            Err(failure) => {
                let wait = backoff(failures, interval);
                failures = failures.saturating_add(1);
                show(&failure, wait, as_json);
                wait
            }
        };
        tokio::select! {
            () = sleep_until(start + wait) => {}
            _ = signals.next() => break,
        }
    }
    Ok((Output::nothing(), exit::DONE))
}

/// Returns the wait after a number of earlier failures in a row.
fn backoff(failures: u32, interval: Duration) -> Duration {
    FIRST_WAIT.saturating_mul(1 << failures.min(10)).min(interval)
}

/// Prints a report at once: a line of JSON, or lines of text.
fn print(report: &Report, as_json: bool) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(format!("the report cannot be written: {error}"));
    let text =
        if as_json { serde_json::to_string(report).map_err(|error| failed(&error))? } else { tables::summary(report) };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()).map_err(|error| failed(&error))
}

fn show(failure: &Failure, wait: Duration, as_json: bool) {
    if as_json {
        eprintln!("{}", failure.json());
    } else {
        eprintln!("error: {}\nnext run in {} s", failure.text(), wait.as_secs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_repeated_slower_and_never_slower_than_the_interval() {
        let interval = Duration::from_secs(100);
        let waits: Vec<u64> = (0..5).map(|failures| backoff(failures, interval).as_secs()).collect();
        assert_eq!(waits, [15, 30, 60, 100, 100]);
        assert_eq!(backoff(u32::MAX, Duration::MAX), FIRST_WAIT * 1024);
        assert_eq!(backoff(0, Duration::from_secs(5)), Duration::from_secs(5));
    }
}
