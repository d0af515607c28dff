//! Models of layer 2 domains.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{L2DomainId, TextList, model};

model! {
    /// Layer 2 domain, in which VLAN numbers are counted.
    pub struct L2Domain {
        /// Id; 1 is the default domain.
        id: L2DomainId = "id",
        /// Name.
        name: Option<String> = "name",
        /// Free text.
        description: Option<String> = "description",
        /// Ids of the sections that may use it; the server's name is `permissions` in a change.
        sections: TextList = "sections" | "permissions",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a layer 2 domain, to create or change one. Fields that are not set stay as they are.
    ///
    /// ```
    /// use phpipam_client::models::{L2DomainFields, SectionId};
    ///
    /// let fields = L2DomainFields::new()
    ///     .with_description("East data centre")
    ///     .with_sections([SectionId::new(1), SectionId::new(2)]);
    /// ```
    pub struct L2DomainFields {
        /// Sets the name. The server allows the same name several times.
        String, "name", never => with_name;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        // `permissions` is the column. Reads rename it to `sections`, and a body with that name is refused (400).
        /// Sets the ids of the sections that may use it. The server's name is `permissions` here and `sections` in
        /// responses.
        TextList, "permissions", null => with_sections clear_sections patch_sections;
    }
}

impl L2DomainFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
