//! Racks as they are read and written.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{CustomerId, LocationId, RackId, model};

model! {
    /// A rack.
    pub struct Rack {
        /// Its id.
        id: RackId = "id",
        /// Its name.
        name: Option<String> = "name",
        /// How many units it has.
        size: Option<u32> = "size",
        /// Whether it is a part of another rack; since 1.8.
        subrack: Option<bool> = "subrack",
        /// The location.
        location: Option<LocationId> = "location",
        /// The row it stands in.
        row: Option<u32> = "row",
        /// Whether its back is used too.
        has_back: bool = "hasBack",
        /// Whether units are counted from the top.
        top_down: bool = "topDown",
        /// Free text.
        description: Option<String> = "description",
        /// The customer; since 1.4.
        customer_id: Option<CustomerId> = "customer_id",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a rack, to create or change one.
    pub struct RackFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets how many units it has.
        u32, "size", null => with_size clear_size patch_size;
        /// Says whether it is a part of another rack; since 1.8.
        bool, "subrack", zero => with_subrack;
        /// Sets the location. The server does not check that it exists.
        LocationId, "location", null => with_location clear_location patch_location;
        /// Sets the row it stands in.
        u32, "row", never => with_row;
        /// Says whether its back is used too.
        bool, "hasBack", zero => with_has_back;
        /// Counts units from the top, or from the bottom.
        bool, "topDown", zero => with_top_down;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the customer, which must exist; since 1.4.
        CustomerId, "customer_id", null => with_customer clear_customer patch_customer;
    }
}

impl RackFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
