//! Faults on demand.

use std::time::{Duration, Instant};

use phpipam_client::testing::{Fault, Server, When};

use crate::wire::Caller;

async fn lab() -> (Server, Caller, u64) {
    let server = Server::start().await.unwrap();
    let caller = Caller::of(&server);
    let subnet = server.seed(|s| {
        let section = s.add_section("Lab");
        s.add_subnet(section, "10.0.0.0/24".parse().unwrap())
    });
    server.clear_log();
    (server, caller, subnet)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_response_takes_the_address_and_a_lost_request_does_not() {
    let (server, caller, subnet) = lab().await;
    let path = format!("addresses/first_free/{subnet}/");
    server.fault(Fault::DropBefore, When::any().method("POST"));
    assert!(caller.try_send("POST", &path, Some("{}")).is_err());
    assert_eq!(server.seed(|s| s.used(subnet).len()), 0);
    server.fault(Fault::DropAfter, When::any().method("POST"));
    assert!(caller.try_send("POST", &path, Some(r#"{"note":"key 1"}"#)).is_err());
    assert_eq!(server.seed(|s| s.used(subnet).len()), 1);
    assert_eq!(caller.post(&path, "{}").json()["data"], "10.0.0.2");
    let log = server.requests();
    let ends: Vec<_> = log.iter().map(|r| r.status).collect();
    assert_eq!(ends, [None, None, Some(201)]);
    assert_eq!(log[1].fault, Some(Fault::DropAfter));
    assert_eq!(log[1].body, r#"{"note":"key 1"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_without_an_envelope() {
    let (server, caller, subnet) = lab().await;
    let path = format!("addresses/first_free/{subnet}/");
    server.fault(Fault::EmptyError500, When::any());
    server.fault(Fault::Html200, When::any());
    server.fault(Fault::Html(502), When::any());
    server.fault(Fault::LockTimeout, When::any());
    server.fault(Fault::Status(409, "IP address already exists".to_owned()), When::any());
    assert_eq!(server.pending_faults(), 5);
    let responses: Vec<_> = (0..5).map(|_| caller.post(&path, "{}")).collect();
    assert_eq!((responses[0].status, responses[0].text.as_str()), (500, ""));
    assert_eq!(responses[0].header("connection"), Some("close"));
    assert!(responses[1].status == 200 && responses[1].text.starts_with("<div class='alert alert-danger'>"));
    assert!(responses[2].status == 502 && responses[2].text.starts_with("<html>"));
    assert_eq!((responses[3].status, responses[3].json()["code"].as_u64()), (200, Some(500)));
    assert_eq!((responses[4].status, responses[4].json()["success"].as_bool()), (409, Some(false)));
    assert_eq!(server.seed(|s| s.used(subnet).len()), 0, "none of them was carried out");
    assert_eq!(server.pending_faults(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn latency_and_an_expired_token() {
    let (server, caller, _) = lab().await;
    server.fault(Fault::Latency(Duration::from_millis(80)), When::any().path("sections"));
    let start = Instant::now();
    assert_eq!(caller.get("sections/").status, 200);
    assert!(start.elapsed() >= Duration::from_millis(80));
    server.fault(Fault::ExpireToken, When::any().path("sections").skip(1));
    assert_eq!(caller.get("sections/").status, 200);
    assert_eq!(caller.get("sections/").status, 401);
    assert_eq!(caller.get("sections/").status, 401);
    assert_eq!(Caller::of(&server).get("sections/").status, 200);
}
