//! Models of NAT rules.

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
    /// Kind of address translation.
    pub enum NatType {
        /// Source NAT: the source address of packets is replaced.
        Source = "source",
        /// Destination NAT: the destination address of packets is replaced.
        Destination = "destination",
        /// Static NAT: one to one, in both directions.
        Static = "static",
    }
}

model! {
    /// NAT rule.
    pub struct Nat {
        /// Id.
        id: NatId = "id",
        /// Name.
        name: Option<String> = "name",
        /// Kind of translation.
        nat_type: Option<NatType> = "type",
        /// Addresses before the translation. [`Client::nat`](crate::Client::nat) shows addresses only,
        /// [`Tools::nat`](crate::controllers::Tools::nat) subnets too.
        source: NatObjects = "src",
        /// Addresses after the translation.
        destination: NatObjects = "dst",
        /// Port before the translation.
        source_port: Option<u32> = "src_port",
        /// Port after the translation.
        destination_port: Option<u32> = "dst_port",
        /// Device that translates.
        device: Option<DeviceId> = "device",
        /// Free text.
        description: Option<String> = "description",
        /// True for policy NAT, which applies to packets to certain destinations only; since 1.4, false before.
        policy: YesNo = "policy",
        /// Destination of policy NAT; since 1.4, `None` before.
        policy_destination: Option<String> = "policy_dst",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

model! {
    /// NAT rule with whole rows in place of ids.
    pub struct NatWithRows {
        /// Id.
        id: NatId = "id",
        /// Name.
        name: Option<String> = "name",
        /// Kind of translation.
        nat_type: Option<NatType> = "type",
        /// Addresses and subnets before the translation.
        source: NatRows = "src",
        /// Addresses and subnets after the translation.
        destination: NatRows = "dst",
        /// Port before the translation.
        source_port: Option<u32> = "src_port",
        /// Port after the translation.
        destination_port: Option<u32> = "dst_port",
        /// Device that translates.
        device: Option<DeviceId> = "device",
        /// Free text.
        description: Option<String> = "description",
        /// True for policy NAT, which applies to packets to certain destinations only; since 1.4, false before.
        policy: YesNo = "policy",
        /// Destination of policy NAT; since 1.4, `None` before.
        policy_destination: Option<String> = "policy_dst",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

const ADDRESSES: &str = "ipaddresses";
const SUBNETS: &str = "subnets";

/// One side of a NAT rule.
///
/// ```
/// use phpipam_client::models::{AddressId, NatObjects, SubnetId};
///
/// let side = NatObjects::new().with_addresses([AddressId::new(11)]).with_subnets([SubnetId::new(8)]);
/// assert_eq!(side.addresses.len() + side.subnets.len(), 2);
/// ```
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
    /// Returns an empty side.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the addresses.
    pub fn with_addresses(mut self, ids: impl IntoIterator<Item = AddressId>) -> Self {
        self.addresses = ids.into_iter().collect();
        self
    }

    /// Sets the subnets, which only [`Tools::nat`](crate::controllers::Tools::nat) accepts.
    pub fn with_subnets(mut self, ids: impl IntoIterator<Item = SubnetId>) -> Self {
        self.subnets = ids.into_iter().collect();
        self
    }

    /// Returns the server's form: ids as text, without empty kinds.
    pub(crate) fn to_json(&self) -> JsonObject {
        // Ids as texts, as the server's own rules have them.
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        let subnets: Vec<String> = self.subnets.iter().map(ToString::to_string).collect();
        let sides = [(ADDRESSES, addresses), (SUBNETS, subnets)];
        sides.into_iter().filter(|(_, ids)| !ids.is_empty()).map(|(kind, ids)| (kind.to_owned(), ids.into())).collect()
    }
}

/// One side of a NAT rule, with whole rows.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct NatRows {
    /// Addresses.
    pub addresses: Vec<Address>,
    /// Subnets.
    pub subnets: Vec<Subnet>,
}

/// Returns the items of both kinds.
///
/// A side is an object, or an object as JSON text; an empty one is also a list or `null`, and each of these as text.
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
    // A rule keeps its objects per kind. Rules made in the web interface may have one kind, both, or none.
    let mut take = |kind: &str| match kinds.remove(kind) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        // `objects_full` counts from 1, and PHP writes a list that does not begin at 0 as an object.
        Some(Value::Object(counted)) => Ok(counted.into_iter().map(|(_, item)| item).collect()),
        Some(other) => Err(E::custom(format_args!("expected a list of {kind}, found {other}"))),
    };
    let found = [take(ADDRESSES)?, take(SUBNETS)?];
    // An unknown kind is an error rather than left out: a rule that is written back without it would lose it.
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
        // Objects that were deleted since are `false`.
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
        // The server does not look the ids up, so it would store a 0.
        if self.addresses.iter().any(|id| id.get() == 0) || self.subnets.iter().any(|id| id.get() == 0) {
            return Err(InvalidValue::new(name, 0, "ids start at 1"));
        }
        Ok(Value::Object(NatObjects::to_json(&self)))
    }
}

request_body! {
    /// Fields of a NAT rule, to create or change one. Fields that are not set stay as they are.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::{NatFields, NatObjects, NatType, SubnetId};
    ///
    /// let fields = NatFields::new()
    ///     .with_source(NatObjects::new().with_subnets([SubnetId::new(8)]))
    ///     .with_source_port(8080_u32);
    /// let id = client.tools().nat().create("web", NatType::Destination, &fields).await?.id;
    /// assert_eq!(client.tools().nat().get(id).await?.source.subnets, [SubnetId::new(8)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct NatFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the kind of translation.
        NatType, "type", never => with_nat_type;
        /// Replaces the addresses before the translation.
        NatObjects, "src", never => with_source;
        /// Replaces the addresses after the translation.
        NatObjects, "dst", never => with_destination;
        /// Sets the port before the translation.
        u32, "src_port", null => with_source_port clear_source_port patch_source_port;
        /// Sets the port after the translation.
        u32, "dst_port", null => with_destination_port clear_destination_port patch_destination_port;
        /// Sets the device that translates.
        DeviceId, "device", null => with_device clear_device patch_device;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets whether it is policy NAT, which applies to packets to certain destinations only. Since 1.4; 1.3 refuses
        /// with kind [`Invalid`](crate::RefusalKind::Invalid).
        YesNo, "policy", never => with_policy;
        /// Sets the destination of policy NAT. Since 1.4; 1.3 refuses with kind
        /// [`Invalid`](crate::RefusalKind::Invalid).
        String, "policy_dst", null =>
            with_policy_destination clear_policy_destination patch_policy_destination;
    }
}

impl NatFields {
    /// Returns fields of which none is set.
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
