//! Relay of the settings, renewed while the program runs.

use std::sync::Arc;
use std::time::Duration;

use phpipam_client::Client;
use phpipam_client::scan::Relay;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::agent::connect;
use crate::agent::settings::{Settings, Source};
use crate::exit::Failure;
use crate::progress::note;

/// Time between two looks at the settings. A login that failed is repeated no sooner than after a minute, unless they changed.
const LOOK: Duration = Duration::from_secs(5);

/// Relay with its client.
pub(super) struct Current(Mutex<State>);

struct State {
    source: Source,
    client: Client,
    relay: Arc<Relay>,
    looked: Instant,
}

impl Current {
    pub(super) fn new(source: Source) -> Result<Self, Failure> {
        let (client, relay) = build(&source.settings)?;
        Ok(Self(Mutex::new(State { source, client, relay, looked: Instant::now() })))
    }

    /// Returns the relay. A few seconds after the last look, the settings and secrets are read again; where they changed, it
    /// is a new one. What concerns the socket stays: the address, the certificate, the limits and the token of reports.
    pub(super) async fn relay(&self) -> Arc<Relay> {
        let mut state = self.0.lock().await;
        if state.looked.elapsed() >= LOOK {
            state.looked = Instant::now();
            state.renew();
        }
        Arc::clone(&state.relay)
    }
}

impl State {
    fn renew(&mut self) {
        let renewed = self.source.refresh().and_then(|changed| match changed {
            true => build(&self.source.settings).map(Some),
            false => Ok(None),
        });
        match renewed {
            Ok(Some((client, relay))) => (self.client, self.relay) = (client, relay),
            Ok(None) => self.client.retry_login(),
            Err(failure) => {
                self.client.retry_login();
                note(format_args!("error: {}\nthe earlier settings are used", failure.text()));
            }
        }
    }
}

fn build(settings: &Settings) -> Result<(Client, Arc<Relay>), Failure> {
    let client = connect::client(settings)?;
    let mut builder =
        Relay::builder(client.clone()).with_policy(settings.policy.clone()).with_zone(settings.zone.clone());
    if let Some(changes) = settings.changes_at_once {
        builder = builder.with_changes_at_once(changes);
    }
    for (name, value) in &settings.custom {
        builder = builder.with_custom_field(name, value.as_str());
    }
    Ok((client, Arc::new(builder.build())))
}
