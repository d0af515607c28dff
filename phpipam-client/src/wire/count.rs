//! Counts of addresses, which exceed every integer type.

use std::fmt;

use serde::de::Deserializer;
use serde::ser::Serializer;

use super::codec::Wire;
use super::scalar::{Scalar, scalar};

const EXPECTED: &str = "a count as integer or decimal string";

/// Number of addresses, as the server keeps it.
///
/// It can be below zero (more addresses than usable ones) and above `u128` (`::/0` holds 2^128).
///
/// ```
/// use phpipam_client::models::Count;
///
/// assert_eq!(Count::from(254).to_u128(), Some(254));
/// assert_eq!((Count::from(-2).to_u128(), Count::from(-2).is_negative()), (None, true));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Count(Digits);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Digits {
    Small(i128),
    /// Decimal digits without a sign.
    Large(String),
}

impl Count {
    /// Returns the number if it is not below zero and fits.
    #[must_use]
    pub fn to_u128(&self) -> Option<u128> {
        match &self.0 {
            Digits::Small(number) => u128::try_from(*number).ok(),
            Digits::Large(digits) => digits.parse().ok(),
        }
    }

    /// Returns true if it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        matches!(self.0, Digits::Small(number) if number < 0)
    }
}

impl From<i128> for Count {
    fn from(number: i128) -> Self {
        Self(Digits::Small(number))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Digits::Small(number) => number.fmt(f),
            Digits::Large(digits) => f.write_str(digits),
        }
    }
}

fn count(value: &Scalar<'_>) -> Option<Count> {
    // Most servers send decimal strings here, and the integer 0 for an empty or full subnet (Q37).
    if let Some(number) = value.integer() {
        return Some(Count(Digits::Small(number)));
    }
    match value {
        // A /0 of IPv6 has 39 digits, more than `i128` and `u128` hold (Q37).
        Scalar::Text(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(Count(Digits::Large(text.trim_start_matches('0').to_owned())))
        }
        _ => None,
    }
}

impl Wire for Count {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = scalar(deserializer, EXPECTED)?;
        count(&value).ok_or_else(|| value.refuse(EXPECTED))
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // As a text: beyond 2^53 many readers of JSON round a number.
        serializer.collect_str(self)
    }
}

impl Wire for Option<Count> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = scalar(deserializer, EXPECTED)?;
        match count(&value) {
            Some(count) => Ok(Some(count)),
            None if value.is_nothing() => Ok(None),
            None => Err(value.refuse(EXPECTED)),
        }
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(count) => count.encode(serializer),
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
