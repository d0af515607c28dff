//! Values of custom fields in the endpoint's form.

use ipam_core::Properties;

use crate::plugin::{ActionError, EndpointProperties};

/// Returns the values of custom fields in the list `list` and in the properties that start with `prefix`. Of two values for
/// one field, the one in its own property takes precedence.
pub(super) fn read(form: &EndpointProperties, list: &str, prefix: &str) -> Result<Properties, ActionError> {
    let mut fields = Properties::new();
    let text = form.get(list)?.unwrap_or_default();
    for (index, entry) in text.split([';', '\n']).map(str::trim).filter(|entry| !entry.is_empty()).enumerate() {
        let parts = entry.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
        let Some((name, value)) = parts.filter(|(name, value)| !name.is_empty() && !value.is_empty()) else {
            // The entry is named by its position and not shown: a password may have been typed into the wrong field.
            let problem = format!("entry {} is not NAME=VALUE; separate entries by semicolons", index + 1);
            return Err(ActionError::input(&format!("endpointProperties.{list}"), &problem));
        };
        fields.insert(name.to_owned(), value.to_owned());
    }
    fields.extend(form.starting_with(prefix)?);
    Ok(fields)
}
