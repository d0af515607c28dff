//! Protection of pending claims: the time for which other processes must not undo one, because its own process may
//! still commit it.
//!
//! | time since the claim began (`T`: claim time) | state |
//! | --- | --- |
//! | up to `T` | its process takes addresses |
//! | up to 2 `T` | its process may commit it |
//! | up to 3 `T` | other processes leave it alone |
//! | later | it is abandoned: other processes may undo it |
//!
//! All processes compare with the server's clock, so the clocks of the hosts do not matter. The mark holds the
//! protection in seconds, because another process may be configured with another claim time.

use std::time::{Duration, UNIX_EPOCH};

use ipam_core::{AllocationKey, Error as CoreError, ErrorKind, Operation, Retry};

use crate::provider::inner::Inner;
use crate::provider::key::group::{Group, Liveness};

/// Largest distance of a start in the future, in seconds: one day. Beyond it the start is taken for an error.
const MAX_SECS_AHEAD: u64 = 24 * 3_600;

/// Returns true if a pending claim is older than its protection. One that begins in the future counts as new.
fn is_older(now: u64, began: u64, protected_secs: u64) -> bool {
    match now.checked_sub(began) {
        Some(age) => age > protected_secs,
        None => began.saturating_sub(now) > MAX_SECS_AHEAD,
    }
}

impl Inner {
    /// Returns the seconds since 1970 by the server's clock, or by this host's clock if the server sends no `Date`.
    pub(crate) fn now(&self) -> u64 {
        self.client.server_time().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    /// Returns the protection of a claim of this many addresses, in seconds: three times its claim time, rounded up.
    pub(crate) fn protection_secs_for(&self, count: u32) -> u64 {
        let time = self.config.pacing.time_for(count).saturating_mul(3);
        time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
    }

    /// Returns the protection that the mark states. Marks of earlier versions state none; this process's own applies.
    fn protection_secs(&self, group: &Group) -> u64 {
        group.protected_secs.unwrap_or_else(|| self.protection_secs_for(group.count))
    }

    /// Returns whether the call of a pending claim may still commit it.
    pub(crate) fn liveness(&self, group: &Group) -> Liveness {
        // For a claim of its own a process knows better than any clock.
        let alive = self.claims.is_in_progress(group.nonce);
        let alive = alive.unwrap_or_else(|| !is_older(self.now(), group.began, self.protection_secs(group)));
        if alive { Liveness::Alive } else { Liveness::Dead }
    }

    /// Returns true if a sweep may undo a pending claim. It must be older than `minimum` seconds, than the protection
    /// in its mark, and than this process's own.
    pub(crate) fn is_abandoned(&self, group: &Group, minimum: u64) -> bool {
        let honoured = self.protection_secs(group).max(self.protection_secs_for(group.count)).max(minimum);
        self.claims.is_in_progress(group.nonce) != Some(true) && is_older(self.now(), group.began, honoured)
    }

    /// Error of a call that meets the pending claim of another one. Says until when that one is protected.
    pub(crate) fn pending_error(&self, operation: Operation, key: &AllocationKey, group: &Group) -> CoreError {
        let (now, honoured) = (self.now(), self.protection_secs(group));
        let until = group.began.saturating_add(honoured);
        // The last second counts, so the wait ends one second later.
        let wait = until.saturating_sub(now).saturating_add(1);
        // Within the first third, its claim time, the claim is most likely committed in a moment: a short wait is
        // advised. Later its process is most likely dead, and only the whole wait helps.
        let young = now.saturating_sub(group.began) <= honoured / 3;
        let again = Duration::from_secs(wait);
        let at = i64::try_from(until).ok().and_then(|until| jiff::Timestamp::from_second(until).ok());
        let at = at.map_or_else(|| format!("{until} s after 1970"), |at| at.to_string());
        let message = format!(
            "another call with the key {key:?} has taken {} of {} addresses and is still in progress, or its process died; its \
             claim is protected for another {wait} s, until {at}; repeat this call then",
            group.rows.len(),
            group.count,
        );
        CoreError::new(ErrorKind::Busy, operation, message)
            .with_context("key", key)
            .with_context("protected until", at)
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
