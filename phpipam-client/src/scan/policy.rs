//! Rules that turn an observation into changes.

use std::time::Duration;

/// Rule for the host name of a known address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HostnameRule {
    /// Fills in a missing host name only, because people choose names that DNS does not have.
    #[default]
    FillIn,
    /// Replaces a host name that differs from the PTR record.
    Replace,
    /// Never writes a host name.
    Keep,
}

/// Rules of a scan. By default new hosts are created, known ones are checked, and one that was silent for an hour is marked
/// offline; no address is ever deleted. The time of a known host is written if it is half an hour old.
///
/// ```
/// use std::time::Duration;
///
/// use phpipam_client::scan::Policy;
///
/// let policy = Policy::default().with_offline_after(Duration::from_secs(86_400)).with_discover(false);
/// assert_eq!(policy.remove_after, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// True if unknown hosts are created.
    pub discover: bool,
    /// True if silent hosts are marked offline, and found ones as used again.
    pub check: bool,
    /// Silence after which a host is marked offline.
    pub offline_after: Duration,
    /// Silence after which an address is deleted that the agent created, no person has changed since, and an earlier scan
    /// marked offline; `None` for never.
    pub remove_after: Option<Duration>,
    /// Rule for host names of known addresses.
    pub hostnames: HostnameRule,
    /// True if silent hosts are marked offline even if no host of the prefix replied, where a broken network is the likelier
    /// cause.
    pub accept_all_silent: bool,
    /// Age below which the time of a known host's last reply is not written anew. phpIPAM has no bulk write, so this is
    /// one request for each host. Zero writes it in every run.
    ///
    /// A recorded time may be older than the last reply by this interval. If it is more than half of
    /// [`offline_after`](Self::offline_after), half of that counts, so that a host is never marked offline before it was
    /// silent for half of that time.
    pub last_seen_interval: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            discover: true,
            check: true,
            offline_after: Duration::from_secs(3600),
            remove_after: None,
            hostnames: HostnameRule::default(),
            accept_all_silent: false,
            last_seen_interval: Duration::from_secs(1800),
        }
    }
}

impl Policy {
    /// Sets whether unknown hosts are created.
    #[must_use]
    pub const fn with_discover(mut self, discover: bool) -> Self {
        self.discover = discover;
        self
    }

    /// Sets whether silent hosts are marked offline, and found ones as used again.
    #[must_use]
    pub const fn with_check(mut self, check: bool) -> Self {
        self.check = check;
        self
    }

    /// Sets the silence after which a host is marked offline; an hour by default.
    #[must_use]
    pub const fn with_offline_after(mut self, silence: Duration) -> Self {
        self.offline_after = silence;
        self
    }

    /// Sets the silence after which an address that the agent created is deleted; never by default.
    #[must_use]
    pub const fn with_remove_after(mut self, silence: Option<Duration>) -> Self {
        self.remove_after = silence;
        self
    }

    /// Sets the rule for host names of known addresses.
    #[must_use]
    pub const fn with_hostnames(mut self, rule: HostnameRule) -> Self {
        self.hostnames = rule;
        self
    }

    /// Sets whether silent hosts are marked offline even if no host of the prefix replied.
    #[must_use]
    pub const fn with_accept_all_silent(mut self, accept: bool) -> Self {
        self.accept_all_silent = accept;
        self
    }

    /// Sets the age below which the time of a known host's last reply is not written anew; half an hour by default, zero
    /// for every run.
    #[must_use]
    pub const fn with_last_seen_interval(mut self, interval: Duration) -> Self {
        self.last_seen_interval = interval;
        self
    }

    /// Returns the interval that counts.
    pub(super) fn write_interval(&self) -> Duration {
        // Without checks nothing is marked, so the recorded time may be as old as the caller likes.
        if self.check { self.last_seen_interval.min(self.offline_after / 2) } else { self.last_seen_interval }
    }
}
