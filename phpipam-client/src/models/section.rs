//! Sections.

use super::{Link, Permissions, SectionId, ServerTime, model};

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
