//! Details of a certificate for people who decide whether to trust it: names, validity, issuer, fingerprint.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::SystemTime;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

use super::certificate::{Facts, INTEGER, SEQUENCE, VERSION, element, tagged};
use crate::CertificateChain;

/// Names, validity and fingerprint of a certificate.
///
/// For messages to people. Trust is decided by the TLS library, which does not use this type.
///
/// ```
/// use ipam_core::CertificateChain;
/// use ipam_core::http::CertificateDetails;
///
/// # // A self-signed certificate of this crate's tests.
/// # let pem = std::fs::read_to_string("tests/data/tls/rsa1024.pem").unwrap();
/// // `pem` is the text of a certificate, such as that of an error's chain.
/// let details = CertificateDetails::of(&CertificateChain::from_pem(pem));
/// assert!(details[0].self_signed);
/// assert_eq!(details[0].sha256.len(), 32 * 3 - 1); // AB:CD:…
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateDetails {
    /// DNS names and IP addresses that the certificate is for; empty if it has none.
    pub names: Vec<String>,
    /// Start of its validity.
    pub not_before: SystemTime,
    /// End of its validity.
    pub not_after: SystemTime,
    /// True if subject and issuer are the same.
    pub self_signed: bool,
    /// SHA-256 fingerprint as browsers show it: pairs of hexadecimal digits, separated by colons.
    pub sha256: String,
}

impl CertificateDetails {
    /// Returns the details of each certificate of a chain, leaf first. One that cannot be read is left out.
    #[must_use]
    pub fn of(chain: &CertificateChain) -> Vec<Self> {
        let certificates = CertificateDer::pem_slice_iter(chain.as_pem().as_bytes());
        certificates.filter_map(|certificate| Self::read(&certificate.ok()?)).collect()
    }

    fn read(der: &[u8]) -> Option<Self> {
        let facts = Facts::read(der)?;
        let (certificate, _) = element(der, SEQUENCE)?;
        let (signed, _) = element(certificate, SEQUENCE)?;
        let rest = element(signed, VERSION).map_or(signed, |(_, rest)| rest);
        // In the order of RFC 5280, section 4.1.
        let (_serial, rest) = element(rest, INTEGER)?;
        let (_algorithm, rest) = element(rest, SEQUENCE)?;
        let (_issuer, rest) = element(rest, SEQUENCE)?;
        let (validity, rest) = element(rest, SEQUENCE)?;
        let (_subject, rest) = element(rest, SEQUENCE)?;
        let (_key, rest) = element(rest, SEQUENCE)?;
        let (not_before, validity) = time(validity)?;
        let (not_after, _) = time(validity)?;
        let digest: Vec<String> = Sha256::digest(der).iter().map(|byte| format!("{byte:02X}")).collect();
        let names = names(rest).unwrap_or_default();
        Some(Self { names, not_before, not_after, self_signed: facts.self_signed, sha256: digest.join(":") })
    }

    /// Returns true if the certificate is for this DNS name or IP address. `*` stands for one label (RFC 6125).
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        self.names.iter().any(|name| {
            let rest = |text: &str| text.split_once('.').map(|(_, rest)| rest.to_ascii_lowercase());
            name.eq_ignore_ascii_case(host)
                || name.strip_prefix("*.").is_some_and(|name| rest(host) == Some(name.to_ascii_lowercase()))
        })
    }
}

const OCTETS: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// Explicit tag 3, of the extensions.
const EXTENSIONS: u8 = 0xa3;
/// Implicit tags of a DNS name and an IP address in a list of names (RFC 5280, section 4.2.1.6).
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;
/// Object identifier of the extension with the subject's alternative names: 2.5.29.17.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// Reads a time and returns the bytes after it (RFC 5280, section 4.1.2.5).
fn time(der: &[u8]) -> Option<(SystemTime, &[u8])> {
    let (tag, content, rest) = tagged(der)?;
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let text = match tag {
        // Two digits of the year: from 50 on they are of the 20th century.
        UTC_TIME => format!("{}{text}", if text.get(..2)?.parse::<u8>().ok()? < 50 { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
    Some((TimeZone::UTC.to_timestamp(time).ok()?.into(), rest))
}

/// Returns the alternative names among what follows the public key.
fn names(mut rest: &[u8]) -> Option<Vec<String>> {
    let extensions = loop {
        let (tag, content, after) = tagged(rest)?;
        if tag == EXTENSIONS {
            break content;
        }
        rest = after;
    };
    let (mut extensions, _) = element(extensions, SEQUENCE)?;
    while let Some((extension, after)) = element(extensions, SEQUENCE) {
        extensions = after;
        let (id, value) = element(extension, OBJECT_ID)?;
        if id != ALTERNATIVE_NAMES {
            continue;
        }
        // A flag "critical" may stand before the value.
        let value = match tagged(value)? {
            (OCTETS, value, _) => value,
            (_, _, after) => element(after, OCTETS)?.0,
        };
        let (mut list, _) = element(value, SEQUENCE)?;
        let mut names = Vec::new();
        while let Some((tag, name, after)) = tagged(list) {
            list = after;
            names.extend(match tag {
                DNS_NAME => std::str::from_utf8(name).ok().map(str::to_owned),
                IP_ADDRESS => ip(name),
                _ => None,
            });
        }
        return Some(names);
    }
    None
}

fn ip(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).to_string());
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).to_string())).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    fn chain(certificate: &rcgen::Certificate) -> CertificateChain {
        CertificateChain::from_pem(certificate.pem())
    }

    #[test]
    fn names_and_validity_are_read() {
        let key = rcgen::KeyPair::generate().unwrap();
        let names = ["ipam.example", "*.lab.example", "192.0.2.1", "2001:db8::1"].map(str::to_owned);
        let mut params = rcgen::CertificateParams::new(names.to_vec()).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 2);
        // From 2050 on a time has another form.
        params.not_after = rcgen::date_time_ymd(2051, 3, 4);
        let details = CertificateDetails::of(&chain(&params.self_signed(&key).unwrap()));
        let [details] = details.as_slice() else { unreachable!("{details:?}") };
        assert_eq!(details.names, names);
        assert_eq!(details.not_before, UNIX_EPOCH + Duration::from_secs(1_767_312_000));
        assert_eq!(details.not_after, UNIX_EPOCH + Duration::from_secs(2_561_500_800));
        assert!(details.self_signed);
        for (host, fits) in [
            ("IPAM.example", true),
            ("web.lab.example", true),
            ("a.b.lab.example", false),
            ("lab.example", false),
            ("[2001:db8::1]", true),
            ("192.0.2.2", false),
        ] {
            assert_eq!(details.is_for(host), fits, "{host}");
        }
    }

    #[test]
    fn a_fingerprint_is_that_of_the_bytes() {
        let pem = include_str!("../../tests/data/tls/v1.pem");
        let details = CertificateDetails::of(&CertificateChain::from_pem(pem));
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let digest = Sha256::digest(&der);
        assert!(details[0].sha256.starts_with(&format!("{:02X}:{:02X}:", digest[0], digest[1])));
        assert!(details[0].names.is_empty());
    }

    proptest! {
        #[test]
        fn nothing_panics(at: usize, byte: u8) {
            let mut der = CertificateDer::from_pem_slice(include_bytes!("../../tests/data/tls/rsa1024.pem")).unwrap().to_vec();
            let at = at % der.len();
            der[at] = byte;
            let _ = CertificateDetails::read(&der);
            let _ = CertificateDetails::read(&der[..at]);
        }
    }
}
