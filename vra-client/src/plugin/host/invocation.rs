//! Invocation of an action, as it stands on standard input.

use std::io::Read;

use ipam_core::registry::OpenRequest;
use serde_json::Value;

use crate::plugin::action_error::ActionError;
use crate::plugin::endpoint::{Credentials, EndpointProperties};
use crate::plugin::settings::Settings;

/// What vRA hands to an action: its inputs, and the credentials and the form of the end point.
///
/// `Debug` shows names of the form's fields only.
#[derive(Clone)]
pub struct Invocation {
    inputs: Value,
    credentials: Option<Credentials>,
    form: EndpointProperties,
    certificate: Option<String>,
    settings: Settings,
}

impl Invocation {
    /// How many bytes a call may have; those of vRA have some kilobytes.
    pub const MAX_BYTES: usize = 16 << 20;

    /// Reads a call from standard input, or another reader, to its end.
    ///
    /// # Errors
    /// A [`ActionError`] if it cannot be read as text, has more than [`MAX_BYTES`](Self::MAX_BYTES), or those of
    /// [`parse`](Self::parse).
    pub fn read(input: impl Read) -> Result<Self, ActionError> {
        let most = u64::try_from(Self::MAX_BYTES).unwrap_or(u64::MAX);
        let mut text = String::new();
        // One byte more than may be there tells whether there is more.
        match input.take(most.saturating_add(1)).read_to_string(&mut text) {
            Err(error) => Err(ActionError::new(format!("standard input cannot be read as text: {error}"))),
            Ok(_) if text.len() > Self::MAX_BYTES => {
                let most = Self::MAX_BYTES >> 20;
                Err(ActionError::new(format!("standard input has more than {most} MiB; give the action's inputs")))
            }
            Ok(_) => Self::parse(&text),
        }
    }

    /// Reads a call: the inputs, bare or as `{"inputs": …, "credentials": …}`.
    ///
    /// # Errors
    /// A [`ActionError`] that names the member, and never shows what stands there, if the text is no JSON, or the inputs, the
    /// credentials or the form are not what they should be.
    pub fn parse(text: &str) -> Result<Self, ActionError> {
        // What was read may hold a password, so the parser's position is all that is told of it.
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
        let (certificate, settings) = (form.certificate()?, Settings::read(&form)?);
        Ok(Self { inputs, credentials, form, certificate, settings })
    }

    /// The inputs of the action.
    #[must_use]
    pub fn inputs(&self) -> &Value {
        &self.inputs
    }

    /// The user and the password of the end point, if they came with the call.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The form of the end point.
    #[must_use]
    pub fn form(&self) -> &EndpointProperties {
        &self.form
    }

    /// The certificates that the administrator accepted, as PEM, leaf first: trust exactly these.
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// What the form says about ranges and custom fields.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the request that opens the provider at `url` for this call: with its user, its password (as the secrets
    /// `password` and `app-code`), its certificate pinned, and the custom fields of the form as the options `set.NAME` and
    /// `range_set.NAME`. What the URL says itself counts.
    ///
    /// # Errors
    /// `Config` for a URL that cannot be read, or a custom field whose name is that of a secret.
    pub fn to_open_request(&self, url: &str) -> ipam_core::Result<OpenRequest> {
        let mut request = OpenRequest::parse(url)?;
        if let Some(credentials) = &self.credentials {
            let password = credentials.password();
            request = request
                .with_user(&credentials.user)
                .with_secret("password", password.clone())
                .with_secret("app-code", password.clone());
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

    fn everything(error: &ActionError) -> String {
        format!("{error} {error:?}")
    }

    #[test]
    fn credentials_stand_beside_the_inputs() {
        let credentials = r#"{"status": 200, "content": "{\"privateKeyId\": \"vra\", \"privateKey\": \"s3cret\"}"}"#;
        let text = format!(r#"{{"inputs": {{"endpoint": {{}}}}, "credentials": {credentials}}}"#);
        let call = Invocation::parse(&text).unwrap();
        assert_eq!(call.credentials().unwrap().user, "vra");
        assert!(call.inputs().get("endpoint").is_some());
        assert!(!format!("{call:?} {call:#?}").contains("s3cret"));
        assert!(Invocation::parse(r#"{"endpoint": {}}"#).unwrap().credentials().is_none());
    }

    #[test]
    fn what_is_not_json_is_never_repeated() {
        let error = Invocation::parse(r#"{"credentials": s3cret"#).unwrap_err();
        assert!(!everything(&error).contains("s3cret") && error.to_string().contains("line 1"), "{error}");
        let error = Invocation::read(&[0xff_u8, 0xfe][..]).unwrap_err();
        assert!(error.to_string().contains("cannot be read as text"), "{error}");
        let error = Invocation::read(std::io::repeat(b' ')).unwrap_err();
        assert!(error.to_string().contains("more than 16 MiB"), "{error}");
    }

    #[test]
    fn what_is_wrong_in_the_form_is_never_repeated() {
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
    fn what_the_call_has_is_passed_as_values_and_the_url_comes_first() {
        let call = Invocation::parse(
            r#"{"inputs": {"endpoint": {"endpointProperties": {"addressFields": "custom_x=a b;custom_z=2",
                "range_set.custom_y": "1", "certificate": "PEM\\nPEM"}}},
                "credentials": {"privateKeyId": "a b@c", "privateKey": "s3cret"}}"#,
        )
        .unwrap();
        let request = call.to_open_request("phpipam+https://h/app?set.custom_z=url").unwrap();
        assert_eq!(request.user(), Some("a b@c"));
        assert_eq!(request.trust.pinned_pems().collect::<Vec<_>>(), ["PEM\nPEM"]);
        let options: Vec<(&str, &str)> = request.url.options().collect();
        assert_eq!(options, [("set.custom_z", "url"), ("set.custom_x", "a b"), ("range_set.custom_y", "1")]);
        assert!(!format!("{request:?}").contains("s3cret"));
        let secret = futures_executor::block_on(request.secret("app-code")).unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&secret), "s3cret");
        assert_eq!(call.to_open_request("phpipam+https://u@h/app").unwrap().user(), Some("u"));
    }
}
