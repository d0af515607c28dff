//! Integrations: other systems that the server uses, such as an IPAM.

use secrecy::SecretString;
use serde_json::{Value, json};

use super::common::{Tag, iaas_object, named};
use super::request_tracker::RequestTracker;
use crate::call::Call;
use crate::error::Error;
use crate::lenient::{IntoJson, JsonObject, request_body};
use crate::list::{List, rows};
use crate::odata::Filter;
use crate::request::ApiRequest;
use crate::v8::Client;

/// Member of a body with the properties of the kind of integration.
const PROPERTIES: &str = "integrationProperties";

iaas_object! {
    /// Integration of another system.
    pub struct Integration {
        /// Id.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Kind, in lower case: `ipam`, `vro`, `ansible`, `com.github.saas` and others.
        integration_type: String = "integrationType";
        /// Properties of the kind. Passwords are not returned.
        integration_properties: JsonObject = "integrationProperties";
        /// Properties.
        custom_properties: JsonObject = "customProperties";
        /// Tags.
        tags: Vec<Tag> = "tags";
    }
}

request_body! {
    /// Body of the calls that create and change an integration. Only the members that were set are sent.
    ///
    /// ```
    /// use vra_client::v8::IntegrationBody;
    ///
    /// let body = IntegrationBody::ipam("phpipam", "fcd5764f", "ipam.example")
    ///     .with_credentials("admin", "hunter2")
    ///     .with_ipam_fields([("appId", "vra"), ("port", "443")]);
    /// let fields = body.as_json().at(&["integrationProperties", "properties"]);
    /// // The fields of the plug-in's form are JSON inside a text.
    /// let expected = r#"[{"prop_key":"appId","prop_value":"vra"},{"prop_key":"port","prop_value":"443"}]"#;
    /// assert_eq!(fields, Some(&expected.into()));
    /// assert!(!format!("{body:?}").contains("hunter2"));
    /// ```
    pub struct IntegrationBody {
        /// Sets the name; for [`Integrations::update`].
        with_name: String = "name";
        /// Sets the description.
        with_description: String = "description";
        /// Sets the properties of the kind, in place of those that were set before.
        with_properties: JsonObject = "integrationProperties";
        /// Sets the cloud accounts that use the integration, by their ids.
        with_cloud_accounts: Vec<String> = "associatedCloudAccountIds";
        /// Sets the certificate that the server accepts: an object with the member `certificate`.
        with_certificate: JsonObject = "certificateInfo";
        /// Sets properties.
        with_custom_properties: JsonObject = "customProperties";
        /// Sets the tags.
        with_tags: Vec<Tag> = "tags";
    }
}

impl IntegrationBody {
    /// Makes a body of a kind with its properties, which the call that creates requires.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: impl Into<String>, properties: JsonObject) -> Self {
        let mut body = JsonObject::new();
        body.insert("name".to_owned(), name.into().into());
        body.insert("integrationType".to_owned(), kind.into().into());
        body.insert(PROPERTIES.to_owned(), properties.into());
        Self { body }
    }

    /// Makes a body that changes nothing yet, for [`Integrations::update`].
    #[must_use]
    pub fn changes() -> Self {
        Self { body: JsonObject::new() }
    }

    /// Makes a body of an IPAM: the id of the imported package's provider, and the host that its plug-in is to reach.
    #[must_use]
    pub fn ipam(name: impl Into<String>, provider_id: impl Into<String>, host: impl Into<String>) -> Self {
        let mut properties = JsonObject::new();
        properties.insert("providerId".to_owned(), provider_id.into().into());
        properties.insert("hostName".to_owned(), host.into().into());
        // The plug-in runs in the server itself rather than in a cloud proxy, and the integration is saved.
        properties.insert("dcId".to_owned(), "onprem".into());
        properties.insert("isMockRequest".to_owned(), "false".into());
        let mut body = Self::new(name, "ipam", properties);
        body.body.insert("customProperties".to_owned(), json!({"isExternal": "true"}));
        body
    }

    /// Sets user and password. They are sent twice, as the product's own client does: in the body and among the
    /// properties of the kind.
    #[must_use]
    pub fn with_credentials(mut self, user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        let (user, password) = (Value::from(user.into()), password.into().into_json());
        self.set_property("privateKeyId", user.clone());
        self.set_property("privateKey", password.clone());
        self.body.insert("privateKeyId".to_owned(), user);
        self.body.insert("privateKey".to_owned(), password);
        self
    }

    /// Sets the fields of the IPAM plug-in's form: names and values.
    #[must_use]
    pub fn with_ipam_fields<K: Into<String>, V: Into<String>>(
        mut self,
        fields: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let fields = fields.into_iter().map(|(key, value)| {
            let (key, value) = (key.into(), value.into());
            json!({"prop_key": key, "prop_value": value})
        });
        self.set_property("properties", Value::from(Value::from_iter(fields).to_string()));
        self
    }

    /// Sets the id of the endpoint in the action service that runs the plug-in.
    #[must_use]
    pub fn with_ipam_endpoint(mut self, id: impl Into<String>) -> Self {
        self.set_property("faasProviderEndpointId", id.into().into());
        self
    }

    /// Sets one property of the kind.
    #[must_use]
    pub fn with_property(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set_property(&name.into(), value.into());
        self
    }

    fn set_property(&mut self, name: &str, value: Value) {
        let mut properties = match self.body.remove(PROPERTIES) {
            Some(Value::Object(properties)) => properties,
            _ => serde_json::Map::new(),
        };
        properties.insert(name.to_owned(), value);
        self.body.insert(PROPERTIES.to_owned(), Value::Object(properties));
    }
}

rows!(Integration.id);

impl Client {
    /// Returns the integrations.
    #[must_use]
    pub fn integrations(&self) -> Integrations<'_> {
        Integrations { client: self }
    }
}

/// Integrations of the IaaS service, `/iaas/api/integrations`.
///
/// ```
/// # async fn run(client: vra_client::v8::Client) -> Result<(), vra_client::Error> {
/// use vra_client::{poll::Wait, v8::IntegrationBody};
///
/// let body = IntegrationBody::ipam("phpipam", "fcd5764f", "ipam.example").with_credentials("vra", "…");
/// let tracker = client.integrations().create(body).await?;
/// let done = client.request_trackers().wait_for(tracker, &Wait::default()).await?;
/// println!("created {:?}", done.resource_ids());
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Integrations<'a> {
    client: &'a Client,
}

impl Integrations<'_> {
    /// Lists the integrations. Evidence: described (8.10).
    pub fn list(self) -> List<Integration> {
        self.client.counted_list(ApiRequest::get("/iaas/api/integrations", &[]))
    }

    /// Lists the integrations of IPAMs. Evidence: described (8.10).
    pub fn list_ipam(self) -> List<Integration> {
        self.list().with_filter(Filter::eq("integrationType", "ipam"))
    }

    /// Reads an integration. Evidence: described (8.10).
    pub fn get(self, id: &str) -> Call<Integration> {
        self.client.json(ApiRequest::get("/iaas/api/integrations/{integration}", &[id]))
    }

    /// Finds the integration with this name. Evidence: described (8.10).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no integration has the name; [`Error::Ambiguous`] if several have; otherwise the
    /// [errors of a list](List#errors).
    pub async fn named(self, name: &str) -> Result<Integration, Error> {
        named(self.list(), "integration", name, |row| row.name.as_deref()).await
    }

    /// Creates an integration. The tracker says when it is there, and has its path. Evidence: sent (8.11).
    pub fn create(self, body: IntegrationBody) -> Call<RequestTracker> {
        self.client.json(ApiRequest::post("/iaas/api/integrations", &[]).json(body))
    }

    /// Checks an integration without saving it: the server reaches its host and logs in. Evidence: described (8.10).
    pub fn validate(self, body: IntegrationBody) -> Call<RequestTracker> {
        let request = ApiRequest::post("/iaas/api/integrations", &[]).with_query("validateOnly", "true");
        self.client.json(request.json(body))
    }

    /// Changes an integration. Evidence: described (8.10).
    pub fn update(self, id: &str, body: IntegrationBody) -> Call<RequestTracker> {
        self.client.json(ApiRequest::patch("/iaas/api/integrations/{integration}", &[id]).json(body))
    }

    /// Deletes an integration. Without a tracker, which comes with status 204, it is deleted already. Evidence: described
    /// (8.10).
    ///
    /// [`None`] of an empty response with another status says only that the server accepted the call: read the
    /// integration again then.
    pub fn delete(self, id: &str) -> Call<Option<RequestTracker>> {
        self.client.maybe(ApiRequest::delete("/iaas/api/integrations/{integration}", &[id]))
    }
}
