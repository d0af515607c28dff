//! The API over real connections, with an embedded store and with a simulated phpIPAM.

use std::sync::Arc;

use ipam_core::{Allocate, AllocateLine, Find, IpamProvider as _, Labels, Tag};
use lab_gateway::firewall::{Firewall as _, FirewallError, MemoryFirewall, Rule, Transaction};
use lab_gateway::store::Store as _;
use serde_json::json;

use crate::client::{Client, claims, now};
use crate::stage::Stage;
use crate::support::{Fate, Gate, Gated};

const ADDR: &str = "/api/1/ipam/addr";
const PORTMAP: &str = "/api/1/ipam/portmap";
const HEALTH: &str = "/api/1/ipam/healthcheck";

/// Allocates an address by other means than a port map.
async fn allocate(stage: &Stage, address: &str, name: &str, component: &str) {
    let range = stage.addresses.ranges().await.unwrap()[0].id.clone();
    let labels = Labels::default().with_hostname(name).with_tag(Tag::new("component", component));
    let line = AllocateLine::exactly(range, address.parse().unwrap()).with_labels(labels);
    stage.provider.allocate(&Allocate::new("a script").with_line(line)).await.unwrap();
}

async fn is_allocated(stage: &Stage, address: &str) -> bool {
    let find = Find::default().with_address(address.parse::<std::net::IpAddr>().unwrap());
    !stage.provider.find(&find).await.unwrap().items.is_empty()
}

#[tokio::test]
async fn a_map_is_made_listed_and_removed_over_each_provider() {
    for stage in Stage::all().await {
        let (name, alice) = (stage.name, stage.client("alice"));
        allocate(&stage, "10.0.0.9", "dhcp9", "desktop").await;
        let made = alice.map("10.0.0.5", 22, "web1").await;
        assert_eq!(made.content(), &json!({ "conn_port": 20_000 }), "{name}");
        assert!(made.head.contains("link: </api/1/ipam/portmap?describe=true>; rel=help"), "{}", made.head);
        assert!(is_allocated(&stage, "10.0.0.5").await, "{name}");
        assert_eq!(alice.map("10.0.0.5", 22, "web1").await.content(), &json!({ "conn_port": 20_000 }), "a repeat");
        assert_eq!(alice.map("10.0.0.5", 80, "web1").await.content(), &json!({ "conn_port": 20_001 }), "{name}");
        assert_eq!(alice.map("10.0.0.9", 22, "dhcp9").await.content(), &json!({ "conn_port": 20_002 }), "{name}");
        let rules: Vec<String> = stage.firewall.read().await.unwrap().rules.iter().map(Rule::to_string).collect();
        assert_eq!(rules, ["20000 -> 10.0.0.5:22", "20001 -> 10.0.0.5:80", "20002 -> 10.0.0.9:22"], "{name}");

        let listed = alice.get(&format!("{PORTMAP}?name=web%25&target_port=80")).await;
        assert_eq!(listed.json["params"], json!({ "name": "web%", "target_port": "80" }), "{name}");
        let only = json!({ "name": "web1", "target_addr": "10.0.0.5", "target_port": 80, "component": "web" });
        let expected = json!({ "ports": { "20001": only }, "gateway_ip": "192.0.2.7" });
        assert_eq!(listed.content(), &expected, "{name}");
        assert_eq!(alice.get(&format!("{PORTMAP}?conn_port=20077")).await.content()["ports"], json!({}), "{name}");

        // Any user may look for addresses; those without a map are there, too.
        let bob = stage.client("bob");
        let all = bob.get(ADDR).await;
        let web1 = json!({ "component": "web", "routable": null, "last_seen": null, "addr": ["10.0.0.5"] });
        assert_eq!(all.content()["web1"], web1, "{name}");
        assert_eq!(all.content()["dhcp9"]["component"], "desktop", "{name}");
        for (query, found) in
            [("name=web_", 1), ("addr=10.0.0.9", 1), ("component=d%25", 1), ("name=WEB1", 0), ("addr=10.0.0.77", 0)]
        {
            let found_now = bob.get(&format!("{ADDR}?{query}")).await;
            assert_eq!(found_now.content().as_object().unwrap().len(), found, "{name}: {query}");
        }

        for port in [20_000, 20_001, 20_002] {
            assert_eq!(alice.unmap(port).await.content(), &json!({}), "{name}");
        }
        assert!(!is_allocated(&stage, "10.0.0.5").await, "{name}: a map allocated it");
        assert!(is_allocated(&stage, "10.0.0.9").await, "{name}: it was allocated otherwise");
        assert_eq!(alice.unmap(20_000).await.kind(), "no_port_map", "{name}");
        assert_eq!(stage.firewall.ended().len(), 3, "{name}: their connections were ended");
        assert!(stage.firewall.read().await.unwrap().rules.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn bad_input_is_a_typed_error_and_nothing_is_half_done() {
    for stage in Stage::all().await {
        let alice = stage.client("alice");
        allocate(&stage, "10.0.0.9", "dhcp9", "desktop").await;
        assert_eq!(alice.map("10.0.0.5", 22, "web1").await.status, 200);
        let body = |address: &str, port: &str, name: &str| {
            format!(r#"{{"target_addr":{address},"target_port":{port},"target_name":{name},"target_component":"web"}}"#)
        };
        let cases = [
            ("POST", PORTMAP, body(r#""192.0.2.1""#, "22", r#""x""#), 400, "target_outside"),
            ("POST", PORTMAP, body(r#""10.0.0.254""#, "22", r#""x""#), 400, "target_is_gateway"),
            ("POST", PORTMAP, body(r#""10.1""#, "22", r#""x""#), 400, "invalid_value"),
            ("POST", PORTMAP, body(r#""10.0.0.%""#, "22", r#""x""#), 400, "invalid_value"),
            ("POST", PORTMAP, body(r#""010.0.0.5""#, "22", r#""x""#), 400, "invalid_value"),
            ("POST", PORTMAP, body(r#""::1""#, "22", r#""x""#), 400, "invalid_value"),
            ("POST", PORTMAP, body("17", "22", r#""x""#), 400, "invalid_body"),
            ("POST", PORTMAP, body(r#""10.0.0.6""#, "0", r#""x""#), 400, "invalid_value"),
            ("POST", PORTMAP, body(r#""10.0.0.6""#, "70000", r#""x""#), 400, "invalid_value"),
            ("POST", PORTMAP, body(r#""10.0.0.6""#, "-1", r#""x""#), 400, "invalid_body"),
            ("POST", PORTMAP, body(r#""10.0.0.6""#, r#""22""#, r#""x""#), 400, "invalid_body"),
            ("POST", PORTMAP, body(r#""10.0.0.6""#, "22", r#""""#), 400, "invalid_value"),
            ("POST", PORTMAP, body(r#""10.0.0.6""#, "22", r#"" x""#), 400, "invalid_value"),
            ("POST", PORTMAP, body(r#""10.0.0.6""#, "22", r#""a\u0000b""#), 400, "invalid_value"),
            ("POST", PORTMAP, body(r#""10.0.0.6""#, "22", &format!("\"{}\"", "x".repeat(129))), 400, "invalid_value"),
            ("POST", PORTMAP, body(r#""10.0.0.9""#, "22", r#""web1""#), 409, "other_name"),
            ("POST", PORTMAP, body(r#""10.0.0.5""#, "22", r#""web2""#), 409, "already_mapped"),
            ("POST", PORTMAP, body(r#""10.0.0.255""#, "22", r#""x""#), 400, "address_refused"),
            ("POST", PORTMAP, "{}".to_owned(), 400, "invalid_body"),
            ("POST", PORTMAP, String::new(), 400, "invalid_body"),
            ("POST", PORTMAP, "no json".to_owned(), 400, "invalid_body"),
            ("POST", PORTMAP, format!("{} {{}}", body(r#""10.0.0.6""#, "22", r#""x""#)), 400, "invalid_body"),
            ("POST", PORTMAP, r#"{"conn_port":20000,"more":1}"#.to_owned(), 400, "invalid_body"),
            ("POST", PORTMAP, "x".repeat(3000), 413, "body_too_large"),
            ("DELETE", PORTMAP, r#"{"conn_port":20099}"#.to_owned(), 404, "no_port_map"),
            ("DELETE", PORTMAP, r#"{"conn_port":0}"#.to_owned(), 400, "invalid_value"),
            ("DELETE", PORTMAP, r#"{"conn_port":"20000"}"#.to_owned(), 400, "invalid_body"),
            ("DELETE", PORTMAP, "[]".to_owned(), 400, "invalid_body"),
            ("DELETE", PORTMAP, r#"{"a\nb":1}"#.to_owned(), 400, "invalid_body"),
            ("PUT", PORTMAP, "{}".to_owned(), 405, "method_not_allowed"),
            ("POST", ADDR, "{}".to_owned(), 405, "method_not_allowed"),
            ("GET", "/api/1/ipam/nothing", String::new(), 404, "no_route"),
            ("GET", "/", String::new(), 404, "no_route"),
            ("GET", "/api/1/ipam/addr?name=a&addr=10.0.0.5", String::new(), 400, "exclusive_arguments"),
            ("GET", "/api/1/ipam/addr?name=a&component=b", String::new(), 400, "exclusive_arguments"),
            ("GET", "/api/1/ipam/addr?name=a&name=b", String::new(), 400, "repeated_argument"),
            ("GET", "/api/1/ipam/addr?adr=10.0.0.5", String::new(), 400, "unknown_argument"),
            ("GET", "/api/1/ipam/addr?addr=10.1", String::new(), 400, "invalid_value"),
            ("GET", "/api/1/ipam/addr?addr=10.0.0.%25", String::new(), 400, "invalid_value"),
            ("GET", "/api/1/ipam/addr?describe=perhaps", String::new(), 400, "invalid_value"),
            ("GET", "/api/1/ipam/portmap?conn_port=ssh", String::new(), 400, "invalid_value"),
            ("GET", "/api/1/ipam/portmap?target_port=99999", String::new(), 400, "invalid_value"),
            ("POST", HEALTH, r#"{"repair":false}"#.to_owned(), 400, "invalid_value"),
        ];
        for (method, path, body, status, kind) in cases {
            let response = alice.send(method, path, &body).await;
            assert_eq!((response.status, response.kind()), (status, kind), "{}: {method} {path} {body}", stage.name);
            assert!(response.json["error"].as_str().is_some_and(|error| error.len() > 10), "{response:?}");
            assert!(response.json["params"].is_object(), "{response:?}");
        }
        let put = alice.send("PUT", PORTMAP, "").await;
        assert!(put.head.contains("allow: get, post, delete"), "{}", put.head);
        // A body without a length is cut off at the limit, too.
        let token = alice.token.clone().unwrap();
        let chunks = format!("800\r\n{}\r\n", "x".repeat(2048)).repeat(4);
        let request = format!(
            "POST {PORTMAP} HTTP/1.1\r\nHost: gw\r\nX-Auth: {token}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
        );
        assert_eq!(alice.raw(request.as_bytes()).await.status, 413);
        let records = stage.store.read().unwrap();
        assert_eq!((records.maps.len(), records.leases.len()), (1, 1), "{}", stage.name);
        assert_eq!(stage.firewall.read().await.unwrap().rules.len(), 1, "{}", stage.name);
        assert!(!is_allocated(&stage, "10.0.0.6").await, "{}", stage.name);
    }
}

#[tokio::test]
async fn tokens_are_checked_before_anything_else() {
    let stage = Stage::embedded().await;
    let with = |field: &str, value: serde_json::Value| {
        let mut claims = claims("alice");
        claims[field] = value;
        Some(stage.main.sign(&claims))
    };
    let unsigned = {
        let token = stage.main.token("alice");
        let (rest, _) = token.rsplit_once('.').unwrap();
        format!("{rest}.")
    };
    let other = crate::client::Main::new().token("alice");
    let none = crate::client::signed(&json!({ "alg": "none" }), &claims("alice"), |_| Vec::new());
    // The public key as the secret of an HMAC: what a library falls for that believes the token's algorithm.
    let confused = crate::client::signed(&json!({ "alg": "HS256", "typ": "JWT" }), &claims("alice"), |message| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, stage.main.pem().as_bytes());
        ring::hmac::sign(&key, message).as_ref().to_vec()
    });
    for (token, kind) in [
        (None, "token_missing"),
        (Some(String::new()), "token_malformed"),
        (Some("a.b.c".to_owned()), "token_malformed"),
        (Some("x".repeat(9000)), "token_malformed"),
        (Some(unsigned), "token_forged"),
        (Some(other), "token_forged"),
        (Some(confused), "token_forged"),
        (with("exp", json!(now() - 11)), "token_expired"),
        (with("exp", json!("soon")), "token_claim"),
        (with("exp", json!(null)), "token_claim"),
        (with("nbf", json!(now() + 60)), "token_early"),
        (with("iss", json!("other.example")), "token_issuer"),
        (with("iss", json!(null)), "token_claim"),
        (with("version", json!(1)), "token_version"),
        (with("version", json!(null)), "token_claim"),
        (with("username", json!("")), "token_claim"),
        (with("email", json!(null)), "token_claim"),
        (with("client_ip", json!("10.9.9.9")), "token_client"),
        (with("client_ip", json!("127.0.0.%")), "token_client"),
    ] {
        for path in [ADDR, PORTMAP] {
            let response = stage.with_token(token.clone()).get(path).await;
            assert_eq!((response.status, response.kind()), (401, kind), "{token:?}");
            assert!(response.head.contains("link: <https://main.lab.example/login>; rel=authorization"), "{kind}");
        }
    }
    let refused = stage.with_token(Some(none)).get(ADDR).await;
    assert_eq!(refused.status, 401, "{refused:?}");
    assert_eq!(stage.with_token(with("exp", json!(now() - 5))).get(ADDR).await.status, 200, "within the leeway");
    assert_eq!(stage.with_token(with("client_ip", json!("::ffff:127.0.0.1"))).get(ADDR).await.status, 200);
    // Another user may look for addresses, and not more.
    let bob = stage.client("bob");
    for response in [bob.get(PORTMAP).await, bob.map("10.0.0.5", 22, "web1").await, bob.unmap(20_000).await] {
        assert_eq!((response.status, response.kind()), (403, "not_the_owner"));
        assert!(response.json["error"].as_str().unwrap().contains("bob"), "{response:?}");
    }
    // Two tokens: a proxy might have checked the other one.
    let token = stage.main.token("alice");
    let twice = format!("GET {ADDR} HTTP/1.1\r\nHost: gw\r\nX-Auth: {token}\r\nX-Auth: {token}\r\n\r\n");
    assert_eq!(bob.raw(twice.as_bytes()).await.status, 401);
}

#[tokio::test]
async fn routes_describe_themselves_without_a_token() {
    let stage = Stage::embedded().await;
    let client = stage.with_token(None);
    for (path, method) in [(ADDR, "GET"), (PORTMAP, "POST"), (PORTMAP, "DELETE"), (HEALTH, "GET")] {
        let described = client.get(&format!("{path}?describe=true")).await;
        assert!(described.content()[method].is_object(), "{path}");
    }
    let schema = client.get(&format!("{PORTMAP}/?describe=true")).await.content()["POST"]["body"].clone();
    assert_eq!(schema["required"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn the_health_shows_details_to_the_owner_only_and_repairs_on_request() {
    let stage = Stage::embedded().await;
    let (alice, stranger) = (stage.client("alice"), stage.with_token(None));
    alice.map("10.0.0.5", 22, "web1").await.content();
    alice.map("10.0.0.5", 80, "web1").await.content();
    let lost = Rule::new(20_000, "10.0.0.5:22".parse().unwrap());
    let orphan = Rule::new(20_050, "10.0.0.99:22".parse().unwrap());
    stage.firewall.apply(&Transaction::Change { remove: vec![lost], add: vec![orphan] }).await.unwrap();
    for client in [&stranger, &stage.client("bob")] {
        let content = client.get(HEALTH).await.content().clone();
        let keys: std::collections::BTreeSet<&str> = content.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["database", "firewall", "version"].into());
        assert_eq!((&content["database"], &content["firewall"]), (&json!("up"), &json!("up")));
    }
    let content = alice.get(HEALTH).await.content().clone();
    assert_eq!(content["maps_without_rule"], json!([{ "conn_port": 20_000, "target": "10.0.0.5:22" }]));
    assert_eq!(content["rules_without_map"], json!([{ "conn_port": 20_050, "target": "10.0.0.99:22" }]));
    assert_eq!(stage.client("bob").send("POST", HEALTH, r#"{"repair":true}"#).await.status, 403);
    assert_eq!(stranger.send("POST", HEALTH, r#"{"repair":true}"#).await.status, 401);
    let repaired = alice.send("POST", HEALTH, r#"{"repair":true}"#).await.content().clone();
    assert_eq!(repaired["maps_without_rule"].as_array().unwrap().len(), 1);
    let content = alice.get(HEALTH).await.content().clone();
    assert_eq!((&content["maps_without_rule"], &content["rules_without_map"]), (&json!([]), &json!([])));
    stage.firewall.flush();
    // Without a token, the state is looked up once a second.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(stranger.get(HEALTH).await.content()["firewall"], "down");
    // A token that does not hold is refused here, too, and not passed over.
    assert_eq!(stage.with_token(Some("a.b.c".to_owned())).get(HEALTH).await.status, 401);
}

#[tokio::test]
async fn without_a_free_port_or_address_nothing_is_made() {
    let provider = ipam_core::MemoryProvider::new();
    let reserved = "10.0.0.6".parse::<std::net::IpAddr>().unwrap();
    let range = ipam_core::DefineRange::new("lab", "10.0.0.0/24".parse().unwrap());
    let range = range.with_reserved(vec![ipam_core::net::IpRange::new(reserved, reserved).unwrap()]);
    provider.define_range(&range).await.unwrap();
    let stage = Stage::with_provider(Arc::new(provider), std::time::Duration::from_secs(10)).await;
    let alice = stage.client("alice");
    let taken = alice.map("10.0.0.6", 22, "web1").await;
    assert_eq!((taken.status, taken.kind()), (409, "address_taken"), "{taken:?}");
    assert_eq!(stage.store_is_empty(), (true, true));
    // Until there is none: the system may use some of the ports itself.
    let mut made = 0;
    let full = loop {
        let response = alice.map("10.0.0.5", 1000 + made, "web1").await;
        if response.status != 200 {
            break response;
        }
        made += 1;
    };
    assert_eq!((full.status, full.kind()), (409, "no_free_port"), "{full:?}");
    assert!((5..=10).contains(&made), "{made}");
    // Neither did the refused one take its address.
    assert_eq!(alice.map("10.0.0.7", 22, "web2").await.kind(), "no_free_port");
    assert!(!is_allocated(&stage, "10.0.0.7").await);
    let ports = alice.get(PORTMAP).await.content()["ports"].clone();
    let port: u64 = ports.as_object().unwrap().keys().next_back().unwrap().parse().unwrap();
    assert_eq!(alice.unmap(port).await.status, 200);
    assert_eq!(alice.map("10.0.0.7", 22, "web2").await.content(), &json!({ "conn_port": port }));
}

/// A fault of DNS shows with its type to the owner.
#[tokio::test]
async fn the_health_shows_each_fault_of_dns_with_its_type() {
    use lab_gateway::ddns::DdnsError;
    let stage = Stage::embedded().await;
    let (server, key) = ("ns.example".to_owned(), "lab".to_owned());
    let report = stage.reports().part("ddns");
    for (error, kind) in [
        (DdnsError::BadKey { server: server.clone(), key, algorithm: "hmac-sha512" }, "dns_bad_key"),
        (DdnsError::BadTime { server: server.clone(), seconds: Some(900) }, "dns_bad_time"),
        (DdnsError::NotAuth { server, zone: "lab.example".to_owned() }, "dns_not_auth"),
    ] {
        report.down_as(error.kind(), error.to_string());
        let part = stage.client("alice").get(HEALTH).await.content()["parts"]["ddns"].clone();
        assert_eq!((&part["state"], &part["type"]), (&json!("down"), &json!(kind)));
        assert!(part["detail"].as_str().unwrap().contains("ns.example"), "{part}");
    }
    report.up("the name has the address 192.0.2.7");
    let part = stage.client("alice").get(HEALTH).await.content()["parts"]["ddns"].clone();
    assert_eq!((&part["state"], &part["type"]), (&json!("up"), &json!(null)));
}

/// Someone changes at the provider what the gateway allocated.
#[tokio::test]
async fn the_health_shows_maps_whose_allocations_were_changed() {
    for stage in Stage::all().await {
        let alice = stage.client("alice");
        let empty = (json!([]), json!([]));
        for (address, name) in [("10.0.0.5", "web1"), ("10.0.0.6", "web2"), ("10.0.0.7", "web3")] {
            alice.map(address, 22, name).await.content();
        }
        let shown = async || {
            let content = alice.get(HEALTH).await.content().clone();
            assert_eq!(content["addresses"], "up", "{}", stage.name);
            (content["maps_without_allocation"].clone(), content["maps_of_another_name"].clone())
        };
        assert_eq!(shown().await, empty, "{}", stage.name);
        for address in ["10.0.0.5", "10.0.0.6"] {
            let find = Find::default().with_address(address.parse::<std::net::IpAddr>().unwrap());
            let found = stage.provider.find(&find).await.unwrap().items.remove(0);
            stage.provider.deallocate(&ipam_core::Deallocate::id(found.id)).await.unwrap();
        }
        allocate(&stage, "10.0.0.6", "db7", "db").await;
        let (lost, other) = shown().await;
        assert_eq!(lost, json!([{ "conn_port": 20_000, "target": "10.0.0.5:22", "name": "web1" }]), "{}", stage.name);
        let expected = json!([
            { "conn_port": 20_001, "target": "10.0.0.6:22", "name": "web2", "allocated_as": "db7" }
        ]);
        assert_eq!(other, expected, "{}", stage.name);
    }
}

#[tokio::test]
async fn a_broken_firewall_is_a_typed_error_and_leaves_nothing() {
    #[derive(Debug)]
    struct Missing;
    #[async_trait::async_trait]
    impl lab_gateway::firewall::Firewall for Missing {
        async fn check(&self) -> Result<(), FirewallError> {
            Err(FirewallError::Unavailable("nft is not installed".to_owned()))
        }
        async fn apply(&self, _: &Transaction) -> Result<(), FirewallError> {
            self.check().await
        }
        async fn read(&self) -> Result<lab_gateway::firewall::FirewallState, FirewallError> {
            self.check().await.map(|()| lab_gateway::firewall::FirewallState::new(false, Vec::new()))
        }
        async fn end_connections(&self, _: &[Rule]) -> Result<usize, FirewallError> {
            self.check().await.map(|()| 0)
        }
    }
    let stage = Stage::with_firewall(Arc::new(Missing)).await;
    let alice = stage.client("alice");
    let refused = alice.map("10.0.0.5", 22, "web1").await;
    assert_eq!((refused.status, refused.kind()), (503, "firewall_unavailable"));
    assert!(refused.head.contains("retry-after: 5"), "{}", refused.head);
    assert_eq!(alice.get(HEALTH).await.content()["firewall"], "down");
    assert_eq!(alice.get(ADDR).await.content(), &json!({}));

    // It breaks between the record and the rule: reading is the first step, the change the second one.
    let gate = Gate::new(Some((3, Fate::Refuse)));
    let inner = Arc::new(MemoryFirewall::new());
    let stage = Stage::with_firewall(Arc::new(Gated { gate, inner: Arc::clone(&inner) })).await;
    let alice = stage.client("alice");
    let refused = alice.map("10.0.0.5", 22, "web1").await;
    assert_eq!((refused.status, refused.kind()), (503, "firewall_refused"), "{refused:?}");
    assert_eq!(alice.get(PORTMAP).await.content()["ports"], json!({}));
    assert_eq!(alice.get(ADDR).await.content(), &json!({}), "the address was given back");
    assert!(inner.read().await.unwrap().rules.is_empty());
    assert_eq!(alice.map("10.0.0.5", 22, "web1").await.content(), &json!({ "conn_port": 20_000 }));
}

#[tokio::test]
async fn what_is_no_http_and_clients_that_send_nothing_harm_no_other() {
    let stage = Stage::embedded().await;
    let alice = stage.client("alice");
    let long = format!("GET {ADDR} HTTP/1.1\r\nHost: gw\r\nX: {}\r\n\r\n", "x".repeat(400_000));
    let fields = format!("GET {ADDR} HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(200));
    let path = format!("GET /{} HTTP/1.1\r\nHost: gw\r\n\r\n", "x".repeat(400_000));
    for (raw, status, kind) in [
        (&b"\x16\x03\x01\x02\x00\x01"[..], 400, "no_http"),
        (b"GET\r\n\r\n", 400, "no_http"),
        (b"GET /api/1/ipam/addr HTTP/9.9\r\n\r\n", 400, "no_http"),
        (b"GET /api/1/ipam/addr HTTP/1.1\r\nno field\r\n\r\n", 400, "no_http"),
        (b"GET /api/1/ipam/addr HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400, "no_http"),
        (long.as_bytes(), 431, "head_too_large"),
        (fields.as_bytes(), 431, "head_too_large"),
        (path.as_bytes(), 431, "head_too_large"),
    ] {
        let response = alice.raw(raw).await;
        assert_eq!((response.status, response.kind()), (status, kind), "{response:?}");
        assert!(response.json["error"].is_string() && response.json["params"].is_object(), "{response:?}");
        assert!(response.head.contains("content-type: application/json"), "{}", response.head);
    }
    let silent: Vec<std::net::TcpStream> =
        (0..10).map(|_| std::net::TcpStream::connect(stage.address).unwrap()).collect();
    assert_eq!(alice.get(ADDR).await.status, 200);
    drop(silent);
}

#[tokio::test]
async fn callers_at_once_get_different_ports() {
    let stage = Stage::embedded().await;
    let alice: Client = stage.client("alice");
    let adding = (0..12).map(|index| {
        let alice = alice.clone();
        tokio::spawn(async move { alice.map("10.0.0.5", 1000 + index, "web1").await.content()["conn_port"].as_u64() })
    });
    let mut ports = Vec::new();
    for added in adding.collect::<Vec<_>>() {
        ports.push(added.await.unwrap().unwrap());
    }
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 12);
}

#[tokio::test]
async fn it_speaks_tls_with_its_own_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["gw.lab.example".to_owned()]).unwrap();
    let (certificate, key) = (directory.path().join("api.pem"), directory.path().join("api.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut settings = lab_gateway::config::ApiSettings::default();
    settings.listen = "127.0.0.1:0".parse().unwrap();
    settings.certificate = Some(certificate.clone());
    settings.key_file = Some(lab_gateway::config::SecretFile::new(&key));
    let stage = Stage::embedded().await;
    let server = lab_gateway::api::Server::bind(&settings).await.unwrap();
    let address: std::net::SocketAddr = server.url().strip_prefix("https://").unwrap().parse().unwrap();
    let (_stopper, stop) = lab_gateway::background::Stopper::new();
    tokio::spawn(server.run(stage.site(), stop));

    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut roots = tokio_rustls::rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = tokio_rustls::rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "gw.lab.example".try_into().unwrap();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let request = stage.client("alice").text("GET", ADDR, "");
    assert_eq!(crate::client::exchange(stream, request.as_bytes()).await.status, 200);
    // Without TLS, nothing is served there.
    let plain = Client { address, token: stage.client("alice").token };
    assert_eq!(plain.get(ADDR).await.status, 0);
    // A key that others can read, and one of another certificate, are refused.
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let refused = lab_gateway::api::Server::bind(&settings).await.unwrap_err().to_string();
    assert!(refused.contains("api.key_file") && refused.contains("chmod 600"), "{refused}");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let other = rcgen::generate_simple_self_signed(["gw.lab.example".to_owned()]).unwrap();
    std::fs::write(&certificate, other.cert.pem()).unwrap();
    let refused = lab_gateway::api::Server::bind(&settings).await.unwrap_err().to_string();
    assert!(refused.contains("api.certificate") && refused.contains("does not fit"), "{refused}");
}
