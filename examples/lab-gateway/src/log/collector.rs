//! Collector: takes batches over HTTPS.

use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue, Method, StatusCode};
use ipam_core::http::{HttpClient, HttpOptions, HttpRequest, retry_after};

use super::LogError;

/// Client of the collector: a `POST` of each batch to one URL. Any success means that the collector has it.
///
/// ```
/// use ipam_core::http::HttpOptions;
/// use lab_gateway::log::Collector;
///
/// let collector = Collector::new("https://logs.example.test/lab/", HttpOptions::new())?;
/// assert_eq!(collector.url(), "https://logs.example.test/lab/");
/// assert!(Collector::new("http://logs.example.test/lab/", HttpOptions::new()).is_err());
/// # Ok::<(), lab_gateway::log::LogError>(())
/// ```
#[derive(Debug)]
pub struct Collector {
    client: HttpClient,
}

/// Fault of a sending, and the wait that the collector asks for.
#[derive(Debug)]
pub(super) struct NotSent {
    pub(super) error: LogError,
    pub(super) wait: Option<Duration>,
}

impl Collector {
    /// Names the URL, which ends with a slash, and the options of TLS and time limits.
    ///
    /// # Errors
    /// [`LogError::Config`] if it is no URL of `https`, or an option is invalid.
    pub fn new(url: &str, options: HttpOptions) -> Result<Self, LogError> {
        // The text may hold a password; the error of the client does not repeat it.
        let client = HttpClient::new(url, options.with_max_body(64 * 1024)).map_err(|error| LogError::Config {
            field: "collector URL",
            value: "[not shown]".to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self { client })
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &str {
        self.client.origin().base().as_str()
    }

    /// Sends a batch once.
    pub(super) async fn send(&self, id: &str, body: Vec<u8>) -> Result<(), NotSent> {
        let url = self.url().to_owned();
        let fault = |reason: String| NotSent { error: LogError::Collector { url: url.clone(), reason }, wait: None };
        let id = HeaderValue::from_str(id).map_err(|error| fault(error.to_string()))?;
        let request = HttpRequest::new(Method::POST, self.client.origin().base().clone())
            .with_header(HeaderName::from_static("idempotency-key"), id)
            .with_body("application/json", body);
        let response = self.client.send(request).await.map_err(|error| fault(error.to_string()))?;
        let status = response.status;
        if status.is_success() {
            return Ok(());
        }
        // About this batch, and so the same at every repeat. Other statuses are about the sender or the moment.
        if [
            StatusCode::BAD_REQUEST,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ]
        .contains(&status)
        {
            return Err(NotSent { error: LogError::Rejected { url, status: status.as_u16() }, wait: None });
        }
        let wait = retry_after(&response.headers, SystemTime::now());
        Err(NotSent { wait, ..fault(format!("status {status}")) })
    }
}
