//! Factories of the providers in this crate.

use std::sync::Arc;

use super::url::ProviderUrl;
#[cfg(feature = "embedded")]
use crate::{EmbeddedConfig, EmbeddedProvider};
use crate::{Error, ErrorKind, IpamProvider, MemoryProvider, Operation, Result};

pub(super) fn memory(url: &ProviderUrl) -> Result<Arc<dyn IpamProvider>> {
    url.only_options(&["actor"])?;
    // The rest is not shown: it may be a password that was meant for another scheme.
    if !url.rest().is_empty() {
        return Err(config("the URL memory: has no path; write memory: and nothing after it but ?OPTIONS".to_owned()));
    }
    let builder = MemoryProvider::builder();
    let builder = match url.option("actor") {
        Some(actor) => builder.with_actor(actor),
        None => builder,
    };
    Ok(Arc::new(builder.build()))
}

#[cfg(feature = "embedded")]
pub(super) async fn embedded(url: &ProviderUrl) -> Result<Arc<dyn IpamProvider>> {
    Ok(Arc::new(EmbeddedProvider::open(config_of(url)?).await?))
}

#[cfg(feature = "embedded")]
fn config_of(url: &ProviderUrl) -> Result<EmbeddedConfig> {
    url.only_options(&["actor", "busy_timeout", "create", "keep_changes", "read_only", "readers"])?;
    // With `//`, the first part of a path would be a host, and another file would be opened than was meant.
    if url.rest().is_empty() || url.host().is_some() {
        return Err(config("the URL embedded: needs the path of a file; write embedded:PATH, without //".to_owned()));
    }
    let mut store = EmbeddedConfig::new(url.rest());
    if let Some(actor) = url.option("actor") {
        store = store.with_actor(actor);
    }
    if let Some(wait) = url.duration("busy_timeout")? {
        store = store.with_busy_timeout(wait);
    }
    if let Some(entries) = parsed(url, "keep_changes", "write the number of changes to keep")? {
        store = store.with_keep_changes(entries);
    }
    if let Some(readers) = parsed(url, "readers", "write a number from 1 to 64")? {
        store = store.with_readers(readers);
    }
    if let Some(read_only) = url.flag("read_only")? {
        store = store.with_read_only(read_only);
    }
    if let Some(create) = url.flag("create")? {
        store = store.with_create(create);
    }
    Ok(store)
}

#[cfg(any(feature = "embedded", feature = "postgres"))]
pub(super) fn parsed<T: std::str::FromStr>(url: &ProviderUrl, name: &str, remedy: &str) -> Result<Option<T>> {
    let Some(text) = url.option(name) else { return Ok(None) };
    let value = text.parse().map_err(|_| ProviderUrl::unreadable_option(name, remedy))?;
    Ok(Some(value))
}

fn config(message: String) -> Error {
    Error::new(ErrorKind::Config, Operation::Open, message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::registry::Registry;

    fn open(url: &str) -> Result<Arc<dyn IpamProvider>> {
        futures_executor::block_on(Registry::new().open(url))
    }

    #[test]
    fn memory_has_neither_path_nor_unknown_options() {
        assert!(open("memory:?actor=me").unwrap().capabilities().define_ranges);
        for url in ["memory:hunter2", "memory://hunter2", "memory:?hunter2", "memory:?path=hunter2"] {
            let error = open(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{url}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[cfg(feature = "embedded")]
    #[test]
    fn embedded_takes_its_options_from_the_url() {
        let url =
            ProviderUrl::parse("embedded:/x/a%20b.db?busy_timeout=9s&actor=me&read_only=true&readers=3&create=false")
                .unwrap();
        let store = config_of(&url).unwrap();
        assert_eq!(store.path, std::path::Path::new("/x/a%20b.db"), "the path is taken literally");
        assert_eq!(store.busy_timeout, std::time::Duration::from_secs(9));
        assert_eq!((store.actor.as_deref(), store.read_only, store.readers), (Some("me"), true, 3));
        assert!(!store.create);
        for (text, value) in [("1", true), ("YES", true), ("on", true), ("0", false), ("off", false), ("No", false)] {
            let url = ProviderUrl::parse(&format!("embedded:x?read_only={text}&create={text}")).unwrap();
            let store = config_of(&url).unwrap();
            assert_eq!((store.read_only, store.create), (value, value), "{text}");
        }
        for url in [
            "embedded:",
            "embedded://hunter2/y",
            "embedded:x?read_only=hunter2",
            "embedded:x?readers=-1hunter2",
            "embedded:x?keep_changes=hunter2",
            "embedded:x?create=hunter2",
            "embedded:x?busy_timeout=hunter2",
            "embedded:x?hunter2=1",
        ] {
            let error = config_of(&ProviderUrl::parse(url).unwrap()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{url}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[cfg(feature = "embedded")]
    #[test]
    fn embedded_opens_the_same_store_again() {
        use crate::{DefineRange, IpamProviderExt};
        let directory = tempfile::tempdir().unwrap();
        let url = format!("embedded:{}", directory.path().join("ipam.db").display());
        futures_executor::block_on(async {
            let net = "192.0.2.0/24".parse().unwrap();
            let first = open_in(&url).await;
            first.define_range(&DefineRange::new("lan", net)).await.unwrap();
            drop(first);
            assert_eq!(open_in(&url).await.get_range("lan").await.unwrap().net, net);
        });
    }

    #[cfg(feature = "embedded")]
    async fn open_in(url: &str) -> Arc<dyn IpamProvider> {
        Registry::new().open(url).await.unwrap()
    }
}
