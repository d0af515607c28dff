//! Causes of errors, in the terms of the form and of phpIPAM's settings, as an administrator knows them.

use ipam_core::{Error, ErrorKind, Operation, Result};
use vra_client::plugin::EndpointProperties;
use vra_client::plugin::host::Invocation;

/// Words of phpIPAM, with the field of the form that they are about and what to do.
const RESPONSES: [(&str, &str, &str); 7] = [
    ("Invalid application id", "apiAppId", "phpIPAM has no such app; write the App id that Administration, API lists"),
    (
        "Application disabled",
        "apiAppId",
        "the app is disabled; set its App permissions to Read / Write in phpIPAM, under Administration, API",
    ),
    ("enc_request", "apiAppId", SECURITY),
    ("Invalid app security", "apiAppId", SECURITY),
    (
        "API server disabled",
        "hostName",
        "the API is switched off; switch it on in phpIPAM, under Administration, phpIPAM settings",
    ),
    (
        "SSL connection is required",
        "hostName",
        "phpIPAM does not see HTTPS; let the proxy before it send X-Forwarded-Proto: https",
    ),
    (
        "App requires SSL connection",
        "hostName",
        "phpIPAM does not see HTTPS; let the proxy before it send X-Forwarded-Proto: https",
    ),
];

/// Remedy for an app whose security cannot be used.
const SECURITY: &str = "the security of the app, such as crypt, cannot be used; choose SSL with user token, or SSL with app \
                        code token, in phpIPAM, under Administration, API";

/// Words of the provider, with the field of the form and what to say instead; nothing if the provider's message says it.
const MESSAGES: [(&str, &str, Option<&str>); 11] = [
    (
        "does not speak TLS",
        "hostName",
        Some("this port is one of plain HTTP, which is refused; write the port of HTTPS, or the host only"),
    ),
    ("there is no section", "sections", None),
    ("addresses have no custom field", "markField", None),
    ("of addresses has the type", "markField", None),
    ("subnets have no custom field", "rangeMarkField", None),
    ("of subnets has the type", "rangeMarkField", None),
    ("subnets have no field", "blockField", None),
    (
        "may want its app code",
        "authType",
        Some("the app takes no login of a user; choose App code, or change the security of the app in phpIPAM"),
    ),
    (
        "the app code is wrong",
        "privateKey",
        Some(
            "phpIPAM refused this app code. Copy the App code of the app in phpIPAM, or choose User and password if its \
             security is SSL with user token",
        ),
    ),
    ("range_set.", "rangeFields", None),
    ("set.", "addressFields", None),
];

/// Returns the error of opening the provider, headed by the field of the form that it is about.
///
/// The provider names options of a URL, which the administrator does not see.
pub(crate) fn in_terms_of_form(error: Error, form: &EndpointProperties) -> Error {
    let message = error.message();
    // A certificate is accepted in vRA, and its error carries the chain. A temporary failure is none of the form.
    if error.kind() == ErrorKind::Untrusted || message.starts_with("endpointProperties.") {
        return error;
    }
    let found = RESPONSES
        .iter()
        .find(|(words, ..)| message.contains(words))
        .map(|(words, field, remedy)| (*field, format!("{remedy} (phpIPAM: {words:?})")));
    let found = found.or_else(|| {
        let (_, field, remedy) = MESSAGES.iter().find(|(words, ..)| message.contains(words))?;
        Some((*field, remedy.map_or_else(|| in_fields(message), str::to_owned)))
    });
    let found = found.or_else(|| Some((field_of_tag(message, form)?, message.to_owned())));
    let Some((field, problem)) = found else { return error };
    Error::new(error.kind(), error.operation(), format!("endpointProperties.{field}: {problem}"))
        .with_retry(error.retry())
        .with_outcome(error.outcome())
        .with_source(error)
}

/// Returns a message about custom fields without the provider's options.
fn in_fields(message: &str) -> String {
    let message = message.strip_prefix("range_set.").or_else(|| message.strip_prefix("set.")).unwrap_or(message);
    // The provider repeats the name as a value here.
    if let Some((name, rest)) = message.split_once(": custom field of ")
        && let Some((of, remedy)) = rest.split_once(" is ")
    {
        let remedy = remedy.split_once("; ").map_or(remedy, |(_, remedy)| remedy);
        return format!("{of} have no custom field {name:?}; {remedy}");
    }
    let none = if message.ends_with("there are: ") { "none; add it in phpIPAM" } else { "" };
    format!("{message}{none}")
}

/// Returns the field with the tag that phpIPAM does not have.
fn field_of_tag(message: &str, form: &EndpointProperties) -> Option<&'static str> {
    let rest = message.strip_prefix("there is no tag ")?;
    let tag = form.get("addressTag").ok().flatten().unwrap_or_else(|| "Used".to_owned());
    // The provider reports the first tag that is missing, and quotes it.
    Some(if rest.starts_with(&format!("{:?}", tag.trim())) { "addressTag" } else { "reservedTags" })
}

/// Refuses inputs without a form, or an invocation without credentials. The provider would miss values that it calls
/// otherwise.
///
/// # Errors
/// `Config`, with the member of the inputs that is missing.
pub(crate) fn check_inputs(invocation: &Invocation) -> Result<()> {
    let inputs = invocation.inputs();
    let missing = |member: &str, remedy: &str| {
        Err(Error::new(ErrorKind::Config, Operation::Configure, format!("{member}: missing; {remedy}")))
    };
    let endpoint = inputs.get("endpoint").filter(|endpoint| !endpoint.is_null());
    let holder = endpoint.unwrap_or(inputs);
    if holder.get("endpointProperties").is_none_or(|form| form.is_null()) {
        return match endpoint {
            Some(_) => missing("endpoint.endpointProperties", "give the form of the endpoint"),
            None => missing("endpoint", "give the endpoint with its form (to ValidateEndpoint: endpointProperties)"),
        };
    }
    if invocation.credentials().is_none() {
        let link = holder.get("authCredentialsLink").or_else(|| inputs.get("authCredentialsLink"));
        let is_given = link.and_then(|link| link.as_str()).is_some_and(|link| !link.is_empty());
        return match (is_given, endpoint) {
            (true, _) => missing("credentials", "give the response to authCredentialsLink beside the inputs"),
            (false, Some(_)) => missing("endpoint.authCredentialsLink", NO_CREDENTIALS),
            (false, None) => missing("authCredentialsLink", NO_CREDENTIALS),
        };
    }
    Ok(())
}

/// Remedy for an endpoint without credentials.
const NO_CREDENTIALS: &str =
    "no credentials came with the inputs; edit the integration in vRA, and save user and password (or app code) again";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use ipam_core::{CertificateChain, Retry};
    use serde_json::{Value, json};

    use super::*;

    fn reworded(kind: ErrorKind, message: &'static str, form: Value) -> Error {
        in_terms_of_form(Error::new(kind, Operation::Open, message), &serde_json::from_value(form).unwrap())
    }

    #[test]
    fn a_tag_that_is_missing_is_that_of_new_addresses_or_a_reserved_one() {
        for (form, tag, field) in [
            (json!({"addressTag": "Mine", "reservedTags": "A"}), "Mine", "addressTag"),
            (json!({"addressTag": "Mine", "reservedTags": "A"}), "A", "reservedTags"),
            (json!({}), "Used", "addressTag"),
            (json!({}), "DHCP", "reservedTags"),
        ] {
            let message = format!("there is no tag {tag:?}; there are: Offline");
            let error = Error::new(ErrorKind::Config, Operation::Open, message.clone());
            let error = in_terms_of_form(error, &serde_json::from_value(form).unwrap());
            assert_eq!(error.message(), format!("endpointProperties.{field}: {message}"));
        }
    }

    #[test]
    fn the_options_of_the_provider_are_left_out() {
        for (message, said) in [
            (
                "set.custom_a: custom field of addresses is \"custom_a\"; the server has: custom_b",
                "endpointProperties.addressFields: addresses have no custom field \"custom_a\"; the server has: custom_b",
            ),
            (
                "range_set.custom_a: custom_a of subnets is \"x\"; write a number",
                "endpointProperties.rangeFields: custom_a: custom_a of subnets is \"x\"; write a number",
            ),
            (
                "addresses have no custom field \"a\"; there are: ",
                "endpointProperties.markField: addresses have no custom field \"a\"; there are: none; add it in phpIPAM",
            ),
        ] {
            assert_eq!(reworded(ErrorKind::Config, message, json!({})).message(), said);
        }
        let crypt = reworded(ErrorKind::Config, "OPTIONS : wrong configuration: \"Invalid enc_request\"", json!({}));
        assert!(
            crypt.message().starts_with("endpointProperties.apiAppId: the security of the app, such as crypt, cannot")
        );
    }

    #[test]
    fn other_errors_stay_what_they_are() {
        let busy = Error::new(ErrorKind::Busy, Operation::Open, "locked").with_retry(Retry::Safe);
        let busy = in_terms_of_form(busy, &EndpointProperties::default());
        assert_eq!((busy.message(), busy.retry()), ("locked", Retry::Safe));
        let chain = CertificateChain::from_pem("-----BEGIN CERTIFICATE-----");
        let untrusted = Error::new(ErrorKind::Untrusted, Operation::Open, "set.").with_certificates(chain);
        assert!(in_terms_of_form(untrusted, &EndpointProperties::default()).certificates().is_some());
    }
}
