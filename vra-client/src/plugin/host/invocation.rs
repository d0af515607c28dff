//! Invocation of an action, as it comes on standard input.

use std::io::Read;

use ipam_core::registry::OpenRequest;
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::plugin::action_error::ActionError;
use crate::plugin::endpoint::{Credentials, EndpointProperties};
use crate::plugin::settings::Settings;

/// Invocation of an action: its inputs, with the endpoint's form and credentials.
///
/// `Debug` shows the user and the names of the form's fields only.
///
/// ```
/// use vra_client::plugin::host::Invocation;
///
/// let invocation = Invocation::parse(r#"{
///     "inputs": {"endpoint": {"endpointProperties": {"hostName": "ipam.example.test"}}},
///     "credentials": {"privateKeyId": "vra", "privateKey": "s3cret"}
/// }"#)?;
/// assert_eq!(invocation.form().host_name()?.as_deref(), Some("ipam.example.test"));
/// assert_eq!(invocation.credentials().unwrap().user, "vra");
/// assert!(!format!("{invocation:?}").contains("s3cret"));
/// # Ok::<(), vra_client::plugin::ActionError>(())
/// ```
#[derive(Clone)]
pub struct Invocation {
    inputs: Value,
    credentials: Option<Credentials>,
    form: EndpointProperties,
    certificate: Option<String>,
    settings: Settings,
}

impl Invocation {
    /// Limit of an invocation in bytes: 16 MiB. Those of vRA have a few kilobytes.
    pub const MAX_BYTES: usize = 16 << 20;

    /// Reads an invocation from standard input, or from another reader, to its end.
    ///
    /// # Errors
    /// An [`ActionError`] if the input cannot be read, is not UTF-8, or has more than [`MAX_BYTES`](Self::MAX_BYTES);
    /// otherwise those of [`parse`](Self::parse).
    pub fn read(input: impl Read) -> Result<Self, ActionError> {
        let limit = u64::try_from(Self::MAX_BYTES).unwrap_or(u64::MAX);
        let mut text = String::new();
        // Reading one byte beyond the limit tells an input of exactly the limit from a longer one.
        match input.take(limit.saturating_add(1)).read_to_string(&mut text) {
            Err(error) => Err(ActionError::new(format!("standard input cannot be read as text: {error}"))),
            Ok(_) if text.len() > Self::MAX_BYTES => {
                let mebibytes = Self::MAX_BYTES >> 20;
                Err(ActionError::new(format!("standard input has more than {mebibytes} MiB; give the action's inputs")))
            }
            Ok(_) => Self::parse(&text),
        }
    }

    /// Reads an invocation from its JSON: the inputs, alone or as `{"inputs": …, "credentials": …}`.
    ///
    /// # Errors
    /// An [`ActionError`] that names the member and never shows its value: the text is not JSON, `inputs` is not an object,
    /// the credentials or the form cannot be read, or those of [`Settings::read`].
    pub fn parse(text: &str) -> Result<Self, ActionError> {
        // The text may hold a password, so the error shows the parser's position and nothing of the text.
        let whole: Value = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            ActionError::new(format!(
                "standard input is not JSON (line {line}, column {column}); give the action's inputs"
            ))
        })?;
        let credentials = whole.get("credentials").map(Credentials::from_response).transpose()?;
        let inputs = match whole.get("inputs") {
            Some(inputs @ Value::Object(_)) => inputs.clone(),
            Some(_) => return Err(ActionError::new("inputs is not an object; give the action's inputs")),
            None => whole,
        };
        let form = EndpointProperties::of_inputs(&inputs)?;
        // Read here, so that a form that cannot be read fails before a connection is made.
        let (certificate, settings) = (form.certificate()?, Settings::read(&form)?);
        Ok(Self { inputs, credentials, form, certificate, settings })
    }

    /// Returns the inputs of the action.
    #[must_use]
    pub fn inputs(&self) -> &Value {
        &self.inputs
    }

    /// Returns the user and the password of the endpoint, if they came with the invocation.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Returns the form of the endpoint.
    #[must_use]
    pub fn form(&self) -> &EndpointProperties {
        &self.form
    }

    /// Returns the certificates that the administrator accepted, as PEM, leaf first. A provider should trust exactly these.
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// Returns the settings for ranges and custom fields in the form.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the request that opens the provider at `url` for this invocation.
    ///
    /// It carries the user, the password (as the secrets `password` and `app-code`), the accepted certificate as a pin, and
    /// the custom fields of the form as the options `set.NAME` and `range_set.NAME`. A user or an option in the URL takes
    /// precedence. White space around the user and the app code, and line ends behind the password, are left out.
    ///
    /// ```
    /// use vra_client::plugin::host::Invocation;
    ///
    /// let invocation = Invocation::parse(r#"{
    ///     "inputs": {"endpoint": {"endpointProperties": {"addressFields": "custom_site=Prague"}}},
    ///     "credentials": {"privateKeyId": "vra", "privateKey": "s3cret"}
    /// }"#)?;
    /// let request = invocation.to_open_request("phpipam+https://ipam.example.test/app")?;
    /// assert_eq!(request.user(), Some("vra"));
    /// assert_eq!(request.url.options().next(), Some(("set.custom_site", "Prague")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// An [`ipam_core::Error`] of kind `Config` if the URL cannot be read, or if a custom field has the name of a
    /// secret.
    pub fn to_open_request(&self, url: &str) -> Result<OpenRequest, ipam_core::Error> {
        let mut request = OpenRequest::parse(url)?;
        if let Some(credentials) = &self.credentials {
            // The form does not tell a password of a user from the code of an app; the provider asks for the one it needs.
            let secret = credentials.password().expose_secret();
            // Copying and pasting adds a line end, and white space around a code. A space may be part of a password.
            request = request
                .with_user(credentials.user.trim())
                .with_secret("password", secret.trim_end_matches(['\r', '\n']).into())
                .with_secret("app-code", secret.trim().into());
        }
        if let Some(pem) = &self.certificate {
            request = request.with_pinned_pem(pem);
        }
        let fields = [("set", &self.settings.address_fields), ("range_set", &self.settings.range_fields)];
        for (option, fields) in fields {
            for (name, value) in fields {
                request = request.with_option(&format!("{option}.{name}"), value)?;
            }
        }
        Ok(request)
    }
}

impl std::fmt::Debug for Invocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invocation")
            .field("credentials", &self.credentials)
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    fn everything(error: &ActionError) -> String {
        format!("{error} {error:?}")
    }

    #[test]
    fn credentials_are_read_beside_the_inputs() {
        let credentials = r#"{"status": 200, "content": "{\"privateKeyId\": \"vra\", \"privateKey\": \"s3cret\"}"}"#;
        let text = format!(r#"{{"inputs": {{"endpoint": {{}}}}, "credentials": {credentials}}}"#);
        let invocation = Invocation::parse(&text).unwrap();
        assert_eq!(invocation.credentials().unwrap().user, "vra");
        assert!(invocation.inputs().get("endpoint").is_some());
        assert!(!format!("{invocation:?} {invocation:#?}").contains("s3cret"));
        assert!(Invocation::parse(r#"{"endpoint": {}}"#).unwrap().credentials().is_none());
    }

    #[test]
    fn an_input_that_is_not_json_is_never_repeated() {
        let error = Invocation::parse(r#"{"credentials": s3cret"#).unwrap_err();
        assert!(!everything(&error).contains("s3cret") && error.to_string().contains("line 1"), "{error}");
        let error = Invocation::read(&[0xff_u8, 0xfe][..]).unwrap_err();
        assert!(error.to_string().contains("cannot be read as text"), "{error}");
        let error = Invocation::read(std::io::repeat(b' ')).unwrap_err();
        assert!(error.to_string().contains("more than 16 MiB"), "{error}");
    }

    #[test]
    fn a_wrong_value_of_the_form_is_never_repeated() {
        for text in [
            r#"{"endpoint": "s3cret"}"#,
            r#"{"endpoint": {"endpointProperties": "s3cret"}}"#,
            r#"{"endpoint": {"endpointProperties": {"certificate": ["s3cret"]}}}"#,
            r#"{"endpoint": {"endpointProperties": {"enableFilter": "s3cret"}}}"#,
            r#"{"endpoint": {"endpointProperties": {"properties": "s3cret"}}}"#,
            r#"{"endpoint": {"endpointProperties": {"properties": "[\"s3cret\"]"}}}"#,
            r#"{"endpoint": {"endpointProperties": {"addressFields": "s3cret"}}}"#,
            r#"{"inputs": "s3cret"}"#,
            r#"{"credentials": "s3cret"}"#,
            r#"{"credentials": {"privateKeyId": "u", "privateKey": ["s3cret"]}}"#,
        ] {
            let error = Invocation::parse(text).unwrap_err();
            assert!(!everything(&error).contains("s3cret"), "{text}: {error}");
        }
    }

    #[test]
    fn what_copying_adds_to_user_and_secret_is_left_out() {
        let text = json!({"inputs": {}, "credentials": {"privateKeyId": " u\n", "privateKey": " s3cret \r\n"}});
        let request = Invocation::parse(&text.to_string()).unwrap().to_open_request("other://host/a").unwrap();
        assert_eq!(request.user(), Some("u"));
        let secret = |name: &str| futures_executor::block_on(request.secret(name)).unwrap();
        assert_eq!((secret("password").expose_secret(), secret("app-code").expose_secret()), (" s3cret ", "s3cret"));
    }

    #[test]
    fn an_open_request_has_the_invocations_values_and_the_url_takes_precedence() {
        let invocation = Invocation::parse(
            r#"{"inputs": {"endpoint": {"endpointProperties": {"addressFields": "custom_x=a b;custom_z=2",
                "range_set.custom_y": "1", "certificate": "PEM\\nPEM"}}},
                "credentials": {"privateKeyId": "a b@c", "privateKey": "s3cret"}}"#,
        )
        .unwrap();
        let request = invocation.to_open_request("phpipam+https://h/app?set.custom_z=url").unwrap();
        assert_eq!(request.user(), Some("a b@c"));
        assert_eq!(request.trust.pinned_pems().collect::<Vec<_>>(), ["PEM\nPEM"]);
        let options: Vec<(&str, &str)> = request.url.options().collect();
        assert_eq!(options, [("set.custom_z", "url"), ("set.custom_x", "a b"), ("range_set.custom_y", "1")]);
        assert!(!format!("{request:?}").contains("s3cret"));
        let secret = futures_executor::block_on(request.secret("app-code")).unwrap();
        assert_eq!(secret.expose_secret(), "s3cret");
        assert_eq!(invocation.to_open_request("phpipam+https://u@h/app").unwrap().user(), Some("u"));
    }
}
