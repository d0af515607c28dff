#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::http::{HttpClient, HttpOptions, HttpRequest};
use crate::{Outcome, Retry, error::Error as CoreError};

struct Party {
    chain_pem: String,
    leaf_pem: String,
    key_pem: String,
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issued_by(issuer: &Issuer, name: &str) -> Party {
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, issuer).unwrap().pem();
    Party { chain_pem: format!("{leaf}{}", issuer.pem()), leaf_pem: leaf, key_pem: key.serialize_pem() }
}

fn self_signed(name: &str) -> Party {
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    Party { chain_pem: leaf.clone(), leaf_pem: leaf, key_pem: key.serialize_pem() }
}

/// Starts a server that responds to every request with 200. Returns its URL.
async fn serve(party: &Party, clients: Option<&Issuer>) -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(issuer) => {
            let mut roots = RootCertStore::empty();
            roots.add(issuer.der().clone()).unwrap();
            let verifier =
                rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let chain = certificates("test", &party.chain_pem).unwrap();
    let key = PrivateKeyDer::from_pem_slice(party.key_pem.as_bytes()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut tls) = acceptor.accept(stream).await else { return };
                let mut request = [0_u8; 2048];
                let _ = tls.read(&mut request).await;
                let _ = tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await;
                let _ = tls.shutdown().await;
            });
        }
    });
    format!("https://localhost:{port}")
}

async fn get(url: &str, tls: TlsOptions) -> Result<u16, CoreError> {
    let options = HttpOptions::new().with_proxy(crate::http::ProxyOptions::none()).with_tls(tls);
    let client = HttpClient::new(url, options)?;
    let request = HttpRequest::new(http::Method::GET, client.origin().url("x")?);
    client.send(request).await.map(|response| response.status.as_u16())
}

fn no_roots() -> TlsOptions {
    TlsOptions::new().with_system_roots(false)
}

#[tokio::test]
async fn an_unknown_server_is_untrusted_and_its_chain_is_shown_as_sent() {
    let party = issued_by(&authority("ours"), "localhost");
    let url = serve(&party, None).await;
    for tls in [TlsOptions::new(), no_roots(), no_roots().with_pinned_pem(&self_signed("localhost").leaf_pem).unwrap()]
    {
        let error = get(&url, tls).await.unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Untrusted, Retry::Never), "{error}");
        let shown = certificates("test", error.certificates().unwrap().as_pem()).unwrap();
        assert_eq!(shown, certificates("test", &party.chain_pem).unwrap());
    }
}

#[tokio::test]
async fn a_ca_bundle_is_trusted_and_the_name_must_fit() {
    let issuer = authority("ours");
    let bundle = format!("{}{}", authority("another").pem(), issuer.pem());
    let tls = no_roots().with_ca_pem(&bundle).unwrap();
    let good = serve(&issued_by(&issuer, "localhost"), None).await;
    assert_eq!(get(&good, tls.clone()).await.unwrap(), 200);
    let other_name = serve(&issued_by(&issuer, "ipam.example"), None).await;
    let error = get(&other_name, tls).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Untrusted);
    assert!(error.certificates().is_some());
}

#[tokio::test]
async fn a_pinned_self_signed_leaf_is_trusted_whatever_its_name() {
    let party = self_signed("printer.example");
    let url = serve(&party, None).await;
    let pin = |pem: &str| no_roots().with_pinned_pem(pem).unwrap();
    assert_eq!(get(&url, pin(&party.leaf_pem)).await.unwrap(), 200);
    assert_eq!(get(&url, pin(&party.leaf_pem.replace('\n', "\\n"))).await.unwrap(), 200, "line ends as backslash n");
    let two = pin(&self_signed("x").leaf_pem).with_pinned_pem(&party.leaf_pem).unwrap();
    assert_eq!(get(&url, two).await.unwrap(), 200, "any of the pins");
}

#[tokio::test]
async fn the_chain_of_an_untrusted_server_can_be_pinned() {
    let url = serve(&issued_by(&authority("ours"), "localhost"), None).await;
    let error = get(&url, no_roots()).await.unwrap_err();
    let tls = no_roots().with_pinned_pem(error.certificates().unwrap().as_pem()).unwrap();
    assert_eq!(get(&url, tls).await.unwrap(), 200);
}

#[tokio::test]
async fn a_pin_trusts_neither_the_issuers_other_certificates_nor_another_chain() {
    let issuer = authority("ours");
    let party = issued_by(&issuer, "localhost");
    let sibling = serve(&issued_by(&issuer, "localhost"), None).await;
    for pem in [&party.chain_pem, &party.leaf_pem, &issuer.pem()] {
        let tls = no_roots().with_ca_pem(&issuer.pem()).unwrap().with_pinned_pem(pem).unwrap();
        assert_eq!(get(&sibling, tls).await.unwrap_err().kind(), ErrorKind::Untrusted);
    }
    let url = serve(&party, None).await;
    let other_chain = format!("{}{}", party.leaf_pem, authority("another").pem());
    let tls = no_roots().with_pinned_pem(&other_chain).unwrap();
    assert_eq!(get(&url, tls).await.unwrap_err().kind(), ErrorKind::Untrusted);
    let tls = no_roots().with_pinned_pem(&party.leaf_pem).unwrap();
    assert_eq!(get(&url, tls).await.unwrap(), 200, "the leaf alone is enough");
}

/// Certificate resolver that signs with another key than that of the certificate.
#[derive(Debug)]
struct Thief(Arc<rustls::sign::CertifiedKey>);

impl rustls::server::ResolvesServerCert for Thief {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<rustls::sign::CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

#[tokio::test]
async fn a_certificate_without_its_key_is_refused() {
    let (victim, thief) = (self_signed("localhost"), self_signed("localhost"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from_pem_slice(thief.key_pem.as_bytes()).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let stolen = rustls::sign::CertifiedKey::new(certificates("test", &victim.leaf_pem).unwrap(), key);
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Thief(Arc::new(stolen))));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    for tls in [no_roots().with_pinned_pem(&victim.leaf_pem).unwrap(), TlsOptions::new().with_insecure(true)] {
        let error = get(&url, tls).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
    }
}

#[tokio::test]
async fn insecure_must_be_set_and_excludes_pins() {
    let party = self_signed("printer.example");
    let url = serve(&party, None).await;
    assert_eq!(get(&url, TlsOptions::new().with_insecure(true)).await.unwrap(), 200);
    let both = TlsOptions::new().with_insecure(true).with_pinned_pem(&party.leaf_pem).unwrap();
    assert_eq!(get(&url, both).await.unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_client_certificate_is_sent_to_a_server_that_requires_one() {
    let (servers, clients) = (authority("servers"), authority("clients"));
    let url = serve(&issued_by(&servers, "localhost"), Some(&clients)).await;
    let tls = no_roots().with_ca_pem(&servers.pem()).unwrap();
    let error = get(&url, tls.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unknown, "the alert comes after the request: {error:?}");
    let us = issued_by(&clients, "client.example");
    let with =
        |party: &Party| tls.clone().with_client_identity(&party.chain_pem, &party.key_pem.clone().into()).unwrap();
    assert_eq!(get(&url, with(&us)).await.unwrap(), 200);
    let error = get(&url, with(&issued_by(&authority("others"), "client.example"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unknown, "the alert comes after the request: {error:?}");
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let (one, two) = (self_signed("one"), self_signed("two"));
    let tls = no_roots().with_client_identity(&one.leaf_pem, &two.key_pem.into()).unwrap();
    assert_eq!(tls.client_config().unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn invalid_pem_is_refused_and_never_shown() {
    let party = self_signed("localhost");
    assert!(TlsOptions::new().with_ca_pem("").is_err());
    assert!(TlsOptions::new().with_ca_pem(&party.key_pem).is_err(), "a key is not a certificate");
    assert!(TlsOptions::new().with_pinned_pem("-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----").is_err());
    let error = TlsOptions::new().with_client_identity(&party.leaf_pem, &"s3cret".to_owned().into()).unwrap_err();
    assert!(!format!("{error:?}").contains("s3cret"));
}

/// Returns the texts of an error and its causes.
fn texts_of(error: &CoreError) -> String {
    let mut text = error.to_string();
    let mut cause: Option<&dyn StdError> = error.source();
    while let Some(next) = cause {
        text.push_str(&format!(" <- {next}"));
        cause = next.source();
    }
    text
}

#[tokio::test]
async fn the_error_of_a_self_signed_server_says_how_to_pin_it_without_texts_of_the_library() {
    let url = serve(&self_signed("localhost"), None).await;
    for tls in [TlsOptions::new(), no_roots(), no_roots().with_ca_pem(&authority("other").pem()).unwrap()] {
        let error = get(&url, tls).await.unwrap_err();
        let text = texts_of(&error);
        assert!(text.contains("self-signed") && text.contains("pin="), "{text}");
        for word in ["Other(", "OtherError", "UntrustedServer", "UnknownIssuer", "InvalidCertificate"] {
            assert!(!text.contains(word), "{text}");
        }
    }
    let url = serve(&issued_by(&authority("ours"), "localhost"), None).await;
    let text = texts_of(&get(&url, no_roots().with_ca_pem(&authority("other").pem()).unwrap()).await.unwrap_err());
    assert!(text.contains("issuer") && text.contains("ca=") && !text.contains("UnknownIssuer"), "{text}");
}

/// Starts a server with this certificate and another key. No test gets as far as the proof of the key.
async fn serve_fixture(certificate: &str) -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = certificates("test", certificate).unwrap();
    // The TLS library refuses to load an RSA key of 1024 bits.
    let key = PrivateKeyDer::from_pem_slice(self_signed("localhost").key_pem.as_bytes()).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let certified = rustls::sign::CertifiedKey::new(chain, key);
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Thief(Arc::new(certified))));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    url
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_says_so_under_pin_and_insecure_too() {
    let v1 = include_str!("../../tests/data/tls/v1.pem");
    let short = include_str!("../../tests/data/tls/rsa1024.pem");
    for (certificate, words) in [(v1, "version 1"), (short, "1024 bits")] {
        let url = serve_fixture(certificate).await;
        let pin = no_roots().with_pinned_pem(certificate).unwrap();
        for tls in [TlsOptions::new(), no_roots(), pin, TlsOptions::new().with_insecure(true)] {
            let error = get(&url, tls).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Untrusted, "{error:?}");
            let text = texts_of(&error);
            assert!(text.contains(words) && error.certificates().is_some(), "{text}");
        }
    }
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let error = get(&url, TlsOptions::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
    assert!(!texts_of(&error).contains("InvalidContentType"), "{}", texts_of(&error));
}
