//! Macros that declare response types and request bodies.

use serde::{Serialize, de::DeserializeOwned};

use super::extra::Extra;

/// Response type that keeps all members of the server's object.
///
/// The response types of this crate implement it; it is not meant to be implemented elsewhere. It tells a program which
/// members of a server this crate does not know yet:
///
/// ```
/// use vra_client::{lenient::Model, v7::Tenant};
///
/// let tenant: Tenant = serde_json::from_str(r#"{"id": "qe", "locale": "de"}"#)?;
/// assert_eq!(tenant.unknown_members(), [".locale"]);
/// assert!(Tenant::MEMBERS.contains(&"urlName"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait Model: Serialize + DeserializeOwned {
    /// JSON names of the members that the type has fields for.
    const MEMBERS: &'static [&'static str];

    /// Returns the members beside the fields.
    fn extra(&self) -> &Extra;

    /// Returns the JSON paths, below this object, of all members that no type has a field for, such as
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
        // Every field is an `Option`, also those that the manual calls required: releases leave out different members,
        // and lists leave out more than single objects.
        pub struct $name {
            $( $(#[$fmeta])* pub $field: Option<$ty>, )*
            /// JSON members that this type has no field for, and the unusual forms of those it has.
            pub extra: $crate::lenient::Extra,
        }

        $crate::lenient::model_impl! { $name { $( $field : $ty = $wire $(| $alias)* ; )* } }
    };
}

/// Implements what [`model!`] implements, for a struct that is declared by hand to have its own `Debug`.
macro_rules! model_impl {
    ( $name:ident { $( $field:ident : $ty:ty = $wire:literal $(| $alias:literal)* ; )* } ) => {
        impl $crate::lenient::Model for $name {
            // The usual spellings only: a value that was read under another one is written under that.
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
                        // In one pass and in the order of the text, whatever the order of the fields: `@type` may be
                        // anywhere.
                        let mut read = $name::default();
                        while let Some(key) = map.next_key::<String>()? {
                            match key.as_str() {
                                $( $wire $(| $alias)* => {
                                    if read.$field.is_some() && key != $wire {
                                        // Both spellings are there: the usual one fills the field, this one is kept.
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

        /// Two values are equal if they are written as the same JSON. Secrets have no other comparison.
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
            // JSON rather than fields: only what was set is sent, in the order it was set, and `with_member` can add
            // any member.
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

            /// Returns the body as it will be sent.
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
