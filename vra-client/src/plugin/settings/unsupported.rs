//! Fields of other plug-ins' forms that change which addresses are given, and that this plug-in does not have.

use crate::plugin::{ActionError, EndpointProperties};

/// Remedy for a field that ignores certificates.
const CERTIFICATE: &str =
    "a certificate is never ignored; remove this field, and accept the certificate that vRA shows on validation";
/// Remedy for another name of the DNS domain.
const DOMAIN: &str = "not a field of this plug-in; write the DNS domain in dnsDomain, and remove this field";

/// Flags that are refused when they have this value, with what to do instead.
const FLAGS: [(&str, bool, &str); 7] = [
    (
        "pingAllocatedAddress",
        true,
        "addresses are not pinged; mark those in use as reserved in the IPAM, and remove this field",
    ),
    ("checkAddressPtr", true, "DNS is not asked; mark addresses in use as reserved in the IPAM, and remove this field"),
    ("reserve_ips", true, "no addresses are set aside; mark them as reserved in the IPAM, and remove this field"),
    ("ignoreSslWarning", true, CERTIFICATE),
    ("ignoreSsl", true, CERTIFICATE),
    ("ssl_verify", false, CERTIFICATE),
    ("isPool", true, "write isPool in filterField and 1 in filterValue, switch enableFilter on, and remove this field"),
];

/// Texts that are refused, with what to do instead.
const TEXTS: [(&str, &str); 2] = [("domain", DOMAIN), ("dnsSuffix", DOMAIN)];

/// Refuses a field that another plug-in has and that is not supported, and a free property that contradicts a field.
///
/// # Errors
/// An error that names the field and the remedy.
pub(super) fn refuse(form: &EndpointProperties) -> Result<(), ActionError> {
    let refused = |name: &str, remedy: &str| ActionError::input(&format!("endpointProperties.{name}"), &remedy);
    for (name, value, remedy) in FLAGS {
        // Ignored, machines would get other addresses than the administrator of the form expects, without a message.
        if form.get(name)?.is_some() && form.flag(name)? == value {
            return Err(refused(name, remedy));
        }
    }
    for (name, remedy) in TEXTS {
        if form.get(name)?.is_some() {
            return Err(refused(name, remedy));
        }
    }
    match form.contradicted()? {
        // The field would be used, and the property ignored.
        Some(name) => Err(refused(
            "properties",
            &format!("the property {name} differs from the field of this name; remove it from the properties"),
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_flag_of_another_plug_in_is_refused_where_it_is_set() {
        for (name, refused, _) in FLAGS {
            let form = |value: bool| {
                let free = json!([{"prop_key": name, "prop_value": value.to_string()}]).to_string();
                serde_json::from_value::<EndpointProperties>(json!({"properties": free})).unwrap()
            };
            let error = refuse(&form(refused)).unwrap_err().to_string();
            assert!(error.starts_with(&format!("endpointProperties.{name}: ")) && error.contains("remove"), "{error}");
            refuse(&form(!refused)).unwrap();
        }
    }

    #[test]
    fn another_name_of_the_domain_and_a_property_that_contradicts_a_field_are_refused() {
        let of = |form: serde_json::Value| refuse(&serde_json::from_value::<EndpointProperties>(form).unwrap());
        for (name, _) in TEXTS {
            let error = of(json!({name: "s3cret.test"})).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("endpointProperties.{name}: ")) && error.contains("dnsDomain"),
                "{error}"
            );
            assert!(!error.contains("s3cret"), "{error}");
            of(json!({name: ""})).unwrap();
        }
        let free = |value: &str| json!([{"prop_key": "hostName", "prop_value": value}]).to_string();
        let error = of(json!({"hostName": "a", "properties": free("s3cret")})).unwrap_err().to_string();
        assert!(error.starts_with("endpointProperties.properties: the property hostName differs"), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
        of(json!({"hostName": "a", "properties": free(" a ")})).unwrap();
        of(json!({"hostName": "", "properties": free("b")})).unwrap();
    }
}
