//! Whole numbers of any length, such as the decimal value of an IPv6 address.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde_json::Value;
use serde_json::value::RawValue;

use super::wire::{Decoded, Wire};

/// Number as the server wrote it, of any length: the decimal value of an IPv6 address has up to 128 bits.
///
/// The digits are kept as text, since a JSON number beyond 64 bits would be rounded. [`value`](Self::value) is exact. A
/// number beyond 64 bits that is written again as JSON is rounded to the 53 bits of a floating-point number, because
/// `serde_json::Value` has no room for more; no call of this crate sends one.
///
/// ```
/// use vra_client::v8::NetworkIpAddress;
///
/// let json = r#"{"ipAddress": "2001:db8::a", "ipAddressDecimalValue": 42540766411282592856903984951653826570}"#;
/// let address: NetworkIpAddress = serde_json::from_str(json)?;
/// let decimal = address.ip_address_decimal_value.ok_or("no value")?;
/// assert_eq!(decimal.as_str(), "42540766411282592856903984951653826570");
/// assert_eq!(decimal.value().map(std::net::Ipv6Addr::from), Some("2001:db8::a".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal(String);

impl Decimal {
    /// Returns the number as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the exact value; [`None`] if it is not a whole number of up to 128 bits, written with all its digits.
    #[must_use]
    pub fn value(&self) -> Option<u128> {
        self.0.parse().ok()
    }
}

impl From<u128> for Decimal {
    fn from(value: u128) -> Self {
        Self(value.to_string())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Wire for Decimal {
    fn from_wire<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decoded<Self>, D::Error> {
        // As raw text: every other way of reading a number ends in 64 bits or in a floating-point number.
        let raw: Box<RawValue> = Deserialize::deserialize(deserializer)?;
        let invalid = |found| Err(D::Error::invalid_type(found, &"a number, also as a text"));
        match serde_json::from_str(raw.get()) {
            Ok(Value::Null) => Decoded::or_null(None),
            Ok(Value::Number(_)) => Ok(Decoded::usual(Self(raw.get().trim().to_owned()))),
            // A gateway may write it as a text, to keep its digits.
            Ok(Value::String(text)) => {
                let digits = text.trim();
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(D::Error::invalid_value(Unexpected::Str(&text), &"a number, also as a text"));
                }
                Ok(Decoded::unusual(Some(Self(digits.to_owned())), text.as_str()))
            }
            Ok(Value::Bool(flag)) => invalid(Unexpected::Bool(flag)),
            Ok(Value::Array(_)) => invalid(Unexpected::Seq),
            Ok(Value::Object(_)) => invalid(Unexpected::Map),
            Err(error) => Err(D::Error::custom(error)),
        }
    }

    fn to_json(&self) -> Value {
        // Only a number gets here, and its text reads as one.
        serde_json::from_str(&self.0).unwrap_or(Value::Null)
    }
}
