//! Features of a server, which it does not announce.

use phpipam_client::testing::{Profile, Server};
use serde_json::{Value, json};

use super::{Canned, no, ok};
use crate::support::{admin, builder, client};

/// Responses of a version to the probes.
async fn server_that_says(vlans: (u16, Value), search: (u16, Value), types: Value) -> Canned {
    let level = ok(json!({"permissions": "Read/Write", "controllers": []}));
    let canned = Canned::new().await.on("OPTIONS", "/app/$", 200, level).await;
    let canned = canned.on("GET", "/vlans/$", vlans.0, vlans.1).await;
    canned.on("GET", "/search/", search.0, search.1).await.on("GET", "/device_types/$", 200, types).await
}

#[tokio::test]
async fn q60_what_a_server_can_do_is_found_by_asking() {
    let found = || (200, ok(json!({"addresses": {"code": 404, "data": "No addresses found"}})));
    let no_search = || (400, no(400, "Invalid controller"));
    let bad_regex = || (400, no(400, "Invalid regular expression (err=1)"));
    let plain = || ok(json!([{"tid": 1, "tname": "Switch", "tdescription": "Switch"}]));
    let coloured = || ok(json!([{"tid": 1, "tname": "Switch", "bgcolor": "#E6E6E6", "fgcolor": "#000000"}]));
    for (vlans, search, types, versions, warned) in [
        (bad_regex(), found(), coloured(), "1.8 or later", false),
        (bad_regex(), found(), plain(), "1.6 or 1.7", true),
        (bad_regex(), found(), no(404, "No objects found"), "1.6 or later", false),
        (bad_regex(), no_search(), plain(), "1.4 or 1.5", true),
        ((200, no(200, "Vlan not found")), no_search(), plain(), "before 1.4", true),
        ((404, no(404, "No vlans configured")), no_search(), plain(), "before 1.6", true),
    ] {
        let searches = search.0 == 200;
        let canned = server_that_says(vlans, search, types).await;
        let features = canned.client.features().await.unwrap();
        assert_eq!(features.versions(), versions);
        assert_eq!(features.warnings().iter().any(|warning| warning.contains("1.8.2")), warned, "{versions}");
        assert_eq!(features.may_write, Some(true));
        assert_eq!(canned.asked().await.len(), if searches { 4 } else { 3 }, "nothing is changed to find out");
    }
    let down = server_that_says((503, no(503, "Please enable API")), found(), plain()).await;
    assert!(down.client.features().await.is_err(), "a server that sends nothing says nothing about its version");
}

#[tokio::test]
async fn q60_the_same_of_whole_servers() {
    let newest = Server::start().await.unwrap();
    assert_eq!(client(&newest).features().await.unwrap().versions(), "1.8 or later");
    let mut profile = Profile::V1_8_2;
    profile.controllers = &["user", "sections", "subnets", "addresses", "vlans"];
    let older = Server::builder().profile(profile).start().await.unwrap();
    older.seed(|store| store.add_vlan(7, "users"));
    let older = builder(&older.url(), admin()).build().unwrap();
    assert_eq!(older.features().await.unwrap().versions(), "1.4 or 1.5");
}
