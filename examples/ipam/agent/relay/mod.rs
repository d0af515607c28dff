//! `ipam agent relay`: HTTP server for the reports of scanners.

mod connections;
mod current;
mod reply;
mod site;
mod tls;

use std::sync::Arc;

use tokio::net::TcpListener;

use self::connections::serve;
use self::current::Current;
use self::site::Site;
use super::settings::Source;
use crate::closing::Signals;
use crate::exit::{self, Failure};
use crate::output::Output;
use crate::progress;

pub(super) async fn run(source: Source, as_json: bool) -> Result<(Output, u8), Failure> {
    let settings = &source.settings;
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
    let (max_body, connections) = (settings.relay.max_body, settings.relay.connections);
    let site = Arc::new(Site::new(Current::new(source)?, token, max_body, as_json));
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Failure::Usage(format!("relay_listen is {listen}, where the relay cannot listen: {error}; choose another port"))
    })?;
    let signals = Signals::new()?;
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    // Printed in any case: it tells that the relay is ready, and the port if any was allowed.
    progress::print(format_args!("listening on {scheme}://{}/", listener.local_addr().unwrap_or(listen)));
    serve(listener, acceptor, Arc::clone(&site), connections, signals).await;
    if site.lost_output() {
        return Err(Failure::Failed("reports were applied that could not be written to standard output".to_owned()));
    }
    Ok((Output::nothing(), exit::DONE))
}
