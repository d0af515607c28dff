//! Subnet plans from a phpIPAM's saved responses.
//!
//! What a phpIPAM returns for its subnets, and if they are at hand its addresses, name servers and VLANs, becomes an
//! [`ipam_core::plan::AddressPlan`]: to look at, to check, or to import into another provider. It says of a site what
//! [`PhpIpamProvider`](crate::provider::PhpIpamProvider) says of it: the responses are read into the same models, and
//! address spaces, gateways, VLANs, name servers, names, custom fields and marks follow the same rules.
//!
//! ```
//! use ipam_core::plan::AddressPlan;
//! use phpipam_client::plan::Responses;
//!
//! let subnets = r#"{"code": 200, "success": true, "data": [
//!     {"id": "8", "subnet": "10.20.0.0", "mask": "16", "sectionId": "3", "vrfId": "7", "description": "Lab"},
//!     {"id": "9", "subnet": "10.20.1.0", "mask": "24", "sectionId": "3", "masterSubnetId": "8"}]}"#;
//! let addresses = r#"[{"id": 1, "subnetId": 9, "ip": "10.20.1.1", "is_gateway": 1}]"#;
//! let plan: Plan = Responses::new(subnets).with_addresses(addresses).to_plan()?;
//! assert_eq!((plan.blocks[0].item.id.as_str(), plan.blocks[0].item.name.as_str()), ("8", "Lab"));
//! let range = &plan.ranges[0].item;
//! assert_eq!((range.id.as_str(), range.space.as_str()), ("9", "vrf/7"));
//! assert_eq!(range.network.gateway, Some([10, 20, 1, 1].into()));
//! # Ok::<(), ipam_core::plan::PlanError>(())
//! ```
//!
//! # What becomes of what
//! | phpIPAM | plan |
//! | --- | --- |
//! | subnet that contains others of its address space | block; its id is the subnet's |
//! | other subnet | range; its id is the subnet's. A pool gives out all addresses, one that is marked full none |
//! | folder | nothing |
//! | VRF, or else section | address space `vrf/ID`, or the section's id; a subnet without VRF inside one that has it is of that VRF |
//! | description | its first line is the name, the rest the description |
//! | address | allocation with host name, owner, description, MAC; custom fields, note and port become tags |
//! | address that is the gateway | the range's gateway |
//! | address tagged Reserved or DHCP | reservation; host name and description become a property of the range |
//! | address in a subnet that contains others | allocation in the range that holds it, or in one of its own |
//! | name server set, VLAN | the range's DNS servers, its VLAN |
//! | VLAN with a number outside 1 to 4094 | the property `vlan_number`, and a note |
//! | custom fields | properties under the server's names, beside `sectionId`, `location`, and `isFull` where it is set |
//!
//! The gateways that some versions show in the list of all subnets belong to other subnets; those are not used.

mod builder;
mod nesting;
mod response;
mod responses;
mod typed_rows;

pub use self::responses::Responses;
