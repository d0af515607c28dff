//! The 6.2 form of requests, which 7.x still takes for old items.

use super::reference::{Organization, Reference};
use crate::lenient::{IntoJson, JsonObject, request_body};
use crate::v7::{Literal, LiteralMap};

request_body! {
    /// A request for an item, in the 6.2 form.
    ///
    /// ```
    /// use vra_client::v7::{CatalogItemRequestBody, MachineValues};
    ///
    /// let machine = MachineValues::new("blueprint", "group").with_cpus(1).with_memory_mb(1024).with_lease_days(30);
    /// let body = CatalogItemRequestBody::new("item", "vsphere.local", "group").with_data(machine);
    /// assert_eq!(body.as_json().at(&["catalogItemRef", "id"]), Some(&"item".into()));
    /// ```
    pub struct CatalogItemRequestBody {
        /// For whom, as `user@domain`; for the caller, unless set.
        with_requested_for: String = "requestedFor";
        /// Free text.
        with_description: String = "description";
        /// Why.
        with_reasons: String = "reasons";
        /// The values; [`MachineValues`] makes those of a machine.
        with_data: LiteralMap = "requestData";
    }
}

impl CatalogItemRequestBody {
    /// A request without values, for a business group of a tenant.
    #[must_use]
    pub fn new(item_id: impl Into<String>, tenant: impl Into<String>, subtenant_id: impl Into<String>) -> Self {
        Self { body: JsonObject::new() }
            .with_member("@type", "CatalogItemRequest")
            .with_member("catalogItemRef", Reference::new(item_id).into_json())
            .with_member("organization", Organization::new(tenant, subtenant_id).into_json())
            .with_member("state", "SUBMITTED")
            .with_member("requestNumber", 0)
            .with_data(LiteralMap::new())
    }

    /// Leaves the request number out, as the manual does for Amazon machines.
    #[must_use]
    pub fn without_request_number(mut self) -> Self {
        self.body.shift_remove("requestNumber");
        self
    }
}

request_body! {
    /// A request for an action on a resource, in the 6.2 form.
    pub struct ResourceActionRequestBody {
        /// Free text.
        with_description: String = "description";
        /// Why.
        with_reasons: String = "reasons";
        /// The values of the action's form.
        with_data: LiteralMap = "requestData";
    }
}

impl ResourceActionRequestBody {
    /// A request without values. The organization is the resource's own.
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

/// The values of a request for a machine, in the 6.2 form, under the keys of the Programming Guide.
///
/// The keys for vCloud Air and Amazon machines are the item's own; take them from its form and set them with
/// [`with`](Self::with).
#[derive(Debug, Clone, PartialEq)]
pub struct MachineValues {
    values: LiteralMap,
}

impl MachineValues {
    /// A machine of a blueprint for a business group.
    #[must_use]
    pub fn new(blueprint_id: impl Into<String>, subtenant_id: impl Into<String>) -> Self {
        let values = LiteralMap::new()
            .with("provider-blueprintId", blueprint_id.into())
            .with("provider-provisioningGroupId", subtenant_id.into());
        Self { values }
    }

    /// Any key.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Literal>) -> Self {
        self.values.set(key, value);
        self
    }

    /// For whom, as `user@domain`.
    #[must_use]
    pub fn with_requested_for(self, user: impl Into<String>) -> Self {
        self.with("requestedFor", user.into())
    }

    /// How many processors.
    #[must_use]
    pub fn with_cpus(self, cpus: u32) -> Self {
        self.with("provider-VirtualMachine.CPU.Count", cpus)
    }

    /// How much memory, in MB.
    #[must_use]
    pub fn with_memory_mb(self, mb: u32) -> Self {
        self.with("provider-VirtualMachine.Memory.Size", mb)
    }

    /// For how many days; 0 is for ever.
    #[must_use]
    pub fn with_lease_days(self, days: u32) -> Self {
        self.with("provider-VirtualMachine.LeaseDays", days)
    }

    /// How many machines.
    #[must_use]
    pub fn with_instances(self, count: u32) -> Self {
        self.with("provider-Cafe.Shim.VirtualMachine.NumberOfInstances", count)
    }

    /// Notes on the machine.
    #[must_use]
    pub fn with_notes(self, notes: impl Into<String>) -> Self {
        self.with("provider-__Notes", notes.into())
    }

    /// A disk: its number from 0, its size in GB, its drive letter or mount point, its label.
    #[must_use]
    pub fn with_disk(self, number: u32, size_gb: u32, letter: impl Into<String>, label: impl Into<String>) -> Self {
        let key = |member: &str| format!("provider-VirtualMachine.Disk{number}.{member}");
        // The size is a text: the manual and the servers have it so.
        self.with(key("Size"), size_gb.to_string()).with(key("Letter"), letter.into()).with(key("Label"), label.into())
    }
}

impl From<MachineValues> for LiteralMap {
    fn from(machine: MachineValues) -> Self {
        machine.values
    }
}
