//! Sets of name servers as they are read and written.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{NameserverId, ServerTime, TextList, model};

model! {
    /// A set of name servers.
    pub struct Nameserver {
        /// Its id.
        id: NameserverId = "id",
        /// Its name.
        name: Option<String> = "name",
        /// The name servers' addresses, in order.
        servers: TextList = "namesrv1",
        /// Free text.
        description: Option<String> = "description",
        /// The ids of the sections that may use it; written as `permissions` or `sections`.
        sections: TextList = "permissions" | "sections",
        /// When it was last changed.
        edit_date: Option<ServerTime> = "editDate",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a set of name servers, to create or change one.
    pub struct NameserverFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the name servers' addresses, in order.
        TextList, "namesrv1", never => with_servers;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the ids of the sections that may use it.
        TextList, "permissions", null => with_sections clear_sections patch_sections;
    }
}

impl NameserverFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
