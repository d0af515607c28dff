//! Texts, lists inside texts, and secret texts.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::Deserializer;
use serde::ser::Serializer;

use super::codec::Wire;
use super::scalar::{Scalar, scalar};

const EXPECTED: &str = "a text";

/// Optional text. `null` and `""` are both `None`: the version decides which of them an emptied field holds (Q45). A
/// number is its digits, because PHP turns numeric texts into numbers in places.
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

/// Text that is never absent; `null` is the empty one.
impl Wire for String {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Self>::decode(deserializer)?.unwrap_or_default())
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// List that the server keeps in one text, separated by semicolons.
///
/// ```
/// use phpipam_client::models::{SectionId, TextList};
///
/// let sections = TextList::from([SectionId::new(1), SectionId::new(3)]);
/// assert_eq!(sections.iter().collect::<Vec<_>>(), ["1", "3"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TextList(pub Vec<String>);

impl TextList {
    /// Returns the items. Lists that were read have neither empty items nor white space around them.
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
        // Q33: `namesrv1`, `sections` and the permissions of name servers. Spaces and empty items occur.
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

/// For fields that are emptied or set: the empty list is `None`.
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

/// Secret that the server sends or is sent, such as a password hash or an SNMP community.
///
/// A request sends the secret itself. `Debug` and `Serialize` show `***`; [`secret`](Self::secret) returns it.
///
/// ```
/// use phpipam_client::models::Hidden;
/// use secrecy::ExposeSecret as _;
///
/// let community = Hidden::from("s3cret");
/// assert_eq!(format!("{community:?}"), "***");
/// assert_eq!(community.secret().expose_secret(), "s3cret");
/// ```
#[derive(Clone)]
pub struct Hidden(SecretString);

impl Hidden {
    /// Returns the secret.
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
        // Errors show the value that was found, so this decoder has none: anything but a text is read as `None`.
        let text = match scalar(deserializer, EXPECTED)? {
            Scalar::Text(text) if !text.is_empty() => text.into_owned(),
            _ => return Ok(None),
        };
        Ok(Some(Hidden(text.into())))
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // Models are serialized into logs and property lists, where no secret may appear.
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
