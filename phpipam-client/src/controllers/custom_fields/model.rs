//! Custom fields: their schema, and values that fit it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Result;

use crate::wire::{InvalidValue, JsonObject, ServerTime, Wire, YesNo, from_value, model};

model! {
    /// Custom field, as the server defines it.
    pub struct CustomField {
        /// Name, which is the name of a column: any text, spaces included.
        name: String = "name",
        /// SQL type, such as `varchar(32)`, `tinyint(1)`, `enum('a','b')`.
        sql_type: String = "type",
        /// Comment.
        comment: Option<String> = "Comment",
        /// True if it may be empty.
        nullable: YesNo = "Null",
        /// Default value, as text even for a number; `None` if there is none.
        default: Option<Value> = "Default",
    }
}

/// Type of the values of a custom field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldType {
    /// Text, with its maximum number of characters if the SQL type has one.
    Text(Option<u32>),
    /// Integer.
    Integer,
    /// Flag: `tinyint(1)` or `bool`.
    Flag,
    /// Decimal number, kept as text so that nothing is rounded.
    Decimal,
    /// Floating-point number.
    Float,
    /// Date.
    Date,
    /// Local time of the server.
    DateTime,
    /// One of these texts.
    Enum(Vec<String>),
    /// Any of these texts, separated by commas.
    Set(Vec<String>),
    /// Other SQL type.
    Other(String),
}

/// Value of a custom field.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CustomValue {
    /// Text, choice, decimal number or date.
    Text(String),
    /// Integer.
    Integer(i64),
    /// Flag.
    Flag(bool),
    /// Floating-point number.
    Float(f64),
    /// Time on the server's clock.
    Time(ServerTime),
}

impl CustomField {
    /// Returns the type of its values, from its SQL type.
    ///
    /// ```
    /// use phpipam_client::models::{CustomField, FieldType};
    ///
    /// let field: CustomField = serde_json::from_str(r#"{"name": "env", "type": "enum('prod','test')", "Null": "YES"}"#)?;
    /// assert_eq!(field.field_type(), FieldType::Enum(vec!["prod".to_owned(), "test".to_owned()]));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn field_type(&self) -> FieldType {
        let sql = self.sql_type.trim();
        let (name, inside) = match sql.split_once('(') {
            Some((name, rest)) => (name, rest.rsplit_once(')').map_or(rest, |(inside, _)| inside)),
            None => (sql.split_whitespace().next().unwrap_or_default(), ""),
        };
        match name.to_ascii_lowercase().as_str() {
            // MySQL has no boolean type: `BOOL` is stored, and listed, as `tinyint(1)`.
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
            // A flag decodes `null` as false. In a custom field NULL means that it was never set.
            FieldType::Flag => match json {
                Value::Null => None,
                json => read(name, json)?.map(CustomValue::Flag),
            },
            FieldType::Float => read(name, json)?.map(CustomValue::Float),
            FieldType::DateTime => read(name, json)?.map(CustomValue::Time),
            // DECIMAL comes as a text, which a float would round, and a date may be `0000-00-00`, which no date type
            // holds.
            FieldType::Text(_)
            | FieldType::Decimal
            | FieldType::Date
            | FieldType::Enum(_)
            | FieldType::Set(_)
            | FieldType::Other(_) => read(name, json)?.map(CustomValue::Text),
        })
    }
}

/// Returns a, b of `'a','b'`; a quote inside is doubled.
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
            // MySQL doubles a quote inside a value.
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

/// Custom fields of one kind of object. A custom field is one that the server lists, whatever its name starts with.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # use phpipam_client::testing::{CustomColumn, Object};
/// # let server = phpipam_client::testing::Server::start().await?;
/// # let subnet = server.seed(|store| {
/// #     store.add_custom_field(Object::Address, CustomColumn::text("custom_ticket", 32));
/// #     let section = store.add_section("Lab");
/// #     Ok::<_, Box<dyn std::error::Error>>(store.add_subnet(section, "10.0.0.0/29".parse()?))
/// # })?;
/// # let subnet = phpipam_client::models::SubnetId::new(subnet);
/// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
/// # let auth = phpipam_client::Auth::user("admin", "correct horse");
/// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
/// use phpipam_client::models::{AddressFields, CustomValue, Schema};
///
/// // Addresses of this server have the custom field `custom_ticket`, of type varchar(32).
/// let schema = Schema::new(client.addresses().custom_fields().await?);
/// assert_eq!(schema.find("ticket").map(|field| field.name.as_str()), Some("custom_ticket"));
///
/// let fields = AddressFields::new().with_checked_field(&schema, "ticket", "INC-7");
/// let id = client.addresses().allocate_first_free(subnet, &fields).await?.id;
/// let values = schema.read(&client.addresses().get(id).await?.extra)?;
/// assert_eq!(values["custom_ticket"], CustomValue::Text("INC-7".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schema {
    fields: Vec<CustomField>,
}

impl Schema {
    /// Returns the schema of these fields, as the `custom_fields` calls list them.
    #[must_use]
    pub fn new(fields: Vec<CustomField>) -> Self {
        Self { fields }
    }

    /// Returns the fields, in the server's order.
    #[must_use]
    pub fn fields(&self) -> &[CustomField] {
        &self.fields
    }

    /// Returns the field with this name, or with `custom_` added to it or removed: only newer releases add that
    /// prefix.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&CustomField> {
        let exact = |wanted: &str| self.fields.iter().find(|field| field.name == wanted);
        exact(name).or_else(|| exact(&format!("custom_{name}"))).or_else(|| exact(name.strip_prefix("custom_")?))
    }

    /// Returns the values of an object's custom fields, by name, from the model's `extra`. Empty ones are left out.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) with the name of a field whose value does not fit its type.
    pub fn read(&self, extra: &JsonObject) -> Result<BTreeMap<String, CustomValue>> {
        // By the names of the schema and not by a prefix: only newer releases put `custom_` before them (Q41).
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

    /// Returns the name, in the server's form, and the value of a field to write.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) if there is no such field, or if it cannot hold the value.
    pub fn check(&self, name: &str, value: Value) -> Result<(String, Value)> {
        Ok(self.checked(name, value)?)
    }

    /// Same as [`check`](Self::check), for callers that collect faults.
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
        // Flags are sent as 0 and 1, which every numeric type accepts.
        if !value.is_boolean() {
            field.value(&value)?;
        }
        let text = value.as_str().unwrap_or_default();
        match field.field_type() {
            FieldType::Enum(choices) if !choices.iter().any(|choice| choice == text) => {
                Err(InvalidValue::new(name, &value, format!("give one of {}", choices.join(", "))))
            }
            // The server accepts any text here, and its database refuses it (22007).
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
