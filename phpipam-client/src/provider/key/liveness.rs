//! How long a pending claim is protected_secs: while its process may still complete it.
//!
//! A claim has a time to be made in, and gives itself up after twice that time. Other processes honour it for three times
//! as long, by the server's clock. So nothing that its process may still acknowledge is undone by others. The mark says how
//! long, because another process may be set up with another time.

use std::time::{Duration, UNIX_EPOCH};

use ipam_core::{AllocationKey, Error as CoreError, ErrorKind, Operation, Retry};

use crate::provider::inner::Inner;
use crate::provider::key::group::{Group, Liveness};

/// A pending claim that is dated further ahead than this has no time that a clock showed when it was made.
const MAX_SECS_AHEAD: u64 = 24 * 3_600;

/// Whether a pending claim is older than `honoured` seconds. A claim from the future is as new as can be.
fn is_older(now: u64, began: u64, protected_secs: u64) -> bool {
    match now.checked_sub(began) {
        Some(age) => age > protected_secs,
        None => began.saturating_sub(now) > MAX_SECS_AHEAD,
    }
}

impl Inner {
    /// Seconds since 1970 by the server's clock, or by this host's where the server does not tell.
    pub(crate) fn now(&self) -> u64 {
        self.client.server_time().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    /// How many seconds a claim of so many addresses is honoured if it stays pending.
    pub(crate) fn protection_secs_for(&self, count: u32) -> u64 {
        let time = self.config.pacing.time_for(count).saturating_mul(3);
        time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
    }

    /// The same for a claim that is there, in the words of the process that made it.
    fn protection_secs(&self, group: &Group) -> u64 {
        group.protected_secs.unwrap_or_else(|| self.protection_secs_for(group.count))
    }

    /// Whether the caller of a pending claim may still be at work.
    pub(crate) fn liveness(&self, group: &Group) -> Liveness {
        let alive = self.claims.is_in_progress(group.nonce);
        let alive = alive.unwrap_or_else(|| !is_older(self.now(), group.began, self.protection_secs(group)));
        if alive { Liveness::Alive } else { Liveness::Dead }
    }

    /// Whether a sweep may undo a pending claim that is older than `minimum` seconds. It has to be abandoned by the words of
    /// both processes.
    pub(crate) fn is_abandoned(&self, group: &Group, minimum: u64) -> bool {
        let honoured = self.protection_secs(group).max(self.protection_secs_for(group.count)).max(minimum);
        self.claims.is_in_progress(group.nonce) != Some(true) && is_older(self.now(), group.began, honoured)
    }

    /// The error of a call that meets the pending claim of another one. Says until when that is honoured.
    pub(crate) fn pending_error(&self, operation: Operation, key: &AllocationKey, group: &Group) -> CoreError {
        let (now, honoured) = (self.now(), self.protection_secs(group));
        let until = group.began.saturating_add(honoured);
        // The claim is honoured to the end of that second.
        let wait = until.saturating_sub(now).saturating_add(1);
        // A claim that has not had its time yet is most likely made in the next moment.
        let young = now.saturating_sub(group.began) <= honoured / 3;
        let again = Duration::from_secs(wait);
        let at = i64::try_from(until).ok().and_then(|until| jiff::Timestamp::from_second(until).ok());
        let at = at.map_or_else(|| format!("{until} s after 1970"), |at| at.to_string());
        let message = format!(
            "another call with the key {key:?} has taken {} of {} addresses and is still under way, or its process died; the \
             claim is honoured for another {wait} s, until {at}; repeat this call then",
            group.rows.len(),
            group.count,
        );
        CoreError::new(ErrorKind::Busy, operation, message)
            .with_context("key", key)
            .with_context("honoured until", at)
            .with_retry(Retry::Safe)
            .with_retry_after(if young { again.min(self.config.pacing.settle()) } else { again })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_honoured_for_its_time_and_not_before_it_was_made() {
        assert!(!is_older(1_180, 1_000, 180), "the last second counts");
        assert!(is_older(1_181, 1_000, 180));
        assert!(!is_older(1_000, 4_600, 180), "the clock of its process is an hour ahead");
        assert!(is_older(1_000, 1_000 + 25 * 3_600, 180), "no clock showed that");
    }
}
