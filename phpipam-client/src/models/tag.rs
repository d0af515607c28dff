//! Address tags.

use super::{Link, TagId, YesNo, model};

model! {
    /// A tag of addresses, which is also their state.
    pub struct Tag {
        /// Its id; 1 is offline, 2 used, 3 reserved, 4 DHCP unless somebody deleted them.
        id: TagId = "id",
        /// Its name.
        name: String = "type",
        /// Whether it is shown.
        show: bool = "showtag",
        /// The background colour, like `#f59c99`.
        background: Option<String> = "bgcolor",
        /// The colour of the text.
        foreground: Option<String> = "fgcolor",
        /// Whether runs of such addresses are shown as one.
        compress: YesNo = "compress",
        /// Whether the interface protects it; the API deletes it all the same.
        locked: YesNo = "locked",
        /// Whether a scan may change the tag of such addresses.
        update: bool = "updateTag",
        /// Links, where the app shows them. They are wrong.
        links: Vec<Link> = "links",
    }
}

impl Tag {
    /// The id of the built-in tag "Offline".
    pub const OFFLINE: TagId = TagId::new(1);
    /// The id of the built-in tag "Used", which the server takes when none is given.
    pub const USED: TagId = TagId::new(2);
    /// The id of the built-in tag "Reserved".
    pub const RESERVED: TagId = TagId::new(3);
    /// The id of the built-in tag "DHCP".
    pub const DHCP: TagId = TagId::new(4);
}
