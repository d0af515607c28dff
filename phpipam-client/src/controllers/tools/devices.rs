//! `tools/devices`, `tools/device_types`

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
