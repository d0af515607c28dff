//! Fields of other plug-ins' forms that change which addresses are given, and that this plug-in does not have.

use crate::plugin::{ActionError, EndpointProperties};

/// Flags that are refused when they are true, with what to do instead.
const FLAGS: [(&str, &str); 4] = [
    (
        "pingAllocatedAddress",
        "addresses are not pinged; mark those in use as reserved in the IPAM, and remove this field",
    ),
    ("checkAddressPtr", "DNS is not asked; mark addresses in use as reserved in the IPAM, and remove this field"),
    ("reserve_ips", "no addresses are set aside; mark them as reserved in the IPAM, and remove this field"),
    (
        "ignoreSslWarning",
        "a certificate is never ignored; remove this field, and accept the certificate that vRA shows on validation",
    ),
];

/// Refuses a field that another plug-in has and that is not supported.
///
/// # Errors
/// An error that names the field and the remedy.
pub(super) fn refuse(form: &EndpointProperties) -> Result<(), ActionError> {
    for (name, remedy) in FLAGS {
        // Ignored, machines would get other addresses than the administrator of the form expects, without a message.
        if form.flag(name)? {
            return Err(ActionError::input(&format!("endpointProperties.{name}"), &remedy));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_flag_of_another_plug_in_is_refused_where_it_is_set() {
        for (name, _) in FLAGS {
            let form = |value: &str| {
                let free = json!([{"prop_key": name, "prop_value": value}]).to_string();
                serde_json::from_value::<EndpointProperties>(json!({"properties": free})).unwrap()
            };
            let error = refuse(&form("true")).unwrap_err().to_string();
            assert!(error.starts_with(&format!("endpointProperties.{name}: ")) && error.contains("remove"), "{error}");
            refuse(&form("false")).unwrap();
        }
    }
}
