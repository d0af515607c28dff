//! URL schemes of the provider.

use std::sync::Arc;
use std::time::Duration;

use ipam_core::http::HttpOptions;
use ipam_core::registry::{OpenRequest, ProviderUrl, Registry};
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
    "mark",
    "range_mark",
    "tag",
    "reserved_tags",
    "page_size",
    "list_age",
    "claim_time",
    "sweep",
    "php_warnings",
];

/// Adds the URL schemes `phpipam+https` and `phpipam+http` to a registry.
///
/// ```text
/// phpipam+https://svc@ipam.example/vra?section=Customers,%237&field.custom_vRA_Range=1&claim_time=20s
/// phpipam+https://ipam.example:8443/phpipam/my%20app?pin=/etc/ipam/server.pem&block.description=On%20demand
/// phpipam+http://svc@localhost:8080/vra?page_size=200&timeout=30s&sweep=0
/// ```
///
/// The form is `SCHEME://[USER@]HOST[:PORT][/BASE]/APP[?OPTION=VALUE&…]`. `APP` is the app id (phpIPAM: Administration,
/// API), `BASE` the path under which phpIPAM is installed. Special characters are percent-encoded: a space is `%20`, a
/// comma inside a name cannot be written, `#` is `%23`, `&` is `%26`, `+` stays `+`.
///
/// # Credentials
/// A URL holds no secret. The registry's [`Secrets`](ipam_core::registry::Secrets) provide it:
///
/// | | login with user and password | app code |
/// | --- | --- | --- |
/// | used if | the URL or the [`OpenRequest`] names a user, or `auth=user` | there is no user, or `auth=code` |
/// | security of the app in phpIPAM | `ssl_token`, `none` | `ssl_code` |
/// | name of the secret | `password` | `app-code` |
/// | its variable with `Secrets::env("IPAM")` | `IPAM_PASSWORD` | `IPAM_APP_CODE` |
/// | variable with the path of its file | `IPAM_PASSWORD_FILE` | `IPAM_APP_CODE_FILE` |
///
/// # Options
/// | option | default | meaning |
/// | --- | --- | --- |
/// | `section=A,B` | all | sections to serve, by name, or by id as `%237` |
/// | `field.NAME=VALUE` | none | condition for ranges; see [`with_range_field`](PhpIpamConfig::with_range_field) |
/// | `block.NAME=VALUE` | none | condition for blocks; see [`with_block_field`](PhpIpamConfig::with_block_field) |
/// | `set.NAME=VALUE` | none | custom field of every new address |
/// | `range_set.NAME=VALUE` | none | custom field of every new child prefix |
/// | `mark=NAME` | `note` | custom field of addresses for marks |
/// | `range_mark=NAME` | `description` | custom field of subnets for marks |
/// | `tag=NAME` | `Used` | tag of new addresses |
/// | `reserved_tags=A,B` | `Reserved,DHCP` | tags of reserved addresses |
/// | `auth=user`, `auth=code` | by the user | login with a user, or with an app code |
/// | `ca=PATH` | none | PEM file of certificate authorities to trust beside the system's |
/// | `pin=PATH` | none | PEM file of the only certificate that the server may have |
/// | `insecure=1` | 0 | accept any certificate |
/// | `allow_http=1` | 0 | scheme `phpipam+http` for hosts other than `localhost` and loopback addresses |
/// | `php_warnings=skip` | `refuse` | read past what PHP or a proxy prints around the JSON |
/// | `page_size=N` | 1000 | items of a page, from 1 to 10 000 |
/// | `list_age=10s` | 1s | age up to which a list of the subnets is used again, at most 60s |
/// | `timeout=30s` | 120s | time limit of one call of the client with its retries |
/// | `claim_time=20s` | 60s | [claim time](PhpIpamConfig::with_claim_time), from 1s |
/// | `sweep=0` | 1 | whether opening undoes abandoned claims |
///
/// Times have a unit: `250ms`, `5s`, `10m`, `1h`. Booleans are `1`, `true`, `yes`, `on`, or `0`, `false`, `no`, `off`,
/// in any case. Options that may occur several times, with different names, are those with `NAME`; a subnet must fulfil
/// all conditions.
///
/// # Examples
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// use ipam_core::IpamProviderExt;
/// use ipam_core::registry::{Registry, Secrets};
/// use phpipam_client::testing::Server;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::start().await?; // a phpIPAM in this process, with one subnet
/// let subnet = server.seed(|store| {
///     let section = store.add_section("Lab");
///     Ok::<_, Box<dyn std::error::Error>>(store.add_subnet(section, "10.0.0.0/29".parse()?))
/// })?;
///
/// let secrets = Secrets::value("password", Server::PASSWORD.to_owned().into()); // or Secrets::env("IPAM")
/// let mut registry = Registry::new().with_secrets(secrets);
/// phpipam_client::register(&mut registry)?;
///
/// // phpipam+http://admin@127.0.0.1:40123/test?section=Lab
/// let url = format!("phpipam+http://{}@{}/{}?section=Lab", Server::USER, server.address(), Server::APP);
/// let provider = registry.open(&url).await?;
/// assert_eq!(provider.allocate_one(subnet.to_string(), "vm-42").await?.address.to_string(), "10.0.0.1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An option that does not exist is an error, before the server is asked:
///
/// ```
/// use ipam_core::ErrorKind;
/// use ipam_core::registry::Registry;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let mut registry = Registry::new();
/// phpipam_client::register(&mut registry)?;
/// let error = registry.open("phpipam+https://svc@ipam.example/vra?sections=Lab").await.err();
/// assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Config));
/// # Ok::<(), ipam_core::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A program that holds user, password or certificate as values passes them in an [`OpenRequest`]:
///
/// ```
/// use ipam_core::registry::{OpenRequest, Registry};
/// use secrecy::SecretString;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let mut registry = Registry::new();
/// phpipam_client::register(&mut registry)?;
/// let request = OpenRequest::parse("phpipam+https://ipam.example/vra?section=Customers")?
///     .with_user("svc")
///     .with_secret("password", SecretString::from("s3cret"))
///     .with_pinned_pem("not a certificate");
/// let error = registry.open_with(request).await.err().unwrap();
/// assert!(error.to_string().contains("pinned certificate"), "{error}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// None in practice: both schemes are valid. Opening a URL fails with `Config` for an unknown option, an unreadable value
/// or file, or a missing secret; otherwise as [`PhpIpamProvider::connect`].
pub fn register(registry: &mut Registry) -> Result<()> {
    registry.register("phpipam+https", |request| open(request, "https"))?;
    registry.register("phpipam+http", |request| open(request, "http"))
}

async fn open(request: OpenRequest, scheme: &'static str) -> Result<Arc<dyn IpamProvider>> {
    let Settings { target, auth, http, skip, config } = Settings::read(&request, scheme).await?;
    let client =
        Client::builder(target.base, target.app, auth).with_http_options(http).with_lenient_bodies(skip).build()?;
    Ok(Arc::new(PhpIpamProvider::connect(client, config).await?))
}

/// Reads a URL of this provider, with either scheme.
#[cfg(feature = "doctor")]
pub(crate) async fn settings(request: &OpenRequest) -> Result<Settings> {
    let scheme = match request.url.scheme() {
        "phpipam+https" => "https",
        "phpipam+http" => "http",
        other => {
            let message =
                format!("the scheme {other} is not one of phpIPAM; write phpipam+https://[USER@]HOST[/BASE]/APP");
            return Err(config_error(message));
        }
    };
    Settings::read(request, scheme).await
}

/// Settings of a URL and its secrets.
pub(crate) struct Settings {
    pub(crate) target: Target,
    pub(crate) auth: Auth,
    pub(crate) http: HttpOptions,
    /// True if warnings of PHP are read past.
    skip: bool,
    pub(crate) config: PhpIpamConfig,
}

impl Settings {
    async fn read(request: &OpenRequest, scheme: &'static str) -> Result<Self> {
        let url = &request.url;
        let target = Target::read(url, scheme)?;
        let config = config(url)?;
        let agent = concat!("phpipam-client/", env!("CARGO_PKG_VERSION"));
        let http = request.http_options(agent, scheme == "http", "phpipam+https")?;
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
        Ok(Self { target, auth, http, skip, config })
    }
}

/// Address of the server and app id, from a URL.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) base: String,
    pub(crate) app: String,
}

impl Target {
    fn read(url: &ProviderUrl, scheme: &str) -> Result<Self> {
        let shape = || config_error("the URL is incomplete; write phpipam+https://[USER@]HOST[:PORT][/BASE]/APP");
        let host = url.host().ok_or_else(shape)?;
        // The last segment is the app id, because an app id has no slash and a base path may have several.
        let (base, app) = url.path().trim_end_matches('/').rsplit_once('/').ok_or_else(shape)?;
        let app = percent_decode_str(app).decode_utf8().map_err(|_| shape())?.into_owned();
        if app.is_empty() {
            return Err(shape());
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self { base: format!("{scheme}://{host}{port}{base}"), app })
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
                                let remedy = "write names, or %23 (an encoded #) and an id";
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
                known if OPTIONS.contains(&known) || OpenRequest::HTTP_OPTIONS.contains(&known) => config,
                other => {
                    let known = [
                        OPTIONS,
                        OpenRequest::HTTP_OPTIONS,
                        &["field.NAME", "block.NAME", "set.NAME", "range_set.NAME"],
                    ]
                    .concat();
                    return Err(url.unknown_option(other, &known));
                }
            },
        };
    }
    if let Some(age) = url.duration("list_age")? {
        config = config.with_list_age(age);
    }
    if let Some(time) = url.duration("claim_time")? {
        // Refused here, while `with_deadline` raises it: in a URL it is more likely a wrong unit than a wish.
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
        assert!(config(&url("ca=a&pin=b&insecure=1&allow_http=1&timeout=5s")).is_ok());
        for (text, sweep) in [("on", true), ("Yes", true), ("off", false), ("no", false)] {
            assert_eq!(config(&url(&format!("sweep={text}"))).unwrap().sweep, sweep, "{text}");
        }
    }
}
