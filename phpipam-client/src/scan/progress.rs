//! Progress of a run.

use super::plan::{Plan, PlannedSubnet};
use super::report::SubnetReport;

/// Receiver of the events of a run. Closures are receivers, too.
///
/// The events of several subnets are mixed. The method is called between two steps of the run, so it must not block.
///
/// ```
/// use phpipam_client::scan::{Event, Progress};
///
/// fn quiet() -> impl Progress {
///     |event: &Event<'_>| {
///         if let Event::Finished { report, .. } = event {
///             println!("{}: {:?}", report.net, report.counts);
///         }
///     }
/// }
/// # let _ = quiet();
/// ```
pub trait Progress: Send + Sync {
    /// Receives an event.
    fn event(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + Send + Sync> Progress for F {
    fn event(&self, event: &Event<'_>) {
        self(event);
    }
}

/// Step of a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The plan is known, limited to the subnets that are scanned.
    Planned {
        /// Plan.
        plan: &'a Plan,
        /// Reason why the cache was not used; `None` if it was, or if there is none.
        cache_miss: Option<&'a str>,
    },
    /// Probing of a subnet starts.
    Probing {
        /// Subnet.
        subnet: &'a PlannedSubnet,
    },
    /// A subnet was probed.
    Probed {
        /// Subnet.
        subnet: &'a PlannedSubnet,
        /// Number of hosts that replied.
        hosts: usize,
    },
    /// A change was made, or failed.
    Changed {
        /// Subnet.
        subnet: &'a PlannedSubnet,
        /// Number of changes that are through.
        done: usize,
        /// Number of all changes.
        of: usize,
    },
    /// The work on a subnet is over.
    Finished {
        /// Subnet.
        subnet: &'a PlannedSubnet,
        /// Report.
        report: &'a SubnetReport,
    },
    /// Something that does not stop the run, such as a cache file that cannot be written.
    Warning {
        /// Text.
        text: &'a str,
    },
}
