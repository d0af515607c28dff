//! Requests in the form of 6.2, which 7.x still accepts for items that were made before.

use super::reference::{Organization, Reference};
use crate::lenient::{IntoJson, JsonObject, request_body};
use crate::v7::{Literal, LiteralMap};

request_body! {
    /// Request for an item, in the form of 6.2.
    ///
    /// ```
    /// use vra_client::v7::{CatalogItemRequestBody, MachineValues};
    ///
    /// let machine = MachineValues::new("blueprint", "group").with_cpus(1).with_memory_mb(1024).with_lease_days(30);
    /// let body = CatalogItemRequestBody::new("item", "vsphere.local", "group").with_data(machine);
    /// assert_eq!(body.as_json().at(&["catalogItemRef", "id"]), Some(&"item".into()));
    /// ```
    pub struct CatalogItemRequestBody {
        /// Sets the user that the request is made for, `user@domain`. Default: not sent, which means the caller.
        with_requested_for: String = "requestedFor";
        /// Sets the description.
        with_description: String = "description";
        /// Sets the reasons for the approver.
        with_reasons: String = "reasons";
        /// Sets the values; [`MachineValues`] makes those of a machine. Default: none.
        with_data: LiteralMap = "requestData";
    }
}

impl CatalogItemRequestBody {
    /// Makes a request without values, for a business group of a tenant.
    #[must_use]
    pub fn new(item_id: impl Into<String>, tenant: impl Into<String>, subtenant_id: impl Into<String>) -> Self {
        Self { body: JsonObject::new() }
            .with_member("@type", "CatalogItemRequest")
            .with_member("catalogItemRef", Reference::new(item_id).into_json())
            .with_member("organization", Organization::new(tenant, subtenant_id).into_json())
            // State and number belong to the server, but the manual and all published clients send them.
            .with_member("state", "SUBMITTED")
            .with_member("requestNumber", 0)
            .with_data(LiteralMap::new())
    }

    /// Leaves out the request number, as the manual does for Amazon machines. Otherwise 0 is sent, and the server
    /// assigns the number.
    #[must_use]
    pub fn without_request_number(mut self) -> Self {
        // `shift_remove` keeps the order of the other members, which tests compare with recorded bodies.
        self.body.shift_remove("requestNumber");
        self
    }
}

request_body! {
    /// Request for an action on a resource, in the form of 6.2.
    ///
    /// ```
    /// use vra_client::v7::{LiteralMap, Organization, ResourceActionRequestBody};
    ///
    /// let body = ResourceActionRequestBody::new("machine", "action", Organization::new("qe", "group"))
    ///     .with_reasons("new image")
    ///     .with_data(LiteralMap::new().with("description", "reprovision"));
    /// assert_eq!(body.as_json()["@type"], "ResourceActionRequest");
    /// ```
    pub struct ResourceActionRequestBody {
        /// Sets the description.
        with_description: String = "description";
        /// Sets the reasons for the approver.
        with_reasons: String = "reasons";
        /// Sets the values of the action's form. Default: none.
        with_data: LiteralMap = "requestData";
    }
}

impl ResourceActionRequestBody {
    /// Makes a request without values. The organization is that of the resource.
    #[must_use]
    pub fn new(resource_id: impl Into<String>, action_id: impl Into<String>, organization: Organization) -> Self {
        Self { body: JsonObject::new() }
            .with_member("@type", "ResourceActionRequest")
            .with_member("resourceRef", Reference::new(resource_id).into_json())
            .with_member("resourceActionRef", Reference::new(action_id).into_json())
            .with_member("organization", organization.into_json())
            .with_member("state", "SUBMITTED")
            .with_member("requestNumber", 0)
            .with_data(LiteralMap::new())
    }
}

/// Values of a request for a machine, in the form of 6.2, under the keys of the
/// [Programming Guide](crate#evidence).
///
/// Values that are not set are not sent, and the blueprint's defaults apply. The keys for vCloud Air and Amazon
/// machines are those of the item: take them from its form and set them by [`with`](Self::with).
///
/// ```
/// use vra_client::v7::{Literal, LiteralMap, MachineValues};
///
/// let machine = MachineValues::new("blueprint", "group").with_cpus(2).with_disk(0, 40, "/data", "data");
/// let values = LiteralMap::from(machine);
/// assert_eq!(values.get("provider-VirtualMachine.CPU.Count"), Some(&Literal::Integer(2)));
/// // Sizes of disks are texts.
/// assert_eq!(values.get("provider-VirtualMachine.Disk0.Size"), Some(&Literal::from("40")));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MachineValues {
    values: LiteralMap,
}

impl MachineValues {
    /// Makes the values of a machine from a blueprint, for a business group; both by id.
    #[must_use]
    pub fn new(blueprint_id: impl Into<String>, subtenant_id: impl Into<String>) -> Self {
        let values = LiteralMap::new()
            .with("provider-blueprintId", blueprint_id.into())
            .with("provider-provisioningGroupId", subtenant_id.into());
        Self { values }
    }

    /// Sets a value by its key.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Literal>) -> Self {
        self.values.set(key, value);
        self
    }

    /// Sets the user that the machine is for, `user@domain`. Default: the caller.
    #[must_use]
    pub fn with_requested_for(self, user: impl Into<String>) -> Self {
        self.with("requestedFor", user.into())
    }

    /// Sets the number of processors.
    #[must_use]
    pub fn with_cpus(self, cpus: u32) -> Self {
        self.with("provider-VirtualMachine.CPU.Count", cpus)
    }

    /// Sets the memory, in MB.
    #[must_use]
    pub fn with_memory_mb(self, mb: u32) -> Self {
        self.with("provider-VirtualMachine.Memory.Size", mb)
    }

    /// Sets the length of the lease, in days; 0 is without end.
    #[must_use]
    pub fn with_lease_days(self, days: u32) -> Self {
        self.with("provider-VirtualMachine.LeaseDays", days)
    }

    /// Sets the number of machines.
    #[must_use]
    pub fn with_instances(self, count: u32) -> Self {
        self.with("provider-Cafe.Shim.VirtualMachine.NumberOfInstances", count)
    }

    /// Sets the notes on the machine.
    #[must_use]
    pub fn with_notes(self, notes: impl Into<String>) -> Self {
        self.with("provider-__Notes", notes.into())
    }

    /// Sets a disk: its number from 0, its size in GB, its drive letter or mount point, and its label.
    #[must_use]
    pub fn with_disk(self, number: u32, size_gb: u32, letter: impl Into<String>, label: impl Into<String>) -> Self {
        let key = |member: &str| format!("provider-VirtualMachine.Disk{number}.{member}");
        // The size is a text, unlike all other sizes: the manual and the captured requests have it so.
        self.with(key("Size"), size_gb.to_string()).with(key("Letter"), letter.into()).with(key("Label"), label.into())
    }
}

impl From<MachineValues> for LiteralMap {
    fn from(machine: MachineValues) -> Self {
        machine.values
    }
}
