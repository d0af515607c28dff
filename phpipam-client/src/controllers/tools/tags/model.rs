//! Address tags as they are read and written.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{TagId, YesNo, model};

model! {
    /// A tag of addresses, which is also their state.
    pub struct Tag {
        /// Its id; 1 is offline, 2 used, 3 reserved, 4 DHCP unless an administrator deleted them.
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

request_body! {
    /// Fields of an address tag, to create or change one.
    pub struct TagFields {
        /// Sets the name.
        String, "type", never => with_name;
        /// Says whether it is shown.
        bool, "showtag", zero => with_show;
        /// Sets the background colour, like `#f59c99`.
        String, "bgcolor", never => with_background;
        /// Sets the colour of the text.
        String, "fgcolor", never => with_foreground;
        /// Shows runs of such addresses as one, or each of them.
        YesNo, "compress", never => with_compress;
        /// Says whether the interface protects it; the API does not.
        YesNo, "locked", never => with_locked;
        /// Says whether a scan may change the tag of such addresses.
        bool, "updateTag", zero => with_update;
    }
}

impl TagFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
