//! Configured values of custom fields, and custom fields that the server requires.
//!
//! A required field of phpIPAM is a column that is `NOT NULL` (Q73). The effect depends on its type and default:
//!
//! | field | creating without a value | changing an address with an empty value |
//! | --- | --- | --- |
//! | text, number or time without a default | refused | refused for a text |
//! | text with an empty default | allowed; it holds an empty text | refused |
//! | enum, or any type with another default | allowed | allowed |
//!
//! A change is refused because of how the server changes an address: it adds the values of the row to those that were
//! sent, turns every empty text into NULL, and the database refuses that. Only a value that is not empty helps. Subnets
//! do not have this problem: the server changes only the fields that were sent.

use ipam_core::{Error as CoreError, ErrorKind, Operation, Result};
use serde_json::Value;

use crate::error::Error;
use crate::models::{Address, AddressFields, CustomField, FieldType, Schema, SubnetFields};
use crate::provider::map::error::config_error;
use crate::provider::warning::Warning;
use crate::wire::checked_text;

/// Objects that have the custom fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldsOf {
    Addresses,
    Subnets,
}

impl FieldsOf {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Subnets => "subnets",
        }
    }

    /// Returns the option of the URL that sets a field.
    fn option(self) -> &'static str {
        match self {
            Self::Addresses => "set",
            Self::Subnets => "range_set",
        }
    }

    fn setter(self) -> &'static str {
        match self {
            Self::Addresses => "with_address_field",
            Self::Subnets => "with_child_prefix_field",
        }
    }
}

/// Custom fields of one kind of object: those with a configured value, and those that lack one.
#[derive(Debug, Clone, Default)]
pub(crate) struct FieldValues {
    /// Names as the server writes them, with values that the server's schema allows.
    given: Vec<(String, Value)>,
    /// Fields without a value that creating needs.
    missing: Vec<String>,
    /// Texts that are empty without a value, and must not be empty when an address is changed.
    empty: Vec<String>,
    /// Required texts, with any default.
    texts: Vec<String>,
}

impl FieldValues {
    /// Checks the configured values against the server's fields, and finds the fields that lack one. The provider
    /// writes the fields of `always` itself.
    ///
    /// # Errors
    /// `Config` if a field does not exist, is given twice, is written by the provider itself, or does not take the
    /// value.
    pub(crate) fn new(of: FieldsOf, wanted: &[(String, String)], schema: &Schema, always: &[&str]) -> Result<Self> {
        let option = of.option();
        let mut values = Self::default();
        for (name, value) in wanted {
            let refuse = |error: Error| match error {
                Error::Invalid { field, value, remedy } => {
                    config_error(format!("{option}.{name}: {field} of {} is {value:?}; {remedy}", of.name()))
                }
                other => config_error(format!("{option}.{name}: {other}")),
            };
            if value.is_empty() {
                return Err(config_error(format!(
                    "the option {option}.{name} is empty; give it a value, or leave it out"
                )));
            }
            let (field, checked) = schema.check(name, Value::String(value.clone())).map_err(refuse)?;
            checked_text(&field, value).map_err(Error::from).map_err(refuse)?;
            if always.contains(&field.as_str()) {
                let message =
                    format!("{option}.{name}: the provider writes {field} itself, for marks or to choose ranges");
                return Err(config_error(message));
            }
            if values.given.iter().any(|(other, _)| *other == field) {
                return Err(config_error(format!("{option}.{name}: the field {field} is given twice; give it once")));
            }
            values.given.push((field, checked));
        }
        for field in schema.fields().iter().filter(|field| !field.nullable.0) {
            let name = field.name.as_str();
            let kind = field.field_type();
            let text = !matches!(kind, FieldType::Integer | FieldType::Flag | FieldType::Float | FieldType::Enum(_));
            if text {
                values.texts.push(name.to_owned());
            }
            if always.contains(&name) || values.given.iter().any(|(given, _)| given == name) {
                continue;
            }
            match lacks(field, &kind) {
                Lack::Value => values.missing.push(name.to_owned()),
                Lack::Text => values.empty.push(name.to_owned()),
                Lack::Nothing => {}
            }
        }
        Ok(values)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.given.iter().find(|(given, _)| given == name).map(|(_, value)| value)
    }

    /// Refuses, before anything is taken, what the server would refuse afterwards in the words of its database.
    ///
    /// # Errors
    /// `Config` if a required field has no value.
    pub(crate) fn must_allow_addresses(&self, operation: Operation, count: u32) -> Result<()> {
        if !self.missing.is_empty() {
            return Err(lacking(operation, FieldsOf::Addresses, &self.missing, "no address can be created without it"));
        }
        if count > 1 && !self.empty.is_empty() {
            let why =
                "several addresses at once cannot be allocated, because phpIPAM changes no address that has it empty";
            return Err(lacking(operation, FieldsOf::Addresses, &self.empty, why));
        }
        Ok(())
    }

    /// The same for a child prefix. `named` are the fields that the request sets.
    ///
    /// # Errors
    /// `Config` if a required field has no value.
    pub(crate) fn must_allow_subnet(&self, operation: Operation, named: &[&str]) -> Result<()> {
        let lacks = |name: &&String| !named.contains(&name.as_str());
        let missing: Vec<String> = self.missing.iter().filter(lacks).cloned().collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(lacking(operation, FieldsOf::Subnets, &missing, "no subnet can be created without it")),
        }
    }

    /// Adds the configured values to a new address.
    pub(crate) fn add_to_address(&self, fields: AddressFields) -> AddressFields {
        self.given.iter().fold(fields, |fields, (name, value)| fields.with_custom_field(name, value.clone()))
    }

    /// Adds the configured values to a new subnet, except those of the fields that the request sets.
    pub(crate) fn add_to_subnet(&self, fields: SubnetFields, named: &[&str]) -> SubnetFields {
        let given = self.given.iter().filter(|(name, _)| !named.contains(&name.as_str()));
        given.fold(fields, |fields, (name, value)| fields.with_custom_field(name, value.clone()))
    }

    /// Adds to a change of an address a value for each required text that is empty, so that the server does not refuse
    /// it. Other fields keep their values. `mark` is the custom field of the marks.
    ///
    /// # Errors
    /// `Config` if such a text has no configured value.
    pub(crate) fn add_to_change(
        &self,
        operation: Operation,
        row: &Address,
        mut fields: AddressFields,
        mark: Option<&str>,
    ) -> Result<AddressFields> {
        for name in &self.texts {
            let empty = row.extra.get(name).is_some_and(|value| value.as_str() == Some(""));
            if !empty || fields.fields.body().is_ok_and(|body| body.has(name)) {
                continue;
            }
            fields = match self.value(name) {
                Some(value) => fields.with_custom_field(name, value.clone()),
                // An address without a mark has this field empty. A space is enough: the server keeps it.
                None if mark == Some(name) => fields.with_custom_field(name, " "),
                None => {
                    let why = format!("address {} has it empty, and phpIPAM changes no such address", row.id);
                    return Err(lacking(operation, FieldsOf::Addresses, std::slice::from_ref(name), &why));
                }
            };
        }
        Ok(fields)
    }

    /// Returns a warning for each required field without a value, with what to do.
    pub(crate) fn warnings(&self, of: FieldsOf) -> Vec<Warning> {
        let what = match of {
            FieldsOf::Addresses => "no address can be allocated",
            FieldsOf::Subnets => "no child prefix can be allocated",
        };
        let remedy = |name: &str| format!("give it one with the option {}.{name}=VALUE", of.option());
        let missing = self.missing.iter().map(|name| {
            let message = format!(
                "the server requires the custom field {name} of {} and the provider has no value for it, so {what}",
                of.name(),
            );
            Warning::new(name, message, remedy(name))
        });
        let empty = self.empty.iter().filter(|_| of == FieldsOf::Addresses).map(|name| {
            let message = format!(
                "the server requires the custom field {name} of addresses, has an empty default for it, and changes no \
                 address that has it empty, so addresses cannot be changed, and only one can be allocated at a time",
            );
            Warning::new(name, message, remedy(name))
        });
        missing.chain(empty).collect()
    }
}

enum Lack {
    /// Creating without a value fails.
    Value,
    /// Creating without a value leaves it empty.
    Text,
    Nothing,
}

fn lacks(field: &CustomField, kind: &FieldType) -> Lack {
    match (&field.default, kind) {
        // The database takes the first member of an enum.
        (None, FieldType::Enum(_)) => Lack::Nothing,
        (None, _) => Lack::Value,
        (Some(default), _) if default.as_str() == Some("") => Lack::Text,
        (Some(_), _) => Lack::Nothing,
    }
}

/// Error of a call that a required field without a value prevents.
fn lacking(operation: Operation, of: FieldsOf, fields: &[String], why: &str) -> CoreError {
    let name = fields.first().map_or("", String::as_str);
    let message = format!(
        "the server requires the custom field {} of {}, and the provider has no value for it: {why}; give it one with the \
         option {}.{name}=VALUE ({})",
        fields.join(", "),
        of.name(),
        of.option(),
        of.setter(),
    );
    CoreError::new(ErrorKind::Config, operation, message).with_context("field", name)
}
