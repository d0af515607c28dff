//! `tools/racks`

pub(crate) mod model;

use self::model::{Rack, RackFields};
use crate::controllers::devices::model::Device;
use crate::wire::RackId;

table! {
    /// Racks; see [`Tools::racks`](super::Tools::racks).
    Racks, "racks", "rack", RackId, Rack
}
writes! {
    Racks, "racks", "rack", RackId, Rack, RackFields;
    /// Creates a rack.
    create(name: &str => with_name);
    /// Deletes a rack.
    delete
}
below! {
    Racks, RackId;
    /// The devices in a rack.
    devices = "devices": Device;
}
