//! Sections as they are read and written.

use std::collections::BTreeMap;

use crate::controllers::links::Link;
use crate::controllers::permissions::{Level, Permissions};
use crate::controllers::request_body::request_body;
use crate::wire::{GroupId, SectionId, ServerTime, model};

model! {
    /// A section: the top of the tree.
    pub struct Section {
        /// Its id.
        id: SectionId = "id",
        /// Its name, unique on the server.
        name: String = "name",
        /// Free text.
        description: Option<String> = "description",
        /// The section it is below of; there is one level only.
        master_section: Option<SectionId> = "masterSection",
        /// Which groups may do what in it.
        permissions: Permissions = "permissions",
        /// Whether overlapping subnets are refused.
        strict_mode: bool = "strictMode",
        /// How subnets are sorted.
        subnet_ordering: Option<String> = "subnetOrdering",
        /// Its place in the list.
        order: Option<i64> = "order",
        /// When it was last changed.
        edit_date: Option<ServerTime> = "editDate",
        /// Whether subnets are shown; since 1.5.
        show_subnet: Option<bool> = "showSubnet",
        /// Whether VLANs are shown.
        show_vlan: bool = "showVLAN",
        /// Whether VRFs are shown.
        show_vrf: bool = "showVRF",
        /// Whether only the top subnets are shown.
        show_supernet_only: bool = "showSupernetOnly",
        /// The resolver of this section.
        dns: Option<String> = "DNS",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

request_body! {
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
