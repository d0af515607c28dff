//! Sample inputs of the plug-in's actions, with a provider's own ids put in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

/// Reads the sample `name`, such as `allocate_ip_one`, and replaces the ids it names by those in `ids`.
///
/// The samples call ranges `11` to `14`, `44` and `full`, and blocks `30` and `31`.
///
/// # Panics
/// If there is no such sample.
#[must_use]
pub fn sample(name: &str, ids: &BTreeMap<&str, String>) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../vra-client/tests/fixtures/plugin")
        .join(name)
        .with_extension("json");
    #[allow(clippy::panic, reason = "a test without its sample has failed")]
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    #[allow(clippy::panic, reason = "a test without its sample has failed")]
    let mut sample = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    replace(&mut sample, ids);
    sample
}

fn replace(value: &mut Value, ids: &BTreeMap<&str, String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match name.as_str() {
                    "ipRangeIds" | "ipBlockIds" => {
                        value.as_array_mut().into_iter().flatten().for_each(|id| rename(id, ids));
                    }
                    "ipRangeId" => rename(value, ids),
                    _ => replace(value, ids),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, ids)),
        _ => {}
    }
}

fn rename(id: &mut Value, ids: &BTreeMap<&str, String>) {
    if let Some(new) = id.as_str().and_then(|old| ids.get(old)) {
        *id = Value::String(new.clone());
    }
}
