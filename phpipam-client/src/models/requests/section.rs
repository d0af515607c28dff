//! Fields of a section.

use std::collections::BTreeMap;

use crate::lenient::{GroupId, SectionId};
use crate::models::Level;
use crate::patch::request;

request! {
    /// Fields of a section, to create or change one.
    pub struct SectionFields {
        /// Sets the name: at least 3 characters, unique on the server. A number cannot be looked up by name.
        String, "name", never => with_name;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the section it is below of; one level only.
        SectionId, "masterSection", zero => with_master_section clear_master_section patch_master_section;
        /// Sets who may do what, as JSON text; see [`with_group_permissions`](SectionFields::with_group_permissions).
        String, "permissions", null => with_permissions clear_permissions patch_permissions;
        /// Refuses overlapping subnets, or allows them.
        bool, "strictMode", zero => with_strict_mode;
        /// Sets how subnets are sorted.
        String, "subnetOrdering", null => with_subnet_ordering clear_subnet_ordering patch_subnet_ordering;
        /// Sets its place in the list.
        i64, "order", null => with_order clear_order patch_order;
        /// Shows subnets; since 1.5.
        bool, "showSubnet", zero => with_show_subnet;
        /// Shows VLANs.
        bool, "showVLAN", zero => with_show_vlan;
        /// Shows VRFs.
        bool, "showVRF", zero => with_show_vrf;
        /// Shows only the top subnets.
        bool, "showSupernetOnly", zero => with_show_supernet_only;
        /// Sets the resolver of this section.
        String, "DNS", null => with_dns clear_dns patch_dns;
    }
}

impl SectionFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets who may do what.
    pub fn with_group_permissions(self, levels: &BTreeMap<GroupId, Level>) -> Self {
        let entries = levels.iter().map(|(group, level)| (group.to_string(), level.as_str().into()));
        let map: serde_json::Map<String, serde_json::Value> = entries.collect();
        self.with_permissions(serde_json::Value::Object(map).to_string())
    }
}
