//! Fields of an object, to create or change it: each kept (not set), emptied or set.
//!
//! The same type creates and changes. Texts that the server would damage (`<` reads as a tag), ids of 0 and names that
//! would redirect the request are remembered by the setter, and refused by the call that sends them.

/// Defines the fields of an object, to create or change it.
///
/// Each field has a type, the server's name, what empties it (`null`, `zero`, or `never`), and its setters.
macro_rules! request_body {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* $type:ty, $key:literal, $empty:ident => $with:ident $($clear:ident $patch:ident)?; )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default)]
        #[must_use]
        pub struct $name {
            pub(crate) fields: $crate::wire::Fields,
        }

        impl $name {
            $(
                $(#[$field_meta])*
                pub fn $with(mut self, value: impl Into<$type>) -> Self {
                    self.fields.set($key, value.into());
                    self
                }

                $(
                    #[doc = concat!("Empties the field `", $key, "`.")]
                    pub fn $clear(mut self) -> Self {
                        self.fields.clear($key, $crate::controllers::request_body::empty!($empty));
                        self
                    }

                    #[doc = concat!("Keeps, empties or sets the field `", $key, "`.")]
                    pub fn $patch(self, patch: ipam_core::Patch<$type>) -> Self {
                        match patch {
                            ipam_core::Patch::Keep => self,
                            ipam_core::Patch::Clear => self.$clear(),
                            ipam_core::Patch::Set(value) => self.$with(value),
                        }
                    }
                )?
            )*

            /// Sets a custom field, by the name of its column. Flags are sent as 0 and 1; `Null` empties it.
            ///
            /// A value must not be a list or an object. A name must not be empty, and none of those that the server
            /// takes for a part of the path or for the group of custom fields, wherever they occur: `app_id`,
            /// `controller`, `id`, `id2`, `id3`, `id4` and `custom_fields`. The call that sends the fields refuses such
            /// a value or name with [`Error::Invalid`](crate::Error::Invalid).
            pub fn with_custom_field(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
                self.fields.set_custom(name, value.into());
                self
            }

            /// Sets a custom field, checked against the schema. Its name may lack the prefix `custom_` that some
            /// releases add. [`Schema`](crate::models::Schema) has an example.
            ///
            /// A name or value that does not fit is refused by the call that sends the fields, with
            /// [`Error::Invalid`](crate::Error::Invalid); [`Schema::check`](crate::models::Schema::check) fails at
            /// once.
            pub fn with_checked_field(
                mut self,
                schema: &$crate::controllers::custom_fields::model::Schema,
                name: &str,
                value: impl Into<serde_json::Value>,
            ) -> Self {
                match schema.checked(name, value.into()) {
                    Ok((name, value)) => self.fields.set_custom(&name, value),
                    // Remembered, so that setters can be chained. The call that sends the fields returns it.
                    Err(error) => self.fields.refuse(error),
                }
                self
            }

            /// Returns the fields in a JSON object with the server's names, as other tools keep them.
            ///
            /// Members with other names are custom fields. The member `custom_fields` may be an object with more of
            /// them.
            ///
            /// # Errors
            /// [`Error::Invalid`](crate::Error::Invalid) with the name of the first member that the server would damage
            /// or refuse.
            pub fn from_json(json: &$crate::wire::JsonObject) -> $crate::error::Result<Self> {
                let mut request = Self::default();
                for (name, value) in json {
                    match name.as_str() {
                        $( $key => request = match $crate::wire::field_from_json::<$type>(name, value)? {
                            Some(value) => request.$with(value),
                            None => {
                                request.fields.clear($key, $crate::controllers::request_body::empty!($empty));
                                request
                            }
                        }, )*
                        // Written flat. The nested form is refused by apps without nesting, while flat names work with
                        // each setting (Q44).
                        "custom_fields" => match value {
                            serde_json::Value::Object(fields) => {
                                for (name, value) in fields {
                                    request.fields.set_custom(name, value.clone());
                                }
                            }
                            other => {
                                let remedy = "give an object of custom fields";
                                return Err($crate::error::Error::invalid("custom_fields", other, remedy));
                            }
                        },
                        _ => request.fields.set_custom(name, value.clone()),
                    }
                }
                // Here, unlike in the setters, the fault is returned at once: the JSON is at hand, and its author is
                // not the caller's code.
                request.fields.body()?;
                Ok(request)
            }
        }
    };
}
pub(crate) use request_body;

/// Value that empties a column: NULL, or 0 where the column is NOT NULL.
macro_rules! empty {
    (null) => {
        serde_json::Value::Null
    };
    (zero) => {
        serde_json::Value::from(0)
    };
    // Of a column that must hold a value. `from_json` sends what its caller wrote, and the server refuses it.
    (never) => {
        serde_json::Value::Null
    };
}
pub(crate) use empty;
