//! Signatures of tokens, checked by *ring*, which the program has for TLS already.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, new_error};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey};
use ring::hmac;
use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer, alg_id,
};
use webpki::{RawPublicKeyEntity, ring as algorithms};

/// Provider that verifies and never signs. Keys are `SubjectPublicKeyInfo` in DER, and secrets for HMAC.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    verifier_factory: |algorithm, key| {
        let key = key.try_get_as_bytes()?.to_vec();
        Ok(Box::new(RingVerifier { algorithm: *algorithm, key }))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes the provider that of the process, for the library keeps it there.
pub(super) fn install() {
    // An error means that it is installed.
    let _ = PROVIDER.install_default();
}

/// Returns the key of an algorithm, from `SubjectPublicKeyInfo` in DER.
pub(super) fn public_key(algorithm: Algorithm, der: &[u8]) -> Option<DecodingKey> {
    match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => Some(DecodingKey::from_ec_der(der)),
        Algorithm::EdDSA => Some(DecodingKey::from_ed_der(der)),
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => None,
        _ => Some(DecodingKey::from_rsa_der(der)),
    }
}

/// Returns the HMAC algorithm, for those that are symmetric.
pub(super) fn symmetric(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::HS256 => Some(hmac::HMAC_SHA256),
        Algorithm::HS384 => Some(hmac::HMAC_SHA384),
        Algorithm::HS512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

/// Returns the check of signatures, for the algorithms with a key pair.
fn asymmetric(algorithm: Algorithm) -> Option<&'static dyn SignatureVerificationAlgorithm> {
    Some(match algorithm {
        Algorithm::RS256 => algorithms::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => algorithms::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => algorithms::RSA_PKCS1_2048_8192_SHA512,
        // Legacy is only the name that a certificate gives to such a key; the signature is the same.
        Algorithm::PS256 => algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        Algorithm::PS384 => algorithms::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        Algorithm::PS512 => algorithms::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        Algorithm::ES256 => &ES256,
        Algorithm::ES384 => &ES384,
        Algorithm::EdDSA => algorithms::ED25519,
        _ => return None,
    })
}

/// Checks that a key is one of the algorithm, by a signature that cannot fit. Returns the problem.
pub(super) fn problem(algorithm: Algorithm, der: &[u8]) -> Option<String> {
    let info = SubjectPublicKeyInfoDer::from(der);
    let Some(check) = asymmetric(algorithm) else { return Some("it is no algorithm with a key pair".to_owned()) };
    match RawPublicKeyEntity::try_from(&info).and_then(|key| key.verify_signature(check, b"", b"")) {
        Ok(()) | Err(webpki::Error::InvalidSignatureForPublicKey) => None,
        Err(error) => Some(error.to_string()),
    }
}

/// Check of one signature.
struct RingVerifier {
    algorithm: Algorithm,
    key: Vec<u8>,
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        if let Some(algorithm) = symmetric(self.algorithm) {
            let key = hmac::Key::new(algorithm, &self.key);
            return hmac::verify(&key, message, signature).map_err(|_| signature::Error::new());
        }
        let check = asymmetric(self.algorithm).ok_or_else(signature::Error::new)?;
        let info = SubjectPublicKeyInfoDer::from(self.key.as_slice());
        let key = RawPublicKeyEntity::try_from(&info).map_err(signature::Error::from_source)?;
        key.verify_signature(check, message, signature).map_err(signature::Error::from_source)
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// ECDSA as tokens have it: both numbers one after the other (RFC 7518, 3.4), and not in DER as in certificates.
#[derive(Debug)]
struct FixedEcdsa {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    algorithm: &'static ring::signature::EcdsaVerificationAlgorithm,
}

static ES256: FixedEcdsa = FixedEcdsa {
    key: alg_id::ECDSA_P256,
    signature: alg_id::ECDSA_SHA256,
    algorithm: &ring::signature::ECDSA_P256_SHA256_FIXED,
};
static ES384: FixedEcdsa = FixedEcdsa {
    key: alg_id::ECDSA_P384,
    signature: alg_id::ECDSA_SHA384,
    algorithm: &ring::signature::ECDSA_P384_SHA384_FIXED,
};

impl SignatureVerificationAlgorithm for FixedEcdsa {
    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = ring::signature::UnparsedPublicKey::new(self.algorithm, public_key);
        key.verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}
