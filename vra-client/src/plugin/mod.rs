//! The third-party IPAM plug-in contract of vRealize Automation 8, Aria Automation and VCF Automation, over any
//! [`IpamProvider`](ipam_core::IpamProvider).
//!
//! vRA runs a plug-in as eight *actions*. Each gets one JSON object and answers one JSON object; what fails is raised.
//! [`Plugin::run`] is all eight:
//!
//! ```
//! use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
//! use serde_json::json;
//! use vra_client::plugin::{Action, Plugin};
//!
//! # futures_executor::block_on(async {
//! let ipam = MemoryProvider::new();
//! ipam.define_range(&DefineRange::new("12", "10.16.20.0/24".parse().unwrap())).await.unwrap();
//!
//! let plugin = Plugin::new(ipam);
//! let inputs = json!({
//!     "resourceInfo": {"id": "vm-1", "name": "web1", "type": "VM"},
//!     "ipAllocations": [{"id": "nic-0", "ipRangeIds": ["12"], "nicIndex": "0", "size": "1"}],
//!     "endpoint": {"id": "e", "endpointProperties": {"hostName": "ipam.example.test"}},
//! });
//! let outputs = plugin.run(Action::AllocateIp, &inputs).await.unwrap();
//! assert_eq!(outputs["ipAllocations"][0]["ipAddresses"], json!(["10.16.20.1"]));
//! # });
//! ```
//!
//! # What it promises
//! - A repeated AllocateIP or AllocateIPRange never takes a second address or range: the key is made from vRA's resource
//!   id and allocation id. The order of the entries does not matter, nor whether the resource's id comes with its path
//!   (`/resources/compute/X`) or without it (`X`): the owner of what is allocated is `X`. What earlier versions allocated
//!   in the order and form that came is met, too.
//! - A request for several network cards takes all its addresses or none.
//! - DeallocateIP is repeatable, and expects the machine as the owner: a late repeat never frees the next machine's
//!   address. Addresses without an owner, as older plug-ins left them, are freed. What moved to another range since is
//!   found by its address, and freed if it carries the machine's id and cannot be mistaken for another address of it.
//!   Without the list `ipDeallocations` the request is refused; an empty list asks for nothing.
//! - What the IPAM refused is raised, never answered as success.
//!
//! # Leniency
//! vRA sends booleans and numbers as strings, and sometimes not. Both are read. Members that are not known are ignored.
//! A value that cannot be what it should be is an error that names the member. An unspecified `start` is none.
//!
//! # End point properties
//! Beside `hostName` and what the provider itself needs, [`Settings`] lists those that the actions read. Custom fields
//! that the IPAM requires get their values there, too.
//!
//! # A program that vRA runs
//! [`host`] is what a plug-in program needs around the actions: the inputs on standard input, credentials, the accepted
//! certificate, and outputs or an error as JSON.
//!
//! # Secrets
//! Faults and `Debug` never show what stands in the end point's form, in the credentials, or in members that are not of
//! the contract: a value of the wrong type is named by its member and type alone.

mod action;
mod action_error;
mod actions;
mod endpoint;
mod handler;
pub mod host;
mod members;
mod settings;
mod wire;

pub use action::{Action, UnknownAction};
pub use action_error::ActionError;
pub use actions::{
    AddressInfo, AllocateIpInput, AllocateIpOutput, AllocateIpRangeInput, AllocateIpRangeOutput, CertificateInfo,
    DeallocateIpInput, DeallocateIpOutput, DeallocateIpRangeInput, DeallocateIpRangeOutput, ErrorObject,
    GetIpBlocksOutput, GetIpRangesInput, GetIpRangesOutput, IpAllocation, IpAllocationResult, IpBlock, IpDeallocation,
    IpDeallocationResult, IpRange, IpRangeAllocation, IpRangeDeallocation, PagingAndSorting, RangeTag, ResourceInfo,
    UpdateRecordInput, UpdateRecordOutput, ValidateEndpointInput, ValidateEndpointOutput,
};
pub use endpoint::{Credentials, Endpoint, EndpointProperties};
pub use handler::Plugin;
pub use members::Members;
pub use settings::Settings;
