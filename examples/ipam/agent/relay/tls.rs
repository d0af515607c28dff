//! TLS of the relay.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::agent::settings::{MAX_PEM, read_text};
use crate::exit::Failure;

/// Returns the acceptor of TLS connections with a chain of certificates and a key, both PEM files.
pub(super) fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, Failure> {
    let wrong = |name: &str, path: &Path, reason: &dyn std::fmt::Display| {
        Failure::Usage(format!("{name} is {:?}; {reason}", path.display().to_string()))
    };
    let read = |name: &str, path: &Path| {
        read_text(path, MAX_PEM).map_err(|error| wrong(name, path, &format_args!("the file cannot be read: {error}")))
    };
    let (cert_pem, key_pem) = (read("relay_cert", cert)?, read("relay_key", key)?);
    let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(cert_pem.as_bytes()).collect();
    let chain = match chain {
        Ok(chain) if !chain.is_empty() => chain,
        Ok(_) => return Err(wrong("relay_cert", cert, &"it has no certificate; give a PEM file, the relay's first")),
        Err(error) => return Err(wrong("relay_cert", cert, &format_args!("it cannot be read as PEM: {error}"))),
    };
    let private = PrivateKeyDer::from_pem_slice(key_pem.as_bytes())
        .map_err(|error| wrong("relay_key", key, &format_args!("it has no private key in PEM: {error}")))?;
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let mut config =
        config.map_err(|error| wrong("relay_cert", cert, &format_args!("it does not fit relay_key: {error}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
