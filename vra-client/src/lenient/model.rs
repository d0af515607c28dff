//! The macros that make response types and request bodies.

use serde::{Serialize, de::DeserializeOwned};

use super::extra::Extra;

/// A type that stands for an object of the server and keeps all of it.
///
/// Implemented by this crate's response types; not meant to be implemented elsewhere.
pub trait Model: Serialize + DeserializeOwned {
    /// The members that the type has fields for, by their JSON names.
    const MEMBERS: &'static [&'static str];

    /// What the object had beside the fields.
    fn extra(&self) -> &Extra;

    /// The JSON paths, below this object, of all members that no type has a field for, such as
    /// `.catalogItem.callbacks` or `.owners[].realm`.
    fn unknown_members(&self) -> Vec<String>;
}

/// Declares a response type: `field: Type = "jsonName" | "otherSpelling";`. Every field becomes an `Option`.
///
/// The visitor is written out rather than derived with `#[serde(flatten)]`, because that buffers the object, and a
/// buffered object has lost its JSON path when a member cannot be decoded.
macro_rules! model {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$fmeta:meta])* $field:ident : $ty:ty = $wire:literal $(| $alias:literal)* ; )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$fmeta])* pub $field: Option<$ty>, )*
            /// Members without a field, and the unusual forms of those with one.
            pub extra: $crate::lenient::Extra,
        }

        $crate::lenient::model_impl! { $name { $( $field : $ty = $wire $(| $alias)* ; )* } }
    };
}

/// What [`model!`] does to a struct that was declared by hand, for the sake of its `Debug`.
macro_rules! model_impl {
    ( $name:ident { $( $field:ident : $ty:ty = $wire:literal $(| $alias:literal)* ; )* } ) => {
        impl $crate::lenient::Model for $name {
            const MEMBERS: &'static [&'static str] = &[$($wire),*];

            fn extra(&self) -> &$crate::lenient::Extra {
                &self.extra
            }

            fn unknown_members(&self) -> Vec<String> {
                let mut found = Vec::new();
                $crate::lenient::Wire::report_unknown(self, "", &mut |path| found.push(path));
                found
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members;

                impl<'de> serde::de::Visitor<'de> for Members {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("an object (", stringify!($name), ")"))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut read = $name::default();
                        while let Some(key) = map.next_key::<String>()? {
                            match key.as_str() {
                                $( $wire $(| $alias)* => {
                                    if read.$field.is_some() && key != $wire {
                                        // Both spellings came: this one is kept beside.
                                        let value = map.next_value::<serde_json::Value>()?;
                                        read.extra.insert(key, value);
                                        continue;
                                    }
                                    if let Some(other) = read.$field.take() {
                                        read.extra.displace($wire, $crate::lenient::Wire::to_json(&other));
                                    }
                                    let decoded = map.next_value::<$crate::lenient::Decoded<$ty>>()?;
                                    read.$field = read.extra.keep($wire, &key, decoded);
                                } )*
                                _ => {
                                    let value = map.next_value::<serde_json::Value>()?;
                                    read.extra.insert(key, value);
                                }
                            }
                        }
                        Ok(read)
                    }
                }

                deserializer.deserialize_map(Members)
            }
        }

        /// Two are equal when they are written as the same JSON.
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                $crate::lenient::Wire::same(self, other)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::lenient::Wire::to_json(self).serialize(serializer)
            }
        }

        impl $crate::lenient::Wire for $name {
            fn from_wire<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$crate::lenient::Decoded<Self>, D::Error> {
                $crate::lenient::Decoded::or_null(serde::Deserialize::deserialize(deserializer)?)
            }

            fn to_json(&self) -> serde_json::Value {
                let mut out = serde_json::Map::new();
                $( self.extra.write(&mut out, $wire, self.$field.as_ref()); )*
                self.extra.write_unknown(&mut out, <Self as $crate::lenient::Model>::MEMBERS);
                serde_json::Value::Object(out)
            }

            fn report_unknown(&self, path: &str, found: &mut dyn FnMut(String)) {
                self.extra.report_unknown(path, found);
                $( if let Some(value) = &self.$field {
                    $crate::lenient::Wire::report_unknown(value, &format!(concat!("{}.", $wire), path), found);
                } )*
            }
        }

        impl $crate::lenient::IntoJson for $name {
            fn into_json(self) -> serde_json::Value {
                $crate::lenient::Wire::to_json(&self)
            }
        }
    };
}

/// Declares a request's body: `with_member: Type = "jsonName";`. Only what was set is sent.
///
/// `new` is written beside it, with what the server requires.
macro_rules! request_body {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$fmeta:meta])* $setter:ident : $ty:ty = $wire:literal ; )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name {
            body: $crate::lenient::JsonObject,
        }

        impl $name {
            $(
                $(#[$fmeta])*
                #[must_use]
                pub fn $setter(mut self, value: impl Into<$ty>) -> Self {
                    let value: $ty = value.into();
                    self.body.insert($wire.to_owned(), $crate::lenient::IntoJson::into_json(value));
                    self
                }
            )*

            /// Sets a member that has no method of its own, by its JSON name.
            #[must_use]
            pub fn with_member(mut self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
                self.body.insert(name.into(), value.into());
                self
            }

            /// The body as it will be sent.
            #[must_use]
            pub fn as_json(&self) -> &$crate::lenient::JsonObject {
                &self.body
            }
        }

        impl $crate::lenient::IntoJson for $name {
            fn into_json(self) -> serde_json::Value {
                self.body.into()
            }
        }
    };
}

pub(crate) use {model, model_impl, request_body};
