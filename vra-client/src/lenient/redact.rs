//! `Debug` of JSON without its secrets.

use std::fmt;

use serde_json::{Map, Value};

/// Prints a JSON value without the members whose name looks like that of a secret.
pub(crate) struct Redacted<'a>(pub(crate) &'a Value);

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Object(map) => debug_object(map, f),
            Value::Array(items) => f.debug_list().entries(items.iter().map(Redacted)).finish(),
            // The form of an integration is JSON inside a text, with passwords among its fields.
            Value::String(text) if text.trim_start().starts_with(['[', '{']) => match serde_json::from_str(text) {
                Ok(inner) => fmt::Debug::fmt(&Redacted(&inner), f),
                Err(_) => write!(f, "{text:?}"),
            },
            Value::String(text) => write!(f, "{text:?}"),
            other => write!(f, "{other}"),
        }
    }
}

pub(super) fn debug_object(map: &Map<String, Value>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // A custom property is a pair of members: `id` (or `key`) has the name, `value` the secret.
    let names_a_secret = ["id", "key", "name", "prop_key"]
        .iter()
        .any(|name| map.get(*name).and_then(Value::as_str).is_some_and(is_secret_name))
        || map.get("type").and_then(Value::as_str) == Some("secureString");
    let mut out = f.debug_map();
    for (name, value) in map {
        // `null` is shown: that a secret is missing is worth seeing and gives nothing away.
        let hidden = !value.is_null()
            && (is_secret_name(name) || (names_a_secret && matches!(name.as_str(), "value" | "prop_value")));
        if hidden {
            out.entry(name, &"[redacted]");
        } else if let ("entries", Value::Array(entries)) = (name.as_str(), value) {
            out.entry(name, &RedactedEntries(entries));
        } else {
            out.entry(name, &Redacted(value));
        }
    }
    out.finish()
}

/// Prints a list of entries. A custom property takes two entries: `id` has the name of the property, `value` the
/// secret.
struct RedactedEntries<'a>(&'a [Value]);

impl fmt::Debug for RedactedEntries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = |entry: &Value| entry.get("key").and_then(Value::as_str).map(str::to_owned);
        let names_a_secret = self.0.iter().any(|entry| {
            key(entry).is_some_and(|key| ["id", "key", "name"].contains(&key.as_str()))
                && entry.pointer("/value/value").and_then(Value::as_str).is_some_and(is_secret_name)
        });
        let mut out = f.debug_list();
        for entry in self.0 {
            if names_a_secret && key(entry).as_deref() == Some("value") {
                out.entry(&"[redacted]");
            } else {
                out.entry(&Redacted(entry));
            }
        }
        out.finish()
    }
}

/// Returns true if a member of this name is likely to hold a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // Parts of names rather than whole ones, and rather one too many: `VirtualMachine.Admin.Password` and
    // `tokenExpiry` are both hidden.
    let words = ["password", "passwd", "passphrase", "secret", "token", "credential"];
    // `apiKey`, `api_key` and `api-key`, but not `keyPair` nor the `key` of a property.
    let keys = ["privatekey", "apikey", "accesskey"];
    let joined = name.replace(['_', '-', '.'], "");
    words.iter().any(|word| name.contains(word))
        || keys.iter().any(|key| joined.contains(key))
        || name.ends_with("pwd")
        || name == "authorization"
}

#[cfg(test)]
mod tests {
    use super::is_secret_name;

    #[test]
    fn names_of_secrets_are_told_from_others() {
        for secret in [
            "VirtualMachine.Admin.Password",
            "tokenExpiry",
            "apiKey",
            "api_key",
            "X-API-Key",
            "accessKey",
            "privateKey",
        ] {
            assert!(is_secret_name(secret), "{secret}");
        }
        for other in ["key", "keyPair", "name", "primaryKey", "hostName"] {
            assert!(!is_secret_name(other), "{other}");
        }
    }
}
