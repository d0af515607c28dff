//! Cycle of updates.

use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::{AddressSource, DdnsClient, DdnsError};

/// Pause after the first failed update; it doubles up to [`Updater::with_interval`]'s longest time between updates.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// State of the record, for the health report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DdnsState {
    /// Address that the server confirmed last.
    pub address: Option<Ipv4Addr>,
    /// Time of that confirmation.
    pub confirmed: Option<SystemTime>,
    /// Updates that failed since.
    pub failures: u32,
    /// Last fault, until the next confirmation.
    pub error: Option<DdnsError>,
}

/// Sends an update whenever the address changes, and at least every 120 s.
///
/// ```no_run
/// # async fn example(config: lab_gateway::ddns::DdnsConfig) {
/// use lab_gateway::ddns::{AddressSource, DdnsClient, Updater};
///
/// let updater = Updater::new(DdnsClient::new(config), AddressSource::Interface("eth0".to_owned()));
/// let state = updater.state();
/// let cycle = tokio::spawn(updater.run());
/// println!("{:?}", state.borrow().error);
/// cycle.abort();
/// # }
/// ```
#[derive(Debug)]
pub struct Updater {
    client: DdnsClient,
    source: AddressSource,
    look: Duration,
    interval: Duration,
    state: watch::Sender<DdnsState>,
}

impl Updater {
    /// Looks at the address every 5 s, and sends at least every 120 s.
    pub fn new(client: DdnsClient, source: AddressSource) -> Self {
        let state = watch::Sender::new(DdnsState::default());
        Self { client, source, look: Duration::from_secs(5), interval: Duration::from_secs(120), state }
    }

    /// Sets the time between two looks at the address, and the longest time between two updates.
    #[must_use]
    pub fn with_interval(mut self, look: Duration, update: Duration) -> Self {
        self.look = look;
        self.interval = update;
        self
    }

    /// The present state, and each change of it.
    pub fn state(&self) -> watch::Receiver<DdnsState> {
        self.state.subscribe()
    }

    /// Runs until the future is dropped.
    pub async fn run(self) {
        let mut sent: Option<(Ipv4Addr, Instant)> = None;
        let mut pause = FIRST_PAUSE;
        loop {
            let wait = match self.source.address() {
                // A new address goes out at once, and so does the first one.
                Ok(address) if due(sent, address, self.interval) => match self.client.update(address).await {
                    Ok(()) => {
                        sent = Some((address, Instant::now()));
                        pause = FIRST_PAUSE;
                        self.confirmed(address);
                        self.look
                    }
                    Err(error) => {
                        // It may have been applied; the next one says the same, or the new address.
                        sent = None;
                        self.failed(error);
                        let wait = pause;
                        pause = pause.saturating_mul(2).min(self.interval.max(FIRST_PAUSE));
                        wait
                    }
                },
                Ok(_) => self.look,
                Err(error) => {
                    self.failed(error);
                    self.look
                }
            };
            sleep(wait).await;
        }
    }

    fn confirmed(&self, address: Ipv4Addr) {
        let now = SystemTime::now();
        let state = DdnsState { address: Some(address), confirmed: Some(now), failures: 0, error: None };
        self.state.send_replace(state);
    }

    fn failed(&self, error: DdnsError) {
        self.state.send_modify(|state| {
            state.failures = state.failures.saturating_add(1);
            state.error = Some(error);
        });
    }
}

/// `true` if the server has not confirmed this address within the interval.
fn due(sent: Option<(Ipv4Addr, Instant)>, address: Ipv4Addr, interval: Duration) -> bool {
    sent.is_none_or(|(last, at)| last != address || at.elapsed() >= interval)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;
    use crate::ddns::{DdnsConfig, TsigAlgorithm, TsigKey};

    #[tokio::test(start_paused = true)]
    async fn an_update_is_due_at_first_on_change_and_after_the_interval() {
        let (one, two) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2));
        let interval = Duration::from_secs(120);
        assert!(due(None, one, interval));
        let sent = Some((one, Instant::now()));
        assert!(!due(sent, one, interval));
        assert!(due(sent, two, interval));
        tokio::time::advance(Duration::from_secs(119)).await;
        assert!(!due(sent, one, interval));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(due(sent, one, interval));
    }

    #[tokio::test]
    async fn failures_are_shown_and_repeated_with_growing_pauses() {
        // The port is closed: it was bound and given back.
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let key = TsigKey::from_base64("k", TsigAlgorithm::HmacSha256, "c2VjcmV0LXNlY3JldC1zZWNyZXQ=".into()).unwrap();
        let config = DdnsConfig::new(&address.to_string(), "lab.test", "a.lab.test", key).unwrap();
        let source = AddressSource::Fixed(Ipv4Addr::new(192, 0, 2, 1));
        let updater = Updater::new(DdnsClient::new(config), source);
        let mut state = updater.state();
        let cycle = tokio::spawn(updater.run());
        state.changed().await.unwrap();
        let first = state.borrow_and_update().clone();
        assert!(matches!(first.error, Some(DdnsError::Unreachable { .. })) && first.confirmed.is_none(), "{first:?}");
        assert_eq!(first.failures, 1);
        // No second one within the pause.
        assert!(tokio::time::timeout(Duration::from_millis(300), state.changed()).await.is_err());
        cycle.abort();
    }
}
