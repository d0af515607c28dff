//! Macros for the methods of the sub-controllers of `tools`: the server has one set of rules for all of them.

/// Defines a sub-controller: its word in the path, the name of an id in messages, the names of one and of several
/// objects in the documentation, and the methods that read them.
macro_rules! table {
    (
        $(#[$meta:meta])*
        $name:ident, $word:literal, $what:literal ($one:literal, $all:literal), $id:ident, $model:ident
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<'a> {
            client: &'a $crate::client::Client,
        }

        impl<'a> $name<'a> {
            pub(super) fn new(client: &'a $crate::client::Client) -> Self {
                Self { client }
            }

            fn path() -> $crate::request::Path {
                $crate::request::Path::new("tools").word($word)
            }

            fn one(id: $id) -> $crate::request::Path {
                Self::path().id(concat!($what, " id"), id.get())
            }

            #[doc = concat!("Lists all ", $all, " (`tools/", $word, "/`).")]
            ///
            /// # Errors
            /// The [common errors](crate::Error#common-errors) only; an empty table is an empty list.
            pub async fn list(&self) -> $crate::error::Result<Vec<$model>> {
                // Without `all`: the sub-controllers do not know the word.
                let request = $crate::request::ApiRequest::get($crate::request::Call::List, Self::path())?;
                self.client.list(&request, None).await
            }

            #[doc = concat!("Returns the ", $one, " with this id.")]
            ///
            /// # Errors
            /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is none; otherwise the
            /// [common errors](crate::Error#common-errors).
            pub async fn get(&self, id: $id) -> $crate::error::Result<$model> {
                let request = $crate::request::ApiRequest::get($crate::request::Call::One, Self::one(id))?;
                self.client.one(&request).await
            }
        }
    };
}

/// Defines the methods that create, change and delete objects of a sub-controller.
macro_rules! writes {
    (
        $name:ident, $word:literal, $what:literal, $id:ident, $model:ident, $fields:ident;
        $(#[$create_meta:meta])*
        create($($argument:ident: $type:ty => $with:ident),*);
        $(#[$delete_meta:meta])*
        delete
    ) => {
        impl $name<'_> {
            $(#[$create_meta])*
            pub async fn create(
                &self,
                $($argument: $type,)*
                fields: &$fields,
            ) -> $crate::error::Result<$crate::Created<$id>> {
                let fields = fields.clone()$(.$with($argument))*;
                // The id is in the envelope. `data` is a sentence (Q14), and the `Location` of some tables is no path
                // of the API, such as `tools/ipTags/5/`.
                $crate::controllers::write::create(self.client, Self::path(), &fields.fields).await
            }

            /// Changes the fields that are set.
            ///
            /// # Errors
            #[doc = concat!(
                "A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such ", $what, ","
            )]
            /// [`Conflict`](crate::RefusalKind::Conflict) if a value that must be unique is in use, or
            /// [`Invalid`](crate::RefusalKind::Invalid) if the database refuses a value; otherwise the
            /// [common errors](crate::Error#common-errors).
            pub async fn update(
                &self,
                id: $id,
                fields: &$fields,
            ) -> $crate::error::Result<()> {
                // A missing object is 400 "Invalid identifier" in a change, and 404 in a read. `envelope` makes
                // `NotFound` of both.
                $crate::controllers::write::update(self.client, Self::one(id), &fields.fields).await
            }

            #[doc = concat!("Changes the fields that are set, reads the ", $what, " back, and compares.")]
            ///
            /// # Errors
            /// [`Error::PartlyApplied`](crate::Error::PartlyApplied) if a field does not hold the requested value;
            /// otherwise as [`update`](Self::update).
            pub async fn update_verified(
                &self,
                id: $id,
                fields: &$fields,
            ) -> $crate::error::Result<$model> {
                self.update(id, fields).await?;
                let now = self.get(id).await?;
                let call = format!(concat!("PATCH tools/", $word, "/{}/"), id);
                $crate::controllers::verify::applied(&call, &fields.fields, &now)?;
                Ok(now)
            }

            $(#[$delete_meta])*
            ///
            /// # Errors
            #[doc = concat!("A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no such ", $what, ";")]
            /// otherwise the [common errors](crate::Error#common-errors).
            pub async fn delete(&self, id: $id) -> $crate::error::Result<()> {
                $crate::controllers::write::delete(self.client, Self::one(id)).await
            }
        }
    };
}

/// Defines lists below an object of a sub-controller.
macro_rules! below {
    ($name:ident, $id:ident; $( $(#[$meta:meta])* $method:ident = $word:literal: $model:ident; )*) => {
        impl $name<'_> {
            $(
                $(#[$meta])*
                ///
                /// # Errors
                /// A refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if there is no object with this id;
                /// otherwise the [common errors](crate::Error#common-errors).
                pub async fn $method(
                    &self,
                    id: $id,
                ) -> $crate::error::Result<Vec<$model>> {
                    let path = Self::one(id).word($word);
                    let request = $crate::request::ApiRequest::get($crate::request::Call::List, path)?;
                    let parent = $crate::request::ApiRequest::get($crate::request::Call::One, Self::one(id))?;
                    // An empty list reads the parent: the server's texts do not tell "no rows" and "no such object" apart here.
                    self.client.list_below(&request, parent).await
                }
            )*
        }
    };
}
