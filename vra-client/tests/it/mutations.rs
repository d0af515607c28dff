//! Mutated payloads: each is decoded without loss, or the error names the JSON path.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

use crate::replay::Sample;
use crate::replay::check::Check;
use crate::{prepared, samples};

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

/// Versions whose recorded payloads are mutated, and the number of those that the client reads or sends.
const VERSIONS: [(&str, usize); 2] = [("v7", 83), ("v8", 47)];

/// Returns the samples that the client reads or sends, each with its check.
fn checked() -> Vec<(Sample, Check)> {
    let replay = prepared();
    let mut found = Vec::new();
    for (version, known) in VERSIONS {
        let before = found.len();
        let all = samples(version).into_values();
        let usable = all.filter(|sample| sample.status < 400 && !sample.body.is_null());
        found.extend(usable.filter_map(|sample| {
            let check = replay.route(&sample)?.1.check(sample.kind)?;
            Some((sample, check))
        }));
        // Exact: a payload whose route is lost would otherwise be left out without a word.
        assert_eq!(found.len() - before, known, "payloads of {version}");
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3000) })]

    #[test]
    fn mutated_payloads_are_kept_or_refused_with_a_path(
        which in any::<Index>(),
        steps in proptest::collection::vec((any::<Index>(), mutation()), 1..4),
    ) {
        thread_local! {
            static SAMPLES: Vec<(Sample, Check)> = checked();
        }
        SAMPLES.with(|samples| -> Result<(), TestCaseError> {
            let (sample, check) = &samples[which.index(samples.len())];
            let mut body = sample.body.clone();
            for (place, mutation) in &steps {
                let mut found = Vec::new();
                places(&body, "", &mut found);
                mutate(&mut body, &found[place.index(found.len())], mutation);
            }
            if let Err(why) = check(&body.to_string()) {
                prop_assert!(is_refused_with_a_path(&why, &body), "{} {}: {why}\n{body}", sample.method, sample.path);
            }
            Ok(())
        })?;
    }
}

/// Up to 100 places of each payload, spread over it, with another mutation at the next one.
#[test]
fn places_of_each_payload_are_kept_or_refused_with_a_path() {
    let mut tried = 0_usize;
    for (sample, check) in checked() {
        let mut found = Vec::new();
        places(&sample.body, "", &mut found);
        // The largest payloads have thousands of places, most of them in rows of the same shape.
        for place in found.iter().step_by(found.len() / 100 + 1) {
            let mutation = match tried % 4 {
                0 => Mutation::Null,
                1 => Mutation::Drop,
                _ => Mutation::Retype(u8::try_from(tried / 4 % 256).unwrap()),
            };
            tried += 1;
            let mut body = sample.body.clone();
            mutate(&mut body, place, &mutation);
            if let Err(why) = check(&body.to_string()) {
                let call = (&sample.method, &sample.path);
                assert!(is_refused_with_a_path(&why, &body), "{call:?} {place} {mutation:?}: {why}");
            }
        }
    }
    assert!(tried > 3_000, "{tried}");
}

/// Returns true if an error says that a value does not fit, and where it is.
///
/// A check compares what was decoded and encoded again with the original. So a value that was dropped or replaced by a
/// default shows as a difference, which has none of these words.
fn is_refused_with_a_path(why: &str, body: &Value) -> bool {
    let alone = why.strip_prefix(".: at ").unwrap_or(why);
    let (path, message) = alone.split_once(": ").unwrap_or(("", alone));
    let refused = [
        "invalid type",
        "invalid value",
        "invalid IP address",
        "invalid IPv4 address",
        "invalid IPv6 address",
        "missing field",
    ];
    // The first part of the path exists. The path is the whole body only if that is not an object, or lacks its rows.
    let top = path.split(['.', '[']).next().unwrap_or_default();
    let missing = message.starts_with("missing field");
    let whole = path == "." && (!body.is_object() || missing);
    refused.iter().any(|words| message.starts_with(words))
        && (whole || missing || body.get(top).is_some() || path.starts_with('['))
}
