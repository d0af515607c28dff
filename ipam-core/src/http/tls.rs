//! Whom to trust, and who we are, in TLS.
//!
//! The configuration is our own and handed over ready: that is what makes an exact pin possible, and a system without
//! root certificates an untrusted server (with its chain shown) instead of a client that cannot be built.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use secrecy::{ExposeSecret, SecretString};

use super::certificate::Facts;
use crate::{CertificateChain, Error, ErrorKind, Operation, Result};

/// Whom to trust, and who we are.
///
/// By default the system's root certificates decide. A CA bundle adds roots. A pin replaces all that: only exactly that
/// certificate is trusted, whatever its name, dates and issuer. PEM text may have its line ends written as `\n`, as in
/// environment variables and JSON pasted twice.
///
/// ```
/// use ipam_core::http::TlsOptions;
///
/// assert!(TlsOptions::new().with_pinned_pem("not a certificate").is_err());
/// ```
#[derive(Clone)]
#[must_use]
pub struct TlsOptions {
    system_roots: bool,
    extra_roots: Vec<CertificateDer<'static>>,
    pins: Vec<Vec<CertificateDer<'static>>>,
    identity: Option<Arc<Identity>>,
    insecure: bool,
}

struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl TlsOptions {
    /// The system's root certificates (or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name), no client certificate.
    pub fn new() -> Self {
        Self { system_roots: true, extra_roots: Vec::new(), pins: Vec::new(), identity: None, insecure: false }
    }

    /// Sets whether the system's root certificates are trusted; without them only an extra CA bundle or a pin is.
    pub fn with_system_roots(mut self, trusted: bool) -> Self {
        self.system_roots = trusted;
        self
    }

    /// Trusts the certificate authorities in `pem` as well. For the certificate of the server itself use
    /// [`with_pinned_pem`](Self::with_pinned_pem).
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) when there is no certificate in it, or one cannot be read.
    pub fn with_ca_pem(mut self, pem: &str) -> Result<Self> {
        self.extra_roots.extend(certificates("CA bundle", pem)?);
        Ok(self)
    }

    /// Trusts exactly this server: a single certificate must be the one the server proves to have; of several, leaf
    /// first, the server must send exactly these. Neither name, dates nor issuer are looked at, so a self-signed leaf
    /// works. May be called again; any of the pins is trusted then. System roots and CA bundles no longer count.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) when there is no certificate in it, or one cannot be read.
    pub fn with_pinned_pem(mut self, pem: &str) -> Result<Self> {
        self.pins.push(certificates("pinned certificate", pem)?);
        Ok(self)
    }

    /// Proves to the server who we are: a certificate chain, leaf first, and its private key (PKCS#8, PKCS#1 or SEC1).
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) when either cannot be read. That they belong together is checked when
    /// the client is built.
    pub fn with_client_identity(mut self, chain_pem: &str, key_pem: &SecretString) -> Result<Self> {
        let chain = certificates("client certificate", chain_pem)?;
        let text = SecretString::from(unescape(key_pem.expose_secret()));
        let key = PrivateKeyDer::from_pem_slice(text.expose_secret().as_bytes()).map_err(|_| {
            Error::invalid(
                Operation::Configure,
                "client key",
                "[not shown]",
                "give an unencrypted private key as PEM text",
            )
        })?;
        self.identity = Some(Arc::new(Identity { chain, key }));
        Ok(self)
    }

    /// Sets whether any certificate is accepted, from anybody. Whoever sits between then has the credentials.
    /// Not together with a pin, which would be ignored.
    pub fn with_insecure(mut self, accept_anybody: bool) -> Self {
        self.insecure = accept_anybody;
        self
    }

    /// The configuration for a client.
    pub(super) fn client_config(&self) -> Result<ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Arc::new(Verifier { trust: self.trust(&provider)?, provider: Arc::clone(&provider) });
        let config = |error: rustls::Error, message: &'static str| {
            Error::new(ErrorKind::Config, Operation::Configure, message).with_source(error)
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| config(error, "no TLS version can be used"))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut built = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                builder.with_client_auth_cert(identity.chain.clone(), identity.key.clone_key()).map_err(|error| {
                    config(error, "the client certificate and its key do not belong together, or cannot be used")
                })?
            }
        };
        built.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(built)
    }

    fn trust(&self, provider: &Arc<CryptoProvider>) -> Result<Trust> {
        if self.insecure {
            return if self.pins.is_empty() {
                Ok(Trust::Anybody)
            } else {
                Err(Error::new(
                    ErrorKind::Config,
                    Operation::Configure,
                    "a pinned certificate and insecure exclude each other",
                ))
            };
        }
        if !self.pins.is_empty() {
            return Ok(Trust::Pins(self.pins.clone()));
        }
        let mut roots = RootCertStore::empty();
        if self.system_roots {
            // A root that cannot be read is not worth failing for: without it, what it signed is untrusted.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        for root in &self.extra_roots {
            roots.add(root.clone()).map_err(|error| {
                Error::invalid(
                    Operation::Configure,
                    "CA bundle",
                    "a certificate in it",
                    "it cannot be used as an authority",
                )
                .with_source(error)
            })?;
        }
        if roots.is_empty() {
            return Ok(Trust::Nobody);
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Config, Operation::Configure, "the root certificates cannot be used")
                    .with_source(error)
            })?;
        Ok(Trust::Authorities(verifier))
    }
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("system_roots", &self.system_roots)
            .field("extra_roots", &self.extra_roots.len())
            .field("pins", &self.pins.len())
            .field("client_identity", &self.identity.is_some())
            .field("insecure", &self.insecure)
            .finish()
    }
}

/// Line ends written as backslash and n become line ends.
fn unescape(pem: &str) -> String {
    pem.replace("\\r", "").replace("\\n", "\n")
}

fn certificates(field: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    let remedy = "give certificates as PEM text (-----BEGIN CERTIFICATE-----)";
    let found = CertificateDer::pem_slice_iter(unescape(pem).as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Error::invalid(Operation::Configure, field, "[not shown]", remedy).with_source(error))?;
    if found.is_empty() {
        return Err(Error::invalid(Operation::Configure, field, "[no certificate in it]", remedy));
    }
    Ok(found)
}

fn chain_as_pem(chain: &[CertificateDer<'_>]) -> CertificateChain {
    let mut pem = String::new();
    for certificate in chain {
        pem.push_str("-----BEGIN CERTIFICATE-----\n");
        let mut text = base64::engine::general_purpose::STANDARD.encode(certificate);
        while !text.is_empty() {
            let rest = text.split_off(text.len().min(64));
            pem.push_str(&text);
            pem.push('\n');
            text = rest;
        }
        pem.push_str("-----END CERTIFICATE-----\n");
    }
    CertificateChain::from_pem(pem)
}

/// Why a server is not trusted, and what it sent. Travels through TLS and HTTP as their error's cause.
#[derive(Debug)]
struct UntrustedServer {
    reason: String,
    chain: CertificateChain,
}

impl fmt::Display for UntrustedServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl StdError for UntrustedServer {}

/// What TLS says about a failed connection.
#[derive(Debug)]
pub(super) enum TlsFailure {
    /// We do not trust the server.
    Untrusted { reason: String, chain: CertificateChain },
    /// The server does not accept our certificate, or wants one.
    ClientRefused,
    /// The two cannot agree, or what answers does not speak TLS.
    Handshake(&'static str),
}

/// Looks for a TLS failure among the causes of an error.
pub(super) fn find_failure(error: &(dyn StdError + 'static)) -> Option<TlsFailure> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(classify(tls));
        }
        // An I/O error gives the cause of its inner error as its own, so the inner one must be asked for.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    None
}

fn classify(error: &rustls::Error) -> TlsFailure {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            match inner.downcast_ref::<UntrustedServer>() {
                Some(untrusted) => {
                    TlsFailure::Untrusted { reason: untrusted.reason.clone(), chain: untrusted.chain.clone() }
                }
                None => TlsFailure::Handshake("the server's certificate cannot be checked"),
            }
        }
        rustls::Error::InvalidCertificate(_) => {
            TlsFailure::Handshake("the server does not prove that it has the key of its certificate")
        }
        rustls::Error::InvalidMessage(_) => TlsFailure::Handshake(
            "the server does not speak TLS on this port: give the port of HTTPS, or write http:// if it is one of plain HTTP",
        ),
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            Alert::HandshakeFailure | Alert::ProtocolVersion | Alert::InsufficientSecurity,
        ) => TlsFailure::Handshake("client and server have no version or cipher of TLS in common"),
        rustls::Error::AlertReceived(Alert::UnrecognisedName) => {
            TlsFailure::Handshake("the server has no site of this name")
        }
        rustls::Error::AlertReceived(
            Alert::CertificateRequired
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied,
        ) => TlsFailure::ClientRefused,
        _ => TlsFailure::Handshake("the TLS handshake failed"),
    }
}

const SELF_SIGNED: &str =
    "it is self-signed: pin it, with `pin=FILE` in a provider's URL or TlsOptions::with_pinned_pem in a program";

/// Why authorities do not vouch for a certificate, in words.
fn reason(error: &rustls::Error, facts: Option<Facts>, name: &ServerName<'_>) -> String {
    let rustls::Error::InvalidCertificate(error) = error else { return "it cannot be checked".to_owned() };
    let name = name.to_str();
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet: compare the clocks of both hosts".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("it is not for the name {name}: use a name that it has, or pin it")
        }
        CertificateError::Revoked => "it was revoked".to_owned(),
        _ if facts.is_some_and(|facts| facts.self_signed) => SELF_SIGNED.to_owned(),
        CertificateError::UnknownIssuer => {
            "its issuer is not trusted: add the issuer's certificate, with `ca=FILE` in a \
            provider's URL or TlsOptions::with_ca_pem in a program"
                .to_owned()
        }
        CertificateError::InvalidPurpose => "it is not for servers".to_owned(),
        CertificateError::BadSignature => "a signature in its chain is wrong".to_owned(),
        _ => "it cannot be checked".to_owned(),
    }
}

/// Who is trusted.
#[derive(Debug)]
enum Trust {
    Authorities(Arc<WebPkiServerVerifier>),
    Pins(Vec<Vec<CertificateDer<'static>>>),
    Anybody,
    Nobody,
}

/// Decides on the certificate; whatever it decides, the server must prove that it has the certificate's key.
#[derive(Debug)]
struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let facts = Facts::read(end_entity);
        let reason = match &self.trust {
            // The proof of the key would fail, without saying why.
            _ if let Some(reason) = facts.and_then(|facts| facts.unusable()) => reason,
            Trust::Anybody => return Ok(ServerCertVerified::assertion()),
            Trust::Pins(pins) => {
                let matches = pins.iter().any(|pin| match pin.split_first() {
                    Some((leaf, [])) => leaf == end_entity,
                    Some((leaf, rest)) => leaf == end_entity && rest == intermediates,
                    None => false,
                });
                if matches {
                    return Ok(ServerCertVerified::assertion());
                }
                "it is not the pinned certificate".to_owned()
            }
            Trust::Nobody if facts.is_some_and(|facts| facts.self_signed) => SELF_SIGNED.to_owned(),
            Trust::Nobody => "there are no root certificates to judge it by".to_owned(),
            Trust::Authorities(verifier) => {
                match verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                    Ok(verified) => return Ok(verified),
                    Err(error) => reason(&error, facts, server_name),
                }
            }
        };
        let sent: Vec<_> = std::iter::once(end_entity).chain(intermediates).cloned().collect();
        let untrusted = UntrustedServer { reason, chain: chain_as_pem(&sent) };
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(untrusted)))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
