//! Decoders for the forms in which phpIPAM sends values, and encoders for the one that it stores undamaged.
//!
//! A number is `7`, `"7"` or `7.0` depending on PHP (Q01); a flag has ten forms; "no reference" has three (Q06). The
//! types of the models have one each. A value that makes no sense is an error with the name of the member, never a
//! zero.
//!
//! This is the lowest layer of the crate: nothing here depends on a model, a request or a server.

mod codec;
mod containers;
mod count;
mod field;
mod fields;
mod flag;
mod id;
mod ip;
mod model;
mod number;
mod one_or_many;
mod open_enum;
mod reference;
mod scalar;
mod text;
mod timestamp;

/// JSON object, as the server sent it.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

pub(crate) use codec::{Encode, Seed, Undecodable, Wire, each_from_json, from_json, from_value};
pub(crate) use containers::optional_object;
pub use count::Count;
#[cfg(feature = "provider")]
pub(crate) use field::checked_text;
pub(crate) use field::{Field, InvalidValue, field_from_json};
pub(crate) use fields::{Body, Fields, reroutes};
pub use flag::YesNo;
pub use id::{
    AddressId, CircuitId, CircuitProviderId, CustomerId, DeviceId, DeviceTypeId, GroupId, L2DomainId, LocationId,
    NameserverId, NatId, ParseIdError, RackId, ScanAgentId, SectionId, SubnetId, TagId, UserId, VlanId, VrfId,
};
pub(crate) use model::{merge_custom_fields, model};
pub(crate) use one_or_many::OneOrMany;
pub(crate) use open_enum::open_enum;
pub use reference::Reference;
pub(crate) use scalar::{Scalar, scalar};
pub use text::{Hidden, TextList};
pub use timestamp::{ParseTimeError, ServerTime};
