//! `vra ACTION`: one action of vRA's IPAM plug-in contract. Inputs come on standard input, outputs go to standard output.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use ipam_core::registry::{ProviderUrl, Secrets};
use ipam_core::{Error, ErrorKind, IpamProvider, Operation};
use serde_json::Value;
use vra_client::plugin::{Action, Credentials, EndpointProperties, Fault, Plugin, Settings};

use crate::closing::{Ended, closing};
use crate::exit::Failure;
use crate::open::{Absent, encoded, open_with, with_option};
use crate::output::Answer;

/// Runs the action over the provider at `url`.
pub(crate) async fn run(url: Option<&str>, action: Action) -> Result<Ended<Answer>, Failure> {
    let Some(url) = url else {
        let message = "say where the addresses are: --provider URL, or IPAM_PROVIDER in the environment";
        return Err(Failure::Usage(message.to_owned()));
    };
    let call = Call::read(&read_stdin()?)?;
    match call.open(url).await {
        Ok(provider) => {
            closing(provider, async |provider| {
                answer(Plugin::new(Arc::clone(provider)).run(action, &call.inputs).await)
            })
            .await
        }
        Err(error) => {
            let outputs = answer(Plugin::<Arc<dyn IpamProvider>>::not_connected(action, error))?;
            Ok(Ended { value: outputs, closing: None })
        }
    }
}

/// vRA reads JSON and nothing else; there is no table.
fn answer(outputs: Result<Value, Fault>) -> Result<Answer, Failure> {
    let outputs = outputs.map_err(Failure::Vra)?;
    Answer::new(format!("{outputs:#}"), &outputs)
}

fn read_stdin() -> Result<String, Failure> {
    /// Inputs of vRA are some kilobytes.
    const MOST: u64 = 16 << 20;
    let mut text = String::new();
    let read = std::io::stdin().take(MOST + 1).read_to_string(&mut text);
    match read {
        Err(error) => Err(Failure::Usage(format!("standard input cannot be read as text: {error}"))),
        Ok(read) if read as u64 > MOST => {
            Err(Failure::Usage(format!("standard input has more than {} MiB; give the action's inputs", MOST >> 20)))
        }
        Ok(_) => Ok(text),
    }
}

/// What vRA hands to an action.
struct Call {
    inputs: Value,
    credentials: Option<Credentials>,
    /// The certificates the administrator accepted, as PEM.
    certificate: Option<String>,
    /// Options of the provider's URL that the form of the end point asks for.
    options: Vec<(String, String)>,
}

impl Call {
    /// Reads an action's inputs, bare or as `{"inputs": …, "credentials": …}`, where the credentials are what vRA answers
    /// at `authCredentialsLink`.
    fn read(text: &str) -> Result<Self, Failure> {
        // What was read may hold a password, so the parser's position is all that is told of it.
        let whole: Value = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Failure::Usage(format!(
                "standard input is not JSON (line {line}, column {column}); give the action's inputs"
            ))
        })?;
        let credentials = whole.get("credentials").map(Credentials::from_answer).transpose().map_err(Failure::Vra)?;
        let inputs = match whole.get("inputs") {
            Some(inputs @ Value::Object(_)) => inputs.clone(),
            Some(_) => return Err(Failure::Usage("inputs is not an object; give the action's inputs".to_owned())),
            None => whole,
        };
        let form = EndpointProperties::of_inputs(&inputs).map_err(Failure::Vra)?;
        let certificate = form.certificate().map_err(Failure::Vra)?;
        let settings = Settings::read(&form).map_err(Failure::Vra)?;
        let options = [("set", settings.address_fields), ("range_set", settings.range_fields)]
            .into_iter()
            .flat_map(|(option, fields)| {
                fields.into_iter().map(move |(name, value)| (format!("{option}.{name}"), value))
            })
            .collect();
        Ok(Self { inputs, credentials, certificate, options })
    }

    /// Opens the provider with the credentials and the accepted certificate of the call.
    async fn open(&self, url: &str) -> ipam_core::Result<Arc<dyn IpamProvider>> {
        let mut url = url.to_owned();
        if let Some(credentials) = &self.credentials {
            url = with_user(&url, &credentials.user);
        }
        // A provider takes what it pins from a file; this one is gone when the provider is open.
        let pinned = self.certificate.as_deref().map(keep).transpose()?;
        if let Some(pinned) = pinned.as_ref().filter(|_| url.contains("://")) {
            url = with_option(&url, "pin", &pinned.path().to_string_lossy());
        }
        // What the URL says itself comes first.
        let said = ProviderUrl::parse(&url)?;
        for (name, value) in self.options.iter().filter(|(name, _)| said.option(name).is_none()) {
            url = with_option(&url, &encoded(name), value);
        }
        let credentials = self.credentials.clone();
        let given = Secrets::from_fn(move |request| {
            let wanted = matches!(request.name.as_str(), "password" | "app-code");
            let secret = credentials.as_ref().filter(|_| wanted).map(|given| given.expose_password().to_owned().into());
            async move { Ok(secret) }
        });
        open_with(&url, Absent::Refuse, given.or(Secrets::env("IPAM"))).await
    }
}

/// A file with the certificates, which is removed when it is dropped.
fn keep(pem: &str) -> ipam_core::Result<tempfile::NamedTempFile> {
    let failed = |error: std::io::Error| {
        Error::new(
            ErrorKind::Unavailable,
            Operation::Open,
            "the accepted certificate cannot be written to a temporary file",
        )
        .with_source(error)
    };
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    file.write_all(pem.as_bytes()).map_err(failed)?;
    Ok(file)
}

/// The URL with the user of the credentials, if it is one of a server, names none itself, and wants one.
fn with_user(url: &str, user: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') || rest.contains("auth=code") {
        return url.to_owned();
    }
    format!("{scheme}://{}@{rest}", encoded(user))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn credentials_stand_beside_the_inputs() {
        let credentials = r#"{"status": 200, "content": "{\"privateKeyId\": \"vra\", \"privateKey\": \"s3cret\"}"}"#;
        let call = Call::read(&format!(r#"{{"inputs": {{"endpoint": {{}}}}, "credentials": {credentials}}}"#)).unwrap();
        assert_eq!(call.credentials.unwrap().user, "vra");
        assert!(call.inputs.get("endpoint").is_some());
        assert!(Call::read(r#"{"endpoint": {}}"#).unwrap().credentials.is_none());
    }

    #[test]
    fn what_is_not_json_is_never_repeated() {
        let failure = Call::read(r#"{"credentials": s3cret"#).err().unwrap();
        assert!(!failure.text().contains("s3cret") && failure.text().contains("line 1"), "{}", failure.text());
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
            let failure = Call::read(text).err().unwrap();
            assert!(!format!("{} {failure:?}", failure.text()).contains("s3cret"), "{text}: {}", failure.text());
        }
    }

    #[tokio::test]
    async fn custom_fields_of_the_form_become_options_of_the_url() {
        let call = Call::read(
            r#"{"endpoint": {"endpointProperties": {"addressFields": "custom_x=a b", "range_set.custom_y": "1"}}}"#,
        );
        let call = call.unwrap();
        assert_eq!(call.options, [("set.custom_x".into(), "a b".into()), ("range_set.custom_y".into(), "1".into())]);
        // A store has no such option, and says so, without what may be a secret in the wrong field.
        let error = call.open("memory:").await.unwrap_err();
        assert!(error.to_string().contains("option 1 of the URL") && !error.to_string().contains("a b"), "{error}");
    }

    #[test]
    fn a_url_gets_the_user_unless_it_is_no_server_and_the_pin() {
        assert_eq!(with_user("phpipam+https://h/app?a=b", "a b@c"), "phpipam+https://a%20b%40c@h/app?a=b");
        for kept in ["phpipam+https://u@h/app", "phpipam+https://h/app?auth=code", "memory:", "embedded:/a/b.db"] {
            assert_eq!(with_user(kept, "other"), kept);
        }
        assert_eq!(
            with_option("phpipam+https://h/app?a=b", "pin", "/t/a b"),
            "phpipam+https://h/app?a=b&pin=%2Ft%2Fa%20b"
        );
    }
}
