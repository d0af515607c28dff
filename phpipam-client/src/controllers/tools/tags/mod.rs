//! `tools/tags`

pub(crate) mod model;

use self::model::{Tag, TagFields};
use crate::controllers::addresses::model::Address;
use crate::wire::TagId;

table! {
    /// Address tags; see [`Tools::tags`](super::Tools::tags).
    Tags, "tags", "tag", TagId, Tag
}
writes! {
    Tags, "tags", "tag", TagId, Tag, TagFields;
    /// Creates a tag.
    create(name: &str => with_name);
    /// Deletes a tag, **a locked one too**: the lock is the interface's. Addresses keep its id.
    delete
}
below! {
    Tags, TagId;
    /// The addresses with a tag, of all subnets.
    addresses = "addresses": Address;
}
