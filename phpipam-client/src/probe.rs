//! Features of a server, found by asking: no response of phpIPAM names its version.

use http::Method;
use ipam_core::ErrorKind;

use crate::client::Client;
use crate::error::Result;

/// What differs between versions, as far as reading shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Features {
    /// Whether the app may write; `None` where the server does not say.
    pub may_write: Option<bool>,
    /// Whether filters can match a part of a value or a regular expression: since 1.4. `None` where it was not to be
    /// found out.
    pub filter_match: Option<bool>,
    /// Whether there is a search over all texts, which the database does: since 1.6.
    pub search: bool,
}

impl Features {
    /// The versions that it can be, in words.
    #[must_use]
    pub fn versions(&self) -> &'static str {
        match (self.search, self.filter_match) {
            (true, _) => "1.6 or later",
            (false, Some(true)) => "1.4 or 1.5",
            (false, Some(false)) => "before 1.4",
            (false, None) => "before 1.6",
        }
    }

    /// What should be known about these versions. That there is nothing does not mean that the server is the newest:
    /// later versions look alike.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        if self.search { Vec::new() } else { vec![OUTDATED] }
    }
}

pub(crate) const OUTDATED: &str = "this phpIPAM seems to be older than 1.6; versions before 1.8.2 let callers past the API's \
    authentication and write through read-only apps: upgrade it, or let only trusted hosts reach it";

impl Client {
    /// Asks what this server can do: three short calls that read.
    ///
    /// # Errors
    /// [`Error`](crate::Error), where the server cannot be asked.
    pub async fn features(&self) -> Result<Features> {
        let may_write = may_write(self).await?;
        let filter_match = has_filter_match(self).await?;
        Ok(Features { may_write, filter_match, search: has_search(self).await? })
    }
}

/// What the app may do.
pub(crate) async fn may_write(client: &Client) -> Result<Option<bool>> {
    let response = match client.raw(Method::OPTIONS, "", None).await {
        Ok(response) => response,
        Err(error) if error.is_about_session() => return Err(error),
        // A version or a proxy that does not know the method says nothing about rights.
        Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::NotFound | ErrorKind::Protocol) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let level = response.data.get("permissions").and_then(|level| level.as_str());
    Ok(level.map(|level| !matches!(level, "Read" | "Disabled")))
}

/// Whether the server minds a regular expression that is none. Versions without `filter_match` take the query for the id of
/// a VLAN.
async fn has_filter_match(client: &Client) -> Result<Option<bool>> {
    let path = "vlans/?filter_by=name&filter_value=%23(%23&filter_match=regex";
    match client.raw(Method::GET, path, None).await {
        Ok(_) => Ok(None),
        Err(error) if error.is_about_session() => Err(error),
        Err(error) => {
            let says = |text| error.refusal().is_some_and(|refusal| refusal.message.contains(text));
            match error.kind() {
                _ if says("regular expression") => Ok(Some(true)),
                _ if says("Vlan not found") => Ok(Some(false)),
                // There may be no VLAN to filter.
                ErrorKind::NotFound | ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::Protocol => {
                    Ok(None)
                }
                _ => Err(error),
            }
        }
    }
}

/// Whether the server searches texts itself.
pub(crate) async fn has_search(client: &Client) -> Result<bool> {
    // No text of a mark begins so: nothing is found.
    match client.search().addresses("ipam-probe").await {
        Ok(_) => Ok(true),
        Err(error) if error.is_about_session() => Err(error),
        Err(error) => match error.kind() {
            ErrorKind::Unsupported
            | ErrorKind::NotFound
            | ErrorKind::InvalidInput
            | ErrorKind::Config
            | ErrorKind::Protocol => Ok(false),
            _ => Err(error),
        },
    }
}
