//! Report of an examination: findings with their remedies, facts, and the steps that were done.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::check::{Check, Severity};

/// One finding of an examination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Check that found it.
    pub check: Check,
    /// Severity.
    pub severity: Severity,
    /// Subject: a URL, an address, the app, a list, a field.
    pub what: String,
    /// Fault or fact, with its values.
    pub message: String,
    /// Remedy; empty if there is nothing to do.
    pub remedy: String,
}

impl Finding {
    /// Returns a finding of the severity that the check usually has.
    pub(super) fn new(
        check: Check,
        what: impl fmt::Display,
        message: impl fmt::Display,
        remedy: impl fmt::Display,
    ) -> Self {
        Self {
            check,
            severity: check.severity(),
            what: what.to_string(),
            message: message.to_string(),
            remedy: remedy.to_string(),
        }
    }

    /// Sets another severity.
    pub(super) fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}: {}", self.severity, self.check, self.what, self.message)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "; {}", self.remedy) }
    }
}

/// Step of an examination, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// Form of the URL and the app id.
    Url,
    /// Resolution of the host name.
    Dns,
    /// A TCP connection to each address.
    Tcp,
    /// TLS, with a request without credentials.
    Tls,
    /// API and app, with requests without credentials.
    Api,
    /// Login, or the app code.
    Credentials,
    /// Clock, time zone, form of numbers, version.
    Server,
    /// Size of the site, by the two large lists.
    Size,
    /// Configuration of the provider: sections, fields, tags.
    Provider,
    /// Required custom fields.
    RequiredFields,
    /// Abandoned claims.
    Claims,
    /// Overlapping ranges, and addresses in enclosing subnets.
    Ranges,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 12] = [
        Self::Url,
        Self::Dns,
        Self::Tcp,
        Self::Tls,
        Self::Api,
        Self::Credentials,
        Self::Server,
        Self::Size,
        Self::Provider,
        Self::RequiredFields,
        Self::Claims,
        Self::Ranges,
    ];

    /// Returns the name in words, such as `required fields`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Api => "api",
            Self::Credentials => "credentials",
            Self::Server => "server",
            Self::Size => "size",
            Self::Provider => "provider",
            Self::RequiredFields => "required fields",
            Self::Claims => "claims",
            Self::Ranges => "ranges",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Step that was done, and its time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Done {
    /// Step.
    pub step: Step,
    /// Time that it took, in seconds.
    pub seconds: f64,
}

/// Certificate of the server, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// DNS names and IP addresses that it is for.
    pub names: Vec<String>,
    /// Start of its validity, in UTC (RFC 3339).
    pub not_before: String,
    /// End of its validity, in UTC (RFC 3339).
    pub not_after: String,
    /// True if subject and issuer are the same.
    pub self_signed: bool,
    /// SHA-256 fingerprint, as browsers show it.
    pub sha256: String,
    /// The chain as PEM text, leaf first, to be pinned once its fingerprint was compared. Only if it is not trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untrusted_pem: Option<String>,
}

/// Form of numbers in responses. It depends on the server's PHP; this library reads both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NumberForm {
    /// JSON numbers.
    Numbers,
    /// Strings.
    Strings,
}

/// List that was read to learn the size of the site.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ListFacts {
    /// Path of the list, such as `addresses/all/`.
    pub list: &'static str,
    /// Rows that arrived.
    pub rows: u64,
    /// Time until the last row, or until the failure, in seconds.
    pub seconds: f64,
    /// True if the whole list arrived.
    pub complete: bool,
}

/// Facts that an examination learned, whether or not they are findings. `None` and empty lists are unknown.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Facts {
    /// Addresses of the host.
    pub addresses: Vec<SocketAddr>,
    /// Certificate of the server.
    pub certificate: Option<CertificateFacts>,
    /// Versions that the server can be, such as `1.8 or later`, by its features.
    pub version: Option<&'static str>,
    /// Permission of the app, in the server's words: `Read`, `Write`, `Admin`.
    pub permission: Option<String>,
    /// Form of numbers in responses.
    pub numbers: Option<NumberForm>,
    /// True if the app nests custom fields.
    pub nested_custom_fields: Option<bool>,
    /// Offset of the server's local times from UTC, in minutes east.
    pub utc_offset_minutes: Option<i32>,
    /// Seconds by which the server's clock is ahead of this host's; negative if it is behind.
    pub clock_ahead_seconds: Option<i64>,
    /// Large lists of the site.
    pub lists: Vec<ListFacts>,
    /// Memory that PHP needs for the list of all addresses, estimated by their number, in bytes.
    pub php_memory_bytes: Option<u64>,
}

/// Result of an examination; see [`examine`](super::examine).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Findings, in the order of the steps.
    pub findings: Vec<Finding>,
    /// Facts.
    pub facts: Facts,
    /// Steps that were done. Those that an earlier finding made impossible are missing.
    pub steps: Vec<Done>,
}

impl Report {
    pub(super) fn new() -> Self {
        Self { findings: Vec::new(), facts: Facts::default(), steps: Vec::new() }
    }

    /// Returns the highest severity among the findings; `None` without findings.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// Returns the findings of a check.
    pub fn of(&self, check: Check) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.check == check)
    }

    /// Returns the steps that were not done, in order.
    #[must_use]
    pub fn not_done(&self) -> Vec<Step> {
        let done = |step: &Step| self.steps.iter().any(|done| done.step == *step);
        Step::ALL.into_iter().filter(|step| !done(step)).collect()
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Notes that a step was done, and a finding if it ran out of time.
    pub(super) fn ended(&mut self, step: Step, took: Duration, timed_out: bool) {
        self.steps.push(Done { step, seconds: seconds(took) });
        if timed_out {
            let message = format!("the step did not end within {} s", took.as_secs());
            self.add(Finding::new(
                Check::StepTimedOut,
                step,
                message,
                "look at the load of the server and of the network, or allow more time",
            ));
        }
    }
}

/// Returns a time in seconds, to the millisecond.
pub(super) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Serialises `worst`, `findings`, `facts`, `steps` and `not_done`.
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Whole<'a> {
            worst: Option<Severity>,
            findings: &'a [Finding],
            facts: &'a Facts,
            steps: &'a [Done],
            not_done: Vec<Step>,
        }
        let Self { findings, facts, steps } = self;
        Whole { worst: self.worst(), findings, facts, steps, not_done: self.not_done() }.serialize(serializer)
    }
}
