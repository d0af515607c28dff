//! `tools/locations`

pub(crate) mod model;

use self::model::{Location, LocationFields};
use crate::controllers::addresses::model::Address;
use crate::controllers::devices::model::Device;
use crate::controllers::subnets::model::Subnet;
use crate::controllers::tools::racks::model::Rack;
use crate::wire::LocationId;

table! {
    /// Locations; see [`Tools::locations`](super::Tools::locations).
    Locations, "locations", "location", LocationId, Location
}
writes! {
    Locations, "locations", "location", LocationId, Location, LocationFields;
    /// Creates a location.
    create(name: &str => with_name);
    /// Deletes a location.
    delete
}
below! {
    Locations, LocationId;
    /// The subnets at a location.
    subnets = "subnets": Subnet;
    /// The devices at a location.
    devices = "devices": Device;
    /// The racks at a location.
    racks = "racks": Rack;
    /// The addresses at a location.
    addresses = "ipaddresses": Address;
}
