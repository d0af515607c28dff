//! Inputs of a request, and their check against the JSON schema of an item or an action.

use serde_json::{Map, Value};

use crate::error::Error;
use crate::lenient::{JsonObject, is_secret_name};

/// Sets one input of a body.
pub(crate) fn set_input(body: &mut JsonObject, name: String, value: Value) {
    let inputs = body.entry("inputs").or_insert_with(|| Value::Object(Map::new()));
    match inputs {
        Value::Object(inputs) => {
            inputs.insert(name, value);
        }
        // Set to something else by its JSON name: the later call counts.
        other => *other = Value::Object([(name, value)].into_iter().collect()),
    }
}

/// Returns the inputs of a body.
pub(crate) fn inputs_of(body: &JsonObject) -> JsonObject {
    body.get("inputs").and_then(Value::as_object).cloned().unwrap_or_default().into()
}

/// Checks inputs against a JSON schema, as far as a mistake is certain.
///
/// Refused are missing inputs without a default, values of another kind, and values outside of the permitted ones or of
/// the bounds. Numbers and flags may be texts, which servers accept. Patterns, nested values and rules that depend on
/// other inputs are left to the server.
pub(crate) fn check_inputs(schema: &JsonObject, inputs: &JsonObject) -> Result<(), Error> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let property = |name: &str| properties.and_then(|properties| properties.get(name));
    let names = || match properties {
        Some(properties) => properties.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
        None => String::new(),
    };
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        let missing = inputs.get(name).is_none_or(Value::is_null);
        // The server fills in the default, also of an input that is marked as required.
        if missing && property(name).is_none_or(|property| property.get("default").is_none()) {
            return Err(Error::invalid(format!("input {name}"), "", "a value, since the input is required"));
        }
    }
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    for (name, value) in inputs.iter() {
        match property(name) {
            Some(property) => check_value(name, property, value)?,
            // Only if the schema says so: items may read inputs that their schema does not list.
            None if closed => {
                return Err(Error::invalid("input", name, format!("an input of the item, which has {}", names())));
            }
            None => {}
        }
    }
    Ok(())
}

fn check_value(name: &str, property: &Value, value: &Value) -> Result<(), Error> {
    // `null` takes the default, and a property with a reference or a condition is not evaluated here.
    if value.is_null() || property.get("$ref").is_some() {
        return Ok(());
    }
    let flag = |member: &str| property.get(member) == Some(&Value::Bool(true));
    let format = property.get("format").and_then(Value::as_str);
    let secret = flag("encrypted") || flag("writeOnly") || format == Some("password") || is_secret_name(name);
    let expected = match kind_problem(property, value) {
        Some(expected) => Some(expected),
        None => permitted_problem(property, value, secret).or_else(|| bounds_problem(property, value)),
    };
    let Some(expected) = expected else { return Ok(()) };
    let shown = if secret { "[not shown]".to_owned() } else { text(value) };
    Err(Error::invalid(format!("input {name}"), shown, expected))
}

/// Returns the expected kind if the value is of another one.
fn kind_problem(property: &Value, value: &Value) -> Option<String> {
    // A list of types is left to the server.
    let expected = property.get("type")?.as_str()?;
    let fits = match expected {
        "integer" => number(value).is_some_and(|number| number.fract() == 0.0),
        "number" => number(value).is_some(),
        "boolean" => value.is_boolean() || matches!(value.as_str(), Some("true" | "false")),
        "string" => !value.is_object() && !value.is_array(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    let article = if matches!(expected, "integer" | "array" | "object") { "an" } else { "a" };
    (!fits).then(|| format!("{article} {expected}"))
}

/// Returns the permitted values if the value is none of them.
fn permitted_problem(property: &Value, value: &Value, secret: bool) -> Option<String> {
    let constants = |list: &Value| {
        // A list with other rules than constants is left to the server.
        list.as_array()?.iter().map(|choice| choice.get("const").cloned()).collect::<Option<Vec<_>>>()
    };
    let permitted = match property.get("enum") {
        Some(values) => values.as_array()?.clone(),
        None => constants(property.get("oneOf")?)?,
    };
    // As texts, since `2` and `"2"` are the same to the server. An empty list is filled by the server later.
    if permitted.is_empty() || permitted.iter().any(|choice| text(choice) == text(value)) {
        return None;
    }
    if secret {
        return Some("one of the permitted values of the schema".to_owned());
    }
    // Some lists have hundreds of images.
    let shown: Vec<_> = permitted.iter().take(20).map(text).collect();
    let more = if permitted.len() > shown.len() {
        format!(" and {} more", permitted.len() - shown.len())
    } else {
        String::new()
    };
    Some(format!("one of {}{more}", shown.join(", ")))
}

/// Returns the bounds if the value is outside of them.
fn bounds_problem(property: &Value, value: &Value) -> Option<String> {
    let bound = |member: &str| property.get(member).and_then(Value::as_f64);
    let (least, most, found) = match property.get("type")?.as_str()? {
        "integer" | "number" => (bound("minimum"), bound("maximum"), number(value)?),
        // In characters, as JSON schema counts.
        "string" => {
            (bound("minLength"), bound("maxLength"), f64::from(u32::try_from(text(value).chars().count()).ok()?))
        }
        _ => return None,
    };
    let low = least.filter(|least| found < *least).map(|least| format!("at least {least}"));
    let problem = low.or_else(|| most.filter(|most| found > *most).map(|most| format!("at most {most}")))?;
    let unit = if property.get("type").and_then(Value::as_str) == Some("string") { " characters" } else { "" };
    Some(format!("{problem}{unit}"))
}

/// Returns a number, also one that is a text.
fn number(value: &Value) -> Option<f64> {
    // Rust reads `inf` and `nan` as numbers; JSON and the servers do not.
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite())
}

/// Returns a value as a text, without the quotes of JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    fn object(value: Value) -> JsonObject {
        serde_json::from_value(value).unwrap()
    }

    fn schema() -> JsonObject {
        object(json!({
            "type": "object",
            "properties": {
                "image": {"type": "string", "enum": ["ubuntu", "centos"]},
                "count": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1},
                "ratio": {"type": "number"},
                "flag": {"type": "boolean"},
                "name": {"type": "string", "minLength": 2, "maxLength": 4},
                "snapshot": {"type": "string", "oneOf": [{"title": "a", "const": "/s/1"}, {"const": "/s/2"}]},
                "rule": {"type": "string", "oneOf": [{"pattern": "x"}, {"const": "y"}]},
                "disks": {"type": "array"},
                "tags": {"type": "object"},
                "password": {"type": "string", "maxLength": 3},
                "token": {"enum": ["hunter2-a", "hunter2-b"]},
                "key": {"type": "integer", "encrypted": true},
                "size": {"type": ["string", "integer"]},
                "later": {"type": "string", "enum": []},
            },
            "required": ["image", "count"],
        }))
    }

    #[test]
    fn inputs_that_fit_pass() {
        for more in [
            json!({}),
            json!({"count": 4, "ratio": "1.5", "flag": "true", "name": "äbcd", "snapshot": "/s/2", "rule": "z"}),
            json!({"count": "2", "ratio": 1, "flag": false, "disks": [], "tags": {}, "password": "abc", "size": 1}),
            json!({"count": null, "ratio": null, "later": "x", "unlisted": {"a": 1}, "name": 12}),
        ] {
            let mut inputs = object(more);
            inputs.insert("image".into(), "centos".into());
            check_inputs(&schema(), &inputs).unwrap();
        }
        check_inputs(&JsonObject::new(), &object(json!({"anything": 1}))).unwrap();
        check_inputs(&object(json!({"properties": 7, "required": {}})), &object(json!({"x": 1}))).unwrap();
    }

    #[test]
    fn a_certain_mistake_is_refused_with_what_is_expected() {
        for (inputs, field, expected) in [
            (json!({}), "input image", "required"),
            (json!({"image": null}), "input image", "required"),
            (json!({"image": "debian"}), "debian", "one of ubuntu, centos"),
            (json!({"image": "centos", "count": 5}), "input count", "at most 4"),
            (json!({"image": "centos", "count": "0"}), "input count", "at least 1"),
            (json!({"image": "centos", "count": 1.5}), "input count", "an integer"),
            (json!({"image": "centos", "count": "two"}), "two", "an integer"),
            (json!({"image": "centos", "ratio": "nan"}), "input ratio", "a number"),
            (json!({"image": "centos", "ratio": "inf"}), "input ratio", "a number"),
            (json!({"image": "centos", "flag": 1}), "input flag", "a boolean"),
            (json!({"image": "centos", "name": "a"}), "input name", "at least 2 characters"),
            (json!({"image": "centos", "name": ["a"]}), "input name", "a string"),
            (json!({"image": "centos", "snapshot": "/s/3"}), "/s/3", "one of /s/1, /s/2"),
            (json!({"image": "centos", "disks": "x"}), "input disks", "an array"),
            (json!({"image": "centos", "tags": []}), "input tags", "an object"),
        ] {
            let error = check_inputs(&schema(), &object(inputs)).unwrap_err().to_string();
            assert!(error.contains(field) && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        for (name, value) in [("password", json!("hunter2")), ("key", json!("hunter2")), ("token", json!("hunter2-c"))]
        {
            let inputs = object(json!({"image": "centos", name: value}));
            let error = format!("{:?}", check_inputs(&schema(), &inputs).unwrap_err());
            assert!(error.contains("[not shown]") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn an_unlisted_input_is_refused_if_the_schema_is_closed() {
        let closed = object(json!({"properties": {"image": {}}, "additionalProperties": false}));
        let error = check_inputs(&closed, &object(json!({"imgae": "x"}))).unwrap_err().to_string();
        assert!(error.contains("imgae") && error.contains("which has image"), "{error}");
    }

    #[test]
    fn a_long_list_of_permitted_values_is_cut() {
        let many: Vec<Value> = (0..500).map(Value::from).collect();
        let schema = object(json!({"properties": {"n": {"enum": many}}}));
        check_inputs(&schema, &object(json!({"n": "17"}))).unwrap();
        let error = check_inputs(&schema, &object(json!({"n": 1000}))).unwrap_err().to_string();
        assert!(error.contains("19 and 480 more"), "{error}");
    }
}
