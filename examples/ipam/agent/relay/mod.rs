//! `ipam agent relay`: HTTP server for the reports of scanners.

mod connections;
mod reply;
mod site;
mod tls;

use std::sync::Arc;

use phpipam_client::scan::Relay;
use tokio::net::TcpListener;

use self::connections::serve;
use self::site::Site;
use super::connect;
use super::settings::Settings;
use crate::closing::Signals;
use crate::exit::{self, Failure};
use crate::output::Output;

pub(super) async fn run(settings: &Settings, as_json: bool) -> Result<(Output, u8), Failure> {
    let listen = settings.relay.listen;
    let acceptor = match &settings.relay.tls {
        Some((cert, key)) => Some(tls::acceptor(cert, key)?),
        None if listen.ip().is_loopback() => None,
        None => {
            return Err(Failure::Usage(format!(
                "relay_listen is {listen}, which other machines reach, without TLS; set relay_cert and relay_key, or listen \
                 on 127.0.0.1"
            )));
        }
    };
    let token = settings.relay_token()?.clone();
    let mut builder = Relay::builder(connect::client(settings)?)
        .with_policy(settings.policy.clone())
        .with_zone(settings.zone.clone());
    if let Some(changes) = settings.changes_at_once {
        builder = builder.with_changes_at_once(changes);
    }
    for (name, value) in &settings.custom {
        builder = builder.with_custom_field(name, value.as_str());
    }
    let site = Arc::new(Site::new(builder.build(), token, settings.relay.max_body, as_json));
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Failure::Usage(format!("relay_listen is {listen}, where the relay cannot listen: {error}; choose another port"))
    })?;
    let signals = Signals::new()?;
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    // Printed in any case: it tells that the relay is ready, and the port if any was allowed.
    eprintln!("listening on {scheme}://{}/", listener.local_addr().unwrap_or(listen));
    serve(listener, acceptor, site, settings.relay.connections, signals).await;
    Ok((Output::nothing(), exit::DONE))
}
