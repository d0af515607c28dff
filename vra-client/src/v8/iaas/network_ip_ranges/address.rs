//! Address of a range, as the server returns it.

use crate::lenient::{Decimal, open_enum};
use crate::list::rows;
use crate::v8::iaas::common::IpVersion;
use crate::v8::iaas::common::iaas_object;

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

iaas_object! {
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
