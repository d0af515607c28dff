//! Flags, in ten forms.

use serde::de::{Deserializer, Error};
use serde::ser::Serializer;

use super::codec::Wire;
use super::scalar::{Scalar, scalar};

const EXPECTED: &str = "a flag (0, 1, \"0\", \"1\", true, false, null or \"\")";

/// Returns the flag in a scalar; `None` if it is not a flag.
///
/// `null` and absent are false. A NUL byte is what a BINARY column held before an upgrade to 1.6 (Q04).
fn flag(value: &Scalar<'_>) -> Option<bool> {
    match value {
        Scalar::Null => Some(false),
        Scalar::Bool(value) => Some(*value),
        Scalar::Int(0) => Some(false),
        Scalar::Int(1) => Some(true),
        // PHP up to 8.0 sends all columns as text (Q01). The NUL and 0x01 bytes come from BINARY(1) columns (Q04).
        Scalar::Text(text) => match text.as_ref() {
            "" | "0" | "\0" => Some(false),
            "1" | "\u{1}" => Some(true),
            _ => None,
        },
        Scalar::Float(value) if *value == 0.0 => Some(false),
        Scalar::Float(value) if (*value - 1.0).abs() < f64::EPSILON => Some(true),
        Scalar::Int(_) | Scalar::Float(_) => None,
    }
}

/// Flag, written as 0 or 1: the server makes an empty text of `false`, and then NULL.
impl Wire for bool {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = scalar(deserializer, EXPECTED)?;
        flag(&value).ok_or_else(|| value.refuse(EXPECTED))
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(u8::from(*self))
    }

    fn absent() -> Option<Self> {
        // Older versions lack the flags that came later (Q40): absent means off.
        Some(false)
    }
}

/// Flag that older versions do not have.
impl Wire for Option<bool> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // NULL is false here as well (Q05). `None` is for a version without the column.
        bool::decode(deserializer).map(Some)
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.encode(serializer),
            None => serializer.serialize_none(),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// Flag that the server writes as `Yes` and `No`. The setters take a `bool`.
///
/// It is read from `Yes` and `No` in any case, and from the other forms of a flag: 0, 1, `"0"`, `"1"`, true, false, null
/// and an empty text.
///
/// ```
/// use phpipam_client::models::{TagFields, YesNo};
///
/// assert_eq!(YesNo::from(true), YesNo(true));
/// let fields = TagFields::new().with_compress(true);
/// assert!(format!("{fields:?}").contains("Yes"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct YesNo(pub bool);

impl From<bool> for YesNo {
    fn from(value: bool) -> Self {
        Self(value)
    }
}

impl Wire for YesNo {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = scalar(deserializer, "Yes or No")?;
        match &value {
            // Tags, users and NAT rules keep flags in SET('No','Yes') columns (Q05).
            Scalar::Text(text) if text.eq_ignore_ascii_case("yes") => Ok(Self(true)),
            Scalar::Text(text) if text.eq_ignore_ascii_case("no") => Ok(Self(false)),
            _ => flag(&value).map(Self).ok_or_else(|| D::Error::invalid_value(value.unexpected(), &"Yes or No")),
        }
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.0 { "Yes" } else { "No" })
    }

    fn absent() -> Option<Self> {
        Some(Self(false))
    }
}

impl Wire for Option<YesNo> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        YesNo::decode(deserializer).map(Some)
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.encode(serializer),
            None => serializer.serialize_none(),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}
