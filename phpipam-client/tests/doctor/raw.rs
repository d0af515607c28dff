//! Small HTTP server, with or without TLS, whose responses a test writes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto, server::WebPkiClientVerifier};

/// Response of the server.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// Returns a response with a body of this type.
pub(crate) fn said(status: u16, content_type: &str, body: &str) -> Said {
    Said { status, headers: format!("content-type: {content_type}\r\n"), body: body.to_owned() }
}

/// Returns a success of phpIPAM with these data.
pub(crate) fn data(json: &str) -> Said {
    said(200, "application/json", &format!(r#"{{"code":200,"success":true,"data":{json},"time":0}}"#))
}

/// Returns a failure of phpIPAM.
pub(crate) fn refusal(status: u16, message: &str) -> Said {
    let body = format!(r#"{{"code":{status},"success":false,"message":"{message}","time":0}}"#);
    said(status, "application/json", &body)
}

/// Returns a page of a web server.
pub(crate) fn page(status: u16, text: &str) -> Said {
    said(status, "text/html", &format!("<html><body><h1>{text}</h1></body></html>"))
}

/// Certificate and key of a server.
pub(crate) struct Party {
    pub(crate) chain: String,
    pub(crate) key: String,
    /// Certificate of the authority that client certificates must be from.
    pub(crate) clients: Option<String>,
}

/// Running server.
pub(crate) struct Raw {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Raw {
    /// Starts a server that responds by the head of the request, in lower case.
    pub(crate) async fn start(respond: impl Fn(&str) -> Said + Send + Sync + 'static) -> Self {
        Self::listen(None, respond).await
    }

    /// The same with TLS.
    pub(crate) async fn start_tls(party: &Party, respond: impl Fn(&str) -> Said + Send + Sync + 'static) -> Self {
        Self::listen(Some(acceptor(party)), respond).await
    }

    async fn listen(tls: Option<TlsAcceptor>, respond: impl Fn(&str) -> Said + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (log, respond) = (Arc::clone(&heads), Arc::new(respond));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, log, respond) = (tls.clone(), Arc::clone(&log), Arc::clone(&respond));
                tokio::spawn(async move {
                    match tls {
                        None => exchange(stream, &log, &*respond).await,
                        Some(tls) => {
                            let Ok(stream) = tls.accept(stream).await else { return };
                            exchange(stream, &log, &*respond).await;
                        }
                    }
                });
            }
        });
        Self { address, heads }
    }

    /// Returns the heads of the requests so far, in lower case but for the values of headers.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin + Send,
    log: &Mutex<Vec<String>>,
    respond: &(impl Fn(&str) -> Said + Sync + ?Sized),
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    log.lock().unwrap().push(head.clone());
    let Said { status, headers, body } = respond(&head.to_ascii_lowercase());
    let length = body.len();
    let text = format!("HTTP/1.1 {status} x\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn acceptor(party: &Party) -> TlsAcceptor {
    let provider = Arc::new(crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let certificates =
        |pem: &str| CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect::<Vec<_>>();
    let builder = match &party.clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            for root in certificates(authority) {
                roots.add(root).unwrap();
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::from_pem_slice(party.key.as_bytes()).unwrap();
    TlsAcceptor::from(Arc::new(builder.with_single_cert(certificates(&party.chain), key).unwrap()))
}

/// Puts TLS before a server, and returns the address.
pub(crate) async fn tls_before(party: &Party, backend: SocketAddr) -> SocketAddr {
    let (acceptor, listener) = (acceptor(party), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut outer) = acceptor.accept(stream).await else { return };
                let Ok(mut inner) = TcpStream::connect(backend).await else { return };
                let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
            });
        }
    });
    address
}
