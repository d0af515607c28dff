//! Access to the value of a literal, in any form that the server wrote it in.

use secrecy::ExposeSecret;
use serde_json::Value;

use super::entity_ref::EntityRef;
use super::value::{Literal, LiteralMap};

impl Literal {
    /// Returns the literal's `type`; empty for JSON that is not a literal.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Self::String(_) => "string",
            Self::Integer(_) => "integer",
            Self::Decimal(_) => "decimal",
            Self::Boolean(_) => "boolean",
            Self::DateTime(_) => "dateTime",
            Self::SecureString(_) => "secureString",
            Self::Money(_) => "money",
            Self::MoneyTimeRate(_) => "moneyTimeRate",
            Self::TimeSpan(_) => "timeSpan",
            Self::EntityRef(_) => "entityRef",
            Self::Complex(_) => "complex",
            Self::Multiple(_) => "multiple",
            Self::Other(value) => value.get("type").and_then(Value::as_str).unwrap_or_default(),
        }
    }

    /// Returns the text of a text, time or secret.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::DateTime(time) => Some(time.as_str()),
            Self::SecureString(secret) => Some(secret.expose_secret()),
            Self::Other(value) => plain(value).as_str(),
            _ => None,
        }
    }

    /// Returns the whole number, also from a text such as `"4096"`: servers write sizes in both ways.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Decimal(number) => number.as_i64(),
            Self::String(text) => text.trim().parse().ok(),
            Self::Other(value) => match plain(value) {
                Value::String(text) => text.trim().parse().ok(),
                other => other.as_i64(),
            },
            _ => None,
        }
    }

    /// Returns the flag, also from the texts `true` and `false`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        let text = match self {
            Self::Boolean(flag) => return Some(*flag),
            Self::String(text) => text,
            Self::Other(value) => match plain(value) {
                Value::Bool(flag) => return Some(*flag),
                Value::String(text) => text,
                _ => return None,
            },
            _ => return None,
        };
        match text.trim().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Returns the reference, if it is one.
    #[must_use]
    pub fn as_entity_ref(&self) -> Option<&EntityRef> {
        if let Self::EntityRef(reference) = self { Some(reference) } else { None }
    }

    /// Returns the members of a structured value.
    #[must_use]
    pub fn as_values(&self) -> Option<&LiteralMap> {
        if let Self::Complex(complex) = self { complex.values.as_ref() } else { None }
    }

    /// Returns the items of a list; empty for any other literal.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Multiple(multiple) => multiple.items.as_deref().unwrap_or_default(),
            _ => &[],
        }
    }
}

/// Returns the value of JSON that looks like a literal, or the JSON itself.
fn plain(value: &Value) -> &Value {
    // A literal of an unknown type still has its value in the usual member.
    value.get("value").unwrap_or(value)
}
