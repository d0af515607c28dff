//! Layer 2 domains as they are read and written.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{L2DomainId, TextList, model};

model! {
    /// A layer 2 domain: VLAN numbers are unique in one.
    pub struct L2Domain {
        /// Its id; 1 is the default domain.
        id: L2DomainId = "id",
        /// Its name.
        name: Option<String> = "name",
        /// Free text.
        description: Option<String> = "description",
        /// The ids of the sections that may use it; written as `permissions`.
        sections: TextList = "sections" | "permissions",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a layer 2 domain, to create or change one.
    ///
    /// ```
    /// use phpipam_client::models::{L2DomainFields, SectionId};
    ///
    /// let fields = L2DomainFields::new()
    ///     .with_description("East data centre")
    ///     .with_sections([SectionId::new(1), SectionId::new(2)]);
    /// ```
    pub struct L2DomainFields {
        /// Sets the name. The server allows one name many times.
        String, "name", never => with_name;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the ids of the sections that may use it: the server's name for them is `permissions` here, and
        /// `sections` in responses.
        TextList, "permissions", null => with_sections clear_sections patch_sections;
    }
}

impl L2DomainFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
