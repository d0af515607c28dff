//! Settings of the environment, over those of the file.

use toml::{Table, Value};

use super::PREFIX;

/// Sets keys from variables. `LAB_GATEWAY_API_MAX_BODY` is the key `max_body` of the section `api`, because no name of a
/// section has an underscore; `LAB_GATEWAY_NAME` is the key `name`.
pub(super) fn apply(table: &mut Table, variables: impl IntoIterator<Item = (String, String)>) {
    for (name, text) in variables {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let path = path.to_ascii_lowercase();
        let value = value(text);
        match path.split_once('_') {
            // Of the command line, and secrets of the provider, which it reads itself.
            _ if path == "config" || path.starts_with("provider_") => {}
            None => {
                table.insert(path, value);
            }
            Some((section, key)) => {
                // A section that is no table is an error of its own, with its name.
                let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
                if let Value::Table(section) = section {
                    section.insert(key.to_owned(), value);
                }
            }
        }
    }
}

/// Reads a number, a boolean or a list; anything else is text.
fn value(text: String) -> Value {
    match toml::from_str::<Table>(&format!("v = {text}")).ok().and_then(|mut table| table.remove("v")) {
        Some(value @ (Value::Integer(_) | Value::Boolean(_) | Value::Array(_) | Value::String(_))) => value,
        _ => Value::String(text),
    }
}
