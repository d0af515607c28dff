//! Reports over HTTP, to a relay or to the server part of the community agent.

use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderValue, Method, header};
use ipam_core::http::{HttpClient, HttpRequest};
use phpipam_client::scan::{Delivery, RelayReport, Status, SubnetReport};
use secrecy::ExposeSecret as _;
use url::Url;

use super::settings::Receiver;
use crate::exit::Failure;

/// Pauses before a report is sent again.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// Longest part of an error's text.
const EXCERPT: usize = 300;

/// Sender of reports.
pub(super) struct HttpDelivery {
    client: HttpClient,
    url: Url,
    authorization: HeaderValue,
}

impl std::fmt::Debug for HttpDelivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpDelivery").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl HttpDelivery {
    pub(super) fn new(receiver: &Receiver) -> Result<Self, Failure> {
        let client = HttpClient::new(receiver.url.as_str(), receiver.http.clone())?;
        let mut authorization =
            HeaderValue::try_from(format!("Bearer {}", receiver.token.expose_secret())).map_err(|_| {
                Failure::Usage("auth_token has characters that HTTP does not allow; use letters and digits".to_owned())
            })?;
        authorization.set_sensitive(true);
        Ok(Self { client, url: receiver.url.clone(), authorization })
    }

    /// Sends a body once. Returns the receiver's report, if it sends one. `Err` has the reason, and true if it may be sent
    /// again.
    async fn send(&self, body: Vec<u8>) -> Result<Option<SubnetReport>, (String, bool)> {
        let request = HttpRequest::new(Method::POST, self.url.clone())
            .with_header(header::AUTHORIZATION, self.authorization.clone())
            .with_body("application/json", body);
        match self.client.send(request).await {
            Ok(response) => {
                // The receiver of the community agent has none.
                let report: Option<SubnetReport> = serde_json::from_slice(&response.body).ok();
                // A relay that failed half-way has a status of its own, and says in the report what was done.
                let failed = report.as_ref().is_some_and(|report| report.status == Status::Failed);
                if response.status.is_success() || failed {
                    return Ok(report);
                }
                let busy = matches!(response.status.as_u16(), 429 | 503);
                Err((format!("{} replied {}: {}", self.url, response.status, excerpt(&response.body)), busy))
            }
            // A report that arrives twice changes nothing the second time.
            Err(error) => {
                let mut text = crate::report::text(&error);
                if error.kind() == ipam_core::ErrorKind::Untrusted {
                    text.push_str(
                        "; in the settings, http_server_ca or http_server_pin names the file of a certificate",
                    );
                }
                Err((text, error.kind() == ipam_core::ErrorKind::Unavailable))
            }
        }
    }
}

/// Returns the message of an error's JSON, or the beginning of the body. Control characters are replaced.
fn excerpt(body: &[u8]) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let message = json.as_ref().and_then(|json| json.pointer("/error/message")?.as_str());
    let text = message.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned);
    text.chars().take(EXCERPT).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[async_trait]
impl Delivery for HttpDelivery {
    async fn deliver(&self, report: &RelayReport) -> Result<Option<SubnetReport>, String> {
        let body = serde_json::to_vec(report).map_err(|error| error.to_string())?;
        for pause in PAUSES {
            match self.send(body.clone()).await {
                Err((_, true)) => tokio::time::sleep(pause).await,
                result => return result.map_err(|(reason, _)| reason),
            }
        }
        self.send(body).await.map_err(|(reason, _)| reason)
    }
}
