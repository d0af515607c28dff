//! URL of the provider that the form of an endpoint describes.

use ipam_core::{Error, ErrorKind, Operation, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use vra_client::plugin::EndpointProperties;

/// Characters that have a meaning in a URL's path or options.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Fields of the form that are options of the provider, with their names there.
const OPTIONS: [(&str, &str); 5] = [
    ("sections", "section"),
    ("addressTag", "tag"),
    ("reservedTags", "reserved_tags"),
    ("markField", "mark"),
    ("rangeMarkField", "range_mark"),
];

/// Returns the URL of the phpIPAM of an endpoint.
///
/// `hostName` is a host, with or without `https://`, port and path. `apiAppId` is the API app, and `authType` is `user` or
/// `code`. `blockField` and `blockValue` mark the subnets in which on-demand networks are allocated.
///
/// # Errors
/// `Config`, with the field: the host or the app is missing, the host is a URL of another scheme, or a value
/// is not a text.
pub(crate) fn of_form(form: &EndpointProperties) -> Result<String> {
    let host = required(form, "hostName")?;
    let app = required(form, "apiAppId")?;
    let (scheme, host) = match host.trim().split_once("://") {
        None => ("https", host.trim()),
        Some((scheme @ ("https" | "http"), host)) => (scheme, host),
        Some((other, _)) => {
            return Err(invalid("hostName", &format!("the scheme {other} is not https; write the host only")));
        }
    };
    let host = host.trim_end_matches('/');
    let host = host.strip_suffix("/api").unwrap_or(host);
    if host.is_empty() || host.contains(['@', '?', '#', ' ']) {
        return Err(invalid("hostName", "write a host name, with :PORT and /PATH where needed"));
    }
    let mut url = format!("phpipam+{scheme}://{host}/{}", escaped(app.trim()));
    let mut separator = '?';
    let mut add = |name: &str, value: &str| {
        url.push(separator);
        url.push_str(&format!("{}={}", escaped(name), escaped(value)));
        separator = '&';
    };
    match text(form, "authType")?.as_deref() {
        None => {}
        Some(kind @ ("user" | "code")) => add("auth", kind),
        Some(_) => return Err(invalid("authType", "write user or code")),
    }
    for (field, option) in OPTIONS {
        if let Some(value) = text(form, field)? {
            add(option, value.trim());
        }
    }
    match (text(form, "blockField")?, text(form, "blockValue")?) {
        (None, None) => {}
        (Some(field), Some(value)) => add(&format!("block.{}", field.trim()), value.trim()),
        (Some(_), None) => return Err(invalid("blockValue", "missing, though blockField is given")),
        (None, Some(_)) => return Err(invalid("blockField", "missing, though blockValue is given")),
    }
    Ok(url)
}

fn required(form: &EndpointProperties, name: &str) -> Result<String> {
    text(form, name)?.filter(|value| !value.trim().is_empty()).ok_or_else(|| invalid(name, "missing; fill it in"))
}

/// Returns a value of the form.
fn text(form: &EndpointProperties, name: &str) -> Result<Option<String>> {
    form.get(name).map_err(|error| Error::new(ErrorKind::Config, Operation::Configure, error.to_string()))
}

fn invalid(field: &str, problem: &str) -> Error {
    Error::new(ErrorKind::Config, Operation::Configure, format!("endpointProperties.{field}: {problem}"))
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}
