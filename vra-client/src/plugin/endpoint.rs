//! Endpoint of a request: the administrator's form, and the credentials beside it.

use std::fmt;

use ipam_core::registry::parse_flag;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ActionError, Members, wire};

/// Endpoint of a request: the member `endpoint` of every action's inputs but ValidateEndpoint's.
///
/// ```
/// use serde_json::json;
/// use vra_client::plugin::Endpoint;
///
/// let endpoint: Endpoint = serde_json::from_value(json!({
///     "id": "e", "authCredentialsLink": "/core/auth/credentials/c",
///     "endpointProperties": {"hostName": "ipam.example.test", "verify": "true"},
/// }))?;
/// assert_eq!(endpoint.auth_credentials_link.as_deref(), Some("/core/auth/credentials/c"));
/// assert!(endpoint.endpoint_properties.flag("verify")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Endpoint {
    /// vRA's id of the endpoint.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Path in vRA's API from which a plug-in fetches the credentials; see [`Credentials::from_response`].
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub auth_credentials_link: Option<String>,
    /// Form that the administrator filled in.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint_properties: EndpointProperties,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Form of an endpoint: its fields by name, and the free properties beside them.
///
/// A name that is not a field of the form is looked up among the free properties: the form's member `properties`, a list of
/// `{"prop_key", "prop_value"}` that vRA sends as JSON in a string. `Debug` shows names only.
///
/// ```
/// use serde_json::json;
/// use vra_client::plugin::EndpointProperties;
///
/// let inputs = json!({"endpoint": {"endpointProperties": {
///     "hostName": "ipam.example.test",
///     "properties": "[{\"prop_key\": \"set.custom_site\", \"prop_value\": \"Prague\"}]",
/// }}});
/// let form = EndpointProperties::of_inputs(&inputs)?;
/// assert_eq!(form.host_name()?.as_deref(), Some("ipam.example.test"));
/// assert_eq!(form.get("set.custom_site")?.as_deref(), Some("Prague"));
/// assert_eq!(form.starting_with("set.")?, [("custom_site".to_owned(), "Prague".to_owned())]);
/// # Ok::<(), vra_client::plugin::ActionError>(())
/// ```
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EndpointProperties(#[serde(deserialize_with = "wire::object")] Members);

impl EndpointProperties {
    /// Returns the form in an action's inputs; an empty one if there is none.
    ///
    /// It is the member `endpoint.endpointProperties`, or `endpointProperties` in the inputs of ValidateEndpoint.
    ///
    /// # Errors
    /// An [`ActionError`] that names the member and never shows its value, if the member is not an object, or if
    /// `endpoint` is null and there is no other form.
    pub fn of_inputs(inputs: &Value) -> Result<Self, ActionError> {
        // Read from the raw inputs: a host needs the form before it runs an action, whose inputs may be wrong
        // elsewhere.
        let (member, form) = match inputs.get("endpoint") {
            Some(endpoint @ Value::Object(_)) => ("endpoint.endpointProperties", endpoint.get("endpointProperties")),
            Some(Value::Null) if inputs.get("endpointProperties").is_none() => {
                return Err(ActionError::input("endpoint", &"null; give the endpoint, an object"));
            }
            // ValidateEndpoint has no endpoint, only its form.
            Some(Value::Null) => ("endpointProperties", inputs.get("endpointProperties")),
            Some(other) => {
                return Err(ActionError::input(
                    "endpoint",
                    &format_args!("expected an object, found {}", wire::kind(other)),
                ));
            }
            None => ("endpointProperties", inputs.get("endpointProperties")),
        };
        match form {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(Value::Object(form)) => Ok(Self(Members(form.clone()))),
            Some(other) => {
                Err(ActionError::input(member, &format_args!("expected an object, found {}", wire::kind(other))))
            }
        }
    }

    /// Returns the field of this name, or else the free property. An empty value counts as absent.
    ///
    /// # Errors
    /// An [`ActionError`] if the value is a list or an object, or if `properties` is not a list of objects, as JSON.
    pub fn get(&self, name: &str) -> Result<Option<String>, ActionError> {
        // vRA sends every field of the form, also those left empty, so an empty field must not hide a free property.
        if let Some(value) = self.0.get(name)
            && let Some(text) = Self::text(name, value)?
        {
            return Ok(Some(text));
        }
        Ok(self.free()?.into_iter().find(|(key, _)| key == name).map(|(_, value)| value))
    }

    /// Returns the fields and free properties whose name starts with `prefix`, each with the rest of its name.
    ///
    /// Empty values are left out. A field takes precedence over a free property of the same name.
    ///
    /// # Errors
    /// An [`ActionError`] if one of these values is a list or an object, or if `properties` is not a list of objects,
    /// as JSON.
    pub fn starting_with(&self, prefix: &str) -> Result<Vec<(String, String)>, ActionError> {
        let mut found: Vec<(String, String)> = Vec::new();
        for (name, value) in &*self.0 {
            if let Some(rest) = name.strip_prefix(prefix).filter(|rest| !rest.is_empty())
                && let Some(text) = Self::text(name, value)?
            {
                found.push((rest.to_owned(), text));
            }
        }
        for (name, value) in self.free()? {
            if let Some(rest) = name.strip_prefix(prefix).filter(|rest| !rest.is_empty())
                && !found.iter().any(|(known, _)| known == rest)
            {
                found.push((rest.to_owned(), value));
            }
        }
        Ok(found)
    }

    /// Returns the name of a free property that has another value than the field of its name.
    pub(super) fn contradicted(&self) -> Result<Option<String>, ActionError> {
        for (name, value) in self.free()? {
            // An empty field is filled in by the property.
            if let Some(field) = self.0.get(&name)
                && Self::text(&name, field)?.is_some_and(|field| field.trim() != value.trim())
            {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    fn text(name: &str, value: &Value) -> Result<Option<String>, ActionError> {
        wire::text(value).map_err(|error| ActionError::input(&format!("endpointProperties.{name}"), &error))
    }

    /// Returns the boolean of this name; `false` if it is absent.
    ///
    /// # Errors
    /// An [`ActionError`] if the value is neither true nor false, as
    /// [`parse_flag`] reads it; otherwise those of [`get`](Self::get).
    pub fn flag(&self, name: &str) -> Result<bool, ActionError> {
        match self.get(name)? {
            None => Ok(false),
            Some(text) => parse_flag(&text)
                .ok_or_else(|| ActionError::input(&format!("endpointProperties.{name}"), &"neither true nor false")),
        }
    }

    /// Returns the host name of the IPAM, the field `hostName`.
    ///
    /// # Errors
    /// An [`ActionError`] if the value is a list or an object, or if `properties` is not a list of objects, as JSON.
    pub fn host_name(&self) -> Result<Option<String>, ActionError> {
        self.get("hostName")
    }

    /// Returns the certificates that the administrator accepted, as PEM, leaf first: the field `certificate`.
    ///
    /// A provider should trust exactly these. Line ends that vRA sends as a backslash and an `n` are line ends here.
    ///
    /// # Errors
    /// An [`ActionError`] if the value is a list or an object, or if `properties` is not a list of objects, as JSON.
    pub fn certificate(&self) -> Result<Option<String>, ActionError> {
        // vRA may pass the accepted chain on with its line ends escaped. PEM has no backslash of its own, so that replacing
        // them changes nothing else.
        Ok(self.get("certificate")?.map(|pem| pem.replace("\\r\\n", "\n").replace("\\n", "\n")))
    }

    /// Returns the free properties. A value that cannot be read is never shown: it may be a secret.
    fn free(&self) -> Result<Vec<(String, String)>, ActionError> {
        const FIELD: &str = "endpointProperties.properties";
        let parsed;
        let list = match self.0.get("properties") {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(Vec::new()),
            Some(Value::String(text)) => {
                parsed = serde_json::from_str::<Value>(text).map_err(|error| {
                    // The parser's message may quote a value, so its position is all that is told.
                    let (line, column) = (error.line(), error.column());
                    ActionError::input(FIELD, &format_args!("not JSON (line {line}, column {column})"))
                })?;
                &parsed
            }
            Some(list) => list,
        };
        let items = match list {
            Value::Null => return Ok(Vec::new()),
            Value::Array(items) => items.as_slice(),
            alone => std::slice::from_ref(alone),
        };
        let mut properties = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let Some(item) = item.as_object() else {
                let problem = format!("expected an object, found {}", wire::kind(item));
                return Err(ActionError::input(&format!("{FIELD}[{index}]"), &problem));
            };
            let member = |name: &str| {
                let value = item.get(name).unwrap_or(&Value::Null);
                wire::text(value).map_err(|error| ActionError::input(&format!("{FIELD}[{index}].{name}"), &error))
            };
            properties.extend(member("prop_key")?.zip(member("prop_value")?));
        }
        Ok(properties)
    }
}

impl fmt::Debug for EndpointProperties {
    /// Shows names only: a form may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// User name and password of an endpoint, as vRA's credentials service stores them.
///
/// ```
/// use secrecy::ExposeSecret;
/// use serde_json::json;
/// use vra_client::plugin::Credentials;
///
/// let response = json!({
///     "status": 200, "content": "{\"privateKeyId\": \"vra\", \"privateKey\": \"s3cret\"}",
/// });
/// let credentials = Credentials::from_response(&response)?;
/// assert_eq!(credentials.user, "vra");
/// assert_eq!(credentials.password().expose_secret(), "s3cret");
/// assert!(!format!("{credentials:?}").contains("s3cret"));
/// # Ok::<(), vra_client::plugin::ActionError>(())
/// ```
#[derive(Clone)]
pub struct Credentials {
    /// User name, the member `privateKeyId`.
    pub user: String,
    password: SecretString,
}

impl Credentials {
    /// Reads the response of `context.request(authCredentialsLink, 'GET', '')`, whole or only its `content`, which may be a
    /// string or an object.
    ///
    /// # Errors
    /// An [`ActionError`] that never repeats a part of the response, if its status is not 2xx, its content is not JSON, or
    /// `privateKeyId` or `privateKey` is missing.
    pub fn from_response(response: &Value) -> Result<Self, ActionError> {
        const FIELD: &str = "credentials";
        // `context.request` returns a refusal as a response with its status, and does not raise it.
        if let Some(status) = response.get("status").and_then(|status| wire::number::<_, u16>(status).ok().flatten())
            && !(200..300).contains(&status)
        {
            return Err(ActionError::input(FIELD, &format_args!("the credentials service returned status {status}")));
        }
        let parsed;
        let content = match response.get("content").unwrap_or(response) {
            Value::String(text) => {
                // The parser's message may quote what it read, so it is left out.
                parsed =
                    serde_json::from_str(text).map_err(|_| ActionError::input(FIELD, &"the content is not JSON"))?;
                &parsed
            }
            other => other,
        };
        let member = |name: &str| {
            content
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| ActionError::input(FIELD, &format_args!("{name} is missing or not a string")))
        };
        // Kept as a secret from here on, so that no `Debug` shows it.
        Ok(Self { user: member("privateKeyId")?, password: member("privateKey")?.into() })
    }

    /// Returns the password, the member `privateKey`.
    #[must_use]
    pub fn password(&self) -> &SecretString {
        &self.password
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use secrecy::ExposeSecret;
    use serde_json::json;

    fn properties(value: Value) -> EndpointProperties {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_field_is_looked_up_in_the_form_first_and_then_among_the_free_properties() {
        let properties = properties(json!({
            "hostName": "ipam.example.test", "empty": "",
            "properties": "[{\"prop_key\":\"hostName\",\"prop_value\":\"other\"},{\"prop_key\":\"empty\",\"prop_value\":\"7\"}]",
        }));
        assert_eq!(properties.host_name().unwrap().unwrap(), "ipam.example.test");
        assert_eq!(properties.get("empty").unwrap().unwrap(), "7");
        assert_eq!(properties.get("absent").unwrap(), None);
    }

    #[test]
    fn a_certificate_comes_with_line_ends() {
        let properties =
            properties(json!({"certificate": "-----BEGIN CERTIFICATE-----\\nAA\\n-----END CERTIFICATE-----"}));
        assert_eq!(properties.certificate().unwrap().unwrap().lines().count(), 3);
    }

    #[test]
    fn credentials_are_read_in_every_form_and_never_printed() {
        let content = json!({"privateKeyId": "vra", "privateKey": "s3cret"});
        for response in [
            json!({"status": 200, "content": content.to_string()}),
            json!({"status": "200", "content": content}),
            content.clone(),
        ] {
            let credentials = Credentials::from_response(&response).unwrap();
            assert_eq!((credentials.user.as_str(), credentials.password().expose_secret()), ("vra", "s3cret"));
            assert!(!format!("{credentials:?}").contains("s3cret"));
        }
        let broken = json!({"status": 200, "content": "{\"privateKey\": s3cret"});
        assert!(!format!("{:?}", Credentials::from_response(&broken).unwrap_err()).contains("s3cret"));
        assert!(Credentials::from_response(&json!({"status": 403, "content": "{}"})).is_err());
    }

    #[test]
    fn fields_that_start_alike_are_found_in_the_form_and_among_the_free_properties() {
        let properties = properties(json!({
            "set.custom_a": "1", "set.custom_b": "", "range_set.custom_a": "2", "set.": "3",
            "properties": [{"prop_key": "set.custom_a", "prop_value": "4"}, {"prop_key": "set.custom_c", "prop_value": 5}],
        }));
        let found = properties.starting_with("set.").unwrap();
        assert_eq!(found, [("custom_a".into(), "1".into()), ("custom_c".into(), "5".into())]);
    }

    #[test]
    fn the_form_is_found_wherever_the_action_has_it_and_what_is_none_is_never_shown() {
        let form = json!({"hostName": "h"});
        for inputs in [json!({"endpoint": {"endpointProperties": form}}), json!({"endpointProperties": form})] {
            assert_eq!(EndpointProperties::of_inputs(&inputs).unwrap().host_name().unwrap().unwrap(), "h");
        }
        assert_eq!(EndpointProperties::of_inputs(&json!({"endpoint": {}})).unwrap(), EndpointProperties::default());
        for inputs in [
            json!({"endpoint": "s3cret"}),
            json!({"endpoint": {"endpointProperties": ["s3cret"]}}),
            json!({"endpointProperties": "s3cret"}),
        ] {
            let error = EndpointProperties::of_inputs(&inputs).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
            assert!(error.to_string().contains("expected an object, found a"), "{error}");
        }
    }

    #[test]
    fn debug_names_fields_and_no_values() {
        let properties = properties(json!({"password": "s3cret"}));
        assert_eq!(format!("{properties:?}"), "{\"password\"}");
    }
}
