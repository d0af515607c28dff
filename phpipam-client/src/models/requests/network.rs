//! Fields of VLANs, VRFs and layer 2 domains.

use crate::lenient::{CustomerId, L2DomainId, TextList};
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

request! {
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

request! {
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
        /// `sections` in answers.
        TextList, "permissions", null => with_sections clear_sections patch_sections;
    }
}

impl L2DomainFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
