//! Models of sections.

use std::collections::BTreeMap;

use crate::controllers::links::Link;
use crate::controllers::permissions::{Level, Permissions};
use crate::controllers::request_body::request_body;
use crate::wire::{GroupId, SectionId, ServerTime, model};

model! {
    /// Section, the top of the tree of subnets.
    pub struct Section {
        /// Id.
        id: SectionId = "id",
        /// Name, unique on the server.
        name: String = "name",
        /// Free text.
        description: Option<String> = "description",
        /// Section above it; there is one level only.
        master_section: Option<SectionId> = "masterSection",
        /// Permissions of groups.
        permissions: Permissions = "permissions",
        // BINARY(1): a text also where other numbers are native (Q03).
        /// True if overlapping subnets are refused.
        strict_mode: bool = "strictMode",
        /// Order of its subnets in the web interface.
        subnet_ordering: Option<String> = "subnetOrdering",
        /// Place in the list of sections.
        order: Option<i64> = "order",
        /// Time of the last change.
        edit_date: Option<ServerTime> = "editDate",
        /// True if the web interface shows subnets; since 1.5, `None` before.
        show_subnet: Option<bool> = "showSubnet",
        /// True if the web interface shows VLANs.
        show_vlan: bool = "showVLAN",
        /// True if the web interface shows VRFs.
        show_vrf: bool = "showVRF",
        /// True if the web interface shows only the top subnets.
        show_supernet_only: bool = "showSupernetOnly",
        /// DNS resolver of this section.
        dns: Option<String> = "DNS",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a section, to create or change one. Fields that are not set stay as they are.
    ///
    /// No version measured has custom fields of sections; the server refuses them with kind
    /// [`Invalid`](crate::RefusalKind::Invalid).
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use phpipam_client::models::{GroupId, Level, SectionFields};
    ///
    /// let levels = BTreeMap::from([(GroupId::new(2), Level::Admin), (GroupId::new(3), Level::Read)]);
    /// let fields = SectionFields::new().with_strict_mode(true).with_group_permissions(&levels);
    /// assert!(format!("{fields:?}").contains("strictMode"));
    /// ```
    pub struct SectionFields {
        /// Sets the name: at least three characters, unique on the server. A number cannot be looked up by name.
        String, "name", never => with_name;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the section above it; one level only.
        SectionId, "masterSection", zero => with_master_section clear_master_section patch_master_section;
        /// Sets the permissions of groups, as JSON text; see
        /// [`with_group_permissions`](SectionFields::with_group_permissions).
        String, "permissions", null => with_permissions clear_permissions patch_permissions;
        /// Sets whether overlapping subnets are refused. Default of a new section: true, as the server's table has it.
        bool, "strictMode", zero => with_strict_mode;
        /// Sets the order of its subnets in the web interface.
        String, "subnetOrdering", null => with_subnet_ordering clear_subnet_ordering patch_subnet_ordering;
        /// Sets the place in the list of sections.
        i64, "order", null => with_order clear_order patch_order;
        /// Sets whether the web interface shows subnets. Since 1.5; older servers refuse with kind
        /// [`Invalid`](crate::RefusalKind::Invalid).
        bool, "showSubnet", zero => with_show_subnet;
        /// Sets whether the web interface shows VLANs.
        bool, "showVLAN", zero => with_show_vlan;
        /// Sets whether the web interface shows VRFs.
        bool, "showVRF", zero => with_show_vrf;
        /// Sets whether the web interface shows only the top subnets.
        bool, "showSupernetOnly", zero => with_show_supernet_only;
        /// Sets the DNS resolver of this section.
        String, "DNS", null => with_dns clear_dns patch_dns;
    }
}

impl SectionFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the permissions of groups, in place of all that were set before.
    pub fn with_group_permissions(self, levels: &BTreeMap<GroupId, Level>) -> Self {
        // JSON inside a text, the form of the column. For subnets there is a call of its own, which takes names too.
        let entries = levels.iter().map(|(group, level)| (group.to_string(), level.as_str().into()));
        let map: serde_json::Map<String, serde_json::Value> = entries.collect();
        self.with_permissions(serde_json::Value::Object(map).to_string())
    }
}
