//! `tools/device_types`

pub(crate) mod model;

use self::model::{DeviceType, DeviceTypeFields};
use crate::controllers::devices::model::Device;
use crate::wire::DeviceTypeId;

table! {
    /// Types of devices; see [`Tools::device_types`](super::Tools::device_types).
    DeviceTypes, "device_types", "device type", DeviceTypeId, DeviceType
}
writes! {
    DeviceTypes, "device_types", "device type", DeviceTypeId, DeviceType, DeviceTypeFields;
    /// Creates a type of devices.
    create(name: &str => with_name);
    /// Deletes a type of devices.
    delete
}
below! {
    DeviceTypes, DeviceTypeId;
    /// The devices of a type.
    devices = "devices": Device;
}
