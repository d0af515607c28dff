//! Tokens and requests of a client.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const ISSUER: &str = "main.lab.example";

/// Main server: it signs tokens.
pub(crate) struct Main {
    pair: Ed25519KeyPair,
}

impl Main {
    pub(crate) fn new() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).unwrap();
        Self { pair: Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap() }
    }

    /// Returns its public key.
    pub(crate) fn pem(&self) -> String {
        let der = [b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", self.pair.public_key().as_ref()].concat();
        pem(&der)
    }

    /// Signs claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        signed(&json!({ "alg": "EdDSA", "typ": "JWT" }), claims, |message| self.pair.sign(message).as_ref().to_vec())
    }

    /// Returns a token of a user on this machine.
    pub(crate) fn token(&self, user: &str) -> String {
        self.sign(&claims(user))
    }
}

pub(crate) fn pem(der: &[u8]) -> String {
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
}

/// Makes a token of header, claims and signature.
pub(crate) fn signed(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Returns the claims of a valid token.
pub(crate) fn claims(user: &str) -> Value {
    json!({
        "exp": now() + 3600, "iss": ISSUER, "version": 2, "username": user, "client_ip": "127.0.0.1",
        "email": format!("{user}@lab.example"),
    })
}

/// Response of the gateway.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) json: Value,
}

impl Response {
    /// Returns the type of the error.
    pub(crate) fn kind(&self) -> &str {
        self.json["content"]["type"].as_str().unwrap_or("")
    }

    /// Returns the content of a success.
    pub(crate) fn content(&self) -> &Value {
        assert_eq!((self.status, &self.json["error"]), (200, &Value::Null), "{self:?}");
        &self.json["content"]
    }
}

/// Sends a request over a connection, and reads the response.
pub(crate) async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> Response {
    // The gateway may respond, and close, before it has read everything.
    let _ = stream.write_all(request).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let head = head.to_ascii_lowercase();
    Response { status, head, json: serde_json::from_str(body).unwrap_or(Value::Null) }
}

/// Client of a gateway on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) token: Option<String>,
}

impl Client {
    pub(crate) fn text(&self, method: &str, path: &str, body: &str) -> String {
        let token = self.token.as_ref().map(|token| format!("X-Auth: {token}\r\n")).unwrap_or_default();
        let length = body.len();
        format!("{method} {path} HTTP/1.1\r\nHost: gw\r\n{token}Content-Length: {length}\r\n\r\n{body}")
    }

    pub(crate) async fn raw(&self, request: &[u8]) -> Response {
        exchange(TcpStream::connect(self.address).await.unwrap(), request).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: &str) -> Response {
        self.raw(self.text(method, path, body).as_bytes()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send("GET", path, "").await
    }

    pub(crate) async fn map(&self, address: &str, port: u32, name: &str) -> Response {
        let body = json!({
            "target_addr": address, "target_port": port, "target_name": name, "target_component": "web",
        });
        self.send("POST", "/api/1/ipam/portmap", &body.to_string()).await
    }

    pub(crate) async fn unmap(&self, port: u64) -> Response {
        self.send("DELETE", "/api/1/ipam/portmap", &json!({ "conn_port": port }).to_string()).await
    }
}
