//! Sub-resource `custom_fields` of several controllers.

pub(crate) mod model;

use self::model::CustomField;
use crate::client::Client;
use crate::error::Result;
use crate::request::{ApiRequest, Call, Path};
use crate::wire::{OneOrMany, Wire as _};

/// Lists the custom fields of a kind of object. Empty also where the server supports none.
pub(super) async fn list(client: &Client, controller: &str) -> Result<Vec<CustomField>> {
    let request = ApiRequest::get(Call::List, Path::new(controller).word("custom_fields"))?;
    let success = match client.execute(&request).await {
        Ok(crate::envelope::Reply::Success(success)) => success,
        Ok(crate::envelope::Reply::Nothing { .. }) => return Ok(Vec::new()),
        // 409 "Custom fields not supported" of sections, in every version (Q43).
        Err(error) if error.is_unsupported() => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    // The object's keys are the names again; its order is the columns' order.
    let fields = success.decode::<Fields>()?;
    Ok(fields.0)
}

/// Custom fields of `{"name": {…}, …}`, in order.
struct Fields(Vec<CustomField>);

impl crate::wire::Wire for Fields {
    fn decode<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> serde::de::Visitor<'de> for Entries {
            type Value = Fields;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of custom fields")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while map.next_key::<serde::de::IgnoredAny>()?.is_some() {
                    fields.push(map.next_value_seed(crate::wire::Seed::<CustomField>::new())?);
                }
                Ok(Fields(fields))
            }

            // PHP encodes an array without keys as a list.
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, seq: A) -> Result<Fields, A::Error> {
                let items = OneOrMany::decode(serde::de::value::SeqAccessDeserializer::new(seq))?;
                Ok(Fields(items.0))
            }
        }

        deserializer.deserialize_any(Entries)
    }

    fn encode<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.encode(serializer)
    }
}
