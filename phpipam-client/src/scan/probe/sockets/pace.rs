//! Pace: how fast packets leave, and how many sockets are open at once.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Shortest wait that is worth a timer, whose steps are a millisecond.
const STEP: Duration = Duration::from_millis(2);
/// Largest number of sockets of connections at once.
const MAX_SOCKETS: usize = 512;

/// Times at which packets may leave, one after the other.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// Pace of so many packets a second; at least one.
    pub(super) fn new(rate: u32) -> Self {
        Self { interval: Duration::from_secs(1) / rate.max(1), next: Mutex::new(None) }
    }

    /// Waits until the caller's turn.
    pub(super) async fn turn(&self) {
        let now = Instant::now();
        let at = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let at = next.map_or(now, |next| next.max(now));
            *next = Some(at + self.interval);
            at
        };
        if at > now + STEP {
            sleep_until(at).await;
        }
    }
}

/// Returns how many sockets of connections may be open at once: half of what the process may open, since the program needs
/// some, too.
pub(super) fn sockets() -> usize {
    #[cfg(unix)]
    let limit = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE)
        .map_or(MAX_SOCKETS, |(soft, _)| usize::try_from(soft / 2).unwrap_or(MAX_SOCKETS));
    #[cfg(not(unix))]
    let limit = MAX_SOCKETS / 4;
    limit.clamp(1, MAX_SOCKETS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_keep_the_rate_without_a_burst_after_a_pause() {
        let pace = Pace::new(100);
        let started = Instant::now();
        for _ in 0..=100 {
            pace.turn().await;
        }
        let took = started.elapsed();
        assert!(took >= Duration::from_millis(990) && took < Duration::from_millis(1100), "{took:?}");
        tokio::time::sleep(Duration::from_secs(60)).await;
        let resumed = Instant::now();
        for _ in 0..=100 {
            pace.turn().await;
        }
        assert!(resumed.elapsed() >= Duration::from_millis(990), "{:?}", resumed.elapsed());
    }

    #[test]
    fn some_sockets_are_left_for_the_program() {
        assert!((1..=MAX_SOCKETS).contains(&sockets()));
    }
}
