//! Provider of the settings, opened when it is needed.

use std::sync::Arc;
use std::time::Duration;

use ipam_core::IpamProvider;
use ipam_core::layers::{Layered, TimeoutLayer};
use ipam_core::registry::{Registry, Secrets};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::AddressError;

/// Prefix of the variables that name secrets of the provider, such as `LAB_GATEWAY_PROVIDER_PASSWORD_FILE`.
const SECRETS: &str = "LAB_GATEWAY_PROVIDER";
/// Time after a failure in which the provider is not opened again: phpIPAM blocks a client after several bad logins.
const PAUSE: Duration = Duration::from_secs(15);
/// Longest time of opening, and of a call: a provider that hangs must not hold up the users.
const LONGEST: Duration = Duration::from_secs(20);

/// Provider, or the URL of one.
#[derive(Debug)]
pub(super) struct Source {
    url: String,
    limit: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Opened(Arc<dyn IpamProvider>),
    /// Not opened yet, with the last failure.
    Closed(Option<(Instant, String)>),
}

impl Source {
    pub(super) fn given(provider: Arc<dyn IpamProvider>) -> Self {
        Self { url: String::new(), limit: LONGEST, state: Mutex::new(State::Opened(provider)) }
    }

    pub(super) fn url(url: String) -> Self {
        Self { url, limit: LONGEST, state: Mutex::new(State::Closed(None)) }
    }

    pub(super) fn set_limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// Returns the provider if it was opened.
    pub(super) async fn opened(&self) -> Option<Arc<dyn IpamProvider>> {
        match &*self.state.lock().await {
            State::Opened(provider) => Some(Arc::clone(provider)),
            State::Closed(_) => None,
        }
    }

    /// Returns the provider, whose calls end within the limit, and opens it before if that was not done or failed.
    pub(super) async fn get(&self) -> Result<Arc<dyn IpamProvider>, AddressError> {
        let provider = self.unlimited().await?;
        Ok(Arc::new(Layered::new(provider, TimeoutLayer::new(self.limit))))
    }

    async fn unlimited(&self) -> Result<Arc<dyn IpamProvider>, AddressError> {
        let mut state = self.state.lock().await;
        match &*state {
            State::Opened(provider) => return Ok(Arc::clone(provider)),
            State::Closed(Some((failed, reason))) if failed.elapsed() < PAUSE => {
                return Err(AddressError::Unopened(reason.clone()));
            }
            State::Closed(_) => {}
        }
        let failure = match tokio::time::timeout(self.limit, open(&self.url)).await {
            Ok(Ok(provider)) => {
                *state = State::Opened(Arc::clone(&provider));
                return Ok(provider);
            }
            Ok(Err(error)) => AddressError::Provider(error),
            Err(_) => AddressError::Unopened(format!("it took longer than {:?}", self.limit)),
        };
        *state = State::Closed(Some((Instant::now(), failure.to_string())));
        Err(failure)
    }
}

async fn open(url: &str) -> ipam_core::Result<Arc<dyn IpamProvider>> {
    let mut registry = Registry::new().with_secrets(Secrets::env(SECRETS));
    phpipam_client::register(&mut registry)?;
    registry.open(url).await
}
