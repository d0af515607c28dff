//! Real server that the environment names, and the objects that the tests create on it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "support of tests, which fail by panicking"
)]

use std::env;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Method;
use ipam_core::http::{HttpOptions, TlsOptions};
use ipam_core::registry::{OpenRequest, Registry, Secrets};
use ipam_core::{ErrorKind, IpamProvider};
use phpipam_client::models::{SectionFields, SectionId, SubnetId, VlanId};
use phpipam_client::{Auth, Client, ClientBuilder};
use tokio::runtime::Runtime;

pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime"))
}

fn variable(name: &str) -> Option<String> {
    env::var(format!("IPAM_LIVE_PHPIPAM_{name}")).ok().filter(|value| !value.is_empty())
}

fn needed(name: &str) -> String {
    variable(name).unwrap_or_else(|| panic!("set IPAM_LIVE_PHPIPAM_{name}"))
}

pub fn base() -> String {
    needed("URL")
}

/// Returns the socket address of the server, for tests that need one on this machine.
pub fn socket() -> std::net::SocketAddr {
    let uri: http::Uri = base().parse().expect("a URL");
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
    let host = uri.host().expect("a host");
    let host = host.parse().unwrap_or_else(|_| panic!("{host}: give the address of a server on this machine"));
    std::net::SocketAddr::new(host, port)
}

pub fn app() -> String {
    needed("APP")
}

pub fn auth() -> Auth {
    match variable("CODE") {
        Some(code) => Auth::app_code(code),
        None => Auth::user(needed("USER"), needed("PASSWORD")),
    }
}

/// Credentials that no server accepts.
pub fn wrong_auth() -> Auth {
    match variable("CODE") {
        Some(_) => Auth::app_code("0".repeat(32)),
        None => Auth::user(needed("USER"), "not the password"),
    }
}

/// Returns true if `pem` is the certificate of an authority. A self-signed one of the server is not, and has to be pinned.
fn is_authority(pem: &str) -> bool {
    static IS_AUTHORITY: OnceLock<bool> = OnceLock::new();
    *IS_AUTHORITY.get_or_init(|| {
        let pem = pem.to_owned();
        let trial = async move {
            let tls = TlsOptions::new().with_ca_pem(&pem).expect("the CA");
            let sections = build(&base(), auth(), tls).sections().list().await;
            !sections.is_err_and(|error| error.kind() == ErrorKind::Untrusted)
        };
        // A test may be inside the runtime here, where nothing can be waited for.
        std::thread::spawn(move || runtime().block_on(trial)).join().expect("the trial")
    })
}

fn builder(base: &str, auth: Auth, tls: TlsOptions) -> ClientBuilder {
    let http = HttpOptions::new().with_allow_http(true).with_tls(tls).with_attempt_timeout(Duration::from_secs(60));
    Client::builder(base, app(), auth).with_http_options(http)
}

fn build(base: &str, auth: Auth, tls: TlsOptions) -> Client {
    builder(base, auth, tls).build().expect("a client")
}

/// Returns the file with the certificate of the server or of its authority, and its text.
fn certificate() -> Option<(String, String)> {
    let path = variable("CA")?;
    let pem = std::fs::read_to_string(&path).expect("the CA's file");
    Some((path, pem))
}

/// Returns the builder of a client for the server at `base`.
pub fn builder_at(base: &str, auth: Auth) -> ClientBuilder {
    let mut tls = TlsOptions::new();
    if let Some((_, pem)) = certificate() {
        tls = if is_authority(&pem) { tls.with_ca_pem(&pem) } else { tls.with_pinned_pem(&pem) }.expect("the CA");
    }
    builder(base, auth, tls)
}

pub fn client_at(base: &str, auth: Auth) -> Client {
    builder_at(base, auth).build().expect("a client")
}

/// The base of a server for some of the tests: `REQUIRED_URL` where custom fields are required, `WARNINGS_URL` where PHP
/// prints warnings. The app and the credentials are the same.
pub fn base_for(name: &str) -> String {
    needed(name)
}

/// Returns the request to open a provider by URL for the server at `base`, with these options, such as
/// `section=%237&claim_time=1s`.
///
/// # Errors
/// `Config` for an unreadable URL.
pub fn request_at(base: &str, options: &str) -> ipam_core::Result<OpenRequest> {
    let (scheme, rest) = base.split_once("://").expect("a URL");
    let user = match variable("CODE") {
        Some(_) => String::new(),
        None => format!("{}@", needed("USER")),
    };
    let mut url = format!("phpipam+{scheme}://{user}{}/{}?{options}", rest.trim_end_matches('/'), app());
    if scheme == "http" {
        url.push_str("&allow_http=1");
    }
    if let Some((path, pem)) = certificate() {
        let option = if is_authority(&pem) { "ca" } else { "pin" };
        url.push_str(&format!("&{option}={path}"));
    }
    let secrets = Secrets::from_fn(|_| async {
        let secret = variable("CODE").unwrap_or_else(|| needed("PASSWORD"));
        Ok(Some(secret.into()))
    });
    Ok(OpenRequest::parse(&url)?.or_secrets(secrets))
}

/// Opens a provider by [`request_at`].
///
/// # Errors
/// What opening it fails with.
pub async fn open_at(base: &str, options: &str) -> ipam_core::Result<Arc<dyn IpamProvider>> {
    let mut registry = Registry::new();
    phpipam_client::register(&mut registry)?;
    registry.open_with(request_at(base, options)?).await
}

/// Returns the option that names a section, for [`open_at`].
pub fn section_option(section: SectionId) -> String {
    format!("section=%23{section}")
}

/// Returns the addresses that are registered in a subnet, in ascending order; none if the server has none.
pub async fn addresses_of(client: &Client, subnet: SubnetId) -> Vec<std::net::IpAddr> {
    let rows = client.subnets().addresses(subnet).await.expect("the addresses");
    let mut addresses: Vec<_> = rows.iter().filter_map(|row| row.ip).collect();
    addresses.sort_unstable();
    addresses
}

pub fn client() -> Client {
    client_at(&base(), auth())
}

/// Objects that a test created. They are deleted when this is dropped.
#[derive(Debug)]
pub struct Made {
    client: Client,
    base: String,
    pub sections: Mutex<Vec<SectionId>>,
    pub vlans: Mutex<Vec<VlanId>>,
    pub nameservers: Mutex<Vec<u64>>,
    /// Paths to delete, such as `devices/7/`, in reverse order: later objects may be inside earlier ones.
    paths: Mutex<Vec<String>>,
}

impl Made {
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self::at(&base(), client)
    }

    /// Creates the list for the server at `base`.
    #[must_use]
    pub fn at(base: &str, client: Client) -> Self {
        let (sections, vlans, nameservers, paths) = Default::default();
        Self { client, base: base.to_owned(), sections, vlans, nameservers, paths }
    }

    /// Adds a path to delete, such as `devices/7/`.
    pub fn note(&self, path: String) {
        self.paths.lock().unwrap().push(path);
    }

    /// Creates a section that refuses overlapping subnets.
    pub async fn section(&self) -> phpipam_client::Result<SectionId> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let name = format!("ipam-live-{now:x}-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let section = self.client.sections().create(&name, &SectionFields::new().with_strict_mode(true)).await?.id;
        self.sections.lock().unwrap().push(section);
        Ok(section)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let sections = std::mem::take(&mut *self.sections.lock().unwrap());
        let vlans = std::mem::take(&mut *self.vlans.lock().unwrap());
        let nameservers = std::mem::take(&mut *self.nameservers.lock().unwrap());
        let paths = std::mem::take(&mut *self.paths.lock().unwrap());
        let base = std::mem::take(&mut self.base);
        let clean = async move {
            // The test's own client keeps connections that a runtime serves which may be waiting here.
            let client = client_at(&base, auth());
            for section in sections {
                if let Err(error) = client.sections().delete(section).await {
                    eprintln!("section {section} was left: {error}");
                }
            }
            for path in paths.iter().rev() {
                let _ = client.raw(Method::DELETE, path, None).await;
            }
            for vlan in vlans {
                let _ = client.raw(Method::DELETE, &format!("vlans/{vlan}/"), None).await;
            }
            for set in nameservers {
                let _ = client.raw(Method::DELETE, &format!("tools/nameservers/{set}/"), None).await;
            }
        };
        // A test may be inside the runtime here, where nothing can be waited for.
        let _ = std::thread::spawn(move || runtime().block_on(clean)).join();
    }
}
