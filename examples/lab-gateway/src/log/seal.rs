//! Encryption of batches to the public key of the collector: HPKE (RFC 9180) with X25519, HKDF-SHA256 and
//! ChaCha20-Poly1305.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{Batch, LogError};

/// Purpose of the encryption, which both sides know.
const INFO: &[u8] = b"lab-gateway log batch 1";
/// Version of the form that is sent.
const VERSION: u32 = 1;

type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;
type PrivateKey = <X25519HkdfSha256 as Kem>::PrivateKey;
type EncappedKey = <X25519HkdfSha256 as Kem>::EncappedKey;

/// Public key of the collector.
///
/// ```
/// use lab_gateway::log::{Batch, CollectorKey, SealedBatch};
///
/// // The collector makes the pair once, keeps the secret, and publishes the key.
/// let (secret, public) = CollectorKey::generate();
/// let key = CollectorKey::from_base64(&public)?;
/// let batch = Batch::new(Vec::new())?;
/// let sealed: SealedBatch = key.seal(&batch)?;
/// assert_eq!(sealed.open(&secret)?, batch);
/// # Ok::<(), lab_gateway::log::LogError>(())
/// ```
#[derive(Clone)]
pub struct CollectorKey {
    key: PublicKey,
    text: String,
}

impl std::fmt::Debug for CollectorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CollectorKey").field(&self.text).finish()
    }
}

impl CollectorKey {
    /// Reads a public key: 32 bytes as base64.
    ///
    /// # Errors
    /// [`LogError::Config`] if the text is none.
    pub fn from_base64(text: &str) -> Result<Self, LogError> {
        let fault = |reason: &str| LogError::Config {
            field: "collector key",
            value: text.to_owned(),
            reason: format!("{reason}; copy the public key of the collector, 32 bytes of X25519 as base64"),
        };
        let bytes = STANDARD.decode(text.trim()).map_err(|_| fault("is not base64"))?;
        let key = PublicKey::from_bytes(&bytes).map_err(|_| fault("is not a key of X25519"))?;
        // With such a key every secret is the same, so that everyone could read the batches.
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(fault("is zero"));
        }
        Ok(Self { key, text: STANDARD.encode(bytes) })
    }

    /// Makes a pair of keys: the secret one for the collector, and the public one for its gateways, both as base64.
    #[must_use]
    pub fn generate() -> (SecretString, String) {
        let (secret, public) = X25519HkdfSha256::gen_keypair();
        (STANDARD.encode(secret.to_bytes()).into(), STANDARD.encode(public.to_bytes()))
    }

    /// Encrypts a batch.
    ///
    /// # Errors
    /// [`LogError::Seal`] if the key is of low order.
    pub fn seal(&self, batch: &Batch) -> Result<SealedBatch, LogError> {
        let fault = |reason: String| LogError::Seal { id: batch.id.clone(), reason };
        let plain = serde_json::to_vec(batch).map_err(|error| fault(error.to_string()))?;
        let (encapsulated, sealed) = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &self.key,
            INFO,
            &plain,
            batch.id.as_bytes(),
        )
        .map_err(|error| fault(format!("cannot be encrypted ({error}); replace the key of the collector")))?;
        Ok(SealedBatch {
            version: VERSION,
            id: batch.id.clone(),
            recipient: self.text.clone(),
            encapsulated: STANDARD.encode(encapsulated.to_bytes()),
            sealed: STANDARD.encode(sealed),
        })
    }
}

/// Encrypted batch, in the form in which it is sent (JSON).
///
/// See [`CollectorKey`] for an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedBatch {
    /// Version of this form: 1.
    pub version: u32,
    /// Id of the batch, which the encryption covers.
    pub id: String,
    /// Public key that it is encrypted to.
    pub recipient: String,
    /// Encapsulated key (base64).
    pub encapsulated: String,
    /// Ciphertext with its tag (base64).
    pub sealed: String,
}

impl SealedBatch {
    /// Decrypts the batch with the secret key of the collector (base64).
    ///
    /// # Errors
    /// [`LogError::Seal`] if it is encrypted to another key, was changed, or is of another version.
    pub fn open(&self, secret: &SecretString) -> Result<Batch, LogError> {
        let fault = |reason: &str| LogError::Seal { id: self.id.clone(), reason: reason.to_owned() };
        if self.version != VERSION {
            return Err(fault("has another version; update the collector"));
        }
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| fault("is not base64"));
        let secret = STANDARD.decode(secret.expose_secret()).ok().and_then(|bytes| PrivateKey::from_bytes(&bytes).ok());
        let secret = secret.ok_or_else(|| fault("the secret key is not one of X25519"))?;
        let encapsulated =
            EncappedKey::from_bytes(&decode(&self.encapsulated)?).map_err(|_| fault("has no encapsulated key"))?;
        let plain = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &secret,
            &encapsulated,
            INFO,
            &decode(&self.sealed)?,
            self.id.as_bytes(),
        )
        .map_err(|_| fault("is encrypted to another key, or was changed"))?;
        let batch: Batch = serde_json::from_slice(&plain).map_err(|_| fault("holds no entries"))?;
        if batch.id == self.id { Ok(batch) } else { Err(fault("holds another id")) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::log::{Entry, Record};

    #[test]
    fn only_the_collector_reads_a_batch_and_no_byte_can_be_changed() {
        let (secret, public) = CollectorKey::generate();
        let record =
            Record { time: 1, source: [10, 0, 0, 5].into(), target: [192, 0, 2, 9].into(), user: "alice".into() };
        let batch = Batch::new(vec![Entry::Record(record)]).unwrap();
        let key = CollectorKey::from_base64(&public).unwrap();
        let sealed = key.seal(&batch).unwrap();
        let sent = serde_json::to_string(&sealed).unwrap();
        assert!(!sent.contains("alice") && !sent.contains(&STANDARD.encode("10.0.0.5")), "{sent}");
        let received: SealedBatch = serde_json::from_str(&sent).unwrap();
        assert_eq!(received.open(&secret).unwrap(), batch);

        let (other, _) = CollectorKey::generate();
        assert!(received.open(&other).is_err());
        assert!(SealedBatch { id: "0".repeat(32), ..received.clone() }.open(&secret).is_err());
        let mut bytes = STANDARD.decode(&received.sealed).unwrap();
        bytes[0] ^= 1;
        assert!(SealedBatch { sealed: STANDARD.encode(bytes), ..received.clone() }.open(&secret).is_err());
        assert!(SealedBatch { version: 2, ..received }.open(&secret).is_err());
        // Each time another ciphertext.
        assert_ne!(key.seal(&batch).unwrap().sealed, sealed.sealed);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "x", "AAAA", &STANDARD.encode([0; 32]), &STANDARD.encode([1; 33])] {
            assert!(CollectorKey::from_base64(text).is_err(), "{text}");
        }
    }
}
