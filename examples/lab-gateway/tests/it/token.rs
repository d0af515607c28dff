//! Algorithms and keys of tokens.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use lab_gateway::background::{Reports, Stopper};
use lab_gateway::config::Config;
use lab_gateway::token::{KeyError, TokenChecker, TokenError, Tokens};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;

use crate::client::{ISSUER, Main, claims, pem, signed};

const HERE: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

#[test]
fn signatures_of_each_kind_of_key_are_checked() {
    // RSA, as the published main server signs: a key and a token that OpenSSL made.
    let key = include_str!("../data/rs512.pem");
    let token = include_str!("../data/rs512.jwt").trim();
    let checker = TokenChecker::new("RS512", key, ISSUER).unwrap();
    assert_eq!(checker.check(token, HERE).unwrap().name, "alice");
    assert_eq!(TokenChecker::new("RS256", key, ISSUER).unwrap().check(token, HERE), Err(TokenError::Forged));
    // One letter of the claims.
    let (head, rest) = token.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let other = body.replacen('J', "K", 1);
    assert_eq!(checker.check(&format!("{head}.{other}.{signature}"), HERE), Err(TokenError::Forged));

    let random = ring::rand::SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
    let prefix =
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
    let key = pem(&[&prefix[..], pair.public_key().as_ref()].concat());
    let token = signed(&json!({ "alg": "ES256" }), &claims("bob"), |message| {
        pair.sign(&random, message).unwrap().as_ref().to_vec()
    });
    assert_eq!(TokenChecker::new("ES256", &key, ISSUER).unwrap().check(&token, HERE).unwrap().name, "bob");

    let secret = "0123456789abcdef0123456789abcdef";
    let token = signed(&json!({ "alg": "HS256" }), &claims("carol"), |message| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
        ring::hmac::sign(&key, message).as_ref().to_vec()
    });
    let checker = TokenChecker::new("HS256", secret, ISSUER).unwrap();
    assert_eq!(checker.check(&token, HERE).unwrap().name, "carol");
    assert!(!format!("{checker:?}").contains("0123"), "{checker:?}");
}

#[test]
fn keys_that_do_not_fit_are_refused_at_start() {
    let ed = Main::new().pem();
    assert!(matches!(TokenChecker::new("none", &ed, ISSUER), Err(KeyError::Algorithm(_))));
    assert!(matches!(TokenChecker::new("RS256", &ed, ISSUER), Err(KeyError::Key { .. })));
    assert!(matches!(TokenChecker::new("EdDSA", include_str!("../data/rs512.pem"), ISSUER), Err(KeyError::Key { .. })));
    assert!(matches!(TokenChecker::new("EdDSA", "no key", ISSUER), Err(KeyError::Key { .. })));
    assert!(matches!(TokenChecker::new("HS512", "short", ISSUER), Err(KeyError::Short { least: 64 })));
}

/// Starts a main server that responds with this body to each request.
fn main_server(body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 2048];
            let read = stream.read(&mut request).unwrap_or(0);
            let known = request[..read].starts_with(b"GET /api/1/auth/key ");
            let status = if known { "200 OK" } else { "404 Not Found" };
            let length = body.len();
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        }
    });
    url
}

async fn fetched(content: serde_json::Value, algorithm: &str) -> (Tokens, Option<String>) {
    let url = main_server(json!({ "error": null, "content": content, "params": {} }).to_string());
    let text = format!(
        "name = \"alice\"\n[token]\nkey_url = \"{url}\"\nissuer = \"{ISSUER}\"\n{algorithm}\n[lab]\nnetworks = \
         [\"10.0.0.0/24\"]\n[outside]\ninterface = \"lo\"\n"
    );
    let config = Config::parse(&text, []).unwrap();
    let (tokens, reports, (stopper, stop)) = (Tokens::new(), Reports::new(), Stopper::new());
    let report = reports.part("token");
    let loading = tokens.fetch(&config.token, &report, &stop);
    let stopping = async {
        for _ in 0..100 {
            if reports.all().contains_key("token") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        stopper.stop();
    };
    tokio::join!(loading, stopping);
    let problem = reports.all().get("token").filter(|part| !part.up).map(|part| part.detail.clone());
    (tokens, problem)
}

#[tokio::test]
async fn the_key_comes_from_the_main_server() {
    let main = Main::new();
    let key = json!({ "key": main.pem(), "algorithm": "EdDSA", "format": "pem" });
    let (tokens, problem) = fetched(key.clone(), "").await;
    assert_eq!(problem, None);
    assert_eq!(tokens.check(&main.token("alice"), HERE).unwrap().name, "alice");
    let (tokens, problem) = fetched(key, "algorithm = \"RS512\"").await;
    assert!(problem.unwrap().contains("token.algorithm is RS512"));
    assert_eq!(tokens.check(&main.token("alice"), HERE), Err(TokenError::NoKey));
    for (content, part) in [
        (json!({ "key": "s".repeat(64), "algorithm": "HS256", "format": "pem" }), "tells to everyone"),
        (json!({ "key": "x", "algorithm": "EdDSA", "format": "jwk" }), "not pem"),
        (json!({ "key": "x", "algorithm": "EdDSA" }), "PUBLIC KEY"),
        (json!(null), "content is null"),
    ] {
        let problem = fetched(content, "").await.1.unwrap();
        assert!(problem.contains(part), "{problem}");
    }
}
