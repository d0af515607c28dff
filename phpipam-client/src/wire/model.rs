//! Models: decoding of an object in any form, and encoding in one.

use super::JsonObject;

/// Moves nested custom fields up beside the flat ones. The nested value wins (Q42).
pub(crate) fn merge_custom_fields(
    extra: &mut JsonObject,
    nested: Option<serde_json::Value>,
) -> Result<(), &'static str> {
    match nested {
        None | Some(serde_json::Value::Null) => Ok(()),
        Some(serde_json::Value::Object(fields)) => {
            // On the same name the nested value wins over the flat one (Q42).
            extra.extend(fields);
            Ok(())
        }
        // PHP writes an empty array for an object without members.
        Some(serde_json::Value::Array(items)) if items.is_empty() => Ok(()),
        Some(_) => Err("custom_fields is neither an object nor null"),
    }
}

/// Defines a model: its members with their names on the wire, the first of which is written.
///
/// If one object has a member under two names, the value that is not blank is kept.
macro_rules! model {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* $field:ident : $type:ty = $key:literal $(| $alias:literal)* , )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
            /// Custom fields, and members that this version of the crate does not know, under the server's names.
            pub extra: $crate::wire::JsonObject,
        }

        const _: () = {
            use $crate::wire::{Encode, Seed, Wire};

            #[allow(non_camel_case_types, clippy::enum_variant_names, reason = "variants are named after the members")]
            enum Member {
                $( $field, )*
                NestedCustomFields,
                Other(String),
            }

            struct MemberVisitor;

            impl serde::de::Visitor<'_> for MemberVisitor {
                type Value = Member;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a member name")
                }

                fn visit_str<E>(self, name: &str) -> Result<Member, E> {
                    Ok(match name {
                        $( $key $(| $alias)* => Member::$field, )*
                        "custom_fields" => Member::NestedCustomFields,
                        other => Member::Other(other.to_owned()),
                    })
                }
            }

            impl<'de> serde::Deserialize<'de> for Member {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_str(MemberVisitor)
                }
            }

            struct ModelVisitor;

            impl<'de> serde::de::Visitor<'de> for ModelVisitor {
                type Value = $name;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str(concat!("an object of type ", stringify!($name)))
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                    $( let mut $field: Option<$type> = None; )*
                    let mut nested = None;
                    let mut extra = $crate::wire::JsonObject::new();
                    while let Some(member) = map.next_key::<Member>()? {
                        match member {
                            $( Member::$field => {
                                let value = map.next_value_seed(Seed::<$type>::new())?;
                                // Raw address rows have both `ip_addr` (decimal) and `ip` (dotted), one of which may be
                                // blank (Q26).
                                if $field.as_ref().is_none_or(Wire::is_blank) {
                                    $field = Some(value);
                                }
                            } )*
                            // Kept aside until all flat members are read: an app with nesting sends both forms in one
                            // object (Q42).
                            Member::NestedCustomFields => nested = Some(map.next_value()?),
                            // Custom fields are flat members with free names, and each release adds columns (Q40, Q41),
                            // so nothing unknown is refused or lost.
                            Member::Other(name) => {
                                extra.insert(name, map.next_value()?);
                            }
                        }
                    }
                    $crate::wire::merge_custom_fields(&mut extra, nested).map_err(serde::de::Error::custom)?;
                    Ok($name {
                        $( $field: match $field.or_else(<$type as Wire>::absent) {
                            Some(value) => value,
                            None => return Err(serde::de::Error::missing_field($key)),
                        }, )*
                        extra,
                    })
                }
            }

            impl Wire for $name {
                fn decode<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_map(ModelVisitor)
                }

                fn encode<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    use serde::ser::SerializeMap as _;
                    let mut map = serializer.serialize_map(None)?;
                    $( map.serialize_entry($key, &Encode(&self.$field))?; )*
                    for (name, value) in &self.extra {
                        map.serialize_entry(name, value)?;
                    }
                    map.end()
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    Self::decode(deserializer)
                }
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    self.encode(serializer)
                }
            }
        };
    };
}
pub(crate) use model;
