//! Allocation of addresses, alone and in parallel.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use phpipam_client::testing::{App, Lock, Object, Server};

use crate::wire::Caller;

async fn server(app: App) -> Server {
    Server::builder().app(app).start().await.unwrap()
}

/// Sends 30 allocations from each of eight parallel callers, and returns status, message and address of each.
fn eight_parallel_callers(server: &Server, subnet: u64) -> Vec<(u16, String, String)> {
    let caller = Caller::on(server.address(), "app", "admin:correct horse");
    let path = format!("addresses/first_free/{subnet}/");
    thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    (0..30)
                        .map(|_| {
                            let response = caller.post(&path, "{}");
                            let data = response.json()["data"].as_str().unwrap_or_default().to_owned();
                            (response.status, response.message(), data)
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        callers.into_iter().flat_map(|c| c.join().unwrap()).collect()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_with_lock_gives_each_address_once_and_never_fails() {
    let server = server(App::new("app")).await;
    let subnet = server.seed(|s| {
        let section = s.add_section("Lab");
        s.add_subnet(section, "10.0.0.0/24".parse().unwrap())
    });
    let responses = eight_parallel_callers(&server, subnet);
    assert!(responses.iter().all(|(status, ..)| *status == 201), "{responses:?}");
    let distinct: BTreeSet<_> = responses.iter().map(|(_, _, ip)| ip).collect();
    assert_eq!(distinct.len(), 240);
    assert_eq!(server.seed(|s| s.used(subnet).len()), 240);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_without_lock_loses_races_but_gives_no_address_twice() {
    let server = server(App::new("app").with_lock(Lock::Disabled)).await;
    let subnet = server.seed(|s| {
        let section = s.add_section("Lab");
        s.add_subnet(section, "10.0.0.0/24".parse().unwrap())
    });
    let responses = eight_parallel_callers(&server, subnet);
    let given: Vec<_> = responses.iter().filter(|a| a.0 == 201).map(|(_, _, ip)| ip).collect();
    let distinct: BTreeSet<_> = given.iter().collect();
    assert_eq!(distinct.len(), given.len());
    assert_eq!(server.seed(|s| s.used(subnet).len()), given.len());
    for (status, message, _) in responses.iter().filter(|a| a.0 != 201) {
        match status {
            409 => assert_eq!(message, "IP address already exists"),
            500 => assert!(message.contains("1062 Duplicate entry '16777"), "{message}"),
            other => panic!("{other} {message}"),
        }
    }
    assert!(given.len() < 240, "eight callers without a lock clash");
}

#[tokio::test(flavor = "multi_thread")]
async fn full_pool_and_small_subnets_follow_the_rules() {
    let server = Server::start().await.unwrap();
    let caller = Caller::of(&server);
    let take = |net: &str, pool: bool| {
        let subnet = server.seed(|s| {
            let section = s.add_section(net);
            let subnet = s.add_subnet(section, net.parse().unwrap());
            s.set_field(Object::Subnet, subnet, "isPool", if pool { "1" } else { "0" });
            subnet
        });
        let mut taken = Vec::new();
        loop {
            let response = caller.post(&format!("addresses/first_free/{subnet}/"), "{}");
            if response.status != 201 {
                assert_eq!((response.status, response.message().as_str()), (404, "No free addresses found"));
                return taken;
            }
            taken.push(response.json()["data"].as_str().unwrap().to_owned());
        }
    };
    assert_eq!(take("10.1.0.0/30", false), ["10.1.0.1", "10.1.0.2"]);
    assert_eq!(take("10.2.0.0/30", true), ["10.2.0.0", "10.2.0.1", "10.2.0.2", "10.2.0.3"]);
    assert_eq!(take("10.3.0.0/31", false), ["10.3.0.0", "10.3.0.1"]);
    assert_eq!(take("10.4.0.0/32", false), ["10.4.0.0"]);
    assert_eq!(take("2001:db8::/127", false), ["2001:db8::", "2001:db8::1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_and_nearly_full_subnet_is_fast() {
    let server = Server::start().await.unwrap();
    let caller = Caller::of(&server);
    let subnet = server.seed(|s| {
        let section = s.add_section("Lab");
        let subnet = s.add_subnet(section, "10.0.0.0/16".parse().unwrap());
        assert_eq!(s.fill(subnet, 65_533), 65_533);
        subnet
    });
    let response = caller.post(&format!("addresses/first_free/{subnet}/"), "{}");
    assert_eq!(response.json()["data"], "10.0.255.254");
    assert_eq!(caller.post(&format!("addresses/first_free/{subnet}/"), "{}").status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_lock_is_a_failure_with_status_200() {
    let wait = Duration::from_millis(50);
    let server = server(App::new("app").with_lock(Lock::File(wait))).await;
    let caller = Caller::on(server.address(), "app", "admin:correct horse");
    let guard = server.hold_lock(Lock::File(wait)).await;
    let response = caller.post("sections/", r#"{"name":"held"}"#);
    assert_eq!(response.status, 200);
    assert_eq!(response.json()["code"], 500);
    assert_eq!(response.json()["success"], false);
    assert!(
        response.message().starts_with("Cannot obtain lock for phpipam_api.lock after 0.05"),
        "{}",
        response.message()
    );
    assert_eq!(caller.get("sections/").status, 200, "reading does not wait");
    drop(guard);
    assert_eq!(caller.post("sections/", r#"{"name":"held"}"#).status, 201);
}
