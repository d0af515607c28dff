//! `ipam agent relay` over real HTTP on this machine: reports of the community agent and of ours, and every refusal.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use http::{HeaderValue, Method, header};
use ipam_core::http::{HttpClient, HttpOptions, HttpRequest, HttpResponse, TlsOptions};
use phpipam_client::testing::{Fault, When};

use crate::stage::{NET, Stage, json};

pub(crate) const TOKEN: &str = "t0ken-of-the-relay-0123";

/// Relay as a process; it ends with the value.
pub(crate) struct Relay {
    pub(crate) child: Child,
    pub(crate) url: String,
    log: BufReader<std::process::ChildStderr>,
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Relay {
    pub(crate) fn start(stage: &Stage, more: &str) -> Self {
        Self::start_with(stage, more, &["relay"], Stdio::null())
    }

    pub(crate) fn start_with(stage: &Stage, more: &str, arguments: &[&str], out: Stdio) -> Self {
        let settings = stage.settings(&format!("auth_token: {TOKEN}\nrelay_listen: 127.0.0.1:0\n{more}"));
        let relay = stage.path("relay.yaml");
        std::fs::rename(settings, &relay).unwrap();
        let mut command = stage.command(&relay.display().to_string(), arguments);
        let mut child = command.stdout(out).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let url = loop {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended before it listened");
            if let Some(url) = line.trim().strip_prefix("listening on ") {
                break url.to_owned();
            }
        };
        Self { child, url, log }
    }

    fn post(&self, stage: &Stage, token: Option<&str>, body: impl Into<Vec<u8>>) -> HttpResponse {
        let client = HttpClient::new(&self.url, HttpOptions::new().with_allow_http(true)).unwrap();
        let mut request =
            HttpRequest::new(Method::POST, client.origin().url("").unwrap()).with_body("application/json", body);
        if let Some(token) = token {
            let value = HeaderValue::try_from(token).unwrap();
            request = request.with_header(header::AUTHORIZATION, value);
        }
        stage.block_on(client.send(request)).unwrap()
    }

    /// Returns the address and the port.
    pub(crate) fn address(&self) -> String {
        self.url.trim_start_matches("http://").trim_end_matches('/').to_owned()
    }

    pub(crate) fn report(&self, stage: &Stage, body: impl Into<Vec<u8>>) -> HttpResponse {
        self.post(stage, Some(&format!("Bearer {TOKEN}")), body)
    }

    /// Ends the relay with a signal. Returns its exit code and the rest of its log.
    pub(crate) fn end(mut self, stage: &Stage) -> (i32, String) {
        stage.signal(self.child.id(), "TERM");
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code().unwrap(), rest)
    }
}

/// Report of the community agent about one host.
pub(crate) fn community(code: &str, net: &str, host: &str) -> String {
    let results = format!(
        r#"[{{"id": 12, "subnetId": "1", "ip": "{host}", "lastSeen": "2026-01-01 10:00:00", "hostname": "web",
            "mac": "AA:BB:CC:00:11:22"}}]"#
    );
    format!(r#"{{"code": "{code}", "scan": {{"subnet": "{net}", "results": {results}, "tz": "+0000"}}}}"#)
}

#[test]
fn reports_of_the_community_agent_are_applied() {
    let stage = Stage::new();
    let relay = Relay::start(&stage, "");
    let list = community("building7", NET, "127.77.0.2").replace(r#""subnetId": "1", "#, "");
    let response = relay.report(&stage, list);
    assert_eq!(response.status, 200, "{response:?}");
    let report = json(std::str::from_utf8(&response.body).unwrap());
    assert_eq!((&report["counts"]["created"], &report["status"]), (&1.into(), &"ok".into()), "{report}");

    let results = r#"[{\"ip\": \"127.77.0.3\", \"lastSeen\": \"2026-01-01 10:00:00\"}]"#;
    let text = format!(r#"{{"code":"building7","scan":{{"subnet":"{NET}","results":"{results}","tz":"+0100"}}}}"#);
    let response = relay.post(&stage, Some(&format!("bearer {TOKEN}")), text);
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(stage.hosts(), ["127.77.0.2", "127.77.0.3"]);
    let (code, log) = relay.end(&stage);
    assert_eq!(code, 0);
    assert!(log.contains(NET) && log.contains("1 new") && !log.contains(TOKEN), "{log}");
}

#[test]
fn every_refusal_is_json_and_writes_nothing() {
    let stage = Stage::new();
    let relay = Relay::start(&stage, "relay_max_body: 4096\n");
    let good = community("building7", NET, "127.77.0.2");
    let bearer = format!("Bearer {TOKEN}");
    let wrong_end = format!("Bearer {}x", &TOKEN[..TOKEN.len() - 1]);
    let basic = format!("Basic {TOKEN}");
    for token in [None, Some("Bearer "), Some("Bearer wrong"), Some(wrong_end.as_str()), Some(&basic), Some(TOKEN)] {
        let response = relay.post(&stage, token, good.clone());
        assert_eq!(response.status, 401, "{token:?}");
        assert_eq!(response.headers[header::WWW_AUTHENTICATE], "Bearer");
        assert!(json(std::str::from_utf8(&response.body).unwrap())["error"]["message"].is_string());
    }
    let large = format!("{good}{}", " ".repeat(4096));
    for (body, status, part) in [
        (community("building9", NET, "127.77.0.2"), 403, "no scan agent"),
        (community("building7", "10.9.0.0/24", "10.9.0.2"), 403, "10.9.0.0/24"),
        (community("building7", NET, "127.78.0.2").replace(r#""subnetId": "1", "#, ""), 400, "127.78.0.2"),
        (large, 413, "4096"),
        ("{".to_owned(), 400, "not a report"),
        (String::new(), 400, "not a report"),
        ("[]".to_owned(), 400, "not a report"),
        (good.replace("+0000", "CET"), 400, "tz"),
    ] {
        let response = relay.report(&stage, body.clone());
        let text = String::from_utf8(response.body).unwrap();
        assert_eq!(response.status, status, "{body}: {text}");
        let error = json(&text);
        assert_eq!(error["error"]["status"], status);
        assert!(error["error"]["message"].as_str().unwrap().contains(part), "{part}: {error}");
    }
    let client = HttpClient::new(&relay.url, HttpOptions::new().with_allow_http(true)).unwrap();
    for (method, path, status) in [(Method::GET, "", 405), (Method::POST, "other", 404)] {
        let request = HttpRequest::new(method, client.origin().url(path).unwrap())
            .with_header(header::AUTHORIZATION, HeaderValue::try_from(&bearer).unwrap());
        assert_eq!(stage.block_on(client.send(request)).unwrap().status, status, "{path}");
    }
    assert_eq!(stage.writes(), Vec::<String>::new());
    // phpIPAM's own errors are for the log, not for scanners.
    stage.server.fault(Fault::Status(403, "Broken".to_owned()), When::any().method("GET").always());
    let response = relay.report(&stage, good);
    let text = String::from_utf8(response.body).unwrap();
    assert!(response.status == 502 && !text.contains("127.0.0.1") && text.contains("log"), "{text}");
    assert_eq!(stage.writes(), Vec::<String>::new());
}

#[test]
fn a_body_without_length_is_bounded_too_and_a_silent_peer_stops_nothing() {
    let stage = Stage::new();
    let relay = Relay::start(&stage, "relay_max_body: 4096\n");
    let address = relay.address();
    let silent = TcpStream::connect(&address).unwrap();
    let mut chunked = TcpStream::connect(&address).unwrap();
    chunked.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer {TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    chunked.write_all(head.as_bytes()).unwrap();
    for _ in 0..8 {
        chunked.write_all(format!("400\r\n{}\r\n", " ".repeat(1024)).as_bytes()).unwrap();
    }
    chunked.write_all(b"0\r\n\r\n").unwrap();
    let mut response = String::new();
    chunked.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 413"), "{response}");
    let response = relay.report(&stage, community("building7", NET, "127.77.0.2").replace(r#""subnetId": "1", "#, ""));
    assert_eq!(response.status, 200);
    drop(silent);
    assert_eq!(relay.end(&stage).0, 0);
}

#[test]
fn tls_is_required_where_other_machines_reach_the_relay() {
    let stage = Stage::new();
    let cert = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (cert_file, key_file) =
        (stage.file("cert.pem", &cert.cert.pem()), stage.file("key.pem", &cert.signing_key.serialize_pem()));
    let tls = format!("relay_cert: {cert_file}\nrelay_key: {key_file}\n");
    let start = |listen: &str, more: &str| {
        stage.run_with(&stage.settings(&format!("auth_token: {TOKEN}\nrelay_listen: {listen}\n{more}")), &["relay"])
    };
    let ran = start("0.0.0.0:0", "");
    assert!(ran.code == 2 && ran.err.contains("relay_cert"), "{ran:?}");
    let swapped = format!("relay_cert: {key_file}\nrelay_key: {cert_file}\n");
    assert!(start("127.0.0.1:0", &swapped).err.contains("no certificate"));
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let ran = start(&busy.local_addr().unwrap().to_string(), &tls);
    assert!(ran.code == 2 && ran.err.contains("choose another port"), "{ran:?}");
    let short = stage.run_with(&stage.settings("auth_token: short\n"), &["relay"]);
    assert!(short.code == 2 && short.err.contains("16 characters"), "{short:?}");

    let relay = Relay::start(&stage, &tls);
    assert!(relay.url.starts_with("https://127.0.0.1:"), "{}", relay.url);
    let pinned = TlsOptions::new().with_pinned_pem(&cert.cert.pem()).unwrap();
    let client = HttpClient::new(&relay.url, HttpOptions::new().with_tls(pinned)).unwrap();
    let request = HttpRequest::new(Method::POST, client.origin().url("").unwrap())
        .with_header(header::AUTHORIZATION, HeaderValue::try_from(format!("Bearer {TOKEN}")).unwrap())
        .with_body("application/json", community("building9", NET, "127.77.0.2"));
    assert_eq!(stage.block_on(client.send(request)).unwrap().status, 403);

    // The agent reports to it, and phpIPAM has the host although the agent changed nothing there itself.
    stage.nmap(&["127.77.0.2"]);
    let port = relay.url.trim_end_matches('/').rsplit(':').next().unwrap();
    let report = format!(
        "auth_token: {TOKEN}\nhttp_server: https://127.0.0.1\nhttp_port: {port}\nhttp_server_pin: {cert_file}\n"
    );
    let ran = stage.run_with(&stage.settings(&report), &["once"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(stage.hosts(), ["127.77.0.2"]);
    // A certificate that is not known names the setting for it.
    let unknown = report.replace("http_server_pin", "tls_pin");
    let ran = stage.run_with(&stage.settings(&unknown), &["once"]);
    assert!(ran.code == 1 && ran.out.contains("http_server_ca"), "{ran:?}");
    let wrong = report.replace(TOKEN, "another-token-0123456");
    let ran = stage.run_with(&stage.settings(&wrong), &["once"]);
    assert!(ran.code == 1 && ran.out.contains("bearer token") && !ran.out.contains("another-token"), "{ran:?}");
}
