//! Circuits and their providers, as they are read and written.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::controllers::tools::customers::model::Status;
use crate::wire::{CircuitId, CircuitProviderId, CustomerId, DeviceId, LocationId, model};

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

request_body! {
    /// Fields of a circuit, to create or change one.
    pub struct CircuitFields {
        /// Sets the circuit id that people use; in use it is a conflict.
        String, "cid", never => with_circuit_id;
        /// Sets the provider, which must exist.
        CircuitProviderId, "provider", never => with_provider;
        /// Sets the type by its name. Only 1.3 accepts one.
        String, "type", never => with_circuit_type;
        /// Sets the capacity, as free text.
        String, "capacity", null => with_capacity clear_capacity patch_capacity;
        /// Says whether it is in use.
        Status, "status", never => with_status;
        /// Sets the device at one end, which must exist.
        DeviceId, "device1", zero => with_device1 clear_device1 patch_device1;
        /// Sets the location of one end, which must exist.
        LocationId, "location1", zero => with_location1 clear_location1 patch_location1;
        /// Sets the device at the other end, which must exist.
        DeviceId, "device2", zero => with_device2 clear_device2 patch_device2;
        /// Sets the location of the other end, which must exist.
        LocationId, "location2", zero => with_location2 clear_location2 patch_location2;
        /// Sets the comment.
        String, "comment", null => with_comment clear_comment patch_comment;
        /// Sets the customer, which must exist; since 1.4.
        CustomerId, "customer_id", null => with_customer clear_customer patch_customer;
        /// Sets what tells circuits with the same circuit id apart; since 1.4.
        String, "differentiator", null => with_differentiator clear_differentiator patch_differentiator;
    }
}

impl CircuitFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}

request_body! {
    /// Fields of a provider of circuits, to create or change one.
    pub struct CircuitProviderFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets whom to ask.
        String, "contact", null => with_contact clear_contact patch_contact;
    }
}

impl CircuitProviderFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
