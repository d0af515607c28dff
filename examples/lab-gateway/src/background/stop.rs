//! Signal to stop.

use std::future::Future;

use tokio::sync::watch;

/// Sender of the signal to stop. Dropping it stops everything, too.
///
/// ```
/// use lab_gateway::background::Stopper;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let (stopper, stop) = Stopper::new();
/// let part = tokio::spawn(async move { stop.stopped().await });
/// stopper.stop();
/// part.await
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// Makes a sender and its receiver, which is cloned for each part.
    #[must_use]
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Stops all parts.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Receiver of the signal to stop.
///
/// ```
/// use std::time::Duration;
///
/// use lab_gateway::background::Stopper;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let (stopper, stop) = Stopper::new();
/// assert_eq!(stop.or(async { 5 }).await, Some(5));
/// stopper.stop();
/// assert_eq!(stop.or(tokio::time::sleep(Duration::from_secs(3600))).await, None);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Waits for the signal.
    pub async fn stopped(&self) {
        // An error means that the sender is gone, and with it the service.
        let _ = self.0.clone().wait_for(|stopped| *stopped).await;
    }

    /// Returns true after the signal.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Runs the work, or drops it when the signal comes first. Returns `None` then.
    pub async fn or<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.stopped() => None,
            value = work => Some(value),
        }
    }
}
