//! Check of a form that was written as JSON.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::PackageError;

/// Fields that vRA requires, with the type that it requires.
const REQUIRED: [(&str, &str); 2] = [("privateKeyId", "string"), ("privateKey", "secureString")];
/// Largest number of fields. A form of more is no form for people.
const MAX_FIELDS: usize = 500;

/// Checks a form as vRA reads it, `endpoint-schema.json`: all shown fields are described and all described fields shown,
/// and the credentials are among them.
///
/// # Errors
/// [`PackageError::Part`] of `form` with the member and the remedy.
pub(super) fn check(form: &Value) -> Result<(), PackageError> {
    let schema = form.get("schema").and_then(Value::as_object);
    let schema = schema.ok_or_else(|| refuse("schema", "give an object with a member for each field"))?;
    if schema.len() > MAX_FIELDS {
        return Err(refuse("schema", &format!("give at most {MAX_FIELDS} fields")));
    }
    for (id, field) in schema {
        check_field(id, field)?;
    }
    for (id, expected) in REQUIRED {
        let kind = schema.get(id).and_then(data_type);
        if kind != Some(expected) {
            return Err(refuse(&format!("schema.{id}"), &format!("add this field with type.dataType {expected}")));
        }
    }
    check_layout(form, schema)
}

fn check_field(id: &str, field: &Value) -> Result<(), PackageError> {
    let path = format!("schema.{id}");
    if data_type(field).is_none_or(str::is_empty) {
        return Err(refuse(&path, "give it type.dataType, such as string, secureString or boolean"));
    }
    if field.get("label").and_then(Value::as_str).is_none_or(|label| label.trim().is_empty()) {
        return Err(refuse(&path, "give it a label"));
    }
    Ok(())
}

fn data_type(field: &Value) -> Option<&str> {
    field.get("type")?.get("dataType")?.as_str()
}

/// Checks that the fields on the pages are those of the schema, each once.
fn check_layout(form: &Value, schema: &Map<String, Value>) -> Result<(), PackageError> {
    let mut shown = HashSet::new();
    let layout = form.get("layout").ok_or_else(|| refuse("layout", "give the pages of the form"))?;
    for page in list(layout, "layout", "pages")? {
        for section in list(page, "layout.pages", "sections")? {
            for field in list(section, "layout.pages.sections", "fields")? {
                let id = field.get("id").and_then(Value::as_str).unwrap_or_default();
                if !schema.contains_key(id) {
                    return Err(refuse(&format!("field {id:?} of the layout"), "describe it in schema, or remove it"));
                }
                if !shown.insert(id) {
                    return Err(refuse(&format!("field {id:?} of the layout"), "show it once"));
                }
            }
        }
    }
    match schema.keys().find(|id| !shown.contains(id.as_str())) {
        Some(hidden) => Err(refuse(&format!("schema.{hidden}"), "show it in layout, or remove it")),
        None => Ok(()),
    }
}

fn list<'a>(value: &'a Value, path: &str, member: &str) -> Result<&'a Vec<Value>, PackageError> {
    let list = value.get(member).and_then(Value::as_array);
    list.ok_or_else(|| refuse(&format!("{path}.{member}"), "give a list"))
}

fn refuse(path: &str, remedy: &str) -> PackageError {
    PackageError::part("form", path, remedy)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use serde_json::json;

    use super::*;
    use crate::package::Form;

    #[test]
    fn the_forms_of_this_crate_pass() {
        check(&Form::new("x").with_settings().to_json().unwrap()).unwrap();
    }

    #[test]
    fn each_fault_of_a_form_is_named() {
        let good = Form::new("x").to_json().unwrap();
        let refused = |pointer: &str, value: Value| {
            let mut form = good.clone();
            *form.pointer_mut(pointer).unwrap() = value;
            check(&form).unwrap_err().to_string()
        };
        let fields = "/layout/pages/0/sections/0/fields";
        let credentials = json!([{"fields": [{"id": "privateKeyId"}, {"id": "privateKey"}]}]);
        for (pointer, value, named) in [
            ("", json!([]), "schema"),
            ("/schema/privateKey/type/dataType", json!("string"), "schema.privateKey"),
            ("/schema/privateKeyId", json!({"label": "User"}), "schema.privateKeyId"),
            ("/schema/hostName/label", json!(" "), "schema.hostName"),
            ("/schema", json!({}), "schema.privateKeyId"),
            ("/layout", json!({}), "layout.pages"),
            ("/layout/pages/0", json!({}), "layout.pages.sections"),
            (fields, json!([{"id": "privateKeyId"}, {"id": "privateKeyId"}]), "show it once"),
            (fields, json!([{"id": "other"}]), "other"),
            ("/layout/pages/0/sections", credentials, "schema.hostName"),
        ] {
            let error = refused(pointer, value);
            assert!(error.starts_with("form ") && error.contains(named), "{pointer}: {error}");
        }
        let mut form = good;
        form.as_object_mut().unwrap().remove("layout");
        assert!(check(&form).unwrap_err().to_string().contains("layout"));
    }
}
