//! Settings of the IaaS service.

use crate::call::Call;
use crate::lenient::model;
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
        self.json(ApiRequest::get("/iaas/api/configuration-properties/{name}", &[name]))
    }
}
