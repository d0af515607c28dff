//! `tools/devices`

use crate::controllers::addresses::model::Address;
use crate::controllers::devices::model::{Device, DeviceFields};
use crate::wire::DeviceId;

table! {
    /// Devices; see [`Tools::devices`](super::Tools::devices). [`Client::devices`](crate::Client::devices) can search, and
    /// has the subnets of a device; here a missing one is noticed without a call of its own.
    Devices, "devices", "device", DeviceId, Device
}
writes! {
    Devices, "devices", "device", DeviceId, Device, DeviceFields;
    /// Creates a device. It is in no section unless one is named.
    create(hostname: &str => with_hostname);
    /// Deletes a device.
    delete
}
below! {
    Devices, DeviceId;
    /// The addresses of a device.
    addresses = "addresses": Address;
}
