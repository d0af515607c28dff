//! Features of a server, found by requests: no response of phpIPAM names its version (Q60).

use http::Method;
use ipam_core::ErrorKind;

use crate::client::Client;
use crate::error::Result;
use crate::models::ApiOptions;
use crate::request::{ApiRequest, Call, Path};

/// Features of a server and its app, as [`Client::features`] finds them.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use ipam_core::http::HttpOptions;
/// # use phpipam_client::testing::Server;
/// # use phpipam_client::{Auth, Client};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::start().await?;
/// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
/// #     .with_http_options(HttpOptions::new().with_allow_http(true))
/// #     .build()?;
/// let features = client.features().await?;
/// assert_eq!((features.may_write, features.search), (Some(true), true));
/// assert_eq!(features.versions(), "1.8 or later");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Features {
    /// True if the app may write; `None` if the server does not say.
    pub may_write: Option<bool>,
    /// True if filters can match a part of a value or a regular expression (since 1.4). `None` if the response was
    /// neither of the two known ones, for example because there is no VLAN to filter.
    pub filter_match: Option<bool>,
    /// True if the server has a search over all texts, in its database (since 1.6).
    pub search: bool,
    /// True if device types have colours (since 1.8). `None` if the server has no device types, or no search either.
    pub device_type_colours: Option<bool>,
}

impl Features {
    /// Returns the versions that have these features: `1.8 or later`, `1.6 or 1.7`, `1.4 or 1.5`, `before 1.4`; or
    /// `1.6 or later` without device types, and `before 1.6` if filters could not be probed.
    #[must_use]
    pub fn versions(&self) -> &'static str {
        match (self.search, self.device_type_colours, self.filter_match) {
            (true, Some(true), _) => "1.8 or later",
            (true, Some(false), _) => "1.6 or 1.7",
            (true, None, _) => "1.6 or later",
            (false, _, Some(true)) => "1.4 or 1.5",
            (false, _, Some(false)) => "before 1.4",
            (false, _, None) => "before 1.6",
        }
    }

    /// Returns security warnings for these versions. An empty list does not mean that the server is up to date: 1.8.0
    /// and 1.8.1 look the same as 1.8.2, and without device types so do 1.6 and 1.7.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        if is_outdated(self.search, self.device_type_colours) { vec![OUTDATED] } else { Vec::new() }
    }
}

pub(crate) const OUTDATED: &str = "this phpIPAM is older than 1.8; versions before 1.8.2 let callers past the API's \
    authentication and write through read-only apps: upgrade it, or let only trusted hosts reach it";

/// Returns true if these features are of a version before 1.8.
pub(crate) fn is_outdated(search: bool, device_type_colours: Option<bool>) -> bool {
    !search || device_type_colours == Some(false)
}

impl Client {
    /// Probes the features of the server: three or four short requests that read.
    ///
    /// # Errors
    /// [`Error::LoginFailed`](crate::Error::LoginFailed) or another error of the session if the credentials are
    /// rejected; otherwise the errors of a server that cannot be reached. A refusal of a probe is no error: it is the
    /// result.
    pub async fn features(&self) -> Result<Features> {
        let may_write = may_write(self).await?;
        let filter_match = has_filter_match(self).await?;
        let search = has_search(self).await?;
        let device_type_colours = if search { has_device_type_colours(self).await? } else { None };
        Ok(Features { may_write, filter_match, search, device_type_colours })
    }

    /// Returns the calls of a controller; for an empty name the app's permission and its controllers.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) or [`Unsupported`](crate::RefusalKind::Unsupported)
    /// if there is no such controller; otherwise the [common errors](crate::Error#common-errors).
    pub async fn options(&self, controller: &str) -> Result<ApiOptions> {
        let path = if controller.is_empty() { Path::root() } else { Path::root().text("controller", controller) };
        self.one(&ApiRequest::new(Method::OPTIONS, Call::One, path)?).await
    }
}

/// Returns true if the app may write; `None` if the server does not say.
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

/// Returns true if the server knows `filter_match`: it refuses an invalid regular expression. Versions without
/// `filter_match` take the query for the id of a VLAN.
pub(crate) async fn has_filter_match(client: &Client) -> Result<Option<bool>> {
    // VLANs, because a site has few of them. `#(#` is an unclosed group, which PHP's `preg_match` refuses.
    let path = "vlans/?filter_by=name&filter_value=%23(%23&filter_match=regex";
    match client.raw(Method::GET, path, None).await {
        Ok(_) => Ok(None),
        Err(error) if error.is_about_session() => Err(error),
        Err(error) => {
            let says = |text| error.refusal().is_some_and(|refusal| refusal.message.contains(text));
            match error.kind() {
                _ if says("regular expression") => Ok(Some(true)),
                _ if says("Vlan not found") => Ok(Some(false)),
                // Neither message: for example, there is no VLAN to filter (Q11).
                ErrorKind::NotFound | ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::Protocol => {
                    Ok(None)
                }
                _ => Err(error),
            }
        }
    }
}

/// Returns true if device types have colours, which are columns of 1.8; `None` if there are no device types.
pub(crate) async fn has_device_type_colours(client: &Client) -> Result<Option<bool>> {
    match client.raw(Method::GET, "tools/device_types/", None).await {
        // An administrator may have deleted all of them; the server has nine at first.
        Ok(response) => Ok(response.data.get(0).map(|row| row.get("bgcolor").is_some())),
        Err(error) if error.is_about_session() => Err(error),
        Err(error) if error.refusal().is_some() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns true if the server has the controller `search`.
pub(crate) async fn has_search(client: &Client) -> Result<bool> {
    match client.search().exists().await {
        Ok(exists) => Ok(exists),
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
