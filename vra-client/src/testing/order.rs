//! Order of rows, as `$orderby` says.

use std::cmp::Ordering;

use serde_json::Value;

use super::filter;

/// Sorts rows by the fields of `$orderby`, such as `name desc,id`.
pub(super) fn sort(rows: &mut [Value], order: &str) {
    let fields: Vec<(&str, bool)> = order
        .split(',')
        .filter_map(|part| {
            let mut words = part.split_whitespace();
            Some((words.next()?, words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc"))))
        })
        .collect();
    // A stable sort: rows that are equal stay in the order of the store.
    rows.sort_by(|a, b| {
        fields
            .iter()
            .map(|(field, descending)| {
                let order = compare(&filter::values(a, field), &filter::values(b, field));
                if *descending { order.reverse() } else { order }
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
}

/// Compares two rows by the first value of a field: numbers as numbers, everything else as text.
fn compare(a: &[&Value], b: &[&Value]) -> Ordering {
    match (a.first(), b.first()) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Some(Value::String(a)), Some(Value::String(b))) => a.cmp(b),
        (a, b) => a.map(|v| v.to_string()).cmp(&b.map(|v| v.to_string())),
    }
}
