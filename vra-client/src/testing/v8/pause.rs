//! Order of requests: pauses that a test sets, and random delays before a request is carried out.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ipam_core::testing::http::Request;
use ipam_core::testing::{Faults, RequestView, When, splitmix64};
use tokio::sync::watch;

/// Requests that wait at the server before they are carried out, until this is dropped. [`Server::pause`] makes one.
///
/// So a test decides which of two clients is faster, and what happens between two requests of one client. A request whose
/// client goes away meanwhile is not carried out.
///
#[cfg_attr(feature = "v8", doc = "```")]
#[cfg_attr(not(feature = "v8"), doc = "```text")]
/// use std::time::Duration;
/// use vra_client::HttpOptions;
/// use vra_client::testing::When;
/// use vra_client::testing::v8::Server;
/// use vra_client::v8::Client;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::start().await?;
/// let client = Client::builder(server.url())
///     .with_password(Server::USER, Server::PASSWORD)
///     .with_http_options(HttpOptions::new().with_allow_http(true))
///     .build()?;
/// let pause = server.pause(When::any().path("/iaas/api/projects"));
/// let list = tokio::spawn(async move { client.projects().list().all().await });
/// pause.reached(1).await;
/// server.seed(|store| store.add_project("Created meanwhile"));
/// drop(pause);
/// assert_eq!(list.await??.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`Server::pause`]: super::Server::pause
#[must_use = "requests wait until it is dropped"]
pub struct Pause {
    gate: Arc<Gate>,
}

impl Pause {
    /// Waits until so many requests have come that wait here, or have waited.
    pub async fn reached(&self, requests: usize) {
        // The sender lives as long as this, so this ends by the number only.
        let _ = self.gate.arrived.subscribe().wait_for(|arrived| *arrived >= requests).await;
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        self.gate.open.send_replace(true);
    }
}

impl fmt::Debug for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pause").field("arrived", &*self.gate.arrived.borrow()).finish()
    }
}

/// Place where requests wait.
#[derive(Debug, Default)]
struct Gate {
    arrived: watch::Sender<usize>,
    open: watch::Sender<bool>,
}

/// Pauses and delays of a server.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    gates: Mutex<Faults<Arc<Gate>>>,
    /// Longest delay, and the state of its random source.
    jitter: Option<(Duration, Mutex<u64>)>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pacing {
    pub(super) fn new(jitter: Option<(Duration, u64)>) -> Self {
        Self { gates: Mutex::default(), jitter: jitter.map(|(longest, seed)| (longest, Mutex::new(seed))) }
    }

    pub(super) fn pause(&self, when: When) -> Pause {
        let gate = Arc::new(Gate::default());
        locked(&self.gates).add(Arc::clone(&gate), when);
        Pause { gate }
    }

    /// Waits until the request may be carried out.
    pub(super) async fn wait(&self, request: &Request) {
        let body = String::from_utf8_lossy(request.body());
        let view = RequestView::new(request.method(), request.path(), request.query(), &body);
        let (_, gate) = locked(&self.gates).take(&view, |_| None);
        if let Some(gate) = gate {
            gate.arrived.send_modify(|arrived| *arrived += 1);
            // The gate is held here, so its sender is there.
            let _ = gate.open.subscribe().wait_for(|open| *open).await;
        }
        if let Some((longest, state)) = &self.jitter {
            let share = splitmix64(&mut locked(state)) % 1_000;
            tokio::time::sleep(longest.mul_f64(f64::from(u32::try_from(share).unwrap_or(0)) / 1_000.0)).await;
        }
    }
}
