//! Opening the provider at a URL.

use std::sync::Arc;

use ipam_core::IpamProvider;
use ipam_core::registry::{ProviderUrl, Registry, Secrets};

use crate::cli::{Ask, Blocks, Ranges};
use crate::exit::Failure;
use crate::progress::Progress;

/// Whether a store is made where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    Create,
    /// A path that was mistyped is an error, and no new store without ranges.
    Refuse,
}

impl Absent {
    /// What fills a new store creates it.
    pub(crate) fn of(verb: &Ask) -> Self {
        match verb {
            Ask::Ranges(Ranges::Add(_)) | Ask::Blocks(Blocks::Add { .. }) => Self::Create,
            _ => Self::Refuse,
        }
    }
}

/// The providers this program knows.
fn registry(secrets: Secrets) -> ipam_core::Result<Registry> {
    let mut registry = Registry::new().with_secrets(secrets);
    phpipam_client::register(&mut registry)?;
    Ok(registry)
}

/// Opens the provider that the command line names.
pub(crate) async fn open(url: Option<&str>, absent: Absent) -> Result<Arc<dyn IpamProvider>, Failure> {
    let Some(url) = url else {
        let message = "say where the addresses are: --provider embedded:PATH, or IPAM_PROVIDER in the environment";
        return Err(Failure::Usage(message.to_owned()));
    };
    Ok(Progress::new("opening", 0).during(open_with(url, absent, Secrets::env("IPAM"))).await?)
}

/// Opens a provider with secrets of the caller's.
pub(crate) async fn open_with(url: &str, absent: Absent, secrets: Secrets) -> ipam_core::Result<Arc<dyn IpamProvider>> {
    let url = match absent {
        Absent::Create => url.to_owned(),
        Absent::Refuse => without_creation(url),
    };
    registry(secrets)?.open(&url).await
}

/// The URL of a store that must be there. What the URL says itself stays.
fn without_creation(url: &str) -> String {
    match ProviderUrl::parse(url) {
        Ok(parsed) if parsed.scheme() == "embedded" && parsed.option("create").is_none() => {
            with_option(url, "create", "false")
        }
        _ => url.to_owned(),
    }
}

/// The URL with one more option.
pub(crate) fn with_option(url: &str, name: &str, value: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{name}={}", encoded(value))
}

/// A value as it can stand in a URL.
pub(crate) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_store_that_nobody_said_otherwise_of_must_be_there() {
        assert_eq!(without_creation("embedded:a.db"), "embedded:a.db?create=false");
        assert_eq!(without_creation("embedded:a.db?actor=me"), "embedded:a.db?actor=me&create=false");
        for kept in ["embedded:a.db?create=true", "memory:", "phpipam+https://u@h/app", "no url"] {
            assert_eq!(without_creation(kept), kept);
        }
    }
}
