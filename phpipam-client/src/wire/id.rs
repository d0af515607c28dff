//! Ids, one type per kind of object.

use std::fmt;
use std::str::FromStr;

use serde::de::Deserializer;
use serde::ser::Serializer;

use super::codec::Wire;
use super::scalar::scalar;

const EXPECTED: &str = "an id as integer or decimal string";

/// Reads an id. The three forms of "none" (0, `null`, `""`) are `None` (Q06).
fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = scalar(deserializer, EXPECTED)?;
    if value.is_nothing() {
        return Ok(None);
    }
    // Q15: ids are texts after a creation, and numbers when the object is read.
    match value.integer().map(u64::try_from) {
        // 0, "0", NULL and an empty text all mean "no reference" (Q06).
        Some(Ok(0)) => Ok(None),
        Some(Ok(id)) => Ok(Some(id)),
        Some(Err(_)) | None => Err(value.refuse(EXPECTED)),
    }
}

/// Error for a text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an id; give a whole number above 0")]
pub struct ParseIdError(String);

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident)*) => {$(
        $(#[$meta])*
        ///
        /// Ids start at 1. The server drops a 0 from the path, so a call with it is refused with
        /// [`Error::Invalid`](crate::Error::Invalid) before anything is sent.
        ///
        /// ```
        #[doc = concat!("use phpipam_client::models::", stringify!($name), ";")]
        ///
        #[doc = concat!("assert_eq!(\"7\".parse(), Ok(", stringify!($name), "::new(7)));")]
        #[doc = concat!("assert!(\"0\".parse::<", stringify!($name), ">().is_err());")]
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// Returns the id with this number.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// Returns the number.
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
                    // `parse` accepts a plus sign, which no server writes.
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
    /// Id of an address.
    AddressId
    /// Id of a circuit, a number of the server. The text that people use is
    /// [`Circuit::circuit_id`](crate::models::Circuit).
    CircuitId
    /// Id of a circuit provider.
    CircuitProviderId
    /// Id of a customer.
    CustomerId
    /// Id of a device.
    DeviceId
    /// Id of a device type.
    DeviceTypeId
    /// Id of a group of users.
    GroupId
    /// Id of a layer 2 domain.
    L2DomainId
    /// Id of a location.
    LocationId
    /// Id of a NAT rule.
    NatId
    /// Id of a set of name servers.
    NameserverId
    /// Id of a rack.
    RackId
    /// Id of a scan agent.
    ScanAgentId
    /// Id of a section.
    SectionId
    /// Id of a subnet or a folder.
    SubnetId
    /// Id of an address tag.
    TagId
    /// Id of a user.
    UserId
    /// Id of a VLAN (not its number).
    VlanId
    /// Id of a VRF.
    VrfId
}
