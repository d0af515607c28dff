//! What callers send: fields of an object, each kept (not named), emptied or set.
//!
//! The same type creates and changes. Texts that the server would damage (`<` reads as a tag), ids of 0 and names that
//! would redirect the request are refused when it is sent.

mod address;
mod circuit;
mod device;
mod nat;
mod network;
mod section;
mod subnet;
mod tools;

pub use address::AddressFields;
pub use circuit::{CircuitFields, CircuitProviderFields};
pub use device::DeviceFields;
pub use nat::NatFields;
pub use network::{L2DomainFields, VlanFields, VrfFields};
pub use section::SectionFields;
pub use subnet::SubnetFields;
pub use tools::{
    CustomerFields, DeviceTypeFields, LocationFields, NameserverFields, RackFields, ScanAgentFields, TagFields,
};
