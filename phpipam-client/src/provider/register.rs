//! The provider from a URL.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipam_core::http::{HttpOptions, TlsOptions};
use ipam_core::registry::{OpenRequest, ProviderUrl, Registry, Trust};
use ipam_core::{IpamProvider, Result};
use percent_encoding::percent_decode_str;

use super::config::PhpIpamConfig;
use super::handle::PhpIpamProvider;
use crate::auth::Auth;
use crate::client::Client;
use crate::models::SectionId;
use crate::provider::map::error::config_error;

const OPTIONS: &[&str] = &[
    "section",
    "auth",
    "ca",
    "pin",
    "insecure",
    "allow_http",
    "mark",
    "range_mark",
    "tag",
    "reserved_tags",
    "page_size",
    "timeout",
    "claim_time",
    "sweep",
    "php_warnings",
];

/// Adds the schemes `phpipam+https` and `phpipam+http` to a registry.
///
/// The URL is `phpipam+https://[USER@]HOST[:PORT][/BASE]/APP?OPTION=VALUE&…`. With a user, the client logs in with the
/// secret `password`; without one, it uses the app code, the secret `app-code`. Plain HTTP is for hosts that are this
/// machine itself, unless `allow_http=1` says otherwise.
///
/// | option | meaning |
/// | --- | --- |
/// | `section=A,B` | sections to serve, by name, or `#7` by id |
/// | `field.NAME=VALUE` | ranges are the subnets with this value in this field; several have to hold all |
/// | `block.NAME=VALUE` | blocks are the subnets with this value in this field |
/// | `set.NAME=VALUE` | custom field of every new address, needed where the server requires it |
/// | `range_set.NAME=VALUE` | custom field of every new child prefix |
/// | `auth=user`, `auth=code` | how to authenticate, where the user does not tell |
/// | `ca=PATH` | a PEM file of further certificate authorities |
/// | `pin=PATH` | a PEM file of the one certificate the server must show |
/// | `insecure=1` | any certificate will do |
/// | `allow_http=1` | plain HTTP to any host |
/// | `mark=NAME`, `range_mark=NAME` | custom fields of addresses and of subnets to keep marks in |
/// | `tag=NAME` | tag of new addresses |
/// | `reserved_tags=A,B` | tags that set an address aside |
/// | `php_warnings=skip` | read past what PHP (`display_errors`) or a proxy printed around the JSON |
/// | `page_size=N`, `timeout=30s` | items of a page; how long one call may take in all |
/// | `claim_time=20s` | how long one claim may take, a minute unless it is written; abandoned claims are honoured for three times as long |
/// | `sweep=0` | connecting leaves abandoned claims alone |
///
/// Booleans are `1`, `true`, `yes` or `on`, and their opposites. A user, a secret or a certificate that a program holds as a
/// value stands in an [`OpenRequest`]: a user is taken where the URL names none, certificates beside those of the URL.
///
/// ```
/// use ipam_core::registry::{Registry, Secrets};
///
/// let mut registry = Registry::new().with_secrets(Secrets::env("IPAM"));
/// phpipam_client::register(&mut registry)?;
/// assert!(registry.schemes().any(|scheme| scheme == "phpipam+https"));
/// # Ok::<(), ipam_core::Error>(())
/// ```
///
/// # Errors
/// None with the schemes of this crate; the registry's own.
pub fn register(registry: &mut Registry) -> Result<()> {
    registry.register("phpipam+https", |request| open(request, "https"))?;
    registry.register("phpipam+http", |request| open(request, "http"))
}

async fn open(request: OpenRequest, scheme: &'static str) -> Result<Arc<dyn IpamProvider>> {
    let url = &request.url;
    let target = Target::read(url, scheme)?;
    let config = config(url)?;
    let http = http(url, &target, &request.trust)?;
    let by_user = match url.option("auth") {
        None => request.user().is_some(),
        Some("user") => true,
        Some("code") => false,
        Some(_) => return Err(ProviderUrl::unreadable_option("auth", "write user or code")),
    };
    let auth = match (by_user, request.user()) {
        (true, Some(user)) => Auth::user(user, request.secret("password").await?),
        (true, None) => return Err(config_error("auth=user needs a user; write USER@ before the host")),
        (false, _) => Auth::app_code(request.secret("app-code").await?),
    };
    let skip = match url.option("php_warnings") {
        None | Some("refuse") => false,
        Some("skip") => true,
        Some(other) => {
            return Err(config_error(format!("the option php_warnings is {other:?}; write skip or refuse")));
        }
    };
    let client =
        Client::builder(target.base, target.app, auth).with_http_options(http).with_lenient_bodies(skip).build()?;
    Ok(Arc::new(PhpIpamProvider::connect(client, config).await?))
}

/// What the URL says about the server.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    base: String,
    app: String,
    plain: bool,
}

impl Target {
    fn read(url: &ProviderUrl, scheme: &str) -> Result<Self> {
        let shape = || config_error("the URL is not complete; write phpipam+https://[USER@]HOST[:PORT][/BASE]/APP");
        let host = url.host().ok_or_else(shape)?;
        let (base, app) = url.path().trim_end_matches('/').rsplit_once('/').ok_or_else(shape)?;
        let app = percent_decode_str(app).decode_utf8().map_err(|_| shape())?.into_owned();
        if app.is_empty() {
            return Err(shape());
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let local = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let plain = scheme == "http";
        if plain && !local && !url.flag("allow_http")?.unwrap_or(false) {
            let message = format!(
                "plain HTTP shows password and token to everybody between here and {host}; use phpipam+https, or say allow_http=1"
            );
            return Err(config_error(message));
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self { base: format!("{scheme}://{host}{port}{base}"), app, plain })
    }
}

fn config(url: &ProviderUrl) -> Result<PhpIpamConfig> {
    let mut config = PhpIpamConfig::new();
    for (name, value) in url.options() {
        let parts = || value.split(',').map(str::trim).filter(|part| !part.is_empty());
        config = match name.split_once('.') {
            Some(("field", field)) => config.with_range_field(field, value),
            Some(("block", field)) => config.with_block_field(field, value),
            Some(("set", field)) => config.with_address_field(field, value),
            Some(("range_set", field)) => config.with_child_prefix_field(field, value),
            _ => match name {
                "section" => {
                    for part in parts() {
                        config = match part.strip_prefix('#') {
                            Some(id) => {
                                let remedy = "write names, or # (%23) and an id";
                                let refuse = |_| ProviderUrl::unreadable_option("section", remedy);
                                let id: SectionId = id.parse().map_err(refuse)?;
                                config.with_section_id(id)
                            }
                            None => config.with_section(part),
                        };
                    }
                    config
                }
                "mark" => config.with_address_mark_field(value),
                "range_mark" => config.with_subnet_mark_field(value),
                "tag" => config.with_tag(value),
                "reserved_tags" => config.with_reserved_tags(parts()),
                "page_size" => {
                    let refuse = |_| ProviderUrl::unreadable_option("page_size", "write a number from 1 on");
                    config.with_page_size(value.parse().map_err(refuse)?)
                }
                known if OPTIONS.contains(&known) => config,
                other => {
                    let known = [OPTIONS, &["field.NAME", "block.NAME", "set.NAME", "range_set.NAME"]].concat();
                    return Err(url.unknown_option(other, &known));
                }
            },
        };
    }
    if let Some(time) = url.duration("claim_time")? {
        if time < Duration::from_secs(1) {
            return Err(config_error("the option claim_time is less than a second; write a time such as 20s"));
        }
        config = config.with_claim_time(time);
    }
    if let Some(sweep) = url.flag("sweep")? {
        config = config.with_sweep_on_connect(sweep);
    }
    Ok(config)
}

/// How to reach the server. Certificates that the URL names and those of the caller are trusted alike.
fn http(url: &ProviderUrl, target: &Target, trust: &Trust) -> Result<HttpOptions> {
    let read = |name: &str, path: &str| {
        let remedy = "give the path of a PEM file that this user can read";
        let refuse = |error| ProviderUrl::unreadable_option(name, remedy).with_source(error);
        std::fs::read_to_string(path).map_err(refuse)
    };
    let mut tls = TlsOptions::new();
    if let Some(path) = url.option("ca") {
        tls = tls.with_ca_pem(&read("ca", path)?)?;
    }
    if let Some(path) = url.option("pin") {
        tls = tls.with_pinned_pem(&read("pin", path)?)?;
    }
    for pem in trust.ca_pems() {
        tls = tls.with_ca_pem(pem)?;
    }
    for pem in trust.pinned_pems() {
        tls = tls.with_pinned_pem(pem)?;
    }
    tls = tls.with_insecure(url.flag("insecure")?.unwrap_or(false));
    let agent = concat!("phpipam-client/", env!("CARGO_PKG_VERSION"));
    let mut http = HttpOptions::new().with_user_agent(agent).with_tls(tls).with_allow_http(target.plain);
    if let Some(timeout) = url.duration("timeout")? {
        http = http.with_operation_timeout(timeout.max(Duration::from_millis(1)));
    }
    Ok(http)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn target(text: &str) -> Result<Target> {
        let url = ProviderUrl::parse(text).unwrap();
        let scheme = url.scheme().trim_start_matches("phpipam+").to_owned();
        Target::read(&url, &scheme)
    }

    #[test]
    fn the_last_segment_is_the_app() {
        let read = target("phpipam+https://svc@ipam.example.test:8443/phpipam/my%20app/").unwrap();
        assert_eq!((read.base.as_str(), read.app.as_str()), ("https://ipam.example.test:8443/phpipam", "my app"));
        assert_eq!(target("phpipam+https://[2001:db8::1]/app").unwrap().base, "https://[2001:db8::1]");
        for bad in ["phpipam+https://ipam.example.test", "phpipam+https://ipam.example.test/"] {
            assert!(target(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for local in ["phpipam+http://127.0.0.1:8080/app", "phpipam+http://localhost/app", "phpipam+http://[::1]/app"] {
            assert!(target(local).unwrap().plain);
        }
        let error = target("phpipam+http://ipam.example.test/app").unwrap_err();
        assert!(error.message().contains("phpipam+https"), "{error}");
        assert!(target("phpipam+http://ipam.example.test/app?allow_http=1").unwrap().plain);
    }

    #[test]
    fn options_choose_and_misspelt_ones_are_refused() {
        let url = |options: &str| ProviderUrl::parse(&format!("phpipam+https://h/app?{options}")).unwrap();
        let read = config(&url("section=Lab,%237&field.custom_vRA_Range=1&block.custom_b=yes&tag=Used")).unwrap();
        assert_eq!(read.sections.len(), 2);
        assert_eq!(read.range_fields, [("custom_vRA_Range".to_owned(), "1".to_owned())]);
        assert_eq!(read.block_fields, [("custom_b".to_owned(), "yes".to_owned())]);
        let read = config(&url("claim_time=20s&sweep=0")).unwrap();
        assert_eq!((read.pacing.time_for(0), read.sweep), (Duration::from_secs(20), false));
        assert!(config(&url("tag=Used")).unwrap().sweep);
        let read = config(&url("set.custom_a=x%20y&range_set.custom_b=1")).unwrap();
        assert_eq!(read.address_fields, [("custom_a".to_owned(), "x y".to_owned())]);
        assert_eq!(read.child_prefix_fields, [("custom_b".to_owned(), "1".to_owned())]);
        for bad in [
            "sections=Lab",
            "fields.x=1",
            "page_size=many",
            "section=%23seven",
            "claim_time=20",
            "claim_time=1ms",
            "sweep=maybe",
        ] {
            assert!(config(&url(bad)).is_err(), "{bad}");
        }
        assert!(http(&url("ca=/no/such/file"), &target("phpipam+https://h/app").unwrap(), &Trust::new()).is_err());
        for (text, sweep) in [("on", true), ("Yes", true), ("off", false), ("no", false)] {
            assert_eq!(config(&url(&format!("sweep={text}"))).unwrap().sweep, sweep, "{text}");
        }
    }

    #[test]
    fn certificates_come_as_values_too() {
        let url = ProviderUrl::parse("phpipam+https://h/app").unwrap();
        let target = target("phpipam+https://h/app").unwrap();
        let error = http(&url, &target, &Trust::new().with_pinned_pem("no certificate")).unwrap_err();
        assert!(error.to_string().contains("pinned certificate"), "{error}");
        let error = http(&url, &target, &Trust::new().with_ca_pem("no certificate")).unwrap_err();
        assert!(error.to_string().contains("CA bundle"), "{error}");
    }
}
