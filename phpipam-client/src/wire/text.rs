//! Texts, lists inside texts, and secret texts.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::Deserializer;
use serde::ser::Serializer;

use super::codec::Wire;
use super::scalar::{Scalar, scalar};

const EXPECTED: &str = "a text";

/// `null` and `""` are both `None`: which of them a cleared field holds depends on the version. A number is its digits:
/// PHP makes numbers of numeric texts here and there.
impl Wire for Option<String> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = scalar(deserializer, EXPECTED)?;
        match value {
            Scalar::Null => Ok(None),
            Scalar::Text(text) => Ok(if text.is_empty() { None } else { Some(text.into_owned()) }),
            Scalar::Int(number) => Ok(Some(number.to_string())),
            Scalar::Float(number) => Ok(Some(number.to_string())),
            Scalar::Bool(_) => Err(value.refuse(EXPECTED)),
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

/// A text that is never absent; `null` is the empty one.
impl Wire for String {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Self>::decode(deserializer)?.unwrap_or_default())
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// A list that the server keeps in one text, separated by semicolons.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TextList(pub Vec<String>);

impl TextList {
    /// The items, trimmed, without empty ones.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<T: Into<String>> FromIterator<T> for TextList {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().map(Into::into).collect())
    }
}

impl<T: ToString, const N: usize> From<[T; N]> for TextList {
    fn from(items: [T; N]) -> Self {
        Self(items.iter().map(ToString::to_string).collect())
    }
}

impl<T: ToString> From<&[T]> for TextList {
    fn from(items: &[T]) -> Self {
        Self(items.iter().map(ToString::to_string).collect())
    }
}

impl<T: ToString> From<Vec<T>> for TextList {
    fn from(items: Vec<T>) -> Self {
        Self::from(items.as_slice())
    }
}

impl Wire for TextList {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::decode(deserializer)?.unwrap_or_default();
        Ok(text.split(';').map(str::trim).filter(|item| !item.is_empty()).collect())
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.join(";"))
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn is_blank(&self) -> bool {
        self.0.is_empty()
    }
}

/// For fields that are emptied or set: the empty list is none.
impl Wire for Option<TextList> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Some(TextList::decode(deserializer)?).filter(|list| !list.is_blank()))
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(list) => list.encode(serializer),
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

/// A secret that the server hands out, such as a password's hash. It is neither printed nor written: both show `***`.
#[derive(Clone)]
pub struct Hidden(SecretString);

impl Hidden {
    /// The secret.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl<T: Into<SecretString>> From<T> for Hidden {
    fn from(secret: T) -> Self {
        Self(secret.into())
    }
}

impl PartialEq for Hidden {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Wire for Option<Hidden> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // An error would show the value, so there is none: what is not a text is no secret.
        let text = match scalar(deserializer, EXPECTED)? {
            Scalar::Text(text) if !text.is_empty() => text.into_owned(),
            _ => return Ok(None),
        };
        Ok(Some(Hidden(text.into())))
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(_) => serializer.serialize_str("***"),
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
