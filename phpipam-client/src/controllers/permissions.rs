//! Permissions of groups: five forms on the wire, one here.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::wire::{GroupId, JsonObject, Scalar, Seed, Wire, model, scalar};

/// Permission of a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Level {
    /// No access (`na`, 0).
    None,
    /// Read (`ro`, 1).
    Read,
    /// Read, and write addresses (`rw`, 2).
    Write,
    /// Read and write, and change the subnet itself (`rwa`, 3).
    Admin,
    /// Other value, as the server sent it.
    Unknown(String),
}

impl Level {
    /// Returns the value that the server stores: a digit, or the other value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::None => "0",
            Self::Read => "1",
            Self::Write => "2",
            Self::Admin => "3",
            Self::Unknown(text) => text,
        }
    }
}

impl From<&str> for Level {
    fn from(text: &str) -> Self {
        // Digits are what the server stores. The words are those of `PATCH subnets/{id}/permissions/` and its response.
        match text {
            "0" | "na" => Self::None,
            "1" | "ro" => Self::Read,
            "2" | "rw" => Self::Write,
            "3" | "rwa" => Self::Admin,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

impl Wire for Level {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "a permission level (0 to 3)";
        match scalar(deserializer, EXPECTED)? {
            Scalar::Text(text) => Ok(text.as_ref().into()),
            Scalar::Int(number) => Ok(number.to_string().as_str().into()),
            Scalar::Null => Ok(Self::None),
            other @ (Scalar::Bool(_) | Scalar::Float(_)) => Err(other.refuse(EXPECTED)),
        }
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

model! {
    /// Permission of one group. Lists of subnets hold name and members of the group; other responses only id and level.
    pub struct GroupPermission {
        /// Id of the group.
        group_id: Option<GroupId> = "group_id",
        /// Permission.
        level: Level = "permission",
        /// Name of the group; `None` also for a group that was deleted.
        name: Option<String> = "name",
        /// Description of the group.
        description: Option<String> = "desc",
        // `false` for a group without members, NULL for one that was deleted; both are an empty list here.
        /// Members of the group.
        members: Vec<GroupMember> = "members",
    }
}

model! {
    /// Member of a group.
    pub struct GroupMember {
        /// Name to log in with.
        username: String = "username",
    }
}

/// Permissions of a section or subnet, per group.
///
/// ```
/// use phpipam_client::models::{GroupId, Level, Subnet};
///
/// let subnet: Subnet = serde_json::from_str(r#"{"id": 8, "permissions": "{\"2\":\"3\"}"}"#)?;
/// assert_eq!(subnet.permissions.level(GroupId::new(2)), Some(&Level::Admin));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Permissions(pub Vec<GroupPermission>);

impl Permissions {
    /// Returns the permission of a group, if it has one.
    #[must_use]
    pub fn level(&self, group: GroupId) -> Option<&Level> {
        self.0.iter().find(|entry| entry.group_id == Some(group)).map(|entry| &entry.level)
    }

    fn from_levels<E: Error>(levels: BTreeMap<String, Level>) -> Result<Self, E> {
        let entry = |(group, level): (String, Level)| {
            let group_id = group
                .parse()
                .map_err(|_| E::invalid_value(Unexpected::Str(&group), &"the id of a group as decimal string"))?;
            let extra = JsonObject::new();
            Ok(GroupPermission {
                group_id: Some(group_id),
                level,
                name: None,
                description: None,
                members: Vec::new(),
                extra,
            })
        };
        levels.into_iter().map(entry).collect::<Result<_, E>>().map(Self)
    }
}

impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.encode(serializer)
    }
}

impl Wire for Permissions {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Shapes)
    }

    fn encode<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.encode(serializer)
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn is_blank(&self) -> bool {
        self.0.is_empty()
    }
}

struct Shapes;

impl<'de> Visitor<'de> for Shapes {
    type Value = Permissions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("permissions: a list of groups, a map, or one of them as JSON text")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Permissions::default())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        if value { Err(E::invalid_type(Unexpected::Bool(value), &self)) } else { Ok(Permissions::default()) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() || text == "null" {
            return Ok(Permissions::default());
        }
        match serde_json::from_str::<serde_json::Value>(text) {
            // A text in the text would recurse for ever, so only containers go round again.
            Ok(inner @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => {
                Permissions::decode(&inner).map_err(E::custom)
            }
            Ok(_) | Err(_) => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        // A list of groups with names and members, in `subnets/` and `folders/` only; `[]` also within a text.
        let mut entries = Vec::new();
        while let Some(entry) = seq.next_element_seed(Seed::<GroupPermission>::new())? {
            entries.push(entry);
        }
        Ok(Permissions(entries))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // A map `{"2":"3"}` on single objects, within a text or not.
        let mut levels = BTreeMap::new();
        while let Some(group) = map.next_key::<String>()? {
            levels.insert(group, map.next_value_seed(Seed::<Level>::new())?);
        }
        Permissions::from_levels(levels)
    }
}
