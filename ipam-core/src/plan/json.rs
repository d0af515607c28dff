//! Plan as JSON: an object of the lists `blocks`, `ranges` and `allocations`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::fields::{FIELDS, Record, is_list};
use super::problem::{PlanError, Problem, Problems};
use super::read_row::to_plan;
use super::rows::{AddressPlan, RowKind};
use super::write_row::from_plan;

impl AddressPlan {
    /// Reads a plan from JSON.
    ///
    /// ```
    /// use ipam_core::plan::AddressPlan;
    ///
    /// let plan = AddressPlan::from_json(
    ///     r#"{
    ///         "ranges": [{"id": "lan", "net": "192.0.2.0/24", "properties": {"rack": "12"}}],
    ///         "allocations": [{"range": "lan", "address": "192.0.2.7", "owner": "vm-42"}]
    ///     }"#,
    /// )?;
    /// assert_eq!(plan.len(), 2);
    /// # Ok::<(), ipam_core::plan::PlanError>(())
    /// ```
    ///
    /// # Errors
    /// [`PlanError`] with one problem for each row that cannot be read, with its list and index; or with one problem if
    /// the text is not JSON or above the [limits](super#limits).
    pub fn from_json(text: &str) -> Result<Self, PlanError> {
        Self::check_size("the file", text)?;
        let text = text.trim_start_matches('\u{feff}');
        let value: Value = serde_json::from_str(text).map_err(|error| {
            let at = format!("line {}, column {}", error.line(), error.column());
            Problem::new(at, format!("not JSON: {error}"))
        })?;
        let Value::Object(mut lists) = value else {
            return Err(Problem::new("the file", "write an object of the lists blocks, ranges and allocations").into());
        };
        let mut problems = Problems::new();
        let mut records = Vec::new();
        for kind in RowKind::ALL {
            let name = kind.list();
            let rows = match lists.remove(name) {
                None => continue,
                Some(Value::Array(rows)) => rows,
                Some(_) => {
                    problems.push(Problem::new(name, "write a list of objects"));
                    continue;
                }
            };
            for (index, row) in rows.into_iter().enumerate() {
                let at = format!("{name}[{index}]");
                if records.len() == Self::MAX_ROWS {
                    let message = format!("there are more than {} rows; divide the plan into several", Self::MAX_ROWS);
                    problems.push(Problem::new(at, message));
                    break;
                }
                match row {
                    Value::Object(row) => {
                        let fields = fields(&at, row, &mut problems);
                        records.push(Record { at, kind, fields });
                    }
                    _ => problems.push(Problem::new(at, "write an object")),
                }
            }
        }
        // Lists that were not taken above are unknown: a misspelt one must not be skipped without a word.
        for name in lists.keys() {
            problems.push(Problem::field("the file", "list", name, "there are: blocks, ranges, allocations"));
        }
        to_plan(records, problems)
    }

    /// Writes the plan as JSON, one row per line, so that a version control system shows changes by row.
    #[must_use]
    pub fn to_json(&self) -> String {
        let records = from_plan(self);
        // By hand and not by the printer of `serde_json`, so that each row is one line: a diff of two plans then shows
        // rows.
        let lists: Vec<String> = RowKind::ALL
            .into_iter()
            .map(|kind| {
                let rows = records.iter().filter(|record| record.kind == kind);
                let rows: Vec<String> = rows.map(|record| format!("    {}", row_text(record))).collect();
                let rows = if rows.is_empty() { String::new() } else { format!("\n{}\n  ", rows.join(",\n")) };
                format!("  \"{}\": [{rows}]", kind.list())
            })
            .collect();
        format!("{{\n{}\n}}\n", lists.join(",\n"))
    }
}

fn fields(at: &str, row: Map<String, Value>, problems: &mut Problems) -> BTreeMap<String, Vec<String>> {
    let mut fields = BTreeMap::new();
    for (name, value) in row {
        let several = is_list(&name);
        let values = match value {
            // Exports of other tools write `null` for an empty field.
            Value::Null => continue,
            Value::Array(items) if several => items.into_iter().map(scalar).collect::<Option<Vec<_>>>(),
            // As an object, properties are easier to write by hand; as a list they are the same as in CSV.
            Value::Object(pairs) if name == "properties" => pairs
                .into_iter()
                .map(|(key, value)| Some(format!("{key}={}", scalar(value)?)))
                .collect::<Option<Vec<_>>>(),
            value => scalar(value).map(|text| vec![text]),
        };
        match values {
            Some(values) => {
                // An empty text is no value, as an empty cell of CSV is none.
                fields.insert(name, values.into_iter().filter(|value| !value.is_empty()).collect());
            }
            None => {
                let message = if several { "write a list of texts" } else { "write a text or a number" };
                problems.push(Problem::new(at, format!("{name}: {message}")));
            }
        }
    }
    fields.retain(|_, values: &mut Vec<String>| !values.is_empty());
    fields
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        // No field is a boolean, and `true` as a text would hide a mistake.
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Writes a row as an object, its members in the order of the columns.
fn row_text(record: &Record) -> String {
    let mut members = Vec::new();
    for (name, several) in FIELDS {
        let Some(values) = record.fields.get(name) else { continue };
        let value = if name == "properties" {
            let pairs = values.iter().filter_map(|pair| pair.split_once('='));
            Value::Object(pairs.map(|(key, value)| (key.to_owned(), Value::from(value))).collect())
        } else if several {
            Value::from(values.clone())
        } else if name == "vlan" {
            // As a number, which is what other tools expect; a number that does not fit was refused on reading.
            values.concat().parse::<u16>().map_or_else(|_| Value::from(values.concat()), Value::from)
        } else {
            Value::from(values.concat())
        };
        members.push(format!("\"{name}\":{value}"));
    }
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        let text = r#"{"blocks": [{"id": "b", "net": "10.0.0.0/8"}],
            "ranges": [{"id": "lan", "space": "vrf-1", "net": "10.0.0.0/24", "vlan": 12, "vlan_name": "lan", "reserved": ["10.0.0.0/29"],
                        "order": "random", "quarantine": "1h", "hosts": "all", "properties": {"rack": "a=b", "u": 12}, "tags": ["env=prod", "x"]}],
            "allocations": [{"range": "lan", "address": "10.0.0.9", "owner": "vm", "mac": "00:50:56:ab:cd:ef"}]}"#;
        let plan = AddressPlan::from_json(text).unwrap();
        let range = &plan.ranges.first().unwrap().item;
        assert_eq!(range.network.vlan.as_ref().unwrap().number, 12);
        assert_eq!(range.properties.get("u").map(String::as_str), Some("12"));
        assert_eq!(range.policy.quarantine.as_secs(), 3600);
        assert_eq!(AddressPlan::from_json(&plan.to_json()).unwrap(), plan);
        assert_eq!(AddressPlan::from_json(&AddressPlan::default().to_json()).unwrap(), AddressPlan::default());
    }

    #[test]
    fn problems_are_named_by_list_and_index() {
        let text = r#"{"ranges": [{"id": "a", "net": "x", "gatway": "10.0.0.1"}, 7, {"id": true, "net": "10.0.0.0/24"}], "subnets": []}"#;
        let said: Vec<String> =
            AddressPlan::from_json(text).unwrap_err().problems().iter().map(ToString::to_string).collect();
        for wanted in [
            "ranges[0]: net is \"x\"; write a prefix such as 10.0.0.0/24",
            "ranges[0]: gatway: there is no field of this name",
            "ranges[1]: write an object",
            "ranges[2]: id: write a text or a number",
            "the file: list is \"subnets\"; there are: blocks, ranges, allocations",
        ] {
            assert!(said.iter().any(|line| line == wanted), "{wanted} is not among {said:#?}");
        }
        assert!(AddressPlan::from_json("{").unwrap_err().problems().first().unwrap().at.starts_with("line 1"));
    }
}
