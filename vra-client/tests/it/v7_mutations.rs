//! Mutated payloads: each is decoded without loss, or the error names the JSON path.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

use crate::replay::{Sample, route};

#[derive(Debug, Clone)]
enum Mutation {
    Drop,
    Null,
    Retype(u8),
    Add(u8),
    Reorder,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        Just(Mutation::Drop),
        Just(Mutation::Null),
        any::<u8>().prop_map(Mutation::Retype),
        any::<u8>().prop_map(Mutation::Add),
        Just(Mutation::Reorder),
    ]
}

fn odd(choice: u8) -> Value {
    let values = [
        json!(""),
        json!("text"),
        json!("12"),
        json!("true"),
        json!(0),
        json!(-1),
        json!(18_446_744_073_709_551_615_u64),
        json!(0.5),
        json!(true),
        json!([]),
        json!([null]),
        json!({}),
        json!({"type": "string"}),
        json!({"entries": [{"value": 1}]}),
        json!([{"id": {"id": 1}}]),
    ];
    values[usize::from(choice) % values.len()].clone()
}

/// All places of a value, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                places(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn mutate(body: &mut Value, place: &str, mutation: &Mutation) {
    match mutation {
        Mutation::Null => *body.pointer_mut(place).unwrap() = Value::Null,
        Mutation::Retype(choice) => *body.pointer_mut(place).unwrap() = odd(*choice),
        Mutation::Drop => {
            let Some((parent, key)) = place.rsplit_once('/') else { return };
            match body.pointer_mut(parent).unwrap() {
                Value::Object(map) => {
                    map.shift_remove(&key.replace("~1", "/").replace("~0", "~"));
                }
                Value::Array(items) => {
                    items.remove(key.parse().unwrap());
                }
                _ => {}
            }
        }
        Mutation::Add(choice) => match body.pointer_mut(place).unwrap() {
            Value::Object(map) => {
                map.insert("addedLater".into(), odd(*choice));
            }
            Value::Array(items) => items.push(odd(*choice)),
            _ => {}
        },
        Mutation::Reorder => match body.pointer_mut(place).unwrap() {
            Value::Object(map) => {
                let reversed: Map<String, Value> = std::mem::take(map).into_iter().rev().collect();
                *map = reversed;
            }
            Value::Array(items) => items.reverse(),
            _ => {}
        },
    }
}

fn samples() -> Vec<Sample> {
    let mut files: Vec<_> = std::fs::read_dir(crate::fixtures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let samples = texts.map(|path| Sample::read(&std::fs::read_to_string(path).unwrap()).unwrap().unwrap());
    samples.filter(|sample| sample.status < 400 && !sample.body.is_null()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn mutated_payloads_are_kept_or_refused_with_a_path(
        which in any::<Index>(),
        steps in proptest::collection::vec((any::<Index>(), mutation()), 1..4),
    ) {
        thread_local! {
            static SAMPLES: Vec<Sample> = samples();
        }
        SAMPLES.with(|samples| -> Result<(), TestCaseError> {
            let sample = &samples[which.index(samples.len())];
            let check = route(&sample.method, &sample.path, sample.kind == "response").unwrap();
            let mut body = sample.body.clone();
            for (place, mutation) in &steps {
                let mut found = Vec::new();
                places(&body, "", &mut found);
                mutate(&mut body, &found[place.index(found.len())], mutation);
            }
            // `check` compares what was decoded and encoded again with the original, so a value that was dropped or
            // replaced by a default shows as a difference, which names the place and does not say "at".
            if let Err(why) = check(&body.to_string()) {
                let alone = why.strip_prefix(".: at ").unwrap_or(&why);
                let (path, message) = alone.split_once(": ").unwrap_or(("", alone));
                let refused = ["invalid type", "invalid value", "missing field"];
                prop_assert!(refused.iter().any(|words| message.starts_with(words)), "{why}\n{body}");
                // The first part of the path exists. The path is the whole body only if that is not an object, or
                // lacks its rows.
                let top = path.split(['.', '[']).next().unwrap_or_default();
                let whole = path == "." && (!body.is_object() || message.starts_with("missing field"));
                prop_assert!(whole || body.get(top).is_some() || path.starts_with('['), "no path: {why}\n{body}");
            }
            Ok(())
        })?;
    }
}
