//! `ipam agent run`: runs at an interval, until a signal.

use std::io;
use std::time::Duration;

use ipnet::IpNet;
use phpipam_client::Client;
use phpipam_client::scan::{Report, ScanError, Status};
use tokio::time::{Instant, sleep_until};

use super::args::Run;
use super::settings::{Settings, Source};
use super::{connect, once, tables};
use crate::closing::Signals;
use crate::exit::{self, Failure};
use crate::output::{Output, print_line};
use crate::progress;

/// First wait after a run that failed. It doubles with each further one, up to the interval.
const FIRST_WAIT: Duration = Duration::from_secs(15);
/// Shortest interval: more would be a load for the networks and the server.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

pub(super) async fn run(mut source: Source, args: Run, as_json: bool) -> Result<(Output, u8), Failure> {
    let mut signals = Signals::new()?;
    let mut client = connect::client(&source.settings)?;
    let mut failures: u32 = 0;
    let mut was_good = false;
    let mut unprinted = None;
    loop {
        let start = Instant::now();
        renew(&mut source, &mut client, as_json);
        let interval = args.interval.unwrap_or(source.settings.interval).max(MIN_INTERVAL);
        let done = tokio::select! {
            done = scan(&source.settings, &client, &args.only.subnets) => done,
            _ = signals.next() => break,
        };
        let next = match done {
            Ok(report) => {
                failures = 0;
                was_good = true;
                if let Err(error) = print(&report, as_json) {
                    let failure = Failure::Failed(format!("the report cannot be written: {error}"));
                    // As for any program whose reader has ended.
                    if error.kind() == io::ErrorKind::BrokenPipe {
                        return Err(failure);
                    }
                    show(&failure, "", as_json);
                    unprinted = Some(failure);
                }
                start + interval
            }
            // After a good run it is passing trouble: of the server's clock, an assignment, or a program that is updated.
            Err(failure) if is_setting(&failure) && !was_good => return Err(failure),
            Err(failure) => {
                let wait = backoff(failures, interval);
                failures = failures.saturating_add(1);
                show(&failure, &format!("\nnext run in {} s", wait.as_secs()), as_json);
                // From the end of the run, which may have taken longer than the wait.
                Instant::now() + wait
            }
        };
        tokio::select! {
            () = sleep_until(next) => {}
            _ = signals.next() => break,
        }
    }
    unprinted.map_or_else(|| Ok((Output::nothing(), exit::DONE)), Err)
}

/// Reads the settings and secrets again. Where they changed, a new client takes the place of the old one; else the old one may
/// log in again, which it does a minute after a failure at the earliest.
fn renew(source: &mut Source, client: &mut Client, as_json: bool) {
    let renewed = source.refresh().and_then(|changed| match changed {
        true => connect::client(&source.settings).map(Some),
        false => Ok(None),
    });
    match renewed {
        Ok(Some(new)) => *client = new,
        Ok(None) => client.retry_login(),
        Err(failure) => {
            client.retry_login();
            show(&failure, "\nthe earlier settings are used", as_json);
        }
    }
}

/// Scans once, with a probe that looks anew for its program.
async fn scan(settings: &Settings, client: &Client, only: &[IpNet]) -> Result<Report, Failure> {
    let agent = connect::agent(settings, client.clone(), only).await?;
    once::scan(&agent, false).await
}

/// Returns true if a failure is most likely one of the settings.
const fn is_setting(failure: &Failure) -> bool {
    matches!(failure, Failure::Usage(_) | Failure::Scan(ScanError::Setting { .. } | ScanError::Zone { .. }))
}

/// Returns the wait after a number of earlier failures in a row.
fn backoff(failures: u32, interval: Duration) -> Duration {
    FIRST_WAIT.saturating_mul(1 << failures.min(10)).min(interval)
}

/// Prints a report at once: a line of JSON, or lines of text.
fn print(report: &Report, as_json: bool) -> io::Result<()> {
    if as_json {
        print_line(&serde_json::to_string(report)?)
    } else if progress::is_quiet() && report.status == Status::Ok {
        Ok(())
    } else {
        print_line(&tables::summary(report))
    }
}

fn show(failure: &Failure, more: &str, as_json: bool) {
    if as_json {
        progress::print(failure.json());
    } else {
        progress::print(format_args!("error: {}{more}", failure.text()));
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
