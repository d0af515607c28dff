//! Fields of a translation of addresses.

use crate::lenient::{DeviceId, YesNo};
use crate::models::{NatObjects, NatType};
use crate::patch::request;

request! {
    /// Fields of a translation of addresses, to create or change one.
    pub struct NatFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets what it changes.
        NatType, "type", never => with_nat_type;
        /// Sets what it applies to, in place of what was there.
        NatObjects, "src", never => with_source;
        /// Sets what that becomes, in place of what was there.
        NatObjects, "dst", never => with_destination;
        /// Sets the port it applies to.
        u32, "src_port", null => with_source_port clear_source_port patch_source_port;
        /// Sets the port that becomes.
        u32, "dst_port", null => with_destination_port clear_destination_port patch_destination_port;
        /// Sets the device that translates.
        DeviceId, "device", null => with_device clear_device patch_device;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Says whether it depends on where packets go; since 1.4.
        YesNo, "policy", never => with_policy;
        /// Sets where packets go, if it depends on that; since 1.4.
        String, "policy_dst", null =>
            with_policy_destination clear_policy_destination patch_policy_destination;
    }
}

impl NatFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
