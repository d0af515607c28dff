//! Connections: the pool, TLS, and the checks of the settings.

use std::error::Error as StdError;
use std::time::Duration;

use deadpool_postgres::{Hook, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use secrecy::ExposeSecret;
use tokio_postgres::NoTls;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres_rustls_improved::MakeRustlsConnect;

use super::config::PostgresConfig;
use super::errors::{self, Failure};
use super::events;
use super::session::Session;
use crate::tls::{TlsFailure, find_failure};
use crate::{Error, ErrorKind, Operation, Result};

/// Time after which a server that does not acknowledge packets is given up.
const UNREACHABLE: Duration = Duration::from_secs(30);

/// Longest name that the server keeps whole. It cuts longer ones.
const MAX_NAME: usize = 63;

/// Makes the pool. Nothing is connected yet.
pub(super) fn pool(config: &PostgresConfig) -> Result<Pool> {
    for (field, name) in
        [("database", &config.database), ("schema", &config.schema), ("application name", &config.application_name)]
    {
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            let remedy = format!("give 1 to {MAX_NAME} bytes without control characters");
            return Err(Error::invalid(Operation::Open, field, name, remedy));
        }
    }
    if config.schema.starts_with("pg_") {
        let remedy = "choose another one: the server keeps names with pg_ for itself";
        return Err(Error::invalid(Operation::Open, "schema", &config.schema, remedy));
    }
    if config.host.is_empty() {
        return Err(Error::invalid(Operation::Open, "host", "", "name the server"));
    }
    for (field, limit) in [
        ("connect timeout", config.connect_timeout),
        ("lock timeout", config.lock_timeout),
        ("statement timeout", config.statement_timeout),
    ] {
        // The server takes 0 for no limit, and whole milliseconds.
        if limit.as_millis() == 0 || i32::try_from(limit.as_millis()).is_err() {
            let remedy = "give 1 ms to 24 days";
            return Err(Error::invalid(Operation::Open, field, format_args!("{limit:?}"), remedy));
        }
    }
    let mut server = tokio_postgres::Config::new();
    server
        .host(&config.host)
        .port(config.port)
        .dbname(&config.database)
        .application_name(&config.application_name)
        .connect_timeout(config.connect_timeout)
        // A host that is gone does not close its connections; without these, a writer would wait for it for hours.
        .tcp_user_timeout(UNREACHABLE)
        .keepalives_idle(UNREACHABLE / 3)
        .keepalives_interval(UNREACHABLE / 6)
        .keepalives_retries(4);
    if !config.read_only {
        // Of several addresses of the name, the one of the primary.
        server.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    if let Some(user) = &config.user {
        server.user(user);
    }
    if let Some(password) = &config.password {
        server.password(password.expose_secret());
    }
    let pooled = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    // A path is a Unix socket: both ends are on this host, and there is no name that a certificate could have.
    let manager = if config.plain || config.host.starts_with('/') {
        server.ssl_mode(SslMode::Disable);
        Manager::from_config(server, NoTls, pooled)
    } else {
        server.ssl_mode(SslMode::Require);
        let tls = config.tls.client_config().map_err(|error| error.with_operation(Operation::Open))?;
        Manager::from_config(server, MakeRustlsConnect::new(tls), pooled)
    };
    let wait = Some(config.connect_timeout);
    Pool::builder(manager)
        .max_size(config.connections.max(3))
        .timeouts(Timeouts { wait, create: wait, recycle: wait })
        .runtime(Runtime::Tokio1)
        .post_create(Hook::sync_fn(|_, _| {
            events::connected();
            Ok(())
        }))
        .build()
        .map_err(|error| Error::new(ErrorKind::Config, Operation::Open, format!("the pool cannot be made: {error}")))
}

/// Takes a connection from the pool.
pub(super) async fn connection(pool: &Pool, config: &PostgresConfig, operation: Operation) -> Result<Session, Failure> {
    match pool.get().await {
        Ok(connection) => Ok(Session::new(connection, config)),
        Err(error) => Err(match errors::of_pool(operation, error) {
            Failure::Server(error) if error.as_db_error().is_none() => {
                tls_error(operation, &error).map_or(Failure::Server(error), Failure::Own)
            }
            failure => failure,
        }),
    }
}

/// Returns the error of a handshake, if it was one that failed.
fn tls_error(operation: Operation, error: &tokio_postgres::Error) -> Option<Error> {
    let failure = match find_failure(error) {
        Some(failure) => failure,
        None => {
            // The library has no type for it.
            let mut next: Option<&(dyn StdError + 'static)> = Some(error);
            while let Some(cause) = next {
                if cause.to_string() == "server does not support TLS" {
                    let message = "the server does not offer TLS; turn `ssl` on there, or set `plain` if it is on this \
                                   host";
                    return Some(Error::new(ErrorKind::Untrusted, operation, message));
                }
                next = cause.source();
            }
            return None;
        }
    };
    Some(match failure {
        TlsFailure::Untrusted { reason, chain } => {
            Error::new(ErrorKind::Untrusted, operation, format!("the server's certificate is not trusted: {reason}"))
                .with_certificates(chain)
        }
        TlsFailure::ClientRefused => Error::new(
            ErrorKind::Unauthenticated,
            operation,
            "the server requires a client certificate, or refused the configured one; check TlsOptions::with_client_identity",
        ),
        TlsFailure::Handshake(message) => Error::new(ErrorKind::Protocol, operation, message),
    })
}

/// Returns the name as an identifier of SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns the statement that begins a transaction. Its settings end with it, so that they do not reach another program
/// that gets the same connection from a proxy.
pub(super) fn begin(config: &PostgresConfig, mode: &str) -> String {
    format!(
        "BEGIN {mode}; SET LOCAL search_path = {}; SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}; \
         SET LOCAL idle_in_transaction_session_timeout = {}",
        quoted(&config.schema),
        config.lock_timeout.as_millis(),
        config.statement_timeout.as_millis(),
        // A program that hangs or is cut off must not keep its locks: the server ends its transaction.
        config.statement_timeout.as_millis(),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use std::time::Duration;

    use super::*;

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let good = PostgresConfig::new("db.example", "ipam");
        let refused = |config: PostgresConfig| pool(&config).err().map(|error| error.kind());
        assert_eq!(refused(good.clone()), None);
        for bad in [
            PostgresConfig::new("", "ipam"),
            PostgresConfig::new("db.example", ""),
            good.clone().with_schema("pg_ipam"),
            good.clone().with_schema("x".repeat(64)),
            good.clone().with_application_name("a\nb"),
            good.clone().with_lock_timeout(Duration::ZERO),
            good.clone().with_statement_timeout(Duration::from_secs(1 << 40)),
        ] {
            assert_eq!(refused(bad.clone()), Some(ErrorKind::InvalidInput), "{bad:?}");
        }
    }

    #[test]
    fn names_cannot_end_their_quotes() {
        assert_eq!(quoted("a\"; DROP"), "\"a\"\"; DROP\"");
        let begin = begin(&PostgresConfig::new("h", "d").with_schema("My \"ipam\""), "READ ONLY");
        assert!(begin.starts_with("BEGIN READ ONLY; SET LOCAL search_path = \"My \"\"ipam\"\"\";"), "{begin}");
    }
}
