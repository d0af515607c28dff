//! What the commands of both generations of vRealize Automation share.

use std::path::PathBuf;

use clap::Args;
use futures_util::{Stream, StreamExt, TryStreamExt};
use ipam_core::http::{HttpOptions, TlsOptions};
use ipam_core::{Error, ErrorKind, Operation};

use crate::exit::Failure;
use crate::output::{Output, or_dash};
use crate::progress::{Progress, note};

/// Returns the failure of an argument that is neither given nor in the environment.
pub(crate) fn missing(what: &str, variable: &str) -> Failure {
    Failure::Usage(format!("give {what}, or set {variable}"))
}

/// Server and its connection.
// Global, so that they may be given after the verb too.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// URL of the server, such as `https://vra.example`; required here or in the environment.
    #[arg(long, global = true, env = "IPAM_VRA_URL")]
    url: Option<String>,
    /// File with the PEM certificate of an authority to trust in addition to those of the system.
    #[arg(long, global = true, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Allow http:// URLs. Secrets are then sent without encryption.
    #[arg(long, global = true)]
    allow_http: bool,
}

impl Connection {
    /// Returns the URL of the server.
    pub(crate) fn url(&self) -> Result<&str, Failure> {
        self.url.as_deref().ok_or_else(|| missing("the server with --url", "IPAM_VRA_URL"))
    }

    /// Returns the options of the connection: trust in a further authority, and `http://` URLs.
    pub(crate) fn http_options(&self) -> Result<HttpOptions, Failure> {
        let mut tls = TlsOptions::new();
        if let Some(path) = &self.ca {
            let pem = std::fs::read_to_string(path)
                .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", path.display())))?;
            tls = tls.with_ca_pem(&pem)?;
        }
        Ok(HttpOptions::new().with_tls(tls).with_allow_http(self.allow_http))
    }
}

/// Carries out the work of a command with its progress, and logs out.
pub(crate) async fn carried_out(
    work: impl Future<Output = Result<Output, Failure>>,
    logout: impl Future<Output = Result<(), vra_client::Error>>,
) -> Result<Output, Failure> {
    let output = Progress::new("waiting for vRealize Automation", 0).during(work).await;
    // A failed logout is only noted: the server's token expires, and the result is valid.
    if let Err(error) = logout.await
        && output.is_ok()
    {
        note(format_args!("note: the token was not revoked: {error}"));
    }
    output
}

/// Returns at most `limit` rows, and notes if there are more.
pub(crate) async fn some<T>(
    rows: impl Stream<Item = Result<T, vra_client::Error>> + Send,
    limit: usize,
) -> Result<Vec<T>, vra_client::Error> {
    let limit = if limit == 0 { usize::MAX } else { limit };
    // One more than is shown tells whether there are more.
    let mut found: Vec<T> = rows.take(limit.saturating_add(1)).try_collect().await?;
    if found.len() > limit {
        found.truncate(limit);
        note(format_args!("there are more than {limit}; --limit 0 shows all"));
    }
    Ok(found)
}

/// Returns the text, or a dash if there is none.
pub(crate) fn text(value: Option<&String>) -> String {
    or_dash(value)
}

/// Returns the texts with commas between, or a dash if there are none.
pub(crate) fn listed<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    let mut joined = String::new();
    for value in values {
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(value.as_ref());
    }
    or_dash(Some(joined).filter(|joined| !joined.is_empty()))
}

/// Returns the failure for an object that does not exist.
pub(crate) fn not_found(message: String) -> Failure {
    Error::new(ErrorKind::NotFound, Operation::Send, message).into()
}
