//! Models of circuits and their providers.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::controllers::tools::customers::model::Status;
use crate::wire::{CircuitId, CircuitProviderId, CustomerId, DeviceId, LocationId, model};

model! {
    /// Circuit, a line between two places.
    pub struct Circuit {
        /// Id.
        id: CircuitId = "id",
        /// Circuit id, the text that people use.
        circuit_id: Option<String> = "circuit_id" | "cid",
        /// Provider.
        provider: Option<CircuitProviderId> = "provider",
        /// Type: its id, or in 1.3 its name.
        circuit_type: Option<String> = "type",
        /// Capacity, as free text.
        capacity: Option<String> = "capacity",
        /// Status.
        status: Option<Status> = "status",
        /// Device at one end.
        device1: Option<DeviceId> = "device1",
        /// Location of that end.
        location1: Option<LocationId> = "location1",
        /// Device at the other end.
        device2: Option<DeviceId> = "device2",
        /// Location of the other end.
        location2: Option<LocationId> = "location2",
        /// Free text.
        comment: Option<String> = "comment",
        /// Circuit that it is a part of; since 1.4.
        parent: Option<CircuitId> = "parent",
        /// Customer; since 1.4, `None` before.
        customer_id: Option<CustomerId> = "customer_id",
        /// Text that tells circuits with the same circuit id apart; since 1.4.
        differentiator: Option<String> = "differentiator",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

model! {
    /// Circuit provider.
    pub struct CircuitProvider {
        /// Id.
        id: CircuitProviderId = "id",
        /// Name.
        name: Option<String> = "name",
        /// Free text.
        description: Option<String> = "description",
        /// Contact.
        contact: Option<String> = "contact",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a circuit, to create or change one. Fields that are not set stay as they are.
    ///
    /// ```
    /// use phpipam_client::models::{CircuitFields, DeviceId};
    ///
    /// let fields = CircuitFields::new().with_capacity("1 Gbit/s").with_device1(DeviceId::new(3));
    /// assert!(format!("{fields:?}").contains("1 Gbit/s"));
    /// ```
    pub struct CircuitFields {
        // Written as `cid`, read as `circuit_id`: only reads rename the column (Q30).
        /// Sets the circuit id, the text that people use. One that is in use is refused with kind
        /// [`Conflict`](crate::RefusalKind::Conflict).
        String, "cid", never => with_circuit_id;
        /// Sets the provider, which must exist.
        CircuitProviderId, "provider", never => with_provider;
        /// Sets the type by its name. Only 1.3 accepts one; later versions refuse each with kind
        /// [`Invalid`](crate::RefusalKind::Invalid).
        String, "type", never => with_circuit_type;
        /// Sets the capacity, as free text.
        String, "capacity", null => with_capacity clear_capacity patch_capacity;
        /// Sets the status.
        Status, "status", never => with_status;
        /// Sets the device at one end, which must exist.
        DeviceId, "device1", zero => with_device1 clear_device1 patch_device1;
        /// Sets the location of that end, which must exist.
        LocationId, "location1", zero => with_location1 clear_location1 patch_location1;
        /// Sets the device at the other end, which must exist.
        DeviceId, "device2", zero => with_device2 clear_device2 patch_device2;
        /// Sets the location of the other end, which must exist.
        LocationId, "location2", zero => with_location2 clear_location2 patch_location2;
        /// Sets the comment.
        String, "comment", null => with_comment clear_comment patch_comment;
        /// Sets the customer, which must exist. Since 1.4; 1.3 refuses with kind
        /// [`Invalid`](crate::RefusalKind::Invalid).
        CustomerId, "customer_id", null => with_customer clear_customer patch_customer;
        /// Sets the text that tells circuits with the same circuit id apart. Since 1.4; 1.3 refuses with kind
        /// [`Invalid`](crate::RefusalKind::Invalid).
        String, "differentiator", null => with_differentiator clear_differentiator patch_differentiator;
    }
}

impl CircuitFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}

request_body! {
    /// Fields of a circuit provider, to create or change one. Fields that are not set stay as they are.
    ///
    /// ```
    /// use phpipam_client::models::CircuitProviderFields;
    ///
    /// let fields = CircuitProviderFields::new().with_contact("noc@telco.example").clear_description();
    /// assert!(format!("{fields:?}").contains("noc@telco.example"));
    /// ```
    pub struct CircuitProviderFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the contact.
        String, "contact", null => with_contact clear_contact patch_contact;
    }
}

impl CircuitProviderFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
