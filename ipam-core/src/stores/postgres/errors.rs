//! Errors of the server and of connections.

use std::error::Error as _;
use std::time::Duration;

use deadpool_postgres::PoolError;

use crate::{Error, ErrorKind, Operation, Retry};

/// Failure of a transaction, before it is known which requests it concerns.
#[derive(Debug)]
pub(super) enum Failure {
    /// Error of the server or the connection.
    Server(tokio_postgres::Error),
    /// Error of this crate, such as of a row that cannot be read.
    Own(Error),
    /// No response within this time.
    Silent(Duration),
    /// The ids of transactions are behind those of the feed: the data has come from another server.
    Behind,
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

impl Failure {
    /// Returns true if the same transaction may succeed when it is begun anew: another one came first.
    pub(super) fn is_contention(&self) -> bool {
        match self {
            Self::Server(error) => matches!(
                error.code().map(tokio_postgres::error::SqlState::code),
                // Serialization failure, deadlock, and the constraints: a key, an address, a page or a range that another
                // transaction has written meanwhile. 22012 is the division by zero of a guard in `writes`.
                Some("40001" | "40P01" | "23505" | "23503" | "23P01" | "22012")
            ),
            // Statements of a transaction see each what was committed before them. A record that refers to one that
            // was removed between two of them looks like damage.
            Self::Own(error) => error.kind() == ErrorKind::Corrupt,
            Self::Silent(_) => false,
            Self::Behind => true,
        }
    }

    /// Returns true if the connection failed, or the server is about to end it.
    pub(super) fn is_broken(&self) -> bool {
        match self {
            Self::Server(error) => match error.code().map(tokio_postgres::error::SqlState::code) {
                Some(code) => code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "25P03"),
                // An error without a code is not the server's. One of encoding leaves the connection as it is.
                None => error.is_closed() || io_error(error),
            },
            Self::Own(_) | Self::Behind => false,
            Self::Silent(_) => true,
        }
    }

    /// Returns true if a transaction that only reads may succeed when it is begun anew. Its reads see one state, so that
    /// a record that looks damaged is.
    pub(super) fn is_conflict(&self) -> bool {
        let code = if let Self::Server(error) = self { error.code() } else { None };
        // A standby says so, too, if it has to remove what is read.
        code.is_some_and(|code| matches!(code.code(), "40001" | "40P01"))
    }

    /// Returns true if the failure is not one of a single request: every other one would fail in the same way.
    pub(super) fn concerns_all(&self) -> bool {
        use ErrorKind::{Config, PermissionDenied, Unauthenticated, Unavailable, Untrusted};
        let kind = self.error(Operation::Check).kind();
        self.is_broken() || matches!(kind, Config | PermissionDenied | Unauthenticated | Unavailable | Untrusted)
    }

    /// Converts the failure to the error of a request that was not carried out.
    pub(super) fn error(&self, operation: Operation) -> Error {
        match self {
            Self::Server(error) => of_server(operation, error),
            Self::Own(error) => error.copy_for(operation),
            Self::Behind => busy(operation),
            Self::Silent(limit) => {
                let message = format!(
                    "the server did not respond within {limit:?}; check it and the network to it, or raise the statement \
                     timeout"
                );
                Error::new(ErrorKind::Timeout, operation, message).with_retry(Retry::Safe)
            }
        }
    }

    /// Converts the failure of a commit, after which it is unknown whether it was carried out.
    pub(super) fn unknown(&self, operation: Operation) -> Error {
        let error = self.error(operation);
        let message = format!(
            "the connection failed during the commit, and it is unknown whether the request was carried out; repeat it \
             with the same key, or look the key up: {}",
            error.message()
        );
        Error::new(ErrorKind::Unavailable, operation, message).with_retry(Retry::IfIdempotent)
    }
}

fn io_error(error: &tokio_postgres::Error) -> bool {
    error.source().is_some_and(|source| source.is::<std::io::Error>())
}

/// Returns the error for a failure that is reported by the server, or on the way to it.
pub(super) fn of_server(operation: Operation, source: &tokio_postgres::Error) -> Error {
    let Some(db) = source.as_db_error() else { return of_connection(operation, source) };
    let words = db.message();
    let (kind, retry, message) = match db.code().code() {
        "28P01" | "28000" => (
            ErrorKind::Unauthenticated,
            Retry::Never,
            format!("the server does not accept the user or its password ({words}); check both, and pg_hba.conf"),
        ),
        "3D000" => (ErrorKind::Config, Retry::Never, format!("{words}; create the database, or name another one")),
        "42501" => (
            ErrorKind::PermissionDenied,
            Retry::Never,
            format!("the user lacks a right ({words}); grant it, or let the owner of the schema connect once"),
        ),
        "25006" => return only_reads(operation, words),
        "53100" => (
            ErrorKind::Unavailable,
            Retry::Safe,
            format!("the disk of the server is full ({words}); make room, nothing was changed"),
        ),
        "53300" => (
            ErrorKind::Unavailable,
            Retry::Safe,
            format!("the server has no connection left ({words}); raise max_connections, or put a pooler before it"),
        ),
        "55P03" => (
            ErrorKind::Busy,
            Retry::Safe,
            format!("another transaction held a lock for longer than the lock timeout ({words}); try again later"),
        ),
        "57014" => (
            ErrorKind::Timeout,
            Retry::Safe,
            format!("the server stopped the statement ({words}); try again later, or raise the statement timeout"),
        ),
        "40001" | "40P01" | "23505" | "23503" | "23P01" | "22012" => return busy(operation),
        "42P01" | "42703" | "3F000" | "42704" => (
            ErrorKind::Corrupt,
            Retry::Never,
            format!("the schema lacks something ({words}); open it once with `create`, or restore a backup"),
        ),
        "22021" | "22P05" => (
            ErrorKind::InvalidInput,
            Retry::Never,
            format!("a text has a character that the server cannot store ({words}); leave it out"),
        ),
        code if code.starts_with("XX") => {
            (ErrorKind::Corrupt, Retry::Never, format!("the server reports damage ({words}); see its log"))
        }
        code if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => {
            (ErrorKind::Unavailable, Retry::Safe, format!("the server cannot work at the moment: {words}"))
        }
        code => (ErrorKind::Protocol, Retry::Never, format!("the server refused a statement with {code}: {words}")),
    };
    Error::new(kind, operation, message).with_retry(retry)
}

fn busy(operation: Operation) -> Error {
    let message = "other transactions changed the same records each time; try again later";
    Error::new(ErrorKind::Busy, operation, message).with_retry(Retry::Safe)
}

/// Returns the error for a server that refuses to write.
pub(super) fn only_reads(operation: Operation, words: &str) -> Error {
    let message =
        format!("the server only reads ({words}), as a standby does; connect to the primary, or open read-only");
    Error::new(ErrorKind::PermissionDenied, operation, message)
}

fn of_connection(operation: Operation, source: &tokio_postgres::Error) -> Error {
    // The innermost cause has the reason, such as "connection refused"; the outer ones say where it came from.
    let mut words = source.to_string();
    let mut cause = source.source();
    while let Some(next) = cause {
        words = next.to_string();
        cause = next.source();
    }
    // The library has no type for it.
    if words == "database does not allow writes" {
        return only_reads(operation, &words);
    }
    let message = format!("the server cannot be reached, or the connection to it broke: {words}");
    Error::new(ErrorKind::Unavailable, operation, message).with_retry(Retry::Safe)
}

/// Returns the error for a connection that could not be taken from the pool.
pub(super) fn of_pool(operation: Operation, error: PoolError) -> Failure {
    match error {
        PoolError::Backend(error) => Failure::Server(error),
        PoolError::Timeout(_) => Failure::Own(
            Error::new(
                ErrorKind::Unavailable,
                operation,
                "no connection within the connect timeout: the server does not respond, or all connections are in use",
            )
            .with_retry(Retry::Safe),
        ),
        PoolError::Closed => Failure::Own(closed(operation)),
        error => Failure::Own(
            Error::new(ErrorKind::Unavailable, operation, format!("no connection: {error}")).with_retry(Retry::Safe),
        ),
    }
}

/// Returns the error of a request after the provider was closed.
pub(super) fn closed(operation: Operation) -> Error {
    Error::new(ErrorKind::Unavailable, operation, "the provider was closed; open it again")
}

/// Returns the error for a row that has what no program of this kind writes.
pub(super) fn unsound(operation: Operation, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Corrupt, operation, format!("the database has a record that cannot be read: {what}"))
}
