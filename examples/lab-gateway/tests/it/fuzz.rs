//! Any input gets the envelope of the API, and changes nothing that it should not.

use lab_gateway::store::Store as _;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Runtime;

use crate::client::{Client, Response};
use crate::stage::Stage;

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

/// Checks what each response has to be.
fn checked(response: &Response) -> Result<(), TestCaseError> {
    let json = &response.json;
    prop_assert!(response.head.contains("content-type: application/json"), "{:?}", response);
    prop_assert!(json["params"].is_object(), "{:?}", response);
    if response.status == 200 {
        prop_assert!(json["error"].is_null() && json["content"].is_object(), "{:?}", response);
    } else {
        // All of it is the caller's fault.
        prop_assert!((400..500).contains(&response.status), "{:?}", response);
        prop_assert!(json["error"].is_string() && json["content"]["type"].is_string(), "{:?}", response);
    }
    Ok(())
}

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (0u8..=255).prop_map(|host| format!("10.0.0.{host}")),
        1 => any::<[u8; 4]>().prop_map(|bytes| std::net::Ipv4Addr::from(bytes).to_string()),
        1 => any::<[u8; 16]>().prop_map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        1 => "[0-9.%a-fx:/ ]{0,20}",
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![3 => (0u32..70_000).prop_map(|port| port.to_string()), 1 => "-?[0-9]{1,30}(\\.[0-9]|e9)?", 1 => "\\PC{0,4}"]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![2 => "[a-z][a-z0-9-]{0,12}", 1 => any::<String>(), 1 => "[ .%_\\\\/*;\"'a]{0,200}"]
}

/// Body that is nearly right, or anything.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let quoted = |text: String| Value::from(text).to_string();
    let post = (address(), number(), text(), text()).prop_map(move |(address, port, name, component)| {
        let (address, name, component) = (quoted(address), quoted(name), quoted(component));
        format!(
            "{{\"target_addr\":{address},\"target_port\":{port},\"target_name\":{name},\"target_component\":{component}}}"
        )
        .into_bytes()
    });
    let delete = number().prop_map(|port| format!("{{\"conn_port\":{port}}}").into_bytes());
    let deep = (0usize..900).prop_map(|depth| "[".repeat(depth).into_bytes());
    prop_oneof![6 => post, 2 => delete, 1 => deep, 1 => prop::collection::vec(any::<u8>(), 0..300)]
}

fn path() -> impl Strategy<Value = String> {
    let route = prop::sample::select(vec!["addr", "portmap", "portmap", "healthcheck", "addr/", "nothing", "%2e%2e"]);
    let argument = prop::sample::select(vec![
        "name",
        "addr",
        "component",
        "conn_port",
        "target_addr",
        "target_port",
        "describe",
        "x",
    ]);
    let value = prop_oneof![address(), number(), text()];
    let encoded = |value: String| value.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let any = (route, prop::collection::vec((argument, value), 0..3)).prop_map(move |(route, arguments)| {
        let arguments: Vec<String> =
            arguments.into_iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        format!("/api/1/ipam/{route}?{}", arguments.join("&"))
    });
    prop_oneof![2 => Just("/api/1/ipam/portmap".to_owned()), 1 => any]
}

#[test]
fn any_request_gets_the_envelope_and_is_done_as_a_whole() {
    let runtime = Runtime::new().unwrap();
    let stage = runtime.block_on(Stage::embedded());
    let alice = stage.client("alice");
    let method = prop::sample::select(vec!["GET", "POST", "POST", "POST", "DELETE", "PUT", "BREW"]);
    let ran = runner(400).run(&(method, path(), body()), |(method, path, body)| {
        let length = format!("Content-Length: {}", body.len());
        let request = alice.text(method, &path, "").replace("Content-Length: 0", &length);
        let response = runtime.block_on(alice.raw(&[request.into_bytes(), body].concat()));
        checked(&response)
    });
    ran.unwrap();
    let records = stage.store.read().unwrap();
    let made = records.maps.len();
    // What is there is there as a whole.
    assert!(made > 5, "{made}: the requests were all refused");
    let compared = runtime.block_on(alice.get("/api/1/ipam/healthcheck")).content().clone();
    for differences in ["maps_without_rule", "rules_without_map", "maps_without_allocation", "maps_of_another_name"] {
        assert_eq!(compared[differences], serde_json::json!([]), "{differences}");
    }
    assert_eq!(records.active().count(), made);
}

/// Sends bytes and no more, and reads what comes back.
async fn raw(client: &Client, bytes: &[u8]) -> Response {
    let mut stream = tokio::net::TcpStream::connect(client.address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut back = Vec::new();
    let _ = stream.read_to_end(&mut back).await;
    let text = String::from_utf8_lossy(&back).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Response { status, head: head.to_ascii_lowercase(), json: serde_json::from_str(body).unwrap_or(Value::Null) }
}

#[test]
fn any_bytes_get_the_envelope_or_nothing() {
    let runtime = Runtime::new().unwrap();
    let stage = runtime.block_on(Stage::embedded());
    let alice = stage.client("alice");
    let line = prop_oneof![
        Just("GET /api/1/ipam/addr HTTP/1.1".to_owned()),
        Just("POST /api/1/ipam/portmap HTTP/1.0".to_owned()),
        "[A-Z]{0,9} [/a-z?%]{0,40} HTTP/[0-9]\\.[0-9]",
        any::<String>(),
    ];
    let field = prop_oneof![
        Just("Host: gw".to_owned()),
        "(Content-Length|Transfer-Encoding|Expect|Connection|X-Auth|Upgrade): [a-z0-9 ,-]{0,20}",
        "[ -~]{0,40}",
    ];
    let rest = prop::collection::vec(any::<u8>(), 0..80);
    let ran = runner(400).run(&(line, prop::collection::vec(field, 0..4), rest), |(line, fields, rest)| {
        let head = format!("{line}\r\n{}\r\n", fields.iter().map(|field| format!("{field}\r\n")).collect::<String>());
        let response = runtime.block_on(raw(&alice, &[head.into_bytes(), rest].concat()));
        // A head that does not end, or is one of HTTP/2, has no response.
        if response.status == 0 { Ok(()) } else { checked(&response) }
    });
    ran.unwrap();
    assert_eq!(runtime.block_on(alice.get("/api/1/ipam/addr")).status, 200);
    assert_eq!(stage.store_is_empty(), (true, true));
}
