//! Configuration of the provider.

use std::time::Duration;

use crate::poll::Wait;

/// Longest claim time and settle time.
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Configuration of a [`VraProvider`](super::VraProvider): the ranges that it serves, and its times.
///
/// ```
/// use std::time::Duration;
/// use vra_client::v8::provider::VraConfig;
///
/// let config = VraConfig::new().with_network("lab-net").with_range("lab-static").with_claim_time(Duration::from_secs(60));
/// # let _ = config;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct VraConfig {
    pub(super) networks: Vec<String>,
    pub(super) ranges: Vec<String>,
    pub(super) wait: Wait,
    pub(super) claim_time: Duration,
    pub(super) settle_time: Duration,
    pub(super) max_age: Duration,
}

impl VraConfig {
    /// Makes a configuration that serves all IP ranges of the organization.
    pub fn new() -> Self {
        Self {
            networks: Vec::new(),
            ranges: Vec::new(),
            // The server needs some seconds for a request; published clients poll every 5 s.
            wait: Wait::up_to(Duration::from_secs(120)).with_pauses(Duration::from_secs(1), Duration::from_secs(5)),
            claim_time: Duration::from_secs(120),
            settle_time: Duration::from_secs(30),
            max_age: Duration::from_secs(30),
        }
    }

    /// Adds a fabric network, by its id or name: only ranges of the added networks are served.
    ///
    /// A key is looked up in every range that is served, with one request for each. So serve no more than needed.
    pub fn with_network(mut self, network: impl Into<String>) -> Self {
        self.networks.push(network.into());
        self
    }

    /// Adds an IP range, by its id or name: only added ranges are served. With [`with_network`](Self::with_network) also
    /// set, a range must fit both.
    pub fn with_range(mut self, range: impl Into<String>) -> Self {
        self.ranges.push(range.into());
        self
    }

    /// Sets pauses and time limit of waiting for the server to allocate or release. Default: pauses of 1 to 5 s, and at
    /// most 120 s.
    pub fn with_wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// Sets the longest time in which one allocation may send its calls, and wait for the server to carry them out. What
    /// it has by then is given back. Default: 120 s; a day at most. Another call with its key waits so long, and takes an
    /// incomplete one for partly deallocated afterwards.
    pub fn with_claim_time(mut self, time: Duration) -> Self {
        self.claim_time = time.min(LONGEST);
        self
    }

    /// Sets the time that a claim with a key must be visible alone before another process returns it. Default: 30 s; a day
    /// at most.
    ///
    /// A process that finds another one's claim beside its own sends the call that gives its own back within half of that
    /// time, or never. The other half is for the server to carry the call out, so the time must exceed twice what the server
    /// needs for a release. It is written into the claim, so a process with a shorter one waits as long. Only a repeated call
    /// in another process waits, and only for a claim younger than 10 minutes and both times.
    pub fn with_settle_time(mut self, time: Duration) -> Self {
        self.settle_time = time.min(LONGEST);
        self
    }

    /// Sets the time for which the lists of ranges and networks are kept. Default: 30 s. Addresses are never kept.
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }
}

impl VraConfig {
    /// Returns the time after which a claim with a key is not given back any more, from when it may have been complete.
    pub(super) fn give_back_time(&self) -> Duration {
        self.settle_time / 2
    }

    /// Returns the longest wait for other calls of this process with the same key or address.
    pub(super) fn longest_turn(&self) -> Duration {
        self.claim_time + self.settle_time
    }
}

impl Default for VraConfig {
    fn default() -> Self {
        Self::new()
    }
}
