//! Servers outside, over HTTPS: the main server, which has the key of tokens, and the collector of logs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lab_gateway::log::{Entry, SealedBatch};
use secrecy::SecretString;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// How the collector responds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    /// Wait before each response.
    pub(crate) delay: Duration,
    /// It takes each batch of this number, and the response is lost.
    pub(crate) lost: Option<usize>,
}

/// The servers, at one address.
#[derive(Debug, Clone)]
pub(crate) struct Outside {
    /// URL with a slash at its end. The collector is at `logs/`.
    pub(crate) url: String,
    /// Certificate.
    pub(crate) pem: String,
    bodies: Arc<Mutex<Vec<SealedBatch>>>,
}

/// Makes a certificate for an address or a name. Returns it with its key, both as PEM, and the settings of a server.
pub(crate) fn certificate(name: &str) -> (String, String, ServerConfig) {
    let pair = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der()));
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], key)
        .unwrap();
    (pair.cert.pem(), pair.signing_key.serialize_pem(), config)
}

impl Outside {
    /// Starts the servers in the namespace of the caller. `key` is the public key of tokens, as PEM.
    pub(crate) async fn start(address: &str, key: &str, manner: Manner) -> Self {
        let (pem, _, config) = certificate(address);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind((address, 0)).await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let outside = Self { url, pem, bodies: Arc::default() };
        let (server, key) = (outside.clone(), key.to_owned());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, server, key) = (acceptor.clone(), server.clone(), key.clone());
                tokio::spawn(async move {
                    // A client that was killed leaves half a connection, or half a request.
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let Some((head, body)) = request(&mut stream).await else { return };
                    if let Some(response) = server.respond(&head, &body, &key, manner).await {
                        let _ = stream.write_all(response.as_bytes()).await;
                        let _ = stream.shutdown().await;
                    }
                });
            }
        });
        outside
    }

    async fn respond(&self, head: &str, body: &[u8], key: &str, manner: Manner) -> Option<String> {
        let content = match head.split(' ').nth(1) {
            Some("/api/1/auth/key") => json!({ "content": { "key": key, "algorithm": "EdDSA", "format": "pem" } }),
            Some("/logs/") => {
                let taken = {
                    let mut bodies = self.bodies.lock().unwrap();
                    bodies.push(serde_json::from_slice(body).unwrap());
                    bodies.len()
                };
                tokio::time::sleep(manner.delay).await;
                if manner.lost.is_some_and(|each| taken.is_multiple_of(each)) {
                    return None;
                }
                json!({})
            }
            path => panic!("{path:?}"),
        };
        let content = content.to_string();
        let length = content.len();
        Some(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{content}"))
    }

    /// Returns the batches that arrived, and how many of them are repeats by their id.
    pub(crate) fn batches(&self) -> (Vec<SealedBatch>, usize) {
        let mut ids = BTreeSet::new();
        let bodies = self.bodies.lock().unwrap();
        let first: Vec<SealedBatch> = bodies.iter().filter(|sealed| ids.insert(sealed.id.clone())).cloned().collect();
        let repeats = bodies.len() - first.len();
        (first, repeats)
    }

    /// Decrypts what arrived, without repeats.
    pub(crate) fn entries(&self, secret: &SecretString) -> Vec<Entry> {
        self.batches().0.iter().flat_map(|sealed| sealed.open(secret).unwrap().entries).collect()
    }
}

/// Reads a request with its length in the head. `None` if it does not come to its end.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.ok().filter(|length| *length > 0)?;
        request.extend_from_slice(&part[..length]);
        let Some(at) = request.windows(4).position(|end| end == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..at]).into_owned();
        let lower = head.to_ascii_lowercase();
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        let body = &request[at + 4..];
        if body.len() >= length.parse::<usize>().unwrap() {
            return Some((head, body.to_vec()));
        }
    }
}
