//! Marks with which the provider claims addresses, changed in the notes of a server.

use std::sync::Arc;
use std::time::Duration;

use ipam_core::http::HttpOptions;
use ipam_core::{Allocate, AllocateLine, Find, IpamProvider, IpamProviderExt};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use phpipam_client::testing::{Object, Server};
use phpipam_client::{Auth, Client};

use crate::mutate::Mutator;
use crate::{LIMIT, cases, seed};

async fn connect(server: &Server) -> Arc<dyn IpamProvider> {
    let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
        .with_http_options(HttpOptions::new().with_allow_http(true))
        .build()
        .unwrap();
    let config = PhpIpamConfig::new().with_sweep_on_connect(false);
    Arc::new(PhpIpamProvider::connect(client, config).await.unwrap())
}

/// A mark with a changed character is none, and one that was copied belongs to no other address: nothing is deallocated
/// that the provider did not allocate, and the rows stay readable.
#[tokio::test(flavor = "multi_thread")]
async fn changed_marks_claim_nothing() {
    let server = Server::start().await.unwrap();
    let subnet = server.seed(|store| {
        let section = store.add_section("Lab");
        store.add_subnet(section, "10.0.0.0/24".parse().unwrap())
    });
    let provider = connect(&server).await;
    let request = Allocate::new("web").with_key("a-key").with_line(AllocateLine::next(subnet.to_string(), 2));
    let taken = provider.allocate(&request).await.unwrap();
    provider.allocate_one(subnet.to_string(), "other").await.unwrap();
    let ids = server.seed(|store| store.ids(Object::Address));
    let note = |id: u64| {
        let row = server.seed(|store| store.row(Object::Address, id)).unwrap();
        let texts = ["note", "description", "owner", "hostname", "port"].into_iter();
        texts
            .map(|name| (name, row[name].as_str().unwrap_or_default().to_owned()))
            .find(|(_, text)| text.contains("[ipam1;"))
    };
    let (column, original) = note(ids[0]).expect("an address with a mark");
    let other = note(ids[2]).expect("an address with a mark").1;
    let mut mutator = Mutator::new(seed());
    for number in 0..cases(300) {
        let changed = String::from_utf8_lossy(&mutator.changed(original.as_bytes(), other.as_bytes())).into_owned();
        let case = format!("case {number}: {changed:?}");
        server.seed(|store| store.set_field(Object::Address, ids[0], column, &changed));
        let found = tokio::time::timeout(LIMIT, provider.find(&Find::default())).await;
        let found = found.unwrap_or_else(|_| panic!("{case}: no end after {LIMIT:?}"));
        let found = found.unwrap_or_else(|error| panic!("{case}: {error}")).items;
        assert_eq!(found.len(), 3, "{case}: {found:?}");
        let own = found.iter().find(|one| one.address == taken.iter().next().unwrap().address).unwrap();
        // A mark whose check does not hold is no mark; then the row is that of another program, and has no key.
        let whole = changed.contains(original.split_once("[ipam1;").unwrap().1.split(']').next().unwrap());
        let key = own.key.as_ref().map(|key| key.as_str());
        assert!(whole || key != Some("a-key"), "{case}: {own:?}");
    }
    server.advance(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(server.seed(|store| store.ids(Object::Address)), ids, "looking changes nothing");
}
