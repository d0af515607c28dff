//! Circuits and who provides them.

use super::{CircuitId, CircuitProviderId, CustomerId, DeviceId, Link, LocationId, Status, model};

model! {
    /// A line between two places.
    pub struct Circuit {
        /// Its id, a number of the server's.
        id: CircuitId = "id",
        /// The circuit id that people use.
        circuit_id: Option<String> = "circuit_id" | "cid",
        /// The provider.
        provider: Option<CircuitProviderId> = "provider",
        /// The type: its id, or up to 1.3 its name.
        circuit_type: Option<String> = "type",
        /// The capacity, as free text.
        capacity: Option<String> = "capacity",
        /// Whether it is in use.
        status: Option<Status> = "status",
        /// The device at one end.
        device1: Option<DeviceId> = "device1",
        /// The location of one end.
        location1: Option<LocationId> = "location1",
        /// The device at the other end.
        device2: Option<DeviceId> = "device2",
        /// The location of the other end.
        location2: Option<LocationId> = "location2",
        /// Free text.
        comment: Option<String> = "comment",
        /// The circuit it is a part of; since 1.4.
        parent: Option<CircuitId> = "parent",
        /// The customer; since 1.4.
        customer_id: Option<CustomerId> = "customer_id",
        /// What tells circuits with the same circuit id apart; since 1.4.
        differentiator: Option<String> = "differentiator",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

model! {
    /// A provider of circuits.
    pub struct CircuitProvider {
        /// Its id.
        id: CircuitProviderId = "id",
        /// Its name.
        name: Option<String> = "name",
        /// Free text.
        description: Option<String> = "description",
        /// Whom to ask.
        contact: Option<String> = "contact",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}
