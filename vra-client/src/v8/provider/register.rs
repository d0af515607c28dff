//! URL schemes of the provider.

use std::sync::Arc;
use std::time::Duration;

use ipam_core::registry::{OpenRequest, ProviderUrl, Registry};
use ipam_core::{Error, ErrorKind, IpamProvider, Operation, Result};

use super::config::{LONGEST, VraConfig};
use super::handle::VraProvider;
use super::inner::failed;
use crate::v8::Client;

const OPTIONS: &[&str] = &["network", "range", "domain", "organization", "auth", "direct", "claim_time", "settle_time"];

/// Adds the URL schemes `vra8+https` and `vra8+http` to a registry.
///
/// ```text
/// vra8+https://svc@vra.example?domain=corp.example&network=lab-net
/// vra8+https://vra.example?organization=acme&range=lab-static,web%20static
/// ```
///
/// The form is `SCHEME://[USER@]HOST[:PORT][?OPTION=VALUE&…]`. Special characters are percent-encoded: a space is `%20`; a
/// comma inside a name cannot be written.
///
/// # Credentials
/// A URL holds no secret. The registry's [`Secrets`](ipam_core::registry::Secrets) provide it:
///
/// | | password | refresh token, also called API token |
/// | --- | --- | --- |
/// | used if | the URL or the [`OpenRequest`] names a user, or `auth=user` | there is no user, or `auth=token` |
/// | name of the secret | `password` | `refresh-token` |
/// | its variable with `Secrets::env("IPAM")` | `IPAM_PASSWORD` | `IPAM_REFRESH_TOKEN` |
///
/// # Options
/// | option | default | meaning |
/// | --- | --- | --- |
/// | `network=A,B` | all | fabric networks whose ranges are served, by name or id; see [`with_network`](VraConfig::with_network) |
/// | `range=A,B` | all | IP ranges to serve, by name or id |
/// | `domain=NAME` | none | domain of the user |
/// | `organization=NAME` | none | organization of VCF Automation 9, which takes a refresh token only |
/// | `auth=user`, `auth=token` | by the user | login with a password, or with a refresh token |
/// | `direct=1` | 0 | take the token of the password login itself |
/// | `ca=PATH` | none | PEM file of certificate authorities to trust beside the system's |
/// | `pin=PATH` | none | PEM file of the only certificate that the server may have |
/// | `insecure=1` | 0 | accept any certificate |
/// | `allow_http=1` | 0 | scheme `vra8+http` for hosts other than `localhost` and loopback addresses |
/// | `timeout=30s` | 120s | time limit of one call of the client with its retries |
/// | `claim_time=60s` | 120s | [claim time](VraConfig::with_claim_time), from 1s to 1d |
/// | `settle_time=60s` | 30s | [settle time](VraConfig::with_settle_time), from 1s to 1d |
///
/// IP ranges belong to no project, so there is no option for one.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// use ipam_core::IpamProviderExt;
/// use ipam_core::registry::{Registry, Secrets};
/// use vra_client::testing::v8::Server;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::builder().example_data().polls_in_progress(0).start().await?;
/// let range = server.seed(|store| store.ip_range("lab-static")).unwrap();
///
/// let secrets = Secrets::value("password", Server::PASSWORD.to_owned().into()); // or Secrets::env("IPAM")
/// let mut registry = Registry::new().with_secrets(secrets);
/// vra_client::v8::provider::register(&mut registry)?;
///
/// // vra8+http://configadmin@127.0.0.1:40123?network=lab-net
/// let url = format!("vra8+http://{}@{}?network=lab-net", Server::USER, server.address());
/// let provider = registry.open(&url).await?;
/// assert_eq!(provider.allocate_one(range, "vm-42").await?.address.to_string(), "10.10.20.10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// None in practice: both schemes are valid. Opening a URL fails with `Config` for an unknown option, an unreadable value
/// or file, or a missing secret; otherwise as [`VraProvider::connect`].
pub fn register(registry: &mut Registry) -> Result<()> {
    registry.register("vra8+https", |request| open(request, "https"))?;
    registry.register("vra8+http", |request| open(request, "http"))
}

async fn open(request: OpenRequest, scheme: &'static str) -> Result<Arc<dyn IpamProvider>> {
    let url = &request.url;
    let base = base(url, scheme)?;
    let config = config(url)?;
    let agent = concat!("vra-client/", env!("CARGO_PKG_VERSION"));
    let http = request.http_options(agent, scheme == "http", "vra8+https")?;
    let by_user = match (url.option("auth"), url.option("organization")) {
        (Some("user"), None) => true,
        (Some("token"), _) => false,
        (None, organization) => request.user().is_some() && organization.is_none(),
        (Some("user"), Some(_)) => {
            return Err(refused("organization needs auth=token; VCF Automation 9 takes no password"));
        }
        (Some(_), _) => return Err(ProviderUrl::unreadable_option("auth", "write user or token")),
    };
    let mut builder = Client::builder(base).with_http_options(http);
    builder = match (by_user, request.user()) {
        (true, Some(user)) => builder.with_password(user, request.secret("password").await?),
        (true, None) => return Err(refused("auth=user needs a user; write USER@ before the host")),
        (false, _) => {
            let token = request.secret("refresh-token").await?;
            match url.option("organization") {
                Some(organization) => builder.with_organization(organization, token),
                None => builder.with_refresh_token(token),
            }
        }
    };
    if let Some(domain) = url.option("domain") {
        builder = builder.with_domain(domain);
    }
    if url.flag("direct")?.unwrap_or(false) {
        builder = builder.with_direct_login();
    }
    let client = builder.build().map_err(failed(Operation::Open))?;
    Ok(Arc::new(VraProvider::connect(client, config).await?))
}

type SetTime = fn(VraConfig, Duration) -> VraConfig;

/// Options that are times, with their setters.
const TIMES: [(&str, SetTime); 2] =
    [("claim_time", VraConfig::with_claim_time), ("settle_time", VraConfig::with_settle_time)];

fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, Operation::Open, message.into())
}

/// Returns the URL of the server.
fn base(url: &ProviderUrl, scheme: &str) -> Result<String> {
    let shape = || refused("the URL is incomplete; write vra8+https://[USER@]HOST[:PORT]");
    let host = url.host().ok_or_else(shape)?;
    if !url.path().trim_matches('/').is_empty() {
        return Err(refused(format!("the URL has the path {:?}; write the host only", url.path())));
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok(format!("{scheme}://{host}{port}"))
}

fn config(url: &ProviderUrl) -> Result<VraConfig> {
    let mut config = VraConfig::new();
    for (name, value) in url.options() {
        let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
        config = match name {
            "network" => parts.fold(config, VraConfig::with_network),
            "range" => parts.fold(config, VraConfig::with_range),
            known if OPTIONS.contains(&known) || OpenRequest::HTTP_OPTIONS.contains(&known) => config,
            other => return Err(url.unknown_option(other, &[OPTIONS, OpenRequest::HTTP_OPTIONS].concat())),
        };
    }
    for (name, set) in TIMES {
        let Some(time) = url.duration(name)? else { continue };
        // More likely a wrong unit than a wish.
        if !(Duration::from_secs(1)..=LONGEST).contains(&time) {
            let message =
                format!("the option {name} is less than a second or more than a day; write a time such as 60s");
            return Err(refused(message));
        }
        config = set(config, time);
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn url(text: &str) -> ProviderUrl {
        ProviderUrl::parse(text).unwrap()
    }

    #[test]
    fn the_host_is_all() {
        let read = |text: &str| {
            let url = url(text);
            let scheme = url.scheme().trim_start_matches("vra8+").to_owned();
            base(&url, &scheme)
        };
        assert_eq!(read("vra8+https://svc@vra.example:8443/").unwrap(), "https://vra.example:8443");
        assert_eq!(read("vra8+http://[::1]:80").unwrap(), "http://[::1]:80");
        assert!(read("vra8+https://vra.example/vco").is_err());
    }

    #[test]
    fn options_choose_and_misspelt_ones_are_refused() {
        let read = config(&url("vra8+https://h?network=a,b%20c&range=r&claim_time=20s&settle_time=90s")).unwrap();
        assert_eq!((read.networks, read.ranges), (vec!["a".to_owned(), "b c".to_owned()], vec!["r".to_owned()]));
        assert_eq!((read.claim_time, read.settle_time), (Duration::from_secs(20), Duration::from_secs(90)));
        assert!(config(&url("vra8+https://h?ca=a&pin=b&insecure=1&allow_http=1&timeout=5s")).is_ok());
        for bad in ["networks=a", "claim_time=1ms", "claim_time=20", "settle_time=500ms", "settle_time=2d", "project=x"]
        {
            assert!(config(&url(&format!("vra8+https://h?{bad}"))).is_err(), "{bad}");
        }
    }
}
