//! Address plans from saved responses of a phpIPAM server. Needs the feature `plan`.
//!
//! [`Responses`] reads the saved response to `GET subnets/all/`, and optionally those for addresses, name servers and
//! VLANs, and makes an [`ipam_core::plan::AddressPlan`] of them: to show it, to check it, or to import it into another
//! provider. A plan describes a site as [`PhpIpamProvider`](crate::provider::PhpIpamProvider) describes it, because
//! both use the same models and the same rules for address spaces, gateways, VLANs, name servers, names, custom fields
//! and marks.
//!
//! ```
//! use ipam_core::plan::AddressPlan;
//! use phpipam_client::plan::Responses;
//!
//! let subnets = r#"{"code": 200, "success": true, "data": [
//!     {"id": "8", "subnet": "10.20.0.0", "mask": "16", "sectionId": "3", "vrfId": "7", "description": "Lab"},
//!     {"id": "9", "subnet": "10.20.1.0", "mask": "24", "sectionId": "3", "masterSubnetId": "8"}]}"#;
//! let addresses = r#"[{"id": 1, "subnetId": 9, "ip": "10.20.1.1", "is_gateway": 1}]"#;
//! let plan: AddressPlan = Responses::new(subnets).with_addresses(addresses).to_plan()?;
//! assert_eq!((plan.blocks[0].item.id.as_str(), plan.blocks[0].item.name.as_str()), ("8", "Lab"));
//! let range = &plan.ranges[0].item;
//! assert_eq!((range.id.as_str(), range.space.as_str()), ("9", "vrf/7"));
//! assert_eq!(range.network.gateway, Some([10, 20, 1, 1].into()));
//! # Ok::<(), ipam_core::plan::PlanError>(())
//! ```
//!
//! The responses are saved as the server returns them, for example with `curl -H "token: $TOKEN"
//! https://ipam.example/api/vra/subnets/all/ > subnets.json`.
//!
//! # Mapping
//! | phpIPAM | plan |
//! | --- | --- |
//! | subnet that contains others of its address space | block; its id is the subnet's |
//! | other subnet | range; its id is the subnet's |
//! | pool (`isPool`) | range whose addresses are all usable, the first and the last one too |
//! | subnet that is marked full | range whose free addresses are all reserved |
//! | folder | left out |
//! | VRF, section | address space: the VRF, across all sections, such as `vrf/7`; a subnet without VRF has the VRF of its enclosing subnets, or without one there, its section, such as `3` |
//! | description | name (its first line) and description (the other lines) |
//! | custom fields of a subnet, `sectionId`, name of the `location`, `isFull` if true | properties under these names; other fields, which the provider shows as well, are left out |
//! | address | allocation with host name, owner, description and MAC address |
//! | custom fields, note and port of an address | tags of the allocation |
//! | address that is a gateway | gateway of the range |
//! | address with the tag Reserved or DHCP | reservation; host name and description are a property of the range |
//! | address in a subnet that contains others | allocation in the range that contains it, or in a range of its own |
//! | name server set, VLAN | DNS servers and VLAN of the range |
//! | VLAN with a number outside 1 to 4094 | property `vlan_number`, and a note |
//!
//! Custom fields are tags on allocations, because an allocation has no properties.
//!
//! # Notes
//! What was read and could not be kept as it is becomes a note of the plan, with its place: an address outside its
//! subnet or without one, a VLAN that is not in the list, a gateway outside its network. The field `notes` of
//! [`AddressPlan`](ipam_core::plan::AddressPlan) holds them.

mod builder;
mod nesting;
mod response;
mod responses;
mod typed_rows;

pub use self::responses::Responses;
