//! Ids, one type per kind of object.

use std::fmt;
use std::str::FromStr;

use serde::de::Deserializer;
use serde::ser::Serializer;

use super::codec::Wire;
use super::scalar::scalar;

const EXPECTED: &str = "an id as integer or decimal string";

/// Reads an id; the three ways to say "none" (0, `null`, `""`) are `None`.
fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = scalar(deserializer, EXPECTED)?;
    if value.is_nothing() {
        return Ok(None);
    }
    match value.integer().map(u64::try_from) {
        Some(Ok(0)) => Ok(None),
        Some(Ok(id)) => Ok(Some(id)),
        Some(Err(_)) | None => Err(value.refuse(EXPECTED)),
    }
}

/// Text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an id; give a whole number above 0")]
pub struct ParseIdError(String);

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident)*) => {$(
        $(#[$meta])*
        ///
        /// The server drops 0 from paths and reads it as "none" elsewhere; requests with an id of 0 are refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The id with this number.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                match text.parse() {
                    Ok(number) if number > 0 && !text.starts_with('+') => Ok(Self(number)),
                    _ => Err(ParseIdError(text.chars().take(40).collect())),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Wire for $name {
            fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                match optional(deserializer)? {
                    Some(number) => Ok(Self(number)),
                    None => Err(serde::de::Error::custom(concat!("no id, expected ", "an id as integer or decimal string"))),
                }
            }

            fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }

        impl Wire for Option<$name> {
            fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(optional(deserializer)?.map($name))
            }

            fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    Some(id) => id.encode(serializer),
                    None => serializer.serialize_none(),
                }
            }

            fn absent() -> Option<Self> {
                Some(None)
            }

            fn is_blank(&self) -> bool {
                self.is_none()
            }
        }
    )*};
}

ids! {
    /// The id of an address.
    AddressId
    /// The id of a circuit, a number of the server's.
    CircuitId
    /// The id of a provider of circuits.
    CircuitProviderId
    /// The id of a customer.
    CustomerId
    /// The id of a device.
    DeviceId
    /// The id of a type of devices.
    DeviceTypeId
    /// The id of a group of users.
    GroupId
    /// The id of a layer 2 domain.
    L2DomainId
    /// The id of a location.
    LocationId
    /// The id of a translation of addresses.
    NatId
    /// The id of a set of name servers.
    NameserverId
    /// The id of a rack.
    RackId
    /// The id of a scan agent.
    ScanAgentId
    /// The id of a section.
    SectionId
    /// The id of a subnet or a folder.
    SubnetId
    /// The id of an address tag.
    TagId
    /// The id of a user.
    UserId
    /// The id of a VLAN (not its number).
    VlanId
    /// The id of a VRF.
    VrfId
}
