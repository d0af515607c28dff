//! TLS: trusted certificates, pins and the client certificate.
//!
//! The configuration is built here, and not by the HTTP library, for two reasons. The library cannot pin a certificate. And
//! it fails to build a client where the system has no root certificates; here the server is untrusted then, and the error
//! has its chain, so that a user can inspect and pin it.

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

/// Trusted certificates of servers, and the certificate of the client.
///
/// | to trust | use |
/// | --- | --- |
/// | public servers, and authorities that the system knows | the default |
/// | servers of a company's own authority | [`with_ca_pem`](Self::with_ca_pem), in addition to the system's |
/// | one self-signed server | [`with_pinned_pem`](Self::with_pinned_pem), instead of all authorities |
///
/// If a server is not trusted, the error is [`Untrusted`](ErrorKind::Untrusted) and
/// [`certificates`](crate::Error::certificates) has the chain that it sent. To pin it, show the chain to the user, and pass
/// it to `with_pinned_pem`.
///
/// PEM text may have its line ends written as `\n`, as in environment variables and JSON.
///
/// ```
/// use ipam_core::http::TlsOptions;
/// # // A self-signed certificate of this crate's tests, made for this.
/// # let pem = &std::fs::read_to_string("tests/data/tls/v1.pem").unwrap();
///
/// // `pem` is the text of a certificate: -----BEGIN CERTIFICATE----- …
/// let tls = TlsOptions::new().with_pinned_pem(pem)?;
/// # let _ = tls;
/// let error = TlsOptions::new().with_pinned_pem("not a certificate").unwrap_err();
/// assert!(error.to_string().contains("give certificates as PEM text"), "{error}");
/// # Ok::<(), ipam_core::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct TlsOptions {
    system_roots: bool,
    extra_roots: Vec<CertificateDer<'static>>,
    pins: Vec<Vec<CertificateDer<'static>>>,
    // Shared, because `PrivateKeyDer` is not `Clone`.
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
    /// Returns the default: the root certificates of the system, no pin, no client certificate.
    ///
    /// The environment variables `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the roots of the system.
    pub fn new() -> Self {
        Self { system_roots: true, extra_roots: Vec::new(), pins: Vec::new(), identity: None, insecure: false }
    }

    /// Trusts the root certificates of the system, or not. The default is to trust them.
    ///
    /// Without them, only the authorities of [`with_ca_pem`](Self::with_ca_pem) or the pins are trusted.
    pub fn with_system_roots(mut self, trusted: bool) -> Self {
        self.system_roots = trusted;
        self
    }

    /// Adds the certificate authorities in `pem` to the trusted ones.
    ///
    /// For the certificate of the server itself use [`with_pinned_pem`](Self::with_pinned_pem).
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if the text has no certificate, or one that cannot be read.
    pub fn with_ca_pem(mut self, pem: &str) -> Result<Self> {
        self.extra_roots.extend(certificates("CA bundle", pem)?);
        Ok(self)
    }

    /// Trusts exactly one server, by its certificate.
    ///
    /// `pem` has one of two forms:
    /// - One certificate: the certificate of the server (leaf) must be this one. The other certificates that the server
    ///   sends are ignored.
    /// - Several certificates, leaf first: the server must send exactly these, in this order.
    ///
    /// Name, dates and issuer are not checked, so a self-signed certificate works. The server must still prove that it has
    /// the private key. A second call adds a pin, and a server that matches one of the pins is trusted. With a pin, the roots
    /// of the system and CA bundles are not used.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if the text has no certificate, or one that cannot be read.
    pub fn with_pinned_pem(mut self, pem: &str) -> Result<Self> {
        self.pins.push(certificates("pinned certificate", pem)?);
        Ok(self)
    }

    /// Sets the certificate of the client: a chain, leaf first, and its private key (PKCS#8, PKCS#1 or SEC1).
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) if the chain or the key cannot be read. If they do not belong together,
    /// building the client fails with [`Config`](ErrorKind::Config).
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

    /// Accepts every certificate of every server, or not. The default is not to.
    ///
    /// A host between client and server can then read the credentials and change the responses. Use a pin instead.
    /// Together with a pin, building the client fails with [`Config`](ErrorKind::Config).
    pub fn with_insecure(mut self, accept_every_certificate: bool) -> Self {
        self.insecure = accept_every_certificate;
        self
    }

    /// Returns true if every certificate is accepted; see [`with_insecure`](Self::with_insecure).
    #[must_use]
    pub fn is_insecure(&self) -> bool {
        self.insecure
    }

    /// Returns true if one server is trusted by its certificate; see [`with_pinned_pem`](Self::with_pinned_pem).
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        !self.pins.is_empty()
    }

    /// Builds the configuration of the TLS library.
    pub(crate) fn client_config(&self) -> Result<ClientConfig> {
        // Named here: a process-wide default provider belongs to the program, and may be set twice or not at all.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Arc::new(Verifier { trust: self.trust(&provider)?, provider: Arc::clone(&provider) });
        let config = |error: rustls::Error, message: &'static str| {
            Error::new(ErrorKind::Config, Operation::Configure, message).with_source(error)
        };
        let builder = ClientConfig::builder_with_provider(provider)
            // TLS 1.2 too: many appliances have no 1.3.
            .with_safe_default_protocol_versions()
            .map_err(|error| config(error, "no TLS version can be used"))?
            // The name that the library gives to any verifier of one's own. This one calls the verifier of the
            // library, unless there is a pin or `with_insecure`.
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        match &self.identity {
            None => Ok(builder.with_no_client_auth()),
            Some(identity) => {
                builder.with_client_auth_cert(identity.chain.clone(), identity.key.clone_key()).map_err(|error| {
                    config(error, "the client certificate and its key do not belong together, or cannot be used")
                })
            }
        }
    }

    fn trust(&self, provider: &Arc<CryptoProvider>) -> Result<Trust> {
        if self.insecure {
            return if self.pins.is_empty() {
                Ok(Trust::EveryCertificate)
            } else {
                Err(Error::new(
                    ErrorKind::Config,
                    Operation::Configure,
                    "a pinned certificate and insecure exclude each other; leave one of them out",
                ))
            };
        }
        if !self.pins.is_empty() {
            // Before the roots are loaded, which reads hundreds of files on some systems.
            return Ok(Trust::Pins(self.pins.clone()));
        }
        let mut roots = RootCertStore::empty();
        if self.system_roots {
            // Many systems have some root that cannot be read. Without it, only the servers that it signed are untrusted.
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
            // The verifier of the library refuses an empty store. A client must still be built, so that the chain of
            // the server can be shown.
            return Ok(Trust::NoCertificate);
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

/// Replaces `\n` written as two characters by line ends.
fn unescape(pem: &str) -> String {
    // A file of Windows, escaped, has both.
    pem.replace("\\r", "").replace("\\n", "\n")
}

/// Reads all certificates of a PEM text.
fn certificates(field: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>> {
    let remedy = "give certificates as PEM text (-----BEGIN CERTIFICATE-----)";
    // The value is not shown in errors: users paste private keys into the wrong field.
    let found = CertificateDer::pem_slice_iter(unescape(pem).as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Error::invalid(Operation::Configure, field, "[not shown]", remedy).with_source(error))?;
    if found.is_empty() {
        return Err(Error::invalid(Operation::Configure, field, "[no certificate in it]", remedy));
    }
    Ok(found)
}

/// Returns the certificates as PEM text, with lines of 64 characters (RFC 7468).
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

/// Reason why a server is not trusted, and its chain.
///
/// The verifier can return only an error of the TLS library. This one is inside it, and [`find_failure`] takes it out
/// again.
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

/// Classification of a TLS failure.
#[derive(Debug)]
pub(crate) enum TlsFailure {
    /// The certificate of the server is not trusted.
    Untrusted { reason: String, chain: CertificateChain },
    /// The server requires a client certificate, or refused the configured one.
    ClientRefused,
    /// No common version or cipher, or a peer that does not speak TLS.
    Handshake(&'static str),
}

/// Returns the TLS failure among the causes of an error, if there is one.
pub(crate) fn find_failure(error: &(dyn StdError + 'static)) -> Option<TlsFailure> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(classify(tls));
        }
        // `source` of an I/O error skips its inner error, which is the one of TLS.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    None
}

/// Classifies an error of the TLS library.
fn classify(error: &rustls::Error) -> TlsFailure {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            match inner.downcast_ref::<UntrustedServer>() {
                Some(untrusted) => {
                    TlsFailure::Untrusted { reason: untrusted.reason.clone(), chain: untrusted.chain.clone() }
                }
                None => TlsFailure::Handshake("the server's certificate cannot be verified"),
            }
        }
        // All other certificate errors come from this module. What is left are those of the signature.
        rustls::Error::InvalidCertificate(_) => {
            TlsFailure::Handshake("the server did not prove that it has the private key of its certificate")
        }
        // A plain HTTP response, read as a TLS record.
        rustls::Error::InvalidMessage(_) => TlsFailure::Handshake(
            "the server does not speak TLS on this port: use the port of HTTPS, or write http:// in the URL for plain HTTP",
        ),
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            Alert::HandshakeFailure | Alert::ProtocolVersion | Alert::InsufficientSecurity,
        ) => TlsFailure::Handshake("client and server have no common version or cipher of TLS"),
        rustls::Error::AlertReceived(Alert::UnrecognisedName) => {
            TlsFailure::Handshake("the server has no site of this name")
        }
        rustls::Error::AlertReceived(
            // Servers use any of these for a missing or unknown client certificate. TLS 1.3 has the first; older ones
            // had to choose.
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

/// Returns the reason why the authorities do not confirm a certificate.
fn reason(error: &rustls::Error, facts: Option<Facts>, name: &ServerName<'_>) -> String {
    let rustls::Error::InvalidCertificate(error) = error else { return "it cannot be verified".to_owned() };
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
        // Self-signed leaves were handled above: the library reports them as an unknown issuer too, but adding an
        // issuer does not help there.
        CertificateError::UnknownIssuer => {
            "its issuer is not trusted: add the issuer's certificate, with `ca=FILE` in a \
            provider's URL or TlsOptions::with_ca_pem in a program"
                .to_owned()
        }
        CertificateError::InvalidPurpose => "it is not a certificate for servers".to_owned(),
        CertificateError::BadSignature => "a signature in its chain is wrong".to_owned(),
        _ => "it cannot be verified".to_owned(),
    }
}

/// Trusted certificates.
#[derive(Debug)]
enum Trust {
    Authorities(Arc<WebPkiServerVerifier>),
    Pins(Vec<Vec<CertificateDer<'static>>>),
    EveryCertificate,
    NoCertificate,
}

/// Verifier of the certificate of a server.
///
/// For pins and `EveryCertificate` too, the signature checks below stay: the server must prove that it has the private key.
/// A pin without this proof would accept every server that copies the public certificate.
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
            // Checked first: the signature check would fail for such a certificate later, without a reason.
            _ if let Some(reason) = facts.and_then(|facts| facts.unusable()) => reason,
            Trust::EveryCertificate => return Ok(ServerCertVerified::assertion()),
            Trust::Pins(pins) => {
                // Bytes are compared, and nothing else: appliances have certificates that are expired, or made for
                // another name.
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
            Trust::NoCertificate if facts.is_some_and(|facts| facts.self_signed) => SELF_SIGNED.to_owned(),
            Trust::NoCertificate => "there are no root certificates to check it with".to_owned(),
            Trust::Authorities(verifier) => {
                match verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                    Ok(verified) => return Ok(verified),
                    Err(error) => reason(&error, facts, server_name),
                }
            }
        };
        // As sent and in this order, so that a user who pins the chain pins exactly what the server sends.
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

#[cfg(all(test, feature = "http"))]
#[path = "tests.rs"]
mod tests;
