//! Custom fields: their schema, and values by it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Result;

use crate::wire::{InvalidValue, JsonObject, ServerTime, Wire, YesNo, from_value, model};

model! {
    /// A custom field, as the server defines it.
    pub struct CustomField {
        /// Its name, which is a column's name: any text, spaces included.
        name: String = "name",
        /// Its SQL type, such as `varchar(32)`, `tinyint(1)`, `enum('a','b')`.
        sql_type: String = "type",
        /// A comment.
        comment: Option<String> = "Comment",
        /// Whether it may be empty.
        nullable: YesNo = "Null",
        /// What it holds when nothing is given: a text, also a number's, or an empty one. `None` where there is no default.
        default: Option<Value> = "Default",
    }
}

/// What kind of values a custom field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldType {
    /// Text, up to so many characters where the type says it.
    Text(Option<u32>),
    /// A whole number.
    Integer,
    /// A flag: `tinyint(1)`, or `bool`.
    Flag,
    /// A decimal number, kept as text so that nothing is rounded.
    Decimal,
    /// A floating-point number.
    Float,
    /// A day.
    Date,
    /// A time on the server's clock.
    DateTime,
    /// One of these texts.
    Enum(Vec<String>),
    /// Any of these texts, separated by commas.
    Set(Vec<String>),
    /// Another SQL type.
    Other(String),
}

/// The value of a custom field.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CustomValue {
    /// A text, a choice, a decimal number or a day.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A flag.
    Flag(bool),
    /// A floating-point number.
    Float(f64),
    /// A time on the server's clock.
    Time(ServerTime),
}

impl CustomField {
    /// What kind of values it holds, from its SQL type.
    #[must_use]
    pub fn field_type(&self) -> FieldType {
        let sql = self.sql_type.trim();
        let (name, inside) = match sql.split_once('(') {
            Some((name, rest)) => (name, rest.rsplit_once(')').map_or(rest, |(inside, _)| inside)),
            None => (sql.split_whitespace().next().unwrap_or_default(), ""),
        };
        match name.to_ascii_lowercase().as_str() {
            "tinyint" if inside == "1" => FieldType::Flag,
            "bool" | "boolean" => FieldType::Flag,
            "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" => FieldType::Integer,
            "varchar" | "char" => FieldType::Text(inside.parse().ok()),
            "text" | "tinytext" | "mediumtext" | "longtext" => FieldType::Text(None),
            "decimal" | "numeric" => FieldType::Decimal,
            "float" | "double" | "real" => FieldType::Float,
            "date" => FieldType::Date,
            "datetime" | "timestamp" => FieldType::DateTime,
            "enum" => FieldType::Enum(choices(inside)),
            "set" => FieldType::Set(choices(inside)),
            _ => FieldType::Other(sql.to_owned()),
        }
    }

    fn value(&self, json: &Value) -> Result<Option<CustomValue>, InvalidValue> {
        fn read<T>(name: &str, json: &Value) -> Result<Option<T>, InvalidValue>
        where
            Option<T>: Wire,
        {
            from_value::<Option<T>>(json).map_err(|error| InvalidValue::new(name, json, error))
        }
        let name = &self.name;
        Ok(match self.field_type() {
            FieldType::Integer => read(name, json)?.map(CustomValue::Integer),
            FieldType::Flag => match json {
                Value::Null => None,
                json => read(name, json)?.map(CustomValue::Flag),
            },
            FieldType::Float => read(name, json)?.map(CustomValue::Float),
            FieldType::DateTime => read(name, json)?.map(CustomValue::Time),
            FieldType::Text(_)
            | FieldType::Decimal
            | FieldType::Date
            | FieldType::Enum(_)
            | FieldType::Set(_)
            | FieldType::Other(_) => read(name, json)?.map(CustomValue::Text),
        })
    }
}

/// `'a','b'` → a, b; a quote inside is doubled.
fn choices(inside: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = inside;
    while let Some(start) = rest.find('\'') {
        let mut text = String::new();
        let mut chars = rest.get(start + 1..).unwrap_or_default().char_indices().peekable();
        let mut end = rest.len();
        while let Some((at, character)) = chars.next() {
            if character != '\'' {
                text.push(character);
            } else if chars.peek().is_some_and(|(_, next)| *next == '\'') {
                text.push('\'');
                chars.next();
            } else {
                end = start + 1 + at + 1;
                break;
            }
        }
        found.push(text);
        rest = rest.get(end..).unwrap_or_default();
    }
    found
}

/// The custom fields of one kind of object. A custom field is what the server lists, whatever its name starts with.
///
/// ```
/// # use phpipam_client::models::{CustomField, Schema};
/// # let fields: Vec<CustomField> = serde_json::from_str(
/// #     r#"[{"name":"custom_ticket","type":"varchar(32)","Null":"YES"}]"#)?;
/// let schema = Schema::new(fields);
/// assert_eq!(schema.find("ticket").map(|field| field.name.as_str()), Some("custom_ticket"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schema {
    fields: Vec<CustomField>,
}

impl Schema {
    /// The schema of these fields, as the `custom_fields` calls return them.
    #[must_use]
    pub fn new(fields: Vec<CustomField>) -> Self {
        Self { fields }
    }

    /// The fields, in the server's order.
    #[must_use]
    pub fn fields(&self) -> &[CustomField] {
        &self.fields
    }

    /// The field with this name, or with this name after `custom_`, or without it: releases differ in whether they add
    /// that.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&CustomField> {
        let exact = |wanted: &str| self.fields.iter().find(|field| field.name == wanted);
        exact(name).or_else(|| exact(&format!("custom_{name}"))).or_else(|| exact(name.strip_prefix("custom_")?))
    }

    /// The values of an object's custom fields, by name, out of the model's `extra`. Empty ones are left out.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) names a field that does not hold what its type says.
    pub fn read(&self, extra: &JsonObject) -> Result<BTreeMap<String, CustomValue>> {
        let mut values = BTreeMap::new();
        for field in &self.fields {
            if let Some(json) = extra.get(&field.name)
                && let Some(value) = field.value(json)?
            {
                values.insert(field.name.clone(), value);
            }
        }
        Ok(values)
    }

    /// Name, in the server's spelling, and value of a field to write.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) when there is no such field, or it cannot hold the value.
    pub fn check(&self, name: &str, value: Value) -> Result<(String, Value)> {
        Ok(self.checked(name, value)?)
    }

    /// The same, for callers that collect what is wrong.
    pub(crate) fn checked(&self, name: &str, value: Value) -> Result<(String, Value), InvalidValue> {
        let Some(field) = self.find(name) else {
            let names: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
            let remedy = if names.is_empty() {
                "the server has no custom fields for this kind of object".to_owned()
            } else {
                format!("there is no such field; there are {}", names.join(", "))
            };
            return Err(InvalidValue::new("custom field", name, remedy));
        };
        let name = &field.name;
        if value.is_null() {
            return if field.nullable.0 {
                Ok((name.clone(), value))
            } else {
                Err(InvalidValue::new(name, "null", "this field cannot be emptied"))
            };
        }
        if !value.is_boolean() {
            field.value(&value)?;
        }
        let text = value.as_str().unwrap_or_default();
        match field.field_type() {
            FieldType::Enum(choices) if !choices.iter().any(|choice| choice == text) => {
                Err(InvalidValue::new(name, &value, format!("give one of {}", choices.join(", "))))
            }
            FieldType::Date if text.parse::<jiff::civil::Date>().is_err() => {
                Err(InvalidValue::new(name, &value, "give a day such as 2026-01-31"))
            }
            FieldType::Text(Some(limit)) if text.chars().count() > usize::try_from(limit).unwrap_or(usize::MAX) => {
                Err(InvalidValue::new(name, &value, format!("it holds up to {limit} characters")))
            }
            _ => Ok((name.clone(), value)),
        }
    }
}
