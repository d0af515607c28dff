//! What all sub-controllers have: one set of rules on the server, so one here.

/// Defines a sub-controller: its word in the path, what its rows are called, and how they are read.
macro_rules! table {
    (
        $(#[$meta:meta])*
        $name:ident, $word:literal, $what:literal, $id:ident, $model:ident
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

            /// All of them.
            ///
            /// # Errors
            /// [`Error`](crate::Error)
            pub async fn list(&self) -> $crate::error::Result<Vec<$model>> {
                let request = $crate::request::ApiRequest::get($crate::request::Call::List, Self::path())?;
                self.client.list(&request, None).await
            }

            #[doc = concat!("The ", $what, " with this id.")]
            ///
            /// # Errors
            /// [`Error`](crate::Error)
            pub async fn get(&self, id: $id) -> $crate::error::Result<$model> {
                let request = $crate::request::ApiRequest::get($crate::request::Call::One, Self::one(id))?;
                self.client.one(&request).await
            }
        }
    };
}

/// How rows of a sub-controller are written.
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
            ///
            /// # Errors
            /// [`Error`](crate::Error)
            pub async fn create(
                &self,
                $($argument: $type,)*
                fields: &$fields,
            ) -> $crate::error::Result<$crate::Created<$id>> {
                let fields = fields.clone()$(.$with($argument))*;
                $crate::controllers::write::create(self.client, Self::path(), &fields.fields).await
            }

            /// Changes the named fields.
            ///
            /// # Errors
            /// [`Error`](crate::Error)
            pub async fn update(
                &self,
                id: $id,
                fields: &$fields,
            ) -> $crate::error::Result<()> {
                $crate::controllers::write::update(self.client, Self::one(id), &fields.fields).await
            }

            #[doc = concat!(
                "Changes the named fields, reads the ", $what, " back, and fails if one does not hold what was asked for."
            )]
            ///
            /// # Errors
            /// [`Error`](crate::Error), [`Error::PartlyApplied`](crate::Error::PartlyApplied)
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
            /// [`Error`](crate::Error)
            pub async fn delete(&self, id: $id) -> $crate::error::Result<()> {
                $crate::controllers::write::delete(self.client, Self::one(id)).await
            }
        }
    };
}

/// Lists below a row.
macro_rules! below {
    ($name:ident, $id:ident; $( $(#[$meta:meta])* $method:ident = $word:literal: $model:ident; )*) => {
        impl $name<'_> {
            $(
                $(#[$meta])*
                ///
                /// # Errors
                /// [`Error`](crate::Error)
                pub async fn $method(
                    &self,
                    id: $id,
                ) -> $crate::error::Result<Vec<$model>> {
                    let path = Self::one(id).word($word);
                    let request = $crate::request::ApiRequest::get($crate::request::Call::List, path)?;
                    let parent = $crate::request::ApiRequest::get($crate::request::Call::One, Self::one(id))?;
                    self.client.list_below(&request, parent).await
                }
            )*
        }
    };
}
