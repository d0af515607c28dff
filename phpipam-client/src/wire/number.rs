//! Integers and percentages, as numbers or as text.

use serde::de::Deserializer;
use serde::ser::Serializer;

use super::codec::Wire;
use super::scalar::{Scalar, scalar};

macro_rules! integers {
    ($($type:ty, $expected:literal;)*) => {$(
        impl Wire for Option<$type> {
            fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = scalar(deserializer, $expected)?;
                if value.is_nothing() {
                    return Ok(None);
                }
                match value.integer().map(<$type>::try_from) {
                    Some(Ok(number)) => Ok(Some(number)),
                    Some(Err(_)) | None => Err(value.refuse($expected)),
                }
            }

            fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }

            fn absent() -> Option<Self> {
                Some(None)
            }

            fn is_blank(&self) -> bool {
                self.is_none()
            }
        }

        impl Wire for $type {
            fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Option::<$type>::decode(deserializer)?
                    .ok_or_else(|| serde::de::Error::custom(concat!("nothing, expected ", $expected)))
            }

            fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(self, serializer)
            }
        }
    )*};
}

integers! {
    u8, "a prefix length as integer or decimal string";
    u32, "a number as integer or decimal string";
    i64, "a number as integer or decimal string";
}

impl Wire for Option<f64> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "a number, or one as decimal string";
        let value = scalar(deserializer, EXPECTED)?;
        let number = match &value {
            Scalar::Float(number) => Some(*number),
            // `inf` and `NaN` parse as floats, and no server means them.
            Scalar::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            Scalar::Int(number) => number.to_string().parse().ok(),
            Scalar::Null | Scalar::Bool(_) => None,
        };
        match number {
            Some(number) => Ok(Some(number)),
            None if value.is_nothing() => Ok(None),
            None => Err(value.refuse(EXPECTED)),
        }
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde::Serialize::serialize(self, serializer)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl Wire for f64 {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<Self>::decode(deserializer)?.ok_or_else(|| serde::de::Error::custom("nothing, expected a number"))
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(*self)
    }
}
