//! `tools/locations`, `tools/racks`, `tools/customers`

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

table! {
    /// Customers; see [`Tools::customers`](super::Tools::customers). Since 1.4.
    Customers, "customers", "customer", CustomerId, Customer
}
writes! {
    Customers, "customers", "customer", CustomerId, Customer, CustomerFields;
    /// Creates a customer. A title in use is a conflict.
    create(title: &str => with_title);
    /// Deletes a customer. What named it stays, without a customer.
    delete
}
