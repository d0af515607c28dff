//! What the commands of both generations of vRealize Automation share.

use std::path::Path;

use futures_util::{Stream, StreamExt, TryStreamExt};
use ipam_core::http::{HttpOptions, TlsOptions};
use ipam_core::{Error, ErrorKind, Operation};

use crate::exit::Failure;
use crate::output::or_dash;
use crate::progress::note;

/// Returns the failure of an argument that is neither given nor in the environment.
pub(crate) fn missing(what: &str, variable: &str) -> Failure {
    Failure::Usage(format!("give {what}, or set {variable}"))
}

/// Returns the options of the connection: trust in a further authority, and `http://` URLs.
pub(crate) fn http_options(ca: Option<&Path>, allow_http: bool) -> Result<HttpOptions, Failure> {
    let mut tls = TlsOptions::new();
    if let Some(path) = ca {
        let pem = std::fs::read_to_string(path)
            .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", path.display())))?;
        tls = tls.with_ca_pem(&pem)?;
    }
    Ok(HttpOptions::new().with_tls(tls).with_allow_http(allow_http))
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
