//! Settings of the IaaS service.

use crate::call::Call;
use crate::lenient::{Extra, model, model_impl};
use crate::request::ApiRequest;
use crate::v8::Client;

/// Name of the setting for the minutes after which a released address is free again. The server's default is 30.
pub const RELEASE_PERIOD_MINUTES: &str = "RELEASE_IPADDRESS_PERIOD_MINUTES";

model! {
    /// Setting of the IaaS service.
    pub struct ConfigurationProperty {
        /// Name.
        key: String = "key";
        /// Value, a text.
        value: String = "value";
    }
}

/// Response of the call that reads a setting.
#[derive(Debug, Clone, Default)]
struct Settings {
    content: Option<Vec<ConfigurationProperty>>,
    key: Option<String>,
    value: Option<String>,
    extra: Extra,
}

model_impl! { Settings {
    content: Vec<ConfigurationProperty> = "content"; key: String = "key"; value: String = "value";
} }

impl Settings {
    /// Returns the setting with this name, from either form of the response.
    fn named(self, name: &str) -> ConfigurationProperty {
        let named = |row: &ConfigurationProperty| row.key.as_deref() == Some(name);
        // The description of the API has a list with one row here, where all other calls return the object itself.
        match self.content {
            Some(rows) => rows.into_iter().find(named).unwrap_or_default(),
            None => ConfigurationProperty { key: self.key, value: self.value, extra: self.extra },
        }
    }
}

impl Client {
    /// Reads a setting of the IaaS service, such as [`RELEASE_PERIOD_MINUTES`]. Evidence: described (9).
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// let call = client.configuration_property(vra_client::v8::RELEASE_PERIOD_MINUTES);
    /// assert_eq!(call.request().path(), "/iaas/api/configuration-properties/RELEASE_IPADDRESS_PERIOD_MINUTES");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn configuration_property(&self, name: &str) -> Call<ConfigurationProperty> {
        let request = ApiRequest::get("/iaas/api/configuration-properties/{name}", &[name]);
        let name = name.to_owned();
        self.json::<Settings>(request).map(move |read| Ok(read.named(&name)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_setting_is_read_from_an_object_and_from_a_list() {
        let read = |body| serde_json::from_value::<Settings>(body).unwrap().named(RELEASE_PERIOD_MINUTES);
        let row = json!({"key": RELEASE_PERIOD_MINUTES, "value": 30, "later": true});
        let other = json!({"key": "SESSION_TIMEOUT_DURATION_MINUTES", "value": "60"});
        for body in [row.clone(), json!({"content": [other.clone(), row], "totalElements": 2})] {
            let found = read(body);
            assert_eq!((found.value.as_deref(), found.extra.get("later")), (Some("30"), Some(&true.into())));
        }
        assert_eq!(read(json!({"content": [other]})), ConfigurationProperty::default());
    }
}
