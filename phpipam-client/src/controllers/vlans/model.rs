//! VLANs as they are read and written.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{CustomerId, L2DomainId, ServerTime, VlanId, model};

model! {
    /// A VLAN.
    pub struct Vlan {
        /// Its id, which is not its number.
        id: VlanId = "id" | "vlanId",
        /// The layer 2 domain it is in.
        domain_id: Option<L2DomainId> = "domainId",
        /// Its name.
        name: Option<String> = "name",
        /// Its number, unique in its domain at most.
        number: Option<u32> = "number",
        /// Free text.
        description: Option<String> = "description",
        /// When it was last changed.
        edit_date: Option<ServerTime> = "editDate",
        /// The customer; since 1.4.
        customer_id: Option<CustomerId> = "customer_id",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a VLAN, to create or change one.
    pub struct VlanFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the number; the server's settings say how high it may be.
        u32, "number", never => with_number;
        /// Sets the layer 2 domain.
        L2DomainId, "domainId", never => with_domain;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the customer; since 1.4.
        CustomerId, "customer_id", null => with_customer clear_customer patch_customer;
    }
}

impl VlanFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
