//! Objects that the server returns, and the fields to create and change them; one type per kind of object.
//!
//! Every model keeps unknown members in `extra`, under the server's names: custom fields (nested ones are moved up
//! beside the flat ones) and members of newer versions. Texts that are `null` or empty are `None`, and so are
//! references to other objects of phpIPAM (fields of a type `…Id`) that are `null`, 0 or empty. Times are local times of the server ([`ServerTime`]).
//!
//! Models implement `Serialize` with the same names and forms whatever the server sent; secrets in them are `***`.
//!
//! Types named `…Fields` hold what a creation or a change sends. Each field has a method `with_…`; `clear_…` empties
//! it, and `patch_…` does either from an [`ipam_core::Patch`]. A value that the server would damage, such as a text
//! with `<` or an id of 0, is remembered, and refused with [`Error::Invalid`](crate::Error::Invalid) by the call that
//! sends the fields.
//!
//! ```
//! use ipam_core::Patch;
//! use phpipam_client::models::AddressFields;
//!
//! let fields = AddressFields::new().patch_owner(Patch::Set("ops".to_owned())).patch_note(Patch::Clear);
//! assert!(format!("{fields:?}").contains("owner"));
//! ```

pub use crate::controllers::addresses::model::{Address, AddressFields, Ping};
pub use crate::controllers::changelog::ChangelogEntry;
pub use crate::controllers::circuits::model::{Circuit, CircuitFields, CircuitProvider, CircuitProviderFields};
pub use crate::controllers::custom_fields::model::{CustomField, CustomValue, FieldType, Schema};
pub use crate::controllers::devices::model::{Device, DeviceFields};
pub use crate::controllers::l2domains::model::{L2Domain, L2DomainFields};
pub use crate::controllers::links::{ApiOptions, Link, MethodLink, Methods};
pub use crate::controllers::nat::model::{Nat, NatFields, NatObjects, NatRows, NatType, NatWithRows};
pub use crate::controllers::permissions::{GroupMember, GroupPermission, Level, Permissions};
pub use crate::controllers::prefix::ExternalObjects;
pub use crate::controllers::search::SearchResults;
pub use crate::controllers::sections::model::{Section, SectionFields};
pub use crate::controllers::subnets::model::{Gateway, Subnet, SubnetFields};
pub use crate::controllers::subnets::usage::Usage;
pub use crate::controllers::tools::customers::model::{Customer, CustomerFields, Status};
pub use crate::controllers::tools::device_types::model::{DeviceType, DeviceTypeFields};
pub use crate::controllers::tools::locations::model::{Location, LocationFields};
pub use crate::controllers::tools::nameservers::model::{Nameserver, NameserverFields};
pub use crate::controllers::tools::racks::model::{Rack, RackFields};
pub use crate::controllers::tools::scan_agents::model::{ScanAgent, ScanAgentFields, ScanAgentType};
pub use crate::controllers::tools::tags::model::{Tag, TagFields};
pub use crate::controllers::user::model::User;
pub use crate::controllers::vlans::model::{Vlan, VlanFields};
pub use crate::controllers::vrfs::model::{Vrf, VrfFields};
pub use crate::session::Login;
pub use crate::wire::{
    AddressId, CircuitId, CircuitProviderId, Count, CustomerId, DeviceId, DeviceTypeId, GroupId, Hidden, JsonObject,
    L2DomainId, LocationId, NameserverId, NatId, ParseIdError, ParseTimeError, RackId, Reference, ScanAgentId,
    SectionId, ServerTime, SubnetId, TagId, TextList, UserId, VlanId, VrfId, YesNo,
};

#[cfg(test)]
mod tests;
