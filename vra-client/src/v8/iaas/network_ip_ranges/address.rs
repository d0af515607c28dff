//! Address of a range, as the server returns it.

use crate::lenient::{Decimal, Timestamp, model, open_enum};
use crate::list::rows;
use crate::v8::Links;
use crate::v8::iaas::common::IpVersion;

open_enum! {
    /// State of an address.
    pub enum IpAddressStatus {
        /// In use.
        Allocated = "ALLOCATED",
        /// Given up; it becomes free after the release time of the server.
        Released = "RELEASED",
        /// Free.
        Available = "AVAILABLE",
        /// In use, but not allocated by the server.
        Unregistered = "UNREGISTERED",
    }
}

open_enum! {
    /// Origin of an allocation.
    pub enum AllocationType {
        /// The server, for a machine.
        System = "SYSTEM",
        /// A user.
        User = "USER",
        /// Not allocated.
        None = "NONE",
    }
}

model! {
    /// Address of a range that has a record.
    pub struct NetworkIpAddress {
        /// Id of the record.
        id: String = "id";
        /// Address.
        ip_address: String = "ipAddress";
        /// Address as a number, exact; an IPv6 address has up to 128 bits.
        ip_address_decimal_value: Decimal = "ipAddressDecimalValue";
        /// Version.
        ip_version: IpVersion = "ipVersion";
        /// State.
        ip_address_status: IpAddressStatus = "ipAddressStatus";
        /// Origin of the allocation.
        ip_allocation_type: AllocationType = "ipAllocationType";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Id of the address elsewhere.
        external_id: String = "externalId";
        /// Day of creation.
        created_at: Timestamp = "createdAt";
        /// Day of the last change.
        updated_at: Timestamp = "updatedAt";
        /// Owner.
        owner: String = "owner";
        /// Type of the owner.
        owner_type: String = "ownerType";
        /// Id of the organization.
        org_id: String = "orgId";
        /// Id of the organization, once more.
        organization_id: String = "organizationId";
        /// Links.
        links: Links = "_links";
    }
}

impl NetworkIpAddress {
    /// Returns the path of the machine or other object that has the address.
    #[must_use]
    pub fn connected_resource(&self) -> Option<&str> {
        self.links.as_ref()?.paths("connected-resource").next()
    }
}

rows!(NetworkIpAddress.id);
