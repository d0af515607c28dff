//! IP addresses, as text or as the decimal number that the database holds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::de::Deserializer;
use serde::ser::Serializer;

use super::codec::Wire;
use super::scalar::{Scalar, scalar};

const EXPECTED: &str = "an IP address, as text or as a decimal number";

/// Returns IPv4 for a number up to 2^32 - 1 and IPv6 for a larger one: the database does not keep the family, and the
/// server reads it the same way (Q26).
fn from_number(number: u128) -> IpAddr {
    match u32::try_from(number) {
        Ok(number) => Ipv4Addr::from(number).into(),
        Err(_) => Ipv6Addr::from(number).into(),
    }
}

fn address(value: &Scalar<'_>) -> Option<IpAddr> {
    match value {
        Scalar::Text(text) => match text.parse() {
            Ok(address) => Some(address),
            // Only digits, so that a cut address such as `10.1` is an error and not a number.
            Err(_) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok().map(from_number),
            Err(_) => None,
        },
        Scalar::Int(number) => u128::try_from(*number).ok().map(from_number),
        Scalar::Null | Scalar::Bool(_) | Scalar::Float(_) => None,
    }
}

impl Wire for IpAddr {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = scalar(deserializer, EXPECTED)?;
        address(&value).ok_or_else(|| value.refuse(EXPECTED))
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Wire for Option<IpAddr> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = scalar(deserializer, EXPECTED)?;
        if value.is_nothing() {
            return Ok(None);
        }
        address(&value).map(Some).ok_or_else(|| value.refuse(EXPECTED))
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(address) => address.encode(serializer),
            None => serializer.serialize_none(),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_blank(&self) -> bool {
        self.is_none()
    }
}
