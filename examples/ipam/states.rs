//! States before and after a change, as text.

use std::collections::{BTreeMap, BTreeSet};

use ipam_core::{Change, ChangedItem};
use serde_json::Value;

/// Returns what a change has changed, such as `hostname: - -> web1`; of an item that came or went, what it has besides the
/// other columns; `-` if there is nothing to tell.
pub(crate) fn difference(change: &Change) -> String {
    let [before, after] = [&change.before, &change.after].map(|item| item.as_deref().map(fields));
    let parts: Vec<String> = match (before, after) {
        (Some(before), Some(after)) => {
            // A field that is empty on one side is not in that map.
            let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            let differ = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
            let show = |value: Option<&String>| value.map_or("-", String::as_str).to_owned();
            differ.map(|name| format!("{name}: {} -> {}", show(before.get(name)), show(after.get(name)))).collect()
        }
        (Some(one), None) | (None, Some(one)) => one.iter().map(|(name, value)| format!("{name}: {value}")).collect(),
        (None, None) => Vec::new(),
    };
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

/// Fields that other columns have, or that follow from the change itself.
const ELSEWHERE: [&str; 9] = ["id", "space", "range", "block", "address", "key", "owner", "created", "updated"];

/// Returns the fields of an item that are not empty, by name. Those of nested objects are among them.
fn fields(item: &ChangedItem) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    // Through JSON, so that text and JSON have the same names and values.
    if let Ok(Value::Object(kinds)) = serde_json::to_value(item) {
        for value in kinds.values() {
            flatten(value, &mut fields);
        }
    }
    // Nearly always the same.
    if fields.get("state").is_some_and(|state| state == "allocated") {
        fields.remove("state");
    }
    fields
}

fn flatten(value: &Value, to: &mut BTreeMap<String, String>) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        match value {
            _ if ELSEWHERE.contains(&name.as_str()) => {}
            Value::Object(_) if name != "properties" => flatten(value, to),
            Value::Null => {}
            Value::Array(items) if items.is_empty() => {}
            Value::Object(items) if items.is_empty() => {}
            Value::String(text) => {
                to.insert(name.clone(), text.clone());
            }
            other => {
                to.insert(name.clone(), other.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use ipam_core::{
        Allocate, AllocateLine, Deallocate, DefineRange, IpamProvider, Labels, MemoryProvider, Patch, Update,
    };

    use super::difference;

    #[tokio::test]
    async fn the_text_has_what_differs() {
        let texts: Vec<String> = {
            let ipam = MemoryProvider::new();
            ipam.define_range(&DefineRange::new("lan", "10.0.0.0/24".parse().unwrap())).await.unwrap();
            let line = AllocateLine::next("lan", 1).with_labels(Labels::default().with_hostname("web1"));
            let taken = ipam.allocate(&Allocate::new("vm").with_key("vm").with_line(line)).await.unwrap();
            let id = taken.iter().next().unwrap().id.clone();
            let update = Update::new(id).with_hostname(Patch::Clear).with_description(Patch::Set("old".to_owned()));
            ipam.update(&update).await.unwrap();
            ipam.deallocate(&Deallocate::key("vm")).await.unwrap();
            ipam.changes(None, 9).await.unwrap().items.iter().skip(1).map(difference).collect()
        };
        assert_eq!(texts, ["hostname: web1", "description: - -> old, hostname: web1 -> -", "description: old"]);
    }
}
