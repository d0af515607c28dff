//! Third-party IPAM plug-in contract of vRealize Automation 8, Aria Automation and VCF Automation ("vRA" below), over
//! any [`IpamProvider`](ipam_core::IpamProvider).
//!
//! vRA runs a plug-in as eight *actions*. Each takes one JSON object and returns one JSON object, or fails with an error.
//! [`Plugin::run`] runs all eight; [`Action`] lists them, each with a link to an example of its inputs and outputs.
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
//! The examples of this module need `ipam-core` as a dependency beside this crate; [`host`] has the `Cargo.toml` of a
//! program.
//!
//! # Terms
//! - *Endpoint*: the registration of one IPAM in vRA. Its *form* is what the administrator filled in; vRA sends the form as
//!   the JSON object `endpointProperties` ([`EndpointProperties`]).
//! - *Resource*: the machine or the on-demand network that an action is run for ([`ResourceInfo`]). Its id is the
//!   [`Owner`](ipam_core::Owner) of the addresses or the network in the IPAM.
//! - *Free properties*: name and value pairs in the form's member `properties`, beside its fields.
//!
//! # Guarantees
//! - A repeated AllocateIP or AllocateIPRange never takes a second address or range for an entry, also if it comes with
//!   another name, description, person, order, list of ranges or number of network cards: what the resource holds for an
//!   entry is its result, and only what is missing is requested. [`AllocateIpInput`] says what counts as a repetition. A
//!   resource id with its path (`/resources/compute/X`) and without it (`X`) are the same owner, `X`.
//! - The tag `vra-nic` of an address is the id of its entry, and the tag `requested-by` of an address or a network is the
//!   person who requested it ([`ResourceInfo::owner`]).
//! - Allocations of builds of this crate from before its first release are found, too. Those builds wrote no tags, kept the
//!   entries in the order in which vRA sent them, and the resource's id in the form in which vRA sent it. Only the same
//!   request is their repetition; one with up to 4 entries is looked for in every order, and one with more entries only in
//!   the order of network cards and ids and in that of the request.
//! - AllocateIP takes all addresses of a request for several network cards, or none.
//! - DeallocateIP may be repeated. It frees an address only if the machine owns it, or if it has no owner, as older plug-ins
//!   left addresses. A late repeat never frees the address of the next machine. If it frees nothing, its message says who
//!   holds the address.
//! - DeallocateIP also finds an address whose range was changed or removed since it was allocated; see
//!   [`DeallocateIpInput`] for the rule.
//! - `Ok` means done. A refusal of the IPAM is always an error, never a success with a message.
//!
//! # Leniency
//! vRA sends booleans and numbers as strings in most releases and as JSON values in some. Both are read. Unknown members are
//! ignored, but for the [fields of other plug-ins](Settings#fields-of-other-plug-ins) that change which addresses are given.
//! A value that cannot be read as its type is an error that names the member. A `start` of `0.0.0.0` or `::`
//! counts as absent. `endpoint` may be absent, but not null: null is an error that names it, and so is a `resourceInfo` that
//! is null or absent in an action that is run for a resource.
//!
//! # Endpoint properties
//! The provider reads `hostName` and its own options. [`Settings`] lists the properties that the actions read: filters,
//! address space, DNS, static addresses, and values of custom fields that the IPAM requires. It also lists fields of other
//! plug-ins that are refused.
//!
//! # Program and package
//! [`host`] is the frame of a program that vRA's script runs for one action: inputs and credentials on standard input,
//! outputs or an error as JSON.
//!
//! vRA imports a plug-in as a `.zip` with `registration.yaml`, `endpoint-schema.json`, `logo.png` and a `bundle.zip` of one
//! script per action. The module `package` (feature `package`) builds it around such a program. [`Action::name`] is the
//! name of an action in it, and [`Plugin::supports`] tells which of the optional actions to leave out.
//!
//! # Secrets
//! Errors and `Debug` never show a value of the form, of the credentials, or of a member outside the contract. A value of
//! the wrong type is described by its member and its JSON type only.

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
