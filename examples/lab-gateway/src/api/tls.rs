//! TLS of the API.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::{ApiSettings, ConfigError, read_text};

/// Largest file of certificates.
const MAX_PEM: u64 = 1 << 20;

/// Checks the settings of TLS, and returns a remark.
pub(crate) fn check(settings: &ApiSettings) -> Result<String, ConfigError> {
    let tls = acceptor(settings)?.is_some();
    Ok(format!("{} {}", settings.listen, if tls { "with TLS" } else { "without TLS, for this machine only" }))
}

/// Returns the acceptor of TLS connections, or `None` for a gateway that listens without TLS.
pub(crate) fn acceptor(settings: &ApiSettings) -> Result<Option<TlsAcceptor>, ConfigError> {
    let (Some(path), Some(key)) = (&settings.certificate, &settings.key_file) else { return Ok(None) };
    let wrong = |problem: String| wrong_certificate(path, &problem);
    let pem = read_text(path, MAX_PEM).map_err(|error| wrong(format!("the file cannot be read: {error}")))?;
    let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let chain = match chain {
        Ok(chain) if !chain.is_empty() => chain,
        Ok(_) => return Err(wrong("it has no certificate".to_owned())),
        Err(error) => return Err(wrong(format!("it cannot be read as PEM: {error}"))),
    };
    let secret = key.read("api.key_file")?;
    let private = PrivateKeyDer::from_pem_slice(secret.expose_secret().as_bytes()).map_err(|error| {
        let problem = format!("it has no private key in PEM: {error}");
        ConfigError::new("api.key_file", key.path().display(), problem, "name the key of api.certificate")
    })?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    let mut config = config.map_err(|error| wrong(format!("it does not fit api.key_file: {error}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

fn wrong_certificate(path: &Path, problem: &dyn Display) -> ConfigError {
    let remedy = "name a PEM file with the gateway's certificate first, then those of its chain";
    ConfigError::new("api.certificate", path.display(), problem.to_string(), remedy)
}
