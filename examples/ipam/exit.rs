//! Failures of the program and their exit codes.

use std::process::ExitCode;

use ipam_core::{Error, ErrorKind};
use phpipam_client::scan::ScanError;
use serde_json::{Value, json};
use vra_client::plugin::ActionError;

use crate::report;

/// Exit code of success.
pub(crate) const DONE: u8 = 0;
/// Exit code of a failure.
pub(crate) const FAILED: u8 = 1;
/// Exit code of wrong use; clap uses the same for arguments it cannot read.
pub(crate) const WRONG_USE: u8 = 2;
/// Exit code if no range or block has room.
pub(crate) const EXHAUSTED: u8 = 3;
/// Exit code if the named object does not exist.
pub(crate) const NOT_FOUND: u8 = 4;
/// Exit code if a scan was incomplete, or silent hosts were left as they are.
pub(crate) const INCOMPLETE: u8 = 5;

/// Exit code if two providers differ.
pub(crate) const DIFFERENT: u8 = 6;

/// Exit code if the doctor found warnings.
pub(crate) const WARNINGS: u8 = 7;

/// Exit code if the doctor found errors.
pub(crate) const ERRORS: u8 = 8;

/// Signal that asks the program to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGINT, which ctrl-C sends.
    Interrupt,
    /// SIGTERM.
    #[cfg_attr(not(unix), expect(dead_code, reason = "no other system has it"))]
    Terminate,
}

impl Signal {
    /// The exit code that shells give a program that the signal ended: 128 and the signal's number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }
}

/// Reason for which the program fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Error of a provider.
    Provider(Error),
    /// The arguments or a file they name are wrong.
    Usage(String),
    /// Signal before the end of the work.
    Stopped(Signal),
    /// Signal before the end of work that leaves nothing behind.
    Cancelled(Signal),
    /// Signal before the end of a scan.
    StoppedScan(Signal),
    /// Error of a scan as a whole.
    Scan(ScanError),
    /// Failure of the work, then of closing the provider.
    Both(Box<Self>, Box<Self>),
    /// Any other failure, such as a check that found a problem.
    Failed(String),
    /// Error of an action of the vRA plug-in.
    Vra(ActionError),
    /// Error of a client of vRealize Automation 7 or 8.
    VraClient(vra_client::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Provider(error)
    }
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        Self::Scan(error)
    }
}

impl From<vra_client::Error> for Failure {
    fn from(error: vra_client::Error) -> Self {
        Self::VraClient(error)
    }
}

impl Failure {
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Provider(error) => code_of(error.kind()),
            Self::Usage(_) => WRONG_USE,
            Self::Failed(_) => FAILED,
            Self::Stopped(signal) | Self::Cancelled(signal) | Self::StoppedScan(signal) => signal.code(),
            Self::Scan(error) => code_of(scan_kind(error)),
            Self::Both(first, _) => first.code(),
            Self::Vra(error) => error.ipam_error().map_or(WRONG_USE, |error| code_of(error.kind())),
            Self::VraClient(error) => code_of(error.kind()),
        }
    }

    pub(crate) fn exit(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    /// Returns the error and its causes, one line each.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Provider(error) => report::text(error),
            Self::VraClient(error) => report::text(error),
            Self::Usage(text) | Self::Failed(text) => text.clone(),
            Self::Stopped(signal) => {
                format!(
                    "stopped by {}; the operation may or may not have been carried out: check with `ipam find`",
                    signal.name()
                )
            }
            Self::Cancelled(signal) => format!("stopped by {}; nothing was written", signal.name()),
            Self::StoppedScan(signal) => {
                format!("stopped by {}; what was written stays, and the next run does the rest", signal.name())
            }
            Self::Scan(error) if scan_kind(error) == ErrorKind::Untrusted => {
                format!("{}\n  in the settings, tls_ca or tls_pin names the file of a certificate", report::text(error))
            }
            Self::Scan(error) => report::text(error),
            Self::Both(first, second) => format!("{}\n  and closing failed: {}", first.text(), second.text()),
            Self::Vra(error) => error.to_string(),
        }
    }

    /// Returns the kind, for programs.
    fn kind(&self) -> &'static str {
        match self {
            Self::Provider(error) => error.kind().as_str(),
            Self::Usage(_) => ErrorKind::InvalidInput.as_str(),
            Self::Failed(_) => "failed",
            Self::Stopped(_) | Self::Cancelled(_) | Self::StoppedScan(_) => "stopped",
            Self::Scan(error) => scan_kind(error).as_str(),
            Self::Both(first, _) => first.kind(),
            Self::Vra(error) => error.ipam_error().map_or(ErrorKind::InvalidInput, Error::kind).as_str(),
            Self::VraClient(error) => error.kind().as_str(),
        }
    }

    /// Returns the error as JSON, for programs.
    pub(crate) fn json(&self) -> Value {
        json!({ "error": { "kind": self.kind(), "message": self.text(), "exit_code": self.code() } })
    }
}

/// Returns the kind of a scan's error. An agent that phpIPAM does not have is a wrong setting, too.
fn scan_kind(error: &ScanError) -> ErrorKind {
    match error {
        ScanError::Request { source, .. } => source.kind(),
        _ => ErrorKind::Config,
    }
}

/// Returns the exit code of a kind of error. Kinds that later versions add are general failures.
fn code_of(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::InvalidInput | ErrorKind::Config | ErrorKind::Unsupported => WRONG_USE,
        ErrorKind::Exhausted => EXHAUSTED,
        ErrorKind::NotFound => NOT_FOUND,
        _ => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use ipam_core::Operation;

    use super::*;

    #[test]
    fn each_kind_has_its_code() {
        for (kind, code) in [
            (ErrorKind::NotFound, 4),
            (ErrorKind::AlreadyExists, 1),
            (ErrorKind::Conflict, 1),
            (ErrorKind::Exhausted, 3),
            (ErrorKind::InvalidInput, 2),
            (ErrorKind::Unsupported, 2),
            (ErrorKind::Unauthenticated, 1),
            (ErrorKind::PermissionDenied, 1),
            (ErrorKind::RateLimited, 1),
            (ErrorKind::Busy, 1),
            (ErrorKind::Unavailable, 1),
            (ErrorKind::Timeout, 1),
            (ErrorKind::Untrusted, 1),
            (ErrorKind::Corrupt, 1),
            (ErrorKind::Protocol, 1),
            (ErrorKind::Config, 2),
        ] {
            assert_eq!(code_of(kind), code, "{kind}");
        }
    }

    #[test]
    fn causes_are_told_and_kinds_kept() {
        let error =
            Error::new(ErrorKind::Exhausted, Operation::Allocate, "no room").with_source(std::io::Error::other("disk"));
        let failure = Failure::from(error);
        assert_eq!(failure.text(), "allocate: exhausted: no room\n  because: disk");
        assert_eq!(failure.json()["error"]["exit_code"], 3);
        assert_eq!(failure.json()["error"]["kind"], "exhausted");
    }

    #[test]
    fn a_cause_is_told_once() {
        let inner =
            Error::new(ErrorKind::Unavailable, Operation::Send, "no route").with_source(std::io::Error::other("net"));
        let outer = Error::new(ErrorKind::Unavailable, Operation::Open, inner.to_string()).with_source(inner);
        let text = Failure::from(outer).text();
        assert_eq!((text.matches("no route").count(), text.matches("because: net").count()), (1, 1), "{text}");
    }
}
