//! Addresses of a range: allocated and released through trackers.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use http::Method;
use serde_json::{Value, json};
use vra_client::testing::v8::Server;
use vra_client::testing::{Clock, Fault, When};
use vra_client::v8::Client;

use crate::{call, end_of, example, get, post, started};

async fn allocate(client: &Client, range: &str, body: Value) -> Value {
    let path = format!("/iaas/api/network-ip-ranges/{range}/ip-addresses/allocate");
    let tracker = post(client, &path, body).await.unwrap();
    assert_eq!((&tracker["status"], &tracker["resources"]), (&json!("INPROGRESS"), &json!([])));
    end_of(client, &tracker).await
}

async fn release(client: &Client, range: &str, addresses: &[&str]) -> Value {
    let path = format!("/iaas/api/network-ip-ranges/{range}/ip-addresses/release");
    let tracker = post(client, &path, json!({"ipAddresses": addresses})).await.unwrap();
    end_of(client, &tracker).await
}

#[tokio::test]
async fn an_address_is_allocated_released_and_available_after_the_wait() {
    let clock = Clock::fixed(SystemTime::now());
    let (server, client) = started(Server::builder().example_data().clock(clock)).await;
    let range = server.seed(|store| store.ip_range("lab-static")).unwrap();
    let body = json!({"ipAddresses": ["10.10.20.50", "10.10.20.51"], "description": "network team"});
    let done = allocate(&client, &range, body.clone()).await;
    assert_eq!((&done["status"], done["resources"].as_array().unwrap().len()), (&json!("FINISHED"), 2));
    let row = get(&client, done["resources"][1].as_str().unwrap()).await.unwrap();
    assert_eq!((&row["ipAddress"], &row["description"]), (&json!("10.10.20.51"), &json!("network team")));
    assert_eq!((&row["ipAddressStatus"], &row["ipAllocationType"]), (&json!("ALLOCATED"), &json!("USER")));
    assert_eq!(row["ipAddressDecimalValue"], 168_432_691);
    // One of the two is taken, so neither is allocated, in a response of status 200.
    let failed = allocate(&client, &range, json!({"ipAddresses": ["10.10.20.49", "10.10.20.50"]})).await;
    assert_eq!(failed["status"], "FAILED");
    assert!(failed["message"].as_str().unwrap().contains("10.10.20.50"), "{failed}");
    let next = allocate(&client, &range, json!({"numberOfIps": 2})).await;
    assert_eq!(next["status"], "FINISHED");
    let counts = get(&client, &format!("/iaas/api/network-ip-ranges/{range}")).await.unwrap();
    assert_eq!((&counts["numberOfUserAllocatedIPs"], &counts["numberOfAvailableIPs"]), (&json!(4), &json!(86)));

    assert_eq!(release(&client, &range, &["10.10.20.50"]).await["status"], "FINISHED");
    assert_eq!(release(&client, &range, &["10.10.20.50"]).await["status"], "FAILED", "it is released already");
    let list = get(&client, &format!("/iaas/api/network-ip-ranges/{range}/ip-addresses")).await.unwrap();
    let states: Vec<&str> =
        list["content"].as_array().unwrap().iter().map(|r| r["ipAddressStatus"].as_str().unwrap()).collect();
    assert_eq!(states, ["ALLOCATED", "ALLOCATED", "RELEASED", "ALLOCATED"]);
    let again = json!({"ipAddresses": ["10.10.20.50"]});
    server.advance(Duration::from_secs(29 * 60));
    assert_eq!(allocate(&client, &range, again.clone()).await["status"], "FAILED");
    server.advance(Duration::from_secs(60));
    assert_eq!(allocate(&client, &range, again).await["status"], "FINISHED");
}

#[tokio::test]
async fn bad_requests_are_refused_at_once() {
    let (server, client) = example().await;
    let range = server.seed(|store| store.ip_range("lab-static")).unwrap();
    let path = format!("/iaas/api/network-ip-ranges/{range}/ip-addresses/allocate");
    let many: Vec<String> = (0..101).map(|n| format!("10.10.20.{n}")).collect();
    for body in [
        json!({}),
        json!({"numberOfIps": 1, "ipAddresses": ["10.10.20.10"]}),
        json!({"numberOfIps": 0}),
        json!({"numberOfIps": 101}),
        json!({"ipAddresses": []}),
        json!({"ipAddresses": many}),
        json!({"ipAddresses": ["10.10.20.10", "2001:db8::1"]}),
        json!({"ipAddresses": ["10.10.20.10", "10.10.20.10"]}),
        json!({"ipAddresses": ["10.10.20"]}),
    ] {
        let error = post(&client, &path, body.clone()).await.unwrap_err();
        assert_eq!(error.status(), Some(400), "{body}");
    }
    // The version is mandatory here, and an address outside of the range fails in the tracker.
    let unversioned = vra_client::request::ApiRequest::raw(Method::POST, format!("{path}?apiVersion="));
    assert!(client.send(unversioned).await.is_err());
    let outside = allocate(&client, &range, json!({"ipAddresses": ["10.10.20.9"]})).await;
    assert_eq!(outside["status"], "FAILED");
    assert_eq!(allocate(&client, &range, json!({"numberOfIps": 90})).await["status"], "FINISHED");
    assert_eq!(allocate(&client, &range, json!({"numberOfIps": 1})).await["status"], "FAILED");
    assert_eq!(
        post(&client, "/iaas/api/network-ip-ranges/none/ip-addresses/allocate", json!({"numberOfIps": 1}))
            .await
            .unwrap_err()
            .status(),
        Some(404)
    );
}

#[tokio::test]
async fn a_range_of_ipv6_has_large_numbers() {
    let (server, client) = example().await;
    let (start, end): (IpAddr, IpAddr) =
        ("2001:db8::1".parse().unwrap(), "2001:db8::ffff:ffff:ffff:ffff".parse().unwrap());
    let range = server.seed(|store| {
        let network = store.add_fabric_network("v6", "2001:db8::/64");
        store.add_ip_range("v6", &network, start, end)
    });
    let range = range.unwrap();
    assert_eq!(allocate(&client, &range, json!({"numberOfIps": 1})).await["status"], "FINISHED");
    let list =
        client.raw(Method::GET, format!("/iaas/api/network-ip-ranges/{range}/ip-addresses"), None).await.unwrap();
    let text = String::from_utf8(list.body.to_vec()).unwrap();
    assert!(text.contains("\"ipAddressDecimalValue\":42540766411282592856903984951653826561,"), "{text}");
}

#[tokio::test]
async fn trackers_fail_on_demand_vanish_and_can_be_deleted() {
    let (server, client) = example().await;
    let range = server.seed(|store| store.ip_range("lab-static")).unwrap();
    server.fault(Fault::FailTracker("no luck".to_owned()), When::any().path("/allocate"));
    let failed = allocate(&client, &range, json!({"numberOfIps": 1})).await;
    assert_eq!((&failed["status"], &failed["message"]), (&json!("FAILED"), &json!("no luck")));
    assert!(server.seed(|store| store.allocated(&range)).is_empty());
    let done = allocate(&client, &range, json!({"numberOfIps": 1})).await;
    let path = done["selfLink"].as_str().unwrap();
    call(&client, Method::DELETE, path, None).await.unwrap();
    assert_eq!(get(&client, path).await.unwrap_err().status(), Some(404));
    server.seed(vra_client::testing::v8::Store::drop_trackers);
    assert_eq!(get(&client, "/iaas/api/request-tracker").await.unwrap()["totalElements"], 0);
    server.seed(|store| store.set_unregistered(&range, [10, 10, 20, 77].into()));
    let path = format!("/iaas/api/network-ip-ranges/{range}/unregistered-ip-addresses/release");
    let tracker = post(&client, &path, json!({"ipAddresses": ["10.10.20.77"]})).await.unwrap();
    assert_eq!(end_of(&client, &tracker).await["status"], "FINISHED");
}
