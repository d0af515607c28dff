//! Factory of the provider on PostgreSQL.

use std::net::IpAddr;
use std::sync::Arc;

use super::builtin::parsed;
use super::open_request::OpenRequest;
use super::secrets::SecretRequest;
use super::trust::Trust;
use super::url::{ProviderUrl, decode};
use crate::tls::TlsOptions;
use crate::{Error, ErrorKind, IpamProvider, Operation, PostgresConfig, PostgresProvider, Result};

/// Options of the URL.
const OPTIONS: &[&str] = &[
    "actor",
    "application_name",
    "ca",
    "connect_timeout",
    "connections",
    "create",
    "insecure",
    "keep_changes",
    "lock_timeout",
    "pin",
    "plain",
    "prepared_statements",
    "read_only",
    "schema",
    "statement_timeout",
];

pub(super) async fn open(request: OpenRequest) -> Result<Arc<dyn IpamProvider>> {
    Ok(Arc::new(open_postgres(request).await?))
}

/// Opens the provider on PostgreSQL that a URL names (feature `postgres`), for what its type has beside the trait, such as
/// [`check_store`](PostgresProvider::check_store).
///
/// The URL and its options are those that a [`Registry`](super::Registry) takes; the password comes from the sources of the
/// request.
///
/// ```no_run
/// use ipam_core::registry::{OpenRequest, Secrets, open_postgres};
///
/// # async fn example() -> ipam_core::Result<()> {
/// let request = OpenRequest::parse("postgres://ipam@db.example/ipam?read_only=true")?;
/// let provider = open_postgres(request.or_secrets(Secrets::env("IPAM"))).await?;
/// assert!(provider.check_store().await?.is_sound());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `Config` if the URL has another scheme or cannot be read; otherwise those of [`PostgresProvider::open`].
pub async fn open_postgres(request: OpenRequest) -> Result<PostgresProvider> {
    if !matches!(request.url.scheme(), "postgres" | "postgresql") {
        let message =
            format!("the scheme {:?} is not that of a PostgreSQL database; write postgres:", request.url.scheme());
        return Err(Error::new(ErrorKind::Config, Operation::Open, message));
    }
    let mut config = config_of(&request.url, &request.trust)?;
    if let Some(user) = request.user() {
        config = config.with_user(user);
    }
    // A password is not always needed: the server may know the user by a certificate or by a Unix socket.
    let mut secret = SecretRequest::new("password", &request.url);
    secret.user = request.user().map(str::to_owned);
    if let Some(password) = request.secrets.find(&secret).await? {
        config = config.with_password(password);
    }
    PostgresProvider::open(config).await
}

fn config_of(url: &ProviderUrl, trust: &Trust) -> Result<PostgresConfig> {
    url.only_options(OPTIONS)?;
    // The rest is not shown: a part of it may be a password by mistake.
    let unreadable = || {
        let message = "the postgres: URL needs a server and a database; write postgres://[USER@]HOST[:PORT]/DATABASE, and \
                       for a Unix socket the path of its directory as HOST, with %2F for each /";
        Error::new(ErrorKind::Config, Operation::Open, message)
    };
    let host = url.host().and_then(decode).ok_or_else(unreadable)?;
    let database = url.path().strip_prefix('/').filter(|path| !path.is_empty() && !path.contains('/'));
    let database = database.and_then(decode).ok_or_else(unreadable)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let mut config = PostgresConfig::new(host, database);
    if let Some(port) = url.port() {
        config = config.with_port(port);
    }
    if let Some(schema) = url.option("schema") {
        config = config.with_schema(schema);
    }
    if let Some(actor) = url.option("actor") {
        config = config.with_actor(actor);
    }
    if let Some(name) = url.option("application_name") {
        config = config.with_application_name(name);
    }
    if let Some(connections) = parsed(url, "connections", "write a number from 3")? {
        config = config.with_connections(connections);
    }
    if let Some(entries) = parsed(url, "keep_changes", "write the number of changes to keep")? {
        config = config.with_keep_changes(entries);
    }
    if let Some(limit) = url.duration("connect_timeout")? {
        config = config.with_connect_timeout(limit);
    }
    if let Some(limit) = url.duration("lock_timeout")? {
        config = config.with_lock_timeout(limit);
    }
    if let Some(limit) = url.duration("statement_timeout")? {
        config = config.with_statement_timeout(limit);
    }
    if let Some(read_only) = url.flag("read_only")? {
        config = config.with_read_only(read_only);
    }
    if let Some(prepared) = url.flag("prepared_statements")? {
        config = config.with_prepared_statements(prepared);
    }
    if let Some(create) = url.flag("create")? {
        config = config.with_create(create);
    }
    let (tls, named) = tls(url, trust)?;
    // Traffic that stays on this host needs no TLS. A certificate that is named says that it is wanted all the same.
    Ok(config.with_tls(tls).with_plain(url.flag("plain")?.unwrap_or(local && !named)))
}

/// Returns the TLS options, and true if the URL or the caller names any. Certificates of both are trusted alike.
fn tls(url: &ProviderUrl, trust: &Trust) -> Result<(TlsOptions, bool)> {
    let read = |name: &str, path: &str| {
        let remedy = "give the path of a PEM file that this user can read";
        std::fs::read_to_string(path).map_err(|error| ProviderUrl::unreadable_option(name, remedy).with_source(error))
    };
    let (mut tls, mut named) = (TlsOptions::new(), false);
    let of_url = url.option("ca").map(|path| read("ca", path)).transpose()?;
    for pem in of_url.as_deref().into_iter().chain(trust.ca_pems()) {
        (tls, named) = (tls.with_ca_pem(pem)?, true);
    }
    let of_url = url.option("pin").map(|path| read("pin", path)).transpose()?;
    for pem in of_url.as_deref().into_iter().chain(trust.pinned_pems()) {
        (tls, named) = (tls.with_pinned_pem(pem)?, true);
    }
    let insecure = url.flag("insecure")?.unwrap_or(false);
    Ok((tls.with_insecure(insecure), named || insecure))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::time::Duration;

    use super::*;

    fn config(url: &str) -> Result<PostgresConfig> {
        config_of(&ProviderUrl::parse(url)?, &Trust::new())
    }

    #[test]
    fn a_url_has_server_database_and_options() {
        let read =
            config("postgres://svc@db.example:6432/my%20plans?schema=lab&lock_timeout=2s&actor=me&read_only=yes");
        let read = read.unwrap();
        assert_eq!((read.host.as_str(), read.port, read.database.as_str()), ("db.example", 6432, "my plans"));
        assert_eq!((read.schema.as_str(), read.actor.as_deref(), read.read_only), ("lab", Some("me"), true));
        assert_eq!((read.lock_timeout, read.plain), (Duration::from_secs(2), false));
        let socket = config("postgres://%2Frun%2Fpostgresql/ipam").unwrap();
        assert_eq!(socket.host, "/run/postgresql");
    }

    #[test]
    fn tls_is_left_out_on_this_host_only() {
        for local in ["postgres://localhost/ipam", "postgres://127.0.0.1/ipam", "postgres://[::1]/ipam"] {
            assert!(config(local).unwrap().plain, "{local}");
        }
        assert!(!config("postgres://localhost/ipam?insecure=1").unwrap().plain);
        assert!(!config("postgres://10.0.0.1/ipam").unwrap().plain);
        assert!(config("postgres://10.0.0.1/ipam?plain=1").unwrap().plain);
    }

    #[test]
    fn a_url_that_cannot_be_read_is_not_shown() {
        for url in [
            "postgres:hunter2",
            "postgres://hunter2",
            "postgres://h/",
            "postgres://h/hunter2/x",
            "postgres://h/d?hunter2=1",
            "postgres://h/d?connections=hunter2",
            "postgres://h/d?lock_timeout=hunter2",
            "postgres://h/d?ca=/nowhere/hunter2",
        ] {
            let error = config(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{url}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        assert!(config("postgres://svc:hunter2@h/d").is_err());
    }
}
