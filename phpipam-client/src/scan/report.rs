//! Report of a run.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use super::plan::{Plan, PlanNote, PlannedSubnet};
use super::{Change, Coverage, Observation};
use crate::models::AddressId;

/// Most failures of a subnet that are reported in words; the others are counted.
const MAX_FAILURES: usize = 20;

/// Report of a run. It serialises for people and other programs.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Code of the agent.
    pub code: String,
    /// True if nothing was written.
    pub dry_run: bool,
    /// True if reports are delivered: the receiver makes the changes, so a dry run does not know them.
    pub delivered: bool,
    /// Start, in seconds since 1970 on this host's clock.
    pub started: u64,
    /// Duration in seconds.
    pub seconds: f64,
    /// Worst status of a subnet; at least `Incomplete` if the plan leaves an assigned subnet out.
    pub status: Status,
    /// Totals.
    pub totals: Counts,
    /// Assigned subnets that were left out, and why.
    pub notes: Vec<PlanNote>,
    /// Subnets, in order of address.
    pub subnets: Vec<SubnetReport>,
}

/// Status of a subnet or a run; the worst is the largest.
///
/// ```
/// use phpipam_client::scan::Status;
///
/// assert!(Status::Ok < Status::Incomplete && Status::Incomplete < Status::Failed);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// Scanned as a whole, and everything was written.
    #[default]
    Ok,
    /// Scanned in part, or silence was not acted upon. What was found was written.
    Incomplete,
    /// A request failed, or the subnet was not scanned.
    Failed,
}

/// Numbers of hosts and of changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Hosts that replied.
    pub found: usize,
    /// Addresses that were created.
    pub created: usize,
    /// Known hosts that replied.
    pub seen: usize,
    /// Known hosts among them that were written: time, host name, MAC address or tag.
    pub updated: usize,
    /// Known hosts that replied and needed no change.
    pub unchanged: usize,
    /// Hosts that were marked as used again.
    pub online: usize,
    /// Hosts that were marked offline.
    pub offline: usize,
    /// Addresses that were deleted.
    pub removed: usize,
    /// Changes that were given up, because the row was changed or deleted meanwhile, or an allocation of it is in progress.
    pub skipped: usize,
    /// Changes that failed.
    pub failed: usize,
}

impl Counts {
    pub(super) fn add(&mut self, other: Self) {
        self.found += other.found;
        self.created += other.created;
        self.seen += other.seen;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.online += other.online;
        self.offline += other.offline;
        self.removed += other.removed;
        self.skipped += other.skipped;
        self.failed += other.failed;
    }
}

/// Report of one subnet.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct SubnetReport {
    /// Number of the subnet's id.
    pub subnet: u64,
    /// Network.
    pub net: String,
    /// Description.
    pub description: Option<String>,
    /// Status.
    pub status: Status,
    /// Name of the probe.
    pub probe: String,
    /// Duration of probing in seconds.
    pub probe_seconds: f64,
    /// Duration in seconds, probing included.
    pub seconds: f64,
    /// Numbers of hosts and of changes.
    pub counts: Counts,
    /// Remarks of the probe, such as that nmap is missing and sockets took its place.
    pub remarks: Vec<String>,
    /// Reason why the scan is incomplete; `None` if it is not.
    pub incomplete: Option<String>,
    /// Reason why silent hosts were left as they are; `None` if they were looked at.
    pub withheld: Option<String>,
    /// Error that ended the work on this subnet.
    pub error: Option<String>,
    /// Changes that failed, up to 20 of them.
    pub failures: Vec<String>,
    /// Changes that would be made; only in a dry run.
    pub changes: Vec<PlannedChange>,
}

/// Change that a dry run would make.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct PlannedChange {
    /// Kind of change.
    pub action: Action,
    /// Address.
    pub address: IpAddr,
    /// Number of the address's id; `None` for a new one.
    pub id: Option<u64>,
    /// New host name.
    pub hostname: Option<String>,
    /// New MAC address.
    pub mac: Option<String>,
}

/// Kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Action {
    /// Creates an address.
    Create,
    /// Writes time, host name or MAC address of a known host.
    Update,
    /// Does the same, and marks the host as used again.
    Online,
    /// Marks a host offline.
    Offline,
    /// Deletes an address.
    Remove,
}

impl Action {
    const fn of<I>(change: &Change<I>) -> Self {
        match change {
            Change::Create { .. } => Self::Create,
            Change::Seen { online: true, .. } => Self::Online,
            Change::Seen { .. } => Self::Update,
            Change::Offline { .. } => Self::Offline,
            Change::Remove { .. } => Self::Remove,
        }
    }
}

impl From<&Change<AddressId>> for PlannedChange {
    fn from(change: &Change<AddressId>) -> Self {
        let (id, hostname, mac) = match change {
            Change::Create { hostname, mac, .. } => (None, hostname.clone(), *mac),
            Change::Seen { id, hostname, mac, .. } => (Some(id.get()), hostname.clone(), *mac),
            Change::Offline { id, .. } | Change::Remove { id, .. } => (Some(id.get()), None, None),
        };
        Self {
            action: Action::of(change),
            address: change.address(),
            id,
            hostname,
            mac: mac.map(|mac| mac.to_string()),
        }
    }
}

impl SubnetReport {
    pub(super) fn new(subnet: &PlannedSubnet, probe: &str) -> Self {
        Self {
            subnet: subnet.id.get(),
            net: subnet.net.to_string(),
            description: subnet.description.clone(),
            status: Status::Ok,
            probe: probe.to_owned(),
            probe_seconds: 0.0,
            seconds: 0.0,
            counts: Counts::default(),
            remarks: Vec::new(),
            incomplete: None,
            withheld: None,
            error: None,
            failures: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// Notes what was observed.
    pub(super) fn observed(&mut self, observation: &Observation, time: Duration) {
        self.probe_seconds = time.as_secs_f64();
        self.counts.found = observation.hosts.len();
        self.remarks.clone_from(&observation.notes);
        if let Coverage::Incomplete(reason) = &observation.coverage {
            self.incomplete = Some(reason.clone());
            self.raise(Status::Incomplete);
        }
    }

    /// Notes a reason why silence was not acted upon.
    pub(super) fn withheld(&mut self, reason: impl ToString) {
        self.withheld = Some(reason.to_string());
        self.raise(Status::Incomplete);
    }

    /// Notes an error that ended the work.
    pub(super) fn error(&mut self, error: impl ToString) {
        self.error = Some(error.to_string());
        self.raise(Status::Failed);
    }

    /// Notes a change that failed.
    pub(super) fn failure(&mut self, text: String) {
        self.counts.failed += 1;
        if self.failures.len() < MAX_FAILURES {
            self.failures.push(text);
        }
        self.raise(Status::Failed);
    }

    /// Takes over what the receiver of the report did with it.
    pub(super) fn received(&mut self, receiver: Self) {
        // What was found and how stays as the scanner knows it.
        let found = self.counts.found;
        self.counts.add(receiver.counts);
        self.counts.found = found;
        for remark in receiver.remarks {
            if !self.remarks.contains(&remark) {
                self.remarks.push(remark);
            }
        }
        self.incomplete = self.incomplete.take().or(receiver.incomplete);
        self.withheld = self.withheld.take().or(receiver.withheld);
        self.error = self.error.take().or(receiver.error);
        let room = MAX_FAILURES.saturating_sub(self.failures.len());
        self.failures.extend(receiver.failures.into_iter().take(room));
        self.raise(receiver.status);
    }

    fn raise(&mut self, status: Status) {
        self.status = self.status.max(status);
    }
}

impl Report {
    pub(super) fn new(plan: &Plan, dry_run: bool, delivered: bool, started: SystemTime) -> Self {
        let started = started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        Self {
            code: plan.code.clone(),
            dry_run,
            delivered,
            started,
            seconds: 0.0,
            // A subnet that is refused stays unscanned until a person changes the assignment, so the run says so each time.
            status: if plan.notes.is_empty() { Status::Ok } else { Status::Incomplete },
            totals: Counts::default(),
            notes: plan.notes.clone(),
            subnets: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, subnet: SubnetReport) {
        self.status = self.status.max(subnet.status);
        self.totals.add(subnet.counts);
        self.subnets.push(subnet);
    }
}
