//! Settings of the scan agent and of the relay: keys of the community agent, and our own.

mod file;
mod keys;
#[cfg(test)]
mod tests;
mod values;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipam_core::http::{HttpOptions, TlsOptions};
use phpipam_client::Auth;
use phpipam_client::scan::{HostnameRule, PlanCache, Policy, ServerZone};
use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

pub(crate) use self::file::{MAX_PEM, read_text};
pub(crate) use self::values::parse_time;
use self::values::{Fingerprint, Values, missing};
use crate::exit::Failure;

/// File of the settings if the command line names none.
const DEFAULT_FILE: &str = "/etc/phpipam/scan_agent.yaml";
/// Shortest token that the relay accepts from its settings: what guards the way into phpIPAM must not be guessed.
const MIN_TOKEN: usize = 16;

/// Settings.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Base URL of phpIPAM.
    pub(crate) url: String,
    /// Id of the app.
    pub(crate) app: String,
    pub(crate) auth: Auth,
    pub(crate) http: HttpOptions,
    /// Code of the agent; not needed by a relay.
    pub(crate) code: Option<String>,
    pub(crate) zone: ServerZone,
    pub(crate) policy: Policy,
    pub(crate) custom: Vec<(String, String)>,
    pub(crate) cache: Option<PlanCache>,
    /// Receiver of reports; without one, the agent changes phpIPAM itself.
    pub(crate) receiver: Option<Receiver>,
    pub(crate) probe: ProbeSettings,
    pub(crate) time_limit: Option<Duration>,
    pub(crate) interval: Duration,
    pub(crate) subnets_at_once: Option<usize>,
    pub(crate) changes_at_once: Option<usize>,
    pub(crate) names_at_once: Option<usize>,
    pub(crate) relay: RelaySettings,
    /// Token of reports, for their sender and for the relay.
    token: Option<SecretString>,
    /// What the user should know of the settings.
    pub(crate) remarks: Vec<String>,
    /// Tells these settings from others, secrets in files included.
    fingerprint: Fingerprint,
}

/// Settings with the place that they are from.
#[derive(Debug)]
pub(crate) struct Source {
    file: Option<PathBuf>,
    pub(crate) settings: Settings,
}

impl Source {
    pub(crate) fn open(file: Option<PathBuf>) -> Result<Self, Failure> {
        let settings = Settings::load(file.as_deref())?;
        Ok(Self { file, settings })
    }

    /// Reads the settings again. Returns true if they, or secrets in files, have changed. If they cannot be used, the earlier
    /// ones stay.
    pub(crate) fn refresh(&mut self) -> Result<bool, Failure> {
        let fresh = Settings::load(self.file.as_deref())?;
        let changed = fresh.fingerprint != self.settings.fingerprint;
        if changed {
            self.settings = fresh;
        }
        Ok(changed)
    }
}

/// Receiver of reports.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) url: Url,
    pub(crate) token: SecretString,
    pub(crate) http: HttpOptions,
}

/// Choice of the probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProbeKind {
    /// nmap, or sockets where it is missing.
    Auto,
    Nmap,
    Sockets,
}

/// Choice of the sockets of probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RawSockets {
    Auto,
    Required,
    Never,
}

/// Settings of the probe.
#[derive(Debug)]
pub(crate) struct ProbeSettings {
    pub(crate) kind: ProbeKind,
    pub(crate) raw_sockets: RawSockets,
    pub(crate) nmap: Option<PathBuf>,
    pub(crate) nmap_max_rate: Option<u32>,
    pub(crate) ports: Option<Vec<u16>>,
    pub(crate) packets_per_second: Option<u32>,
    pub(crate) neighbours: bool,
}

/// Settings of the relay.
#[derive(Debug)]
pub(crate) struct RelaySettings {
    pub(crate) listen: SocketAddr,
    /// Files of the certificates and of the key.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    pub(crate) max_body: usize,
    pub(crate) connections: usize,
}

impl Settings {
    /// Reads the file and the environment.
    fn load(file: Option<&Path>) -> Result<Self, Failure> {
        let default = Path::new(DEFAULT_FILE);
        let file = file.or_else(|| default.exists().then_some(default));
        // A variable that is no UTF-8 cannot be a setting, and may belong to another program.
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::read(file, environment)
    }

    fn read(file: Option<&Path>, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, Failure> {
        let values = Values::read(file, environment)?;
        let mut remarks = Vec::new();
        if values.number("epoch_time_offset", i64::MIN, i64::MAX)?.unwrap_or(0) != 0 {
            remarks.push(
                "epoch_time_offset is not needed and has no effect: times are corrected by the server's clock"
                    .to_owned(),
            );
        }
        remarks.extend(
            file.and_then(shared)
                .filter(|_| ["auth_token", "client_token", "password"].iter().any(|secret| values.has(secret))),
        );
        let (url, http) = api(&values)?;
        let token = values.secret("auth_token")?;
        Ok(Self {
            url,
            app: values.required("client_name", "give the app id of phpIPAM (Administration, API)")?,
            auth: auth(&values)?,
            http,
            code: values.text("scanagent_code"),
            zone: match values.text("utc_offset") {
                Some(text) => text.parse().map_err(Failure::Scan)?,
                None => ServerZone::from_login(),
            },
            policy: policy(&values)?,
            custom: values.map("custom_fields"),
            cache: cache(&values)?,
            receiver: receiver(&values, token.as_ref())?,
            probe: probe(&values)?,
            time_limit: values.time("time_limit")?,
            interval: values.time("interval")?.unwrap_or(Duration::from_secs(900)),
            subnets_at_once: values.number("subnets_at_once", 1, 256)?,
            changes_at_once: values.number("changes_at_once", 1, 64)?,
            names_at_once: values.number("names_at_once", 1, 256)?,
            relay: relay(&values)?,
            token,
            remarks,
            fingerprint: values.fingerprint(),
        })
    }

    /// Returns the code of the agent.
    pub(crate) fn code(&self) -> Result<&str, Failure> {
        let remedy = "give the code of the agent (Administration, Scan agents)";
        self.code.as_deref().ok_or_else(|| missing("scanagent_code", remedy))
    }

    /// Returns the token that the relay expects.
    pub(crate) fn relay_token(&self) -> Result<&SecretString, Failure> {
        let remedy = "the relay accepts reports with this token only; give one of 16 characters or more";
        let token = self.token.as_ref().ok_or_else(|| missing("auth_token", remedy))?;
        if token.expose_secret().len() < MIN_TOKEN {
            let text = "auth_token is too short for a relay; give one of 16 characters or more, such as that of `openssl rand -hex 32`";
            return Err(Failure::Usage(text.to_owned()));
        }
        Ok(token)
    }
}

/// Returns a remark if other users can read the file.
#[cfg(unix)]
fn shared(file: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    (mode & 0o004 != 0)
        .then(|| format!("{} has a secret and is readable by every user; make it mode 0600", file.display()))
}

#[cfg(not(unix))]
fn shared(_: &Path) -> Option<String> {
    None
}

/// Returns true if a URL names this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn tls(values: &Values, ca: &str, pin: &str) -> Result<TlsOptions, Failure> {
    let mut tls = TlsOptions::new();
    if let Some(pem) = values.file(ca)? {
        tls = tls.with_ca_pem(&pem).map_err(|error| values.wrong(ca, error))?;
    }
    if let Some(pem) = values.file(pin)? {
        tls = tls.with_pinned_pem(&pem).map_err(|error| values.wrong(pin, error))?;
    }
    Ok(tls)
}

/// Returns the base URL of phpIPAM and the options for it. The URL may end in `/api`, as the community agent has it.
fn api(values: &Values) -> Result<(String, HttpOptions), Failure> {
    let text = values.required("api_url", "give the URL of phpIPAM, such as https://ipam.example/api")?;
    let url: Url = text.parse().map_err(|_| values.wrong("api_url", "give a URL such as https://ipam.example/api"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(values.wrong("api_url", "leave user and password out; set user and password_file"));
    }
    let allowed = values.flag("allow_http", false)? || is_loopback(&url);
    if url.scheme() == "http" && !allowed {
        let remedy = "plain HTTP shows the credentials to the network: use https://, or set allow_http to true";
        return Err(values.wrong("api_url", remedy));
    }
    let base = text.trim_end_matches('/');
    let base = base.strip_suffix("/api").unwrap_or(base);
    let options = HttpOptions::new()
        .with_user_agent(concat!("ipam-agent/", env!("CARGO_PKG_VERSION")))
        .with_allow_http(allowed)
        .with_tls(tls(values, "tls_ca", "tls_pin")?);
    Ok((base.to_owned(), options))
}

fn auth(values: &Values) -> Result<Auth, Failure> {
    let (code, user) = (values.secret("client_token")?, values.text("user"));
    match (code, user) {
        (Some(_), Some(_)) => Err(values.wrong("user", "client_token is set, too; give one way to log in")),
        (Some(code), None) => Ok(Auth::app_code(code)),
        (None, Some(user)) => match values.secret("password")? {
            Some(password) => Ok(Auth::user(user, password)),
            None => Err(missing("password", "give the password of the user, or password_file")),
        },
        (None, None) => Err(missing(
            "client_token",
            "give the app code (security \"SSL with App code token\"), or user and password",
        )),
    }
}

fn policy(values: &Values) -> Result<Policy, Failure> {
    let defaults = Policy::default();
    let hostnames = values.read_with("hostnames", "write fill-in, replace or keep", |text| match text {
        "fill-in" => Some(HostnameRule::FillIn),
        "replace" => Some(HostnameRule::Replace),
        "keep" => Some(HostnameRule::Keep),
        _ => None,
    })?;
    let remedy = "write never, or a time such as 90d";
    let remove = values.read_with("remove_after", remedy, |text| match text {
        "never" => Some(None),
        // Zero would delete what was silent once.
        text => parse_time(text).ok().filter(|time| !time.is_zero()).map(Some),
    })?;
    Ok(Policy::default()
        .with_discover(values.flag("discover", defaults.discover)?)
        .with_check(values.flag("check", defaults.check)?)
        .with_offline_after(values.time("offline_after")?.unwrap_or(defaults.offline_after))
        .with_remove_after(remove.flatten())
        .with_hostnames(hostnames.unwrap_or_default())
        .with_accept_all_silent(values.flag("accept_all_silent", false)?)
        .with_last_seen_interval(values.time("last_seen_interval")?.unwrap_or(defaults.last_seen_interval)))
}

fn cache(values: &Values) -> Result<Option<PlanCache>, Failure> {
    let expiry = values.time("cache_expire_time")?;
    Ok(values.path("cache_file").map(|path| {
        let cache = PlanCache::new(path);
        match expiry {
            Some(expiry) => cache.with_expiry(expiry),
            None => cache,
        }
    }))
}

/// Returns the receiver of reports, if one is set. The token is never sent without TLS, but to this machine.
fn receiver(values: &Values, token: Option<&SecretString>) -> Result<Option<Receiver>, Failure> {
    let port = values.number("http_port", 1, u16::MAX)?;
    let Some(text) = values.text("http_server") else { return Ok(None) };
    let remedy = "give the URL of the relay without a path, such as https://relay.example";
    let mut url: Url = text.parse().map_err(|_| values.wrong("http_server", remedy))?;
    let plain = url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !plain {
        return Err(values.wrong("http_server", remedy));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        let remedy = "the token is not sent in the clear: use https://, or http:// to this machine (127.0.0.1)";
        return Err(values.wrong("http_server", remedy));
    }
    if url.port().is_none() || port.is_some() {
        url.set_port(Some(port.unwrap_or(5000))).map_err(|()| values.wrong("http_server", remedy))?;
    }
    let Some(token) = token else {
        return Err(missing("auth_token", "give the token that the receiver of the reports expects"));
    };
    let http = HttpOptions::new()
        .with_user_agent(concat!("ipam-agent/", env!("CARGO_PKG_VERSION")))
        // It applies a whole subnet before it responds.
        .with_attempt_timeout(Duration::from_secs(1800))
        .with_operation_timeout(Duration::from_secs(3600))
        .with_allow_http(is_loopback(&url))
        .with_tls(tls(values, "http_server_ca", "http_server_pin")?);
    Ok(Some(Receiver { url, token: token.clone(), http }))
}

fn probe(values: &Values) -> Result<ProbeSettings, Failure> {
    let kind = values.read_with("probe", "write auto, nmap or sockets", |text| match text {
        "auto" => Some(ProbeKind::Auto),
        "nmap" => Some(ProbeKind::Nmap),
        "sockets" => Some(ProbeKind::Sockets),
        _ => None,
    })?;
    let raw = values.read_with("raw_sockets", "write auto, required or never", |text| match text {
        "auto" => Some(RawSockets::Auto),
        "required" => Some(RawSockets::Required),
        "never" => Some(RawSockets::Never),
        _ => None,
    })?;
    let port = |text: &String| text.parse::<u16>().ok().filter(|port| *port > 0);
    let ports = values.list("ports").map(|list| list.iter().map(port).collect::<Option<Vec<u16>>>());
    if ports.as_ref().is_some_and(Option::is_none) {
        return Err(values.wrong("ports", "write numbers from 1 to 65535"));
    }
    Ok(ProbeSettings {
        kind: kind.unwrap_or(ProbeKind::Auto),
        raw_sockets: raw.unwrap_or(RawSockets::Auto),
        nmap: values.path("nmap_program"),
        nmap_max_rate: values.number("nmap_max_rate", 1, 1_000_000)?,
        ports: ports.flatten(),
        packets_per_second: values.number("packets_per_second", 1, 1_000_000)?,
        neighbours: values.flag("neighbours", true)?,
    })
}

fn relay(values: &Values) -> Result<RelaySettings, Failure> {
    let remedy = "write an address and a port, such as 127.0.0.1:5000 or [::]:5000";
    let listen = values.read_with("relay_listen", remedy, |text| text.parse::<SocketAddr>().ok())?;
    let tls = match (values.path("relay_cert"), values.path("relay_key")) {
        (Some(cert), Some(key)) => Some((cert, key)),
        (None, None) => None,
        (Some(_), None) => return Err(missing("relay_key", "give the file of the key of relay_cert")),
        (None, Some(_)) => return Err(missing("relay_cert", "give the file of the certificates of relay_key")),
    };
    Ok(RelaySettings {
        listen: listen.unwrap_or(SocketAddr::new(IpAddr::from([127, 0, 0, 1]), 5000)),
        tls,
        max_body: values.number("relay_max_body", 1024, 16 << 20)?.unwrap_or(16 << 20),
        connections: values.number("relay_connections", 1, 1024)?.unwrap_or(32),
    })
}
