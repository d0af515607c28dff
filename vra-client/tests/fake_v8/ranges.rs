//! Projects, networks, profiles and IP ranges: created, changed, refused, deleted.

use http::Method;
use serde_json::{Value, json};
use vra_client::testing::v8::{Release, Server};
use vra_client::v8::{NetworkProfileBody, ZoneBody};

use crate::{call, example, get, post, started};

fn range(network: &str, name: &str, start: &str, end: &str) -> Value {
    json!({"name": name, "startIPAddress": start, "endIPAddress": end, "fabricNetworkIds": [network]})
}

#[tokio::test]
async fn a_range_is_checked_against_network_and_neighbours() {
    let (server, client) = example().await;
    let network = server.seed(|store| store.fabric_network("lab-net")).unwrap();
    let ranges = "/iaas/api/network-ip-ranges";
    let made = post(&client, ranges, range(&network, "second", "10.10.20.100", "10.10.20.119")).await.unwrap();
    let path = made["_links"]["self"]["href"].as_str().unwrap();
    assert_eq!(made["_links"]["fabric-networks"]["hrefs"][0], format!("/iaas/api/fabric-networks/{network}"));
    for (name, body) in [
        ("outside", range(&network, "outside", "10.10.21.1", "10.10.21.9")),
        ("overlap", range(&network, "overlap", "10.10.20.99", "10.10.20.99")),
        ("reversed", range(&network, "reversed", "10.10.20.130", "10.10.20.120")),
        ("version", range(&network, "version", "2001:db8::1", "2001:db8::2")),
        ("no address", range(&network, "no address", "10.10.20", "10.10.20.129")),
        ("network", range("none", "network", "10.10.20.120", "10.10.20.129")),
        ("nameless", json!({"startIPAddress": "10.10.20.120", "endIPAddress": "10.10.20.129"})),
    ] {
        let error = post(&client, ranges, body).await.unwrap_err();
        assert_eq!(error.status(), Some(400), "{name}: {error}");
    }
    let found = get(&client, path).await.unwrap();
    assert_eq!((&found["totalNumberOfIPs"], &found["numberOfAvailableIPs"]), (&json!(20), &json!(20)));
    assert!(get(&client, ranges).await.unwrap()["content"][1].get("totalNumberOfIPs").is_none());
    // A change needs name, start and end as well.
    let changed = json!({"name": "second", "startIPAddress": "10.10.20.100", "endIPAddress": "10.10.20.109"});
    assert!(call(&client, Method::PATCH, path, Some(json!({"name": "renamed"}))).await.is_err());
    let patched = call(&client, Method::PATCH, path, Some(changed)).await.unwrap();
    assert_eq!(patched["endIPAddress"], "10.10.20.109");
    // The network cannot shrink below its ranges.
    let vsphere = format!("/iaas/api/fabric-networks-vsphere/{network}");
    assert!(call(&client, Method::PATCH, &vsphere, Some(json!({"cidr": "10.10.20.0/26"}))).await.is_err());
    let wider = json!({"cidr": "10.10.16.0/20", "defaultGateway": "10.10.16.1"});
    assert_eq!(call(&client, Method::PATCH, &vsphere, Some(wider)).await.unwrap()["defaultGateway"], "10.10.16.1");
    server.seed(|store| store.allocate(made["id"].as_str().unwrap(), [10, 10, 20, 100].into(), "x")).unwrap();
    assert_eq!(call(&client, Method::DELETE, path, None).await.unwrap_err().status(), Some(400));
    let of_network = get(&client, &format!("/iaas/api/fabric-networks/{network}/network-ip-ranges")).await.unwrap();
    assert_eq!(of_network["totalElements"], 2);
}

#[tokio::test]
async fn the_older_release_has_one_link_and_no_addresses() {
    let (server, client) = started(Server::builder().example_data().release(Release::V8_10)).await;
    let range = server.seed(|store| store.ip_range("lab-static")).unwrap();
    let row = get(&client, &format!("/iaas/api/network-ip-ranges/{range}")).await.unwrap();
    assert!(row["_links"]["fabric-network"]["href"].is_string() && row["_links"].get("empty").is_none());
    assert!(row.get("totalNumberOfIPs").is_none());
    let error = get(&client, &format!("/iaas/api/network-ip-ranges/{range}/ip-addresses")).await.unwrap_err();
    assert_eq!(error.status(), Some(404));
}

#[tokio::test]
async fn projects_zones_and_profiles_are_created_and_deleted() {
    let (server, client) = example().await;
    let region = vra_client::testing::v8::Store::REGION;
    let zone = post(&client, "/iaas/api/zones", json!({"name": "Z", "regionId": region})).await.unwrap();
    let body = json!({
        "name": "Lab", "members": [{"email": "a@example.com", "type": "user"}],
        "zoneAssignmentConfigurations": [{"zoneId": zone["id"], "priority": 1}],
    });
    let project = post(&client, "/iaas/api/projects", body.clone()).await.unwrap();
    assert_eq!(project["zones"][0]["zoneId"], zone["id"]);
    assert_eq!(post(&client, "/iaas/api/projects", body).await.unwrap_err().status(), Some(400), "the name is taken");
    let path = project["_links"]["self"]["href"].as_str().unwrap();
    call(&client, Method::DELETE, path, None).await.unwrap();
    assert_eq!(get(&client, path).await.unwrap_err().status(), Some(404));
    let network = server.seed(|store| store.fabric_network("lab-net")).unwrap();
    let block = server.seed(|store| store.add_external_block("i", "10.200.0.0/16"));
    let body = json!({
        "name": "P", "regionId": region, "fabricNetworkIds": [network], "externalIpBlockIds": [block],
        "isolationType": "SUBNET", "isolatedNetworkCIDRPrefix": 24,
    });
    let profile = post(&client, "/iaas/api/network-profiles", body).await.unwrap();
    assert!(profile.get("fabricNetworkIds").is_none(), "references are links only");
    assert_eq!(profile["_links"]["fabric-networks"]["hrefs"].as_array().unwrap().len(), 1);
    let wrong = json!({"name": "Q", "regionId": "none"});
    assert_eq!(post(&client, "/iaas/api/network-profiles", wrong).await.unwrap_err().status(), Some(400));
    // The same through the typed bodies: an error of the server that names the region, and nothing is created.
    let zone = client.zones().create(ZoneBody::new("Q", "none")).await.unwrap_err();
    let profile = client.network_profiles().create(NetworkProfileBody::new("Q", "none")).await.unwrap_err();
    for error in [zone, profile] {
        assert_eq!(error.status(), Some(400), "{error}");
        assert!(error.to_string().contains("region none"), "{error}");
    }
    assert!(client.zones().list().all().await.unwrap().iter().all(|zone| zone.name.as_deref() != Some("Q")));
    let blocks = get(&client, "/iaas/api/external-ip-blocks").await.unwrap();
    assert_eq!(blocks["content"][0]["cidr"], "10.200.0.0/16");
}
