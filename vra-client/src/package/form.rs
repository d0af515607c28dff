//! Form of an endpoint.

use serde_json::{Map, Value, json};

use super::PackageError;

/// Form that an administrator fills in for each endpoint: `endpoint-schema.json`.
///
/// vRA sends the values to every action as [`EndpointProperties`](crate::plugin::EndpointProperties). A new form has the
/// fields that vRA requires: `privateKeyId` and `privateKey`, the credentials, and `hostName`.
///
/// ```
/// use vra_client::package::{Field, Form};
///
/// let form = Form::new("MyIPAM")
///     .with_credentials("User", "Password")
///     .with_field(Field::text("apiAppId", "App id").required().with_help("Id of the API app"))
///     .with_settings();
/// let schema = form.to_json()?;
/// assert_eq!(schema["schema"]["apiAppId"]["constraints"]["required"], true);
/// assert_eq!(schema["schema"]["filterField"]["constraints"]["required"][0]["equals"]["enableFilter"], true);
/// # Ok::<(), vra_client::package::PackageError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    title: String,
    fields: Vec<Field>,
}

impl Form {
    /// Form with this title and the fields that vRA requires.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        let fields = vec![
            Field::text("hostName", "Host").required().with_help(
                "Host name or address, with :PORT if it is not 443. A certificate that is not trusted is shown on \
                 validation. Once accepted, only this certificate is trusted.",
            ),
            Field::text("privateKeyId", "Username").required().in_section("credentials"),
            Field::password("privateKey", "Password").required().in_section("credentials"),
        ];
        Self { title: title.into(), fields }
    }

    /// Sets the labels of the two credential fields, `privateKeyId` and `privateKey`.
    #[must_use]
    pub fn with_credentials(mut self, user: &str, secret: &str) -> Self {
        for field in &mut self.fields {
            match field.id.as_str() {
                "privateKeyId" => user.clone_into(&mut field.label),
                "privateKey" => secret.clone_into(&mut field.label),
                _ => {}
            }
        }
        self
    }

    /// Adds a field, at the end of its section. A field of the same id is replaced in its place.
    #[must_use]
    pub fn with_field(mut self, field: Field) -> Self {
        match self.fields.iter_mut().find(|known| known.id == field.id) {
            Some(known) => *known = field,
            None => self.fields.push(field),
        }
        self
    }

    /// Removes the field of this id, if there is one.
    ///
    /// ```
    /// use vra_client::package::Form;
    ///
    /// // An IPAM without address spaces does not need the field.
    /// let form = Form::new("MyIPAM").with_settings().without_field("addressSpace");
    /// assert!(!form.field_ids().any(|id| id == "addressSpace"));
    /// ```
    #[must_use]
    pub fn without_field(mut self, id: &str) -> Self {
        self.fields.retain(|field| field.id != id);
        self
    }

    /// Adds the fields of the plug-in's own [`Settings`](crate::plugin::Settings): the filters of ranges and blocks, address
    /// space, DNS data, static addresses, values of required custom fields, and free properties.
    #[must_use]
    pub fn with_settings(self) -> Self {
        let modes = [("exact", "Whole value"), ("partial", "Part of the value"), ("regex", "Regular expression")];
        let filter = |enable: &str, field: &str, value: &str, mode: &str| {
            let of = "name, tag, or a property such as a custom field; several, separated by commas, must all match";
            [
                Field::text(field, "Field").required_if(enable).with_help(of),
                Field::text(value, "Value")
                    .required_if(enable)
                    .with_help("Value of the field; one for each field, separated by commas"),
                Field::choice(mode, "Match", modes).shown_if(enable).with_default("exact"),
            ]
        };
        let enable = Field::flag("enableFilter", "List only some ranges").with_help("Lists only the ranges that match");
        let form = self
            .with_fields("filter", [enable])
            .with_fields("filter", filter("enableFilter", "filterField", "filterValue", "filterMatch"))
            .with_fields(
                "filter",
                [
                    Field::text("addressSpace", "Address space").with_help("Id; lists only this address space"),
                    Field::text("shownFields", "Properties to show")
                        .with_help("Names of properties of ranges to send to vRA, separated by commas; * for all"),
                ],
            );
        let otherwise = "For ranges without one in the IPAM and in the field above";
        let form = form.with_fields(
            "dns",
            [
                Field::text("dnsServersField", "Field with DNS servers"),
                Field::text("dnsServerAddresses", "DNS servers").with_help(otherwise),
                Field::text("domainField", "Field with the DNS domain"),
                Field::text("dnsDomain", "DNS domain").with_help(format!(
                    "{otherwise}. A name without a dot is that of a field; write a domain of one label as lan."
                )),
                Field::text("searchDomainsField", "Field with DNS search domains"),
                Field::text("dnsSearchDomains", "DNS search domains")
                    .with_help(format!("{otherwise}; several, separated by commas")),
            ],
        );
        let enable = Field::flag("enableBlockFilter", "List only some blocks").with_help(
            "Lists only the blocks of on-demand networks that match. The filter of ranges is not for blocks.",
        );
        let fields = filter("enableBlockFilter", "blockFilterField", "blockFilterValue", "blockFilterMatch");
        let form = form.with_fields("networks", [enable]).with_fields("networks", fields);
        let help = "NAME=VALUE, several separated by semicolons";
        form.with_fields(
            "records",
            [
                Field::text("addressProperty", "Property with a static address").with_default("custom_ip").with_help(
                    "Property of a machine with the address that it has to get. NAME.1 is that of the network card 1.",
                ),
                Field::text("addressFields", "Custom fields of new addresses").with_help(help),
                Field::text("rangeFields", "Custom fields of new networks").with_help(help),
            ],
        )
        .with_fields("properties", [Field::properties("Further properties")])
    }

    /// Adds fields to a section.
    fn with_fields(self, section: &str, fields: impl IntoIterator<Item = Field>) -> Self {
        fields.into_iter().map(|field| field.in_section(section)).fold(self, Self::with_field)
    }

    /// Returns the form as vRA reads it.
    ///
    /// # Errors
    /// [`PackageError::Part`] of `form` if a field has an invalid id or no label, or depends on a field that is not a flag of
    /// the form.
    pub fn to_json(&self) -> Result<Value, PackageError> {
        let mut schema = Map::new();
        let mut sections: Vec<(&str, Vec<Value>)> = Vec::new();
        for field in &self.fields {
            self.check(field)?;
            schema.insert(field.id.clone(), field.schema());
            match sections.iter_mut().find(|(id, _)| *id == field.section) {
                Some((_, fields)) => fields.push(field.layout()),
                None => sections.push((&field.section, vec![field.layout()])),
            }
        }
        let sections: Vec<Value> =
            sections.into_iter().map(|(id, fields)| json!({"id": id, "fields": fields})).collect();
        Ok(json!({
            "layout": {"pages": [{"id": "main", "title": self.title, "sections": sections}]},
            "schema": schema,
            "options": {},
        }))
    }

    /// Returns the ids of the fields, in the order of their addition.
    pub fn field_ids(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.id.as_str())
    }

    fn check(&self, field: &Field) -> Result<(), PackageError> {
        let id = &field.id;
        let valid = |id: &str| {
            !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
        };
        if !valid(id) {
            return Err(PackageError::part("form field", id, "write an id of letters, digits, `_`, `-` and `.`"));
        }
        if !valid(&field.section) {
            let problem = format!("write its section {:?} with letters, digits, `_`, `-` and `.`", field.section);
            return Err(PackageError::part("form field", id, problem));
        }
        if field.label.trim().is_empty() {
            return Err(PackageError::part("form field", id, "give it a label"));
        }
        if let Some(flag) = &field.depends_on
            && !self.fields.iter().any(|other| other.id == *flag && other.kind == FieldType::Flag)
        {
            return Err(PackageError::part(
                "form field",
                id,
                format!("it depends on {flag}; add this field as a flag"),
            ));
        }
        Ok(())
    }
}

/// Type of a field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldType {
    /// One line of text.
    Text,
    /// Text that vRA stores encrypted and never shows again.
    Password,
    /// True or false.
    Flag,
    /// One of these values, each with its label.
    Choice(Vec<(String, String)>),
    /// Free properties: a table of names and values.
    Properties,
}

/// Field of a [`Form`].
///
/// ```
/// use vra_client::package::{Field, FieldType};
///
/// let field = Field::choice("auth", "Login", [("user", "User and password"), ("code", "App code")]).with_default("user");
/// assert!(matches!(field.kind, FieldType::Choice(_)));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Field {
    /// Id: the name of the value in the endpoint's properties.
    pub id: String,
    /// Label that the administrator sees.
    pub label: String,
    /// Type of the value.
    pub kind: FieldType,
    /// Help text beside the label.
    pub help: Option<String>,
    /// Value of a new endpoint.
    pub default: Option<String>,
    /// True if the administrator has to give a value, at least while the field is shown.
    pub required: bool,
    /// Id of a flag: the field is shown only if the flag is set.
    pub depends_on: Option<String>,
    /// Id of the section in which the field is shown. The sections come in the order of their first fields.
    pub section: String,
}

impl Field {
    fn new(id: impl Into<String>, label: impl Into<String>, kind: FieldType) -> Self {
        let (id, label) = (id.into(), label.into());
        let section = "endpoint".to_owned();
        Self { id, label, kind, help: None, default: None, required: false, depends_on: None, section }
    }

    /// Field for one line of text.
    #[must_use]
    pub fn text(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(id, label, FieldType::Text)
    }

    /// Field for a secret.
    #[must_use]
    pub fn password(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(id, label, FieldType::Password)
    }

    /// Check box.
    #[must_use]
    pub fn flag(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(id, label, FieldType::Flag)
    }

    /// List of values, each with its label.
    #[must_use]
    pub fn choice<'a>(
        id: impl Into<String>,
        label: impl Into<String>,
        values: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let values = values.into_iter().map(|(value, label)| (value.to_owned(), label.to_owned())).collect();
        Self::new(id, label, FieldType::Choice(values))
    }

    /// Table of free properties; its id is `properties`.
    /// [`EndpointProperties::get`](crate::plugin::EndpointProperties::get) finds them like fields of the form.
    #[must_use]
    pub fn properties(label: impl Into<String>) -> Self {
        Self::new("properties", label, FieldType::Properties)
    }

    /// Makes the field required.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Shows the field only if the flag of this id is set, and makes it required then.
    #[must_use]
    pub fn required_if(self, flag: impl Into<String>) -> Self {
        self.shown_if(flag).required()
    }

    /// Shows the field only if the flag of this id is set.
    #[must_use]
    pub fn shown_if(mut self, flag: impl Into<String>) -> Self {
        self.depends_on = Some(flag.into());
        self
    }

    /// Shows the field in the section of this id; `endpoint` by default.
    #[must_use]
    pub fn in_section(mut self, section: impl Into<String>) -> Self {
        self.section = section.into();
        self
    }

    /// Sets the help text.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the value of a new endpoint.
    #[must_use]
    pub fn with_default(mut self, value: impl Into<String>) -> Self {
        self.default = Some(value.into());
        self
    }

    fn schema(&self) -> Value {
        let data_type = match self.kind {
            FieldType::Text | FieldType::Choice(_) => json!({"dataType": "string"}),
            FieldType::Password => json!({"dataType": "secureString"}),
            FieldType::Flag => json!({"dataType": "boolean"}),
            FieldType::Properties => {
                let column = |id: &str, label: &str| json!({"id": id, "label": label, "type": {"dataType": "string"}, "constraints": {}});
                // vRA sends the rows under these two names.
                let columns = [column("prop_key", "Name"), column("prop_value", "Value")];
                json!({"dataType": "complex", "isMultiple": true, "fields": columns})
            }
        };
        let required = match &self.depends_on {
            // A field that is hidden cannot be filled in, so that it must not be required then.
            Some(flag) if self.required => json!([{"equals": {flag.as_str(): true}, "value": true}]),
            _ => json!(self.required),
        };
        let mut schema = Map::new();
        schema.insert("label".to_owned(), json!(self.label));
        schema.insert("type".to_owned(), data_type);
        if let Some(help) = &self.help {
            schema.insert("signpost".to_owned(), json!(help));
        }
        match (&self.kind, &self.default) {
            (FieldType::Flag, default) => {
                schema.insert("default".to_owned(), json!(default.as_deref() == Some("true")));
            }
            (_, Some(default)) => {
                schema.insert("default".to_owned(), json!(default));
            }
            (_, None) => {}
        }
        if let FieldType::Choice(values) = &self.kind {
            let values: Vec<Value> =
                values.iter().map(|(value, label)| json!({"value": value, "label": label})).collect();
            schema.insert("valueList".to_owned(), json!(values));
        }
        schema.insert("constraints".to_owned(), json!({"required": required}));
        Value::Object(schema)
    }

    fn layout(&self) -> Value {
        let display = match self.kind {
            FieldType::Text => "textField",
            FieldType::Password => "passwordField",
            FieldType::Flag => "checkbox",
            FieldType::Choice(_) => "dropDown",
            FieldType::Properties => "datagrid",
        };
        let mut layout = Map::new();
        layout.insert("id".to_owned(), json!(self.id));
        layout.insert("display".to_owned(), json!(display));
        if let Some(flag) = &self.depends_on {
            layout.insert("state".to_owned(), json!({"visible": [{"equals": {flag.as_str(): true}, "value": true}]}));
        }
        Value::Object(layout)
    }
}
