//! `vra ACTION`: one action of vRA's IPAM plug-in contract. Inputs come on standard input, outputs go to standard output.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use ipam_core::registry::Secrets;
use ipam_core::{Error, ErrorKind, IpamProvider};
use serde_json::Value;
use vra_client::plugin::{Action, Credentials, Endpoint, EndpointProperties, Plugin};

use crate::exit::Failure;
use crate::open::{Absent, encoded, open_with, with_option};
use crate::output::Answer;

/// Runs the action over the provider at `url`.
pub(crate) async fn run(url: Option<&str>, action: Action) -> Result<Answer, Failure> {
    let Some(url) = url else {
        let message = "say where the addresses are: --provider URL, or IPAM_PROVIDER in the environment";
        return Err(Failure::Usage(message.to_owned()));
    };
    let call = Call::read(&read_stdin()?)?;
    let outputs = match call.open(url).await {
        Ok(provider) => Plugin::new(provider).run(action, &call.inputs).await,
        Err(error) => Plugin::<Arc<dyn IpamProvider>>::not_connected(action, error),
    };
    let outputs = outputs.map_err(Failure::Vra)?;
    // vRA reads JSON and nothing else; there is no table.
    Answer::new(format!("{outputs:#}"), &outputs)
}

fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::Usage(format!("standard input cannot be read as text: {error}")))?;
    Ok(text)
}

/// What vRA hands to an action.
struct Call {
    inputs: Value,
    credentials: Option<Credentials>,
    /// The certificates the administrator accepted, as PEM.
    certificate: Option<String>,
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
            _ => whole,
        };
        let certificate = endpoint_properties(&inputs)?.certificate().map_err(Failure::Vra)?;
        Ok(Self { inputs, credentials, certificate })
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
        Error::new(ErrorKind::Unavailable, "open", "the accepted certificate cannot be written to a temporary file")
            .with_source(error)
    };
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    file.write_all(pem.as_bytes()).map_err(failed)?;
    Ok(file)
}

/// The form of the end point, wherever the action has it.
fn endpoint_properties(inputs: &Value) -> Result<EndpointProperties, Failure> {
    let unreadable = |error: serde_json::Error| Failure::Usage(format!("endpoint: {error}"));
    if let Some(endpoint) = inputs.get("endpoint") {
        let endpoint: Endpoint = serde_json::from_value(endpoint.clone()).map_err(unreadable)?;
        return Ok(endpoint.endpoint_properties);
    }
    match inputs.get("endpointProperties") {
        Some(properties) => serde_json::from_value(properties.clone()).map_err(unreadable),
        None => Ok(EndpointProperties::default()),
    }
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
