//! Faults of a run, each at the number of calls after which it comes.

use super::Noise;

/// Fault of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A client process is killed, and another one started.
    KilledClient,
    /// The server ends a connection.
    EndedConnection,
    /// The server is stopped, and started again.
    StoppedServer,
    /// The server is killed, and started again.
    KilledServer,
    /// A connection breaks before a commit arrives, or after it.
    CutCommit,
}

/// Each kind of fault, the number of calls to one of it, and the least number of a run.
const FAULTS: [(Fault, usize, usize); 5] = [
    (Fault::KilledClient, 2_200, 3),
    (Fault::EndedConnection, 2_200, 3),
    (Fault::StoppedServer, 6_700, 1),
    (Fault::KilledServer, 6_700, 1),
    (Fault::CutCommit, 425, 8),
];

/// Returns the faults of a run of this many calls, the last one first.
pub(crate) fn plan(calls: usize, noise: &mut Noise) -> Vec<(usize, Fault)> {
    let mut faults = Vec::new();
    for (fault, every, least) in FAULTS {
        for _ in 0..(calls / every).max(least) {
            // Not at the very end, so that each has something to disturb.
            faults.push((calls / 20 + noise.below(calls * 17 / 20), fault));
        }
    }
    faults.sort_unstable_by_key(|(at, _)| std::cmp::Reverse(*at));
    faults
}
