//! Words of a set that may grow.

/// Defines an open enum: known words of the server, and any other as it was sent.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$word_meta:meta])* $variant:ident = $word:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$word_meta])* $variant, )*
            /// Other word, as the server sent it.
            Unknown(String),
        }

        impl $name {
            /// Returns the server's word.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )*
                    Self::Unknown(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $( $word => Self::$variant, )*
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::wire::Wire for Option<$name> {
            fn decode<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // Never an error by the word itself: a newer version may add one, and one such row must not lose the
                // list.
                Ok(Option::<String>::decode(deserializer)?.as_deref().map($name::from))
            }

            fn encode<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(&self.as_ref().map($name::as_str), serializer)
            }

            fn absent() -> Option<Self> {
                Some(None)
            }

            fn is_blank(&self) -> bool {
                self.is_none()
            }
        }

        impl $crate::wire::Field for $name {
            fn to_json(self, name: &str) -> Result<serde_json::Value, $crate::wire::InvalidValue> {
                self.as_str().to_owned().to_json(name)
            }
        }
    };
}
pub(crate) use open_enum;
