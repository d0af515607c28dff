//! Providers that everything is moved through, by URL.

use std::path::Path;
use std::sync::Arc;

use ipam_core::IpamProvider;
use ipam_core::plan::{Comparison, Migration};
use ipam_core::registry::{OpenRequest, Registry};
use phpipam_client::testing::Server;

use crate::postgres_support::{USER, shared, unused};

/// Providers that can hold everything. A further one is one line here.
///
/// That on PostgreSQL has another schema with each call, and is left out where no server is installed.
pub(crate) fn all(directory: &Path) -> Vec<String> {
    let mut urls = vec!["memory:".to_owned()];
    urls.extend(shared().map(|server| {
        let host = server.directory().display().to_string().replace('/', "%2F");
        format!("postgres://{USER}@{host}/postgres?schema={}", unused("moving"))
    }));
    urls.push(format!("embedded:{}", directory.join("ipam.db").display()));
    urls
}

/// Opens a provider.
pub(crate) async fn open(url: &str) -> Arc<dyn IpamProvider> {
    let mut registry = Registry::new();
    phpipam_client::register(&mut registry).unwrap();
    let request = OpenRequest::parse(url).unwrap().with_secret("password", Server::PASSWORD.into());
    registry.open_with(request).await.unwrap()
}

/// Moves everything, which must not lose anything.
pub(crate) async fn move_all(from: &dyn IpamProvider, to: &dyn IpamProvider) {
    let migration = Migration::new(from, to);
    let checked = migration.check().await.unwrap();
    assert_eq!(checked.conflicts(), [""; 0]);
    assert_eq!(checked.losses(), []);
    let migrated = migration.apply(&checked).await.unwrap();
    assert_eq!(migrated.addresses, checked.new_addresses());
}

/// Returns how two providers differ, one line each.
pub(crate) async fn differences(first: &dyn IpamProvider, second: &dyn IpamProvider) -> Vec<String> {
    let mut lines = Vec::new();
    let compared = Comparison::new(first, second).run(&mut |found| lines.push(found.to_string())).await.unwrap();
    assert_eq!(compared.differences, lines.len() as u64);
    lines
}
