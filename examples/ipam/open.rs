//! Opens the provider at a URL.

use std::sync::Arc;

use ipam_core::registry::{OpenRequest, Registry, Secrets};
use ipam_core::{IpamProvider, MemoryProvider};

use crate::cli::{Ask, Blocks, Ranges};
use crate::exit::Failure;
use crate::progress::Progress;

/// Action if the store does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    /// Creates it.
    Create,
    /// Refuses, so that a mistyped path is an error and not a new, empty store.
    Refuse,
}

impl Absent {
    /// Returns `Create` for the commands that fill a new store.
    pub(crate) fn of(verb: &Ask) -> Self {
        match verb {
            Ask::Ranges(Ranges::Add(_)) | Ask::Blocks(Blocks::Add { .. }) => Self::Create,
            _ => Self::Refuse,
        }
    }

    /// Forbids the creation of a store if it is refused. An option in the URL is kept.
    pub(crate) fn request(self, request: OpenRequest) -> ipam_core::Result<OpenRequest> {
        match self {
            Self::Refuse if is_store(&request) => request.with_option("create", "false"),
            Self::Refuse | Self::Create => Ok(request),
        }
    }
}

/// Returns true for the providers that can make their store, and open it to be read only.
fn is_store(request: &OpenRequest) -> bool {
    matches!(request.url.scheme(), "embedded" | "postgres" | "postgresql")
}

/// Returns the registry of the providers that this program knows.
pub(crate) fn registry(secrets: Secrets) -> ipam_core::Result<Registry> {
    let mut registry = Registry::new().with_secrets(secrets);
    phpipam_client::register(&mut registry)?;
    vra_client::v8::provider::register(&mut registry)?;
    Ok(registry)
}

/// Opens the provider that the command line names.
pub(crate) async fn open(url: Option<&str>, absent: Absent) -> Result<Arc<dyn IpamProvider>, Failure> {
    let Some(url) = url else {
        let message = "name the provider: --provider embedded:PATH, or IPAM_PROVIDER in the environment";
        return Err(Failure::Usage(message.to_owned()));
    };
    let request = absent.request(OpenRequest::parse(url)?)?;
    open_with(request).await
}

/// Opens a provider to be read. The variables of its secrets begin with `prefix`, or else with `IPAM`.
pub(crate) async fn open_to_read(url: &str, prefix: &str) -> Result<Arc<dyn IpamProvider>, Failure> {
    let mut request = Absent::Refuse.request(OpenRequest::parse(url)?)?;
    if is_store(&request) {
        request = request.with_option("read_only", "true")?;
    }
    open_with(request.or_secrets(Secrets::env(prefix))).await
}

/// Opens the provider that a plan is imported into, or that everything is moved to. A dry run creates no store: if there
/// is none, it compares with an empty one.
pub(crate) async fn open_for(
    url: Option<&str>,
    dry_run: bool,
    secrets: Secrets,
) -> Result<Arc<dyn IpamProvider>, Failure> {
    let absent = if dry_run { Absent::Refuse } else { Absent::Create };
    let Some(given) = url else { return open(url, absent).await };
    let request = absent.request(OpenRequest::parse(given)?)?;
    if !dry_run || !is_store(&request) {
        return open_with(request.or_secrets(secrets)).await;
    }
    if request.url.scheme() == "embedded" && !request.url.rest().is_empty() {
        let is_missing = match std::fs::metadata(request.url.rest()) {
            Ok(metadata) => metadata.is_file() && metadata.len() == 0,
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        };
        if is_missing {
            return Ok(Arc::new(MemoryProvider::new()));
        }
    }
    match open_with(request.with_option("read_only", "true")?.or_secrets(secrets)).await {
        // No kind of its own says so: a database without a schema is a matter of configuration for all other commands.
        Err(Failure::Provider(error)) if error.message().starts_with("the database has no schema") => {
            Ok(Arc::new(MemoryProvider::new()))
        }
        opened => opened,
    }
}

/// Opens a provider with the secrets of the environment.
pub(crate) async fn open_with(request: OpenRequest) -> Result<Arc<dyn IpamProvider>, Failure> {
    let registry = registry(Secrets::env("IPAM"))?;
    Ok(Progress::new("opening", 0).during(registry.open_with(request)).await?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn only_a_store_that_is_not_said_otherwise_of_must_be_there() {
        let create = |url: &str| {
            let request = Absent::Refuse.request(OpenRequest::parse(url).unwrap()).unwrap();
            request.url.flag("create").unwrap()
        };
        assert_eq!(create("embedded:a.db"), Some(false));
        assert_eq!(create("embedded:a.db?actor=me"), Some(false));
        assert_eq!(create("embedded:a.db?create=true"), Some(true));
        assert_eq!(create("postgres://db.example/ipam"), Some(false));
        assert_eq!(create("postgresql://db.example/ipam"), Some(false));
        for kept in ["memory:", "phpipam+https://u@h/app"] {
            assert_eq!(create(kept), None, "{kept}");
        }
    }
}
