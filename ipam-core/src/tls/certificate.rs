//! Reader of the few facts of a certificate that explain why it cannot be used (DER, RFC 5280).
//!
//! The TLS library refuses such certificates with an error that names no reason. These facts are for the message only;
//! trust is decided by the library.

/// Facts of a certificate for a message about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    /// X.509 version: 1 to 3.
    pub(super) version: u8,
    /// True if subject and issuer are the same.
    pub(super) self_signed: bool,
    /// Length of an RSA key in bits; `None` for other keys.
    pub(super) rsa_bits: Option<usize>,
}

/// Length of the shortest RSA key that `ring` verifies signatures with, in bits.
const LEAST_RSA_BITS: usize = 2048;

impl Facts {
    /// Reads a certificate. Returns `None` if the bytes are not one.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (certificate, _) = element(der, SEQUENCE)?;
        let (signed, _) = element(certificate, SEQUENCE)?;
        let (version, rest) = match element(signed, VERSION) {
            Some((version, rest)) => (element(version, INTEGER)?.0.last()?.checked_add(1)?, rest),
            // DER omits a field with its default value, and version 1 is the default.
            None => (1, signed),
        };
        // In the order of RFC 5280, section 4.1.
        let (_serial, rest) = element(rest, INTEGER)?;
        let (_algorithm, rest) = element(rest, SEQUENCE)?;
        let (issuer, rest) = element(rest, SEQUENCE)?;
        let (_validity, rest) = element(rest, SEQUENCE)?;
        let (subject, rest) = element(rest, SEQUENCE)?;
        let (key, _) = element(rest, SEQUENCE)?;
        Some(Self { version, self_signed: issuer == subject, rsa_bits: rsa_bits(key) })
    }

    /// Returns the reason why no TLS connection is possible with such a certificate, whatever is trusted.
    pub(super) fn unusable(&self) -> Option<String> {
        const NO_WAY_ROUND: &str = "a pin or accepting any certificate does not help";
        if self.version < 3 {
            let version = self.version;
            return Some(format!(
                "it is of X.509 version {version}, which is not supported; {NO_WAY_ROUND}: install one of version 3 on the server"
            ));
        }
        // Keys of other algorithms have no such limit.
        let bits = self.rsa_bits.filter(|bits| *bits < LEAST_RSA_BITS)?;
        Some(format!(
            "its RSA key has {bits} bits, which is too short; {NO_WAY_ROUND}: install one with {LEAST_RSA_BITS} bits or more on the server"
        ))
    }
}

pub(super) const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
pub(super) const SEQUENCE: u8 = 0x30;
/// Explicit tag 0, of the version.
pub(super) const VERSION: u8 = 0xa0;
/// Object identifier of `rsaEncryption` (RFC 8017), as DER.
const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// Returns the content of the first element and the bytes after it. Returns `None` if the element has another tag.
pub(super) fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = tagged(der)?;
    (found == tag).then_some((content, rest))
}

/// Returns the tag and the content of the first element, and the bytes after it.
pub(super) fn tagged(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    // Below 0x80 the byte is the length. Otherwise its low bits count the bytes of the length that follow; four are enough
    // for 4 GiB, and more could overflow.
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f)).filter(|(bytes, _)| bytes.len() <= 4)?;
        (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*found, content, rest))
}

/// Returns the length of the modulus in a `SubjectPublicKeyInfo` of RSA, in bits.
fn rsa_bits(key: &[u8]) -> Option<usize> {
    let (algorithm, rest) = element(key, SEQUENCE)?;
    // A prefix: the parameters of the algorithm follow.
    if !algorithm.starts_with(RSA) {
        return None;
    }
    let (bits, _) = element(rest, BIT_STRING)?;
    let (numbers, _) = element(bits.strip_prefix(&[0])?, SEQUENCE)?;
    let (modulus, _) = element(numbers, INTEGER)?;
    // A leading zero byte keeps the integer positive, and is not a part of the key.
    let start = modulus.iter().position(|byte| *byte != 0)?;
    let significant = modulus.get(start..)?;
    let first = usize::try_from(significant.first()?.leading_zeros()).ok()?;
    Some(significant.len() * 8 - first)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;
    use proptest::prelude::*;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    fn fixture(pem: &str) -> Facts {
        Facts::read(&CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn version_key_and_issuer_are_read() {
        let old = fixture(include_str!("../../tests/data/tls/v1.pem"));
        assert_eq!(old, Facts { version: 1, self_signed: true, rsa_bits: Some(2048) });
        assert!(old.unusable().unwrap().contains("version 1"));
        let short = fixture(include_str!("../../tests/data/tls/rsa1024.pem"));
        assert_eq!(short, Facts { version: 3, self_signed: true, rsa_bits: Some(1024) });
        assert!(short.unusable().unwrap().contains("1024 bits"));
        let key = rcgen::KeyPair::generate().unwrap();
        let today = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let today = Facts::read(today.der()).unwrap();
        assert_eq!(today, Facts { version: 3, self_signed: true, rsa_bits: None });
        assert_eq!(today.unusable(), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(mut der: Vec<u8>, at: usize, byte: u8) {
            let _ = Facts::read(&der);
            der = CertificateDer::from_pem_slice(include_bytes!("../../tests/data/tls/v1.pem")).unwrap().to_vec();
            let at = at % der.len();
            der[at] = byte;
            let _ = Facts::read(&der);
            let _ = Facts::read(&der[..at]);
        }
    }
}
