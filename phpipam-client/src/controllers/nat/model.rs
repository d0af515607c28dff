//! Address translations as they are read and written.

use serde::de::{Deserializer, Error};
use serde::ser::Serializer;
use serde_json::Value;

use crate::controllers::addresses::model::Address;
use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::controllers::subnets::model::Subnet;
use crate::wire::{
    AddressId, DeviceId, Field, InvalidValue, JsonObject, NatId, SubnetId, Wire, YesNo, from_value, model, open_enum,
};

open_enum! {
    /// What a translation changes.
    pub enum NatType {
        /// The source.
        Source = "source",
        /// The destination.
        Destination = "destination",
        /// Both ways, one to one.
        Static = "static",
    }
}

model! {
    /// A translation of addresses.
    pub struct Nat {
        /// Its id.
        id: NatId = "id",
        /// Its name.
        name: Option<String> = "name",
        /// What it changes.
        nat_type: Option<NatType> = "type",
        /// What it applies to. [`Client::nat`](crate::Client::nat) shows addresses only, `tools().nat()` subnets too.
        source: NatObjects = "src",
        /// What that becomes.
        destination: NatObjects = "dst",
        /// The port it applies to.
        source_port: Option<u32> = "src_port",
        /// The port that becomes.
        destination_port: Option<u32> = "dst_port",
        /// The device that translates.
        device: Option<DeviceId> = "device",
        /// Free text.
        description: Option<String> = "description",
        /// Whether it depends on where packets go; since 1.4.
        policy: YesNo = "policy",
        /// Where packets go, if it depends on that; since 1.4.
        policy_destination: Option<String> = "policy_dst",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

model! {
    /// A translation with whole rows in place of ids.
    pub struct NatWithRows {
        /// Its id.
        id: NatId = "id",
        /// Its name.
        name: Option<String> = "name",
        /// What it changes.
        nat_type: Option<NatType> = "type",
        /// What it applies to.
        source: NatRows = "src",
        /// What that becomes.
        destination: NatRows = "dst",
        /// The port it applies to.
        source_port: Option<u32> = "src_port",
        /// The port that becomes.
        destination_port: Option<u32> = "dst_port",
        /// The device that translates.
        device: Option<DeviceId> = "device",
        /// Free text.
        description: Option<String> = "description",
        /// Whether it depends on where packets go; since 1.4.
        policy: YesNo = "policy",
        /// Where packets go, if it depends on that; since 1.4.
        policy_destination: Option<String> = "policy_dst",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

const ADDRESSES: &str = "ipaddresses";
const SUBNETS: &str = "subnets";

/// One side of a translation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
#[must_use]
pub struct NatObjects {
    /// Addresses.
    pub addresses: Vec<AddressId>,
    /// Subnets.
    pub subnets: Vec<SubnetId>,
}

impl NatObjects {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the addresses.
    pub fn with_addresses(mut self, ids: impl IntoIterator<Item = AddressId>) -> Self {
        self.addresses = ids.into_iter().collect();
        self
    }

    /// Sets the subnets, which only `tools().nat()` accepts.
    pub fn with_subnets(mut self, ids: impl IntoIterator<Item = SubnetId>) -> Self {
        self.subnets = ids.into_iter().collect();
        self
    }

    /// As the server keeps it: ids as text, kinds without any left out.
    pub(crate) fn to_json(&self) -> JsonObject {
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        let subnets: Vec<String> = self.subnets.iter().map(ToString::to_string).collect();
        let sides = [(ADDRESSES, addresses), (SUBNETS, subnets)];
        sides.into_iter().filter(|(_, ids)| !ids.is_empty()).map(|(kind, ids)| (kind.to_owned(), ids.into())).collect()
    }
}

/// One side of a translation, with whole rows.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct NatRows {
    /// Addresses.
    pub addresses: Vec<Address>,
    /// Subnets.
    pub subnets: Vec<Subnet>,
}

/// The items of both kinds. A side is an object, or one as text; an empty one is a list, and `null`, and that as text.
/// Items are a list, or an object whose keys count them.
fn items<E: Error>(side: Value) -> Result<[Vec<Value>; 2], E> {
    let side = match side {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::String(text) => serde_json::from_str(&text).map_err(E::custom)?,
        other => other,
    };
    let mut kinds = match side {
        Value::Null => JsonObject::new(),
        Value::Array(list) if list.is_empty() => JsonObject::new(),
        Value::Object(kinds) => kinds,
        other => return Err(E::custom(format_args!("expected an object of addresses and subnets, found {other}"))),
    };
    let mut take = |kind: &str| match kinds.remove(kind) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        Some(Value::Object(counted)) => Ok(counted.into_iter().map(|(_, item)| item).collect()),
        Some(other) => Err(E::custom(format_args!("expected a list of {kind}, found {other}"))),
    };
    let found = [take(ADDRESSES)?, take(SUBNETS)?];
    match kinds.keys().next() {
        None => Ok(found),
        Some(kind) => Err(E::custom(format_args!("expected addresses and subnets, found {kind}"))),
    }
}

fn all<T: Wire, E: Error>(items: &[Value]) -> Result<Vec<T>, E> {
    items.iter().map(|item| from_value(item).map_err(E::custom)).collect()
}

impl Wire for NatObjects {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let [addresses, subnets] = items(serde::Deserialize::deserialize(deserializer)?)?;
        Ok(Self { addresses: all(&addresses)?, subnets: all(&subnets)? })
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde::Serialize::serialize(&self.to_json(), serializer)
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn is_blank(&self) -> bool {
        self.addresses.is_empty() && self.subnets.is_empty()
    }
}

/// For fields that are set: nothing is none.
impl Wire for Option<NatObjects> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        NatObjects::decode(deserializer).map(Some)
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(objects) => objects.encode(serializer),
            None => serializer.serialize_none(),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl Wire for NatRows {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let [mut addresses, mut subnets] = items(serde::Deserialize::deserialize(deserializer)?)?;
        // What was deleted since is `false`.
        let is_row = |item: &Value| !matches!(item, Value::Bool(false) | Value::Null);
        addresses.retain(is_row);
        subnets.retain(is_row);
        Ok(Self { addresses: all(&addresses)?, subnets: all(&subnets)? })
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sides = JsonObject::new();
        if !self.addresses.is_empty() {
            sides.insert(
                ADDRESSES.to_owned(),
                serde_json::to_value(&self.addresses).map_err(serde::ser::Error::custom)?,
            );
        }
        if !self.subnets.is_empty() {
            sides.insert(SUBNETS.to_owned(), serde_json::to_value(&self.subnets).map_err(serde::ser::Error::custom)?);
        }
        serde::Serialize::serialize(&sides, serializer)
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

impl Field for NatObjects {
    fn to_json(self, name: &str) -> Result<Value, InvalidValue> {
        if self.addresses.iter().any(|id| id.get() == 0) || self.subnets.iter().any(|id| id.get() == 0) {
            return Err(InvalidValue::new(name, 0, "ids start at 1"));
        }
        Ok(Value::Object(NatObjects::to_json(&self)))
    }
}

request_body! {
    /// Fields of a translation of addresses, to create or change one.
    pub struct NatFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets what it changes.
        NatType, "type", never => with_nat_type;
        /// Sets what it applies to, in place of what was there.
        NatObjects, "src", never => with_source;
        /// Sets what that becomes, in place of what was there.
        NatObjects, "dst", never => with_destination;
        /// Sets the port it applies to.
        u32, "src_port", null => with_source_port clear_source_port patch_source_port;
        /// Sets the port that becomes.
        u32, "dst_port", null => with_destination_port clear_destination_port patch_destination_port;
        /// Sets the device that translates.
        DeviceId, "device", null => with_device clear_device patch_device;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Says whether it depends on where packets go; since 1.4.
        YesNo, "policy", never => with_policy;
        /// Sets where packets go, if it depends on that; since 1.4.
        String, "policy_dst", null =>
            with_policy_destination clear_policy_destination patch_policy_destination;
    }
}

impl NatFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_side_is_read_in_every_spelling() {
        let both = NatObjects::new().with_addresses([11.into()]).with_subnets([8.into()]);
        for side in [
            json!({"ipaddresses": ["11"], "subnets": ["8"]}),
            json!({"ipaddresses": {"1": 11}, "subnets": [8]}),
            json!("{\"ipaddresses\":[\"11\"],\"subnets\":[8]}"),
        ] {
            assert_eq!(from_value::<NatObjects>(&side).unwrap(), both, "{side}");
        }
        for side in [json!(null), json!([]), json!(""), json!("null"), json!("[]"), json!({})] {
            assert_eq!(from_value::<NatObjects>(&side).unwrap(), NatObjects::new(), "{side}");
        }
        for side in
            [json!("11"), json!(["11"]), json!({"hosts": [1]}), json!({"subnets": 8}), json!({"subnets": ["x"]})]
        {
            assert!(from_value::<NatObjects>(&side).is_err(), "{side}");
        }
    }
}
