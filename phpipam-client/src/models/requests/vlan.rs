//! Fields of a VLAN.

use crate::lenient::{CustomerId, L2DomainId};
use crate::patch::request;

request! {
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
