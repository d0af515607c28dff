//! Shapes and searches that several services share.

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::lenient::{model, open_enum};
use crate::list::{List, Row};
use crate::odata::Filter;
use crate::v8::Links;

open_enum! {
    /// Version of the Internet Protocol.
    pub enum IpVersion {
        /// Version 4; the server's default.
        V4 = "IPv4",
        /// Version 6.
        V6 = "IPv6",
    }
}

/// Declares a response type with the members that the objects of the IaaS service share, after those of its own.
macro_rules! iaas_object {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($own:tt)* }
    ) => {
        $crate::lenient::model! {
            $(#[$meta])*
            pub struct $name {
                $($own)*
                /// Day of creation.
                created_at: $crate::lenient::Timestamp = "createdAt";
                /// Day of the last change.
                updated_at: $crate::lenient::Timestamp = "updatedAt";
                /// Owner.
                owner: String = "owner";
                /// Type of the owner, such as `ad_group`.
                owner_type: String = "ownerType";
                /// Id of the organization.
                org_id: String = "orgId";
                /// Id of the organization, once more.
                organization_id: String = "organizationId";
                /// Links.
                links: $crate::v8::Links = "_links";
            }
        }
    };
}

pub(super) use iaas_object;

model! {
    /// Tag of an object. The value can be empty.
    pub struct Tag {
        /// Key.
        key: String = "key";
        /// Value.
        value: String = "value";
    }
}

impl Tag {
    /// Makes a tag.
    ///
    /// ```
    /// use vra_client::v8::Tag;
    ///
    /// let tag = Tag::new("net", "lab-20");
    /// assert_eq!(serde_json::to_value(&tag)?, serde_json::json!({"key": "net", "value": "lab-20"}));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: Some(key.into()), value: Some(value.into()), ..Self::default() }
    }
}

/// Finds the only row with a name in a list whose filter compares texts.
pub(super) async fn named<T: Row + DeserializeOwned + Send + 'static>(
    list: List<T>,
    what: &'static str,
    name: &str,
    name_of: impl Fn(&T) -> Option<&str> + Send,
) -> Result<T, Error> {
    // A filter with a dot finds nothing on some servers, and `*` stands for any text. Then all rows are read, and the
    // names are compared here.
    let list = if name.contains(['.', '*']) { list } else { list.with_filter(Filter::eq("name", name)) };
    list.only(what, name, name_of).await
}

/// Returns the ids of the fabric networks of a range, whichever relation its release has.
pub(super) fn fabric_network_ids(links: Option<&Links>) -> Vec<String> {
    let Some(links) = links else { return Vec::new() };
    links.ids("fabric-networks").chain(links.ids("fabric-network")).collect()
}
