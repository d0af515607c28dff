//! VRFs as they are read and written.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{CustomerId, ServerTime, TextList, VrfId, model};

model! {
    /// A VRF.
    pub struct Vrf {
        /// Its id.
        id: VrfId = "id" | "vrfId",
        /// Its name, unique on the server.
        name: Option<String> = "name",
        /// The route distinguisher.
        rd: Option<String> = "rd",
        /// Free text.
        description: Option<String> = "description",
        /// The ids of the sections that may use it.
        sections: TextList = "sections",
        /// When it was last changed.
        edit_date: Option<ServerTime> = "editDate",
        /// The customer; since 1.4.
        customer_id: Option<CustomerId> = "customer_id",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a VRF, to create or change one.
    pub struct VrfFields {
        /// Sets the name, unique on the server.
        String, "name", never => with_name;
        /// Sets the route distinguisher.
        String, "rd", null => with_rd clear_rd patch_rd;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the ids of the sections that may use it.
        TextList, "sections", null => with_sections clear_sections patch_sections;
        /// Sets the customer; since 1.4. The server does not check that it exists.
        CustomerId, "customer_id", null => with_customer clear_customer patch_customer;
    }
}

impl VrfFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
