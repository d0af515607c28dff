//! Locations as they are read and written.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{LocationId, Reference, model};

model! {
    /// A location.
    pub struct Location {
        /// Its id.
        id: LocationId = "id",
        /// Its name.
        name: Option<String> = "name",
        /// Free text.
        description: Option<String> = "description",
        /// The postal address.
        address: Option<String> = "address",
        /// The latitude in degrees, as text.
        latitude: Option<String> = "lat",
        /// The longitude in degrees, as text.
        longitude: Option<String> = "long",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

impl Reference<LocationId, Location> {
    /// The id, in either case.
    #[must_use]
    pub fn id(&self) -> LocationId {
        match self {
            Self::Id(id) => *id,
            Self::Full(location) => location.id,
        }
    }
}

request_body! {
    /// Fields of a location, to create or change one.
    pub struct LocationFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the postal address. Without latitude and longitude the server may look them up, which takes time.
        String, "address", null => with_address clear_address patch_address;
        /// Sets the latitude in degrees, as text.
        String, "lat", null => with_latitude clear_latitude patch_latitude;
        /// Sets the longitude in degrees, as text.
        String, "long", null => with_longitude clear_longitude patch_longitude;
    }
}

impl LocationFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
