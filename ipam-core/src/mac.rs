//! 48-bit MAC addresses.

use std::fmt;
use std::str::FromStr;

/// MAC address of 48 bits (EUI-48, IEEE 802).
///
/// It is read with `:`, `-` or `.` between its octets, or without separators, in any case and with space around it. It
/// is written in lower case with `:`.
///
/// ```
/// use ipam_core::MacAddr;
///
/// let mac: MacAddr = "00-50-56-AB-CD-EF".parse()?;
/// assert_eq!(mac.to_string(), "00:50:56:ab:cd:ef");
/// assert_eq!("0050.56ab.cdef".parse(), Ok(mac));
/// # Ok::<(), ipam_core::MacAddrError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct MacAddr([u8; 6]);

impl MacAddr {
    /// Makes an address from its six octets, in the order of transmission.
    #[must_use]
    pub const fn new(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// Returns the six octets, in the order of transmission.
    #[must_use]
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }
}

/// Error of a text that is not a MAC address. It shows the first 40 characters of the text.
///
/// ```
/// use ipam_core::MacAddr;
///
/// let error = "00:50:56".parse::<MacAddr>().unwrap_err();
/// assert!(error.to_string().starts_with("\"00:50:56\" is not a MAC address"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a MAC address; write six octets in hexadecimal, such as 00:50:56:ab:cd:ef")]
pub struct MacAddrError(String);

impl FromStr for MacAddr {
    type Err = MacAddrError;

    fn from_str(text: &str) -> Result<Self, MacAddrError> {
        parse(text).map(Self).ok_or_else(|| MacAddrError(text.chars().take(40).collect()))
    }
}

/// Reads an address with one separator throughout, after every octet (`:` or `-`) or every second one (`.`), or
/// without.
fn parse(text: &str) -> Option<[u8; 6]> {
    let text = text.trim();
    // The length tells the form: six octets have twelve digits, and two, five or no separators.
    let (separator, digits_between) = match text.len() {
        12 => (None, 12),
        14 => (Some('.'), 4),
        17 => (Some(if text.contains('-') { '-' } else { ':' }), 2),
        _ => return None,
    };
    let mut octets = [0u8; 6];
    let mut digits = 0;
    for (index, c) in text.chars().enumerate() {
        if separator.is_some() && index % (digits_between + 1) == digits_between {
            if Some(c) != separator {
                return None;
            }
            continue;
        }
        let value = u8::try_from(c.to_digit(16)?).ok()?;
        let octet = octets.get_mut(digits / 2)?;
        *octet = *octet << 4 | value;
        digits += 1;
    }
    (digits == 12).then_some(octets)
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        // One form for all: fingerprints of stored requests have the address in it.
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<MacAddr> for String {
    fn from(mac: MacAddr) -> Self {
        mac.to_string()
    }
}

impl TryFrom<String> for MacAddr {
    type Error = MacAddrError;

    fn try_from(text: String) -> Result<Self, MacAddrError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_form_is_the_same_address() {
        let mac = MacAddr::new([0, 0x50, 0x56, 0xab, 0xcd, 0xef]);
        for text in ["00:50:56:ab:cd:ef", "00-50-56-AB-CD-EF", "0050.56ab.cdef", "005056ABCDEF", " 00:50:56:ab:cd:ef "]
        {
            assert_eq!(text.parse(), Ok(mac), "{text}");
        }
    }

    #[test]
    fn what_is_not_one_is_refused() {
        for text in [
            "",
            "00:50:56:ab:cd",
            "00:50:56:ab:cd:eg",
            "00:50-56:ab:cd:ef",
            "00:50:56:ab:cd:ef:00",
            "+0:50:56:ab:cd:ef",
            "ééé",
        ] {
            assert!(text.parse::<MacAddr>().is_err(), "{text}");
        }
    }
}
