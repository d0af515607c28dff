//! URL of the provider that the form of an endpoint describes.

use std::net::{IpAddr, Ipv6Addr};

use ipam_core::{Error, ErrorKind, Operation, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use vra_client::plugin::EndpointProperties;

/// Characters that have no meaning in a URL's path or options.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Fields of the form that are options of the provider, with their names there.
pub(crate) const OPTIONS: [(&str, &str); 5] = [
    ("sections", "section"),
    ("addressTag", "tag"),
    ("reservedTags", "reserved_tags"),
    ("markField", "mark"),
    ("rangeMarkField", "range_mark"),
];

/// Fields of the forms of other plug-ins for phpIPAM, with what to do instead. Ignored, they would lead to another app, other
/// subnets or another login than the administrator means.
const FOREIGN: [(&str, &str); 6] = [
    ("appId", "write the app id in apiAppId"),
    ("appID", "write the app id in apiAppId"),
    ("sectionName", "write the section in sections"),
    ("tokenKey", "write the app code in privateKey, and code in authType"),
    ("onDemandField", "write custom_ and this name in blockField, and 1 in blockValue"),
    ("num_reserve_ips", "no addresses are set aside; give them a reserved tag in phpIPAM, and remove this field"),
];

/// Returns the URL of the phpIPAM of an endpoint.
///
/// | field | meaning |
/// | --- | --- |
/// | `hostName` | host name or address, with or without `https://`, port, path and `/api` |
/// | `apiAppId` | API app |
/// | `authType` | `user`: login with user and password; `code` (also `token`): with an app code |
/// | `sections`, `addressTag`, `reservedTags`, `markField`, `rangeMarkField` | [options](OPTIONS) of the provider |
/// | `blockField`, `blockValue` | field and value of the subnets in which on-demand networks are allocated |
///
/// # Errors
/// `Config`, with the field and what to do: the host or the app is missing, the host cannot be read or needs plain HTTP
/// over a network, only one of `blockField` and `blockValue` is there, or there is a field of another plug-in.
pub(crate) fn of_form(form: &EndpointProperties) -> Result<String> {
    for (field, remedy) in FOREIGN {
        if text(form, field)?.is_some() {
            return Err(invalid(field, &format!("not a field of this plug-in; {remedy}")));
        }
    }
    let app = required(form, "apiAppId")?;
    let mut url = format!("{}/{}", base(&required(form, "hostName")?, &app)?, escaped(&app));
    let mut separator = '?';
    let mut add = |name: &str, value: &str| {
        url.push(separator);
        url.push_str(&format!("{}={}", escaped(name), escaped(value)));
        separator = '&';
    };
    match text(form, "authType")?.map(|kind| kind.to_ascii_lowercase()).as_deref() {
        None => {}
        Some("user" | "username") => add("auth", "user"),
        Some("code" | "token") => add("auth", "code"),
        Some(_) => return Err(invalid("authType", "write user or code")),
    }
    for (field, option) in OPTIONS {
        if let Some(value) = text(form, field)? {
            add(option, &value);
        }
    }
    match (text(form, "blockField")?, text(form, "blockValue")?) {
        (None, None) => {}
        (Some(field), Some(value)) => add(&format!("block.{field}"), &value),
        (Some(_), None) => return Err(invalid("blockValue", "missing, though blockField is given; fill in both")),
        (None, Some(_)) => return Err(invalid("blockField", "missing, though blockValue is given; fill in both")),
    }
    Ok(url)
}

/// Returns scheme, host, port and path of the URL.
fn base(text: &str, app: &str) -> Result<String> {
    let wrong = |problem: &str| invalid("hostName", problem);
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "https" && scheme != "http" {
        return Err(wrong("its scheme is not https; write the host only"));
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (authority, is_local) = authority_of(authority)
        .ok_or_else(|| wrong("not a host; write a name or an address, with :PORT and /PATH where needed"))?;
    if scheme == "http" && !is_local {
        return Err(wrong("plain HTTP shows password and token on the way; write https:// or the host only"));
    }
    if path.contains(|c: char| c.is_whitespace() || c.is_control() || "?#%\\@".contains(c)) {
        return Err(wrong("its path has a character that no path of phpIPAM has; write /PATH without options"));
    }
    let mut segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    // A person copies the address from the documentation of the API, which ends with /api and the app.
    if segments.ends_with(&["api", app]) {
        segments.pop();
    }
    if segments.ends_with(&["api"]) {
        segments.pop();
    }
    let path: String = segments.iter().map(|segment| format!("/{}", escaped(segment))).collect();
    Ok(format!("phpipam+{scheme}://{authority}{path}"))
}

/// Returns host and port as a URL has them, and true if the host is this machine; `None` if they cannot be read.
fn authority_of(text: &str) -> Option<(String, bool)> {
    let (host, port) = if let Ok(bare) = text.parse::<Ipv6Addr>() {
        // An IPv6 address is often written without brackets, which a URL needs.
        (format!("[{bare}]"), "")
    } else if let Some(inner) = text.strip_prefix('[') {
        let (address, port) = inner.split_once(']')?;
        (format!("[{}]", address.parse::<Ipv6Addr>().ok()?), port)
    } else {
        let end = text.find(':').unwrap_or(text.len());
        let (host, port) = text.split_at_checked(end)?;
        let valid = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
        (!host.is_empty() && host.chars().all(valid)).then(|| (host.to_ascii_lowercase(), port))?
    };
    if !port.is_empty() {
        port.strip_prefix(':')?.parse::<u16>().ok().filter(|port| *port > 0)?;
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_local = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    Some((format!("{host}{port}"), is_local))
}

fn required(form: &EndpointProperties, name: &str) -> Result<String> {
    text(form, name)?.ok_or_else(|| invalid(name, "missing; fill it in"))
}

/// Returns a value of the form, without white space around it.
fn text(form: &EndpointProperties, name: &str) -> Result<Option<String>> {
    let text =
        form.get(name).map_err(|error| Error::new(ErrorKind::Config, Operation::Configure, error.to_string()))?;
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

fn invalid(field: &str, problem: &str) -> Error {
    // The value is not shown: a password may have been typed into the wrong field.
    Error::new(ErrorKind::Config, Operation::Configure, format!("endpointProperties.{field}: {problem}"))
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use ipam_core::registry::ProviderUrl;
    use serde_json::{Value, json};

    fn url(form: Value) -> Result<String> {
        of_form(&serde_json::from_value(form).unwrap())
    }

    fn of_host(host: &str) -> Result<String> {
        url(json!({"hostName": host, "apiAppId": "vra"}))
    }

    #[test]
    fn a_host_is_read_in_every_form_in_which_people_write_it() {
        for (host, wanted) in [
            ("ipam.example.test", "phpipam+https://ipam.example.test/vra"),
            ("  IPAM.example.test/ ", "phpipam+https://ipam.example.test/vra"),
            ("HTTPS://ipam.example.test", "phpipam+https://ipam.example.test/vra"),
            ("https://ipam.example.test:8443/", "phpipam+https://ipam.example.test:8443/vra"),
            ("ipam.example.test/phpipam", "phpipam+https://ipam.example.test/phpipam/vra"),
            ("ipam.example.test/a/b//api/", "phpipam+https://ipam.example.test/a/b/vra"),
            ("https://ipam.example.test/api/vra/", "phpipam+https://ipam.example.test/vra"),
            ("ipam.example.test/n\u{e4}tz", "phpipam+https://ipam.example.test/n%C3%A4tz/vra"),
            ("192.0.2.7:8443", "phpipam+https://192.0.2.7:8443/vra"),
            ("2001:db8::7", "phpipam+https://[2001:db8::7]/vra"),
            ("[2001:db8::7]:8443/ipam", "phpipam+https://[2001:db8::7]:8443/ipam/vra"),
            ("http://127.0.0.1:8080", "phpipam+http://127.0.0.1:8080/vra"),
            ("http://[::1]:8080", "phpipam+http://[::1]:8080/vra"),
            ("http://localhost", "phpipam+http://localhost/vra"),
        ] {
            let read = of_host(host).unwrap();
            assert_eq!(read, wanted, "{host}");
            ProviderUrl::parse(&read).unwrap();
        }
    }

    #[test]
    fn what_is_no_host_is_refused_by_its_field_and_not_shown() {
        for (host, problem) in [
            ("ftp://s3cret.test", "scheme is not https"),
            ("http://s3cret.test", "plain HTTP"),
            ("https://", "not a host"),
            ("user:s3cret@ipam.test", "not a host"),
            ("s3cret.test:99999", "not a host"),
            ("s3cret.test:0", "not a host"),
            ("s3cret.test:", "not a host"),
            ("[2001:db8::1", "not a host"),
            ("[s3cret]", "not a host"),
            ("s3cret host", "not a host"),
            ("s3cret.test?x=1", "not a host"),
            ("ipam.test/a?s3cret=1", "its path"),
            ("ipam.test/a b", "its path"),
        ] {
            let error = of_host(host).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            let error = error.to_string();
            assert!(error.contains(&format!("endpointProperties.hostName: {problem}")) || error.contains(problem));
            assert!(error.contains("endpointProperties.hostName: ") && !error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn fields_are_options_with_their_special_characters_escaped() {
        let form = json!({
            "hostName": "h", "apiAppId": "my app/1", "authType": "code", "sections": "Customers,#7 & more",
            "addressTag": "Used", "reservedTags": "A,B", "markField": "custom_mark", "rangeMarkField": "custom_range",
            "blockField": "custom_on demand", "blockValue": "1",
        });
        let read = url(form).unwrap();
        assert!(read.starts_with("phpipam+https://h/my%20app%2F1?auth=code&section=Customers%2C%237%20%26%20more"));
        let read = ProviderUrl::parse(&read).unwrap();
        let options: Vec<(&str, &str)> = read.options().collect();
        assert_eq!(
            options,
            [
                ("auth", "code"),
                ("section", "Customers,#7 & more"),
                ("tag", "Used"),
                ("reserved_tags", "A,B"),
                ("mark", "custom_mark"),
                ("range_mark", "custom_range"),
                ("block.custom_on demand", "1"),
            ]
        );
        for (kind, wanted) in [("USER", "auth=user"), ("username", "auth=user"), ("token", "auth=code")] {
            let form = json!({"hostName": "h", "apiAppId": "a", "authType": kind});
            assert!(url(form).unwrap().ends_with(wanted), "{kind}");
        }
    }

    #[test]
    fn what_is_missing_or_belongs_to_another_plug_in_is_named() {
        let full = || json!({"hostName": "h", "apiAppId": "a"});
        let with = |name: &str, value: &str| {
            let mut form = full();
            form[name] = json!(value);
            url(form)
        };
        assert!(url(json!({})).unwrap_err().to_string().contains("apiAppId: missing"));
        assert!(with("hostName", "  ").unwrap_err().to_string().contains("hostName: missing"));
        assert!(with("authType", "s3cret").unwrap_err().to_string().contains("authType: write user or code"));
        assert!(with("blockField", "a").unwrap_err().to_string().contains("blockValue: missing"));
        assert!(with("blockValue", "a").unwrap_err().to_string().contains("blockField: missing"));
        for (field, remedy) in FOREIGN {
            let error = with(field, "s3cret").unwrap_err().to_string();
            assert!(error.contains(&format!("endpointProperties.{field}: ")) && error.contains(remedy), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
            assert!(with(field, "").is_ok());
        }
        let mut form = full();
        form["sections"] = json!(["a"]);
        assert!(url(form).unwrap_err().to_string().contains("endpointProperties.sections"));
    }
}
