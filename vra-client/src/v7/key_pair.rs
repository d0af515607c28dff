//! Key pairs, which give access to machines of Amazon.

use std::borrow::Cow;

use secrecy::SecretString;

use super::{Client, List, Row};
use crate::call::{Call, Created};
use crate::lenient::{JsonObject, model, request_body};
use crate::request::ApiRequest;

model! {
    /// Key pair of a compute resource.
    pub struct KeyPair {
        // From the manual of 7.5. Its id is a number, unlike those of all other objects here.
        /// Type of the object in `@type`: `KeyPair`.
        type_name: String = "@type";
        /// Id, a number unlike other ids.
        id: i64 = "id";
        /// Name of the key pair at the compute resource.
        name: String = "name";
        /// Id of the compute resource, a UUID.
        compute_resource_id: String = "computeResourceId";
        /// Private key in Base64; servers often return an empty text in its place.
        secret_key: SecretString = "secretKey";
    }
}

impl Row for KeyPair {
    fn row_id(&self) -> Option<Cow<'_, str>> {
        self.id.map(|id| Cow::Owned(id.to_string()))
    }
}

request_body! {
    /// Body of the call that creates a key pair.
    ///
    /// ```
    /// use vra_client::v7::KeyPairBody;
    ///
    /// let body = KeyPairBody::new("web", "047e00f5").with_secret_key("LS0tLS1CRUdJTg==");
    /// assert_eq!(body.as_json()["name"], "web");
    /// assert!(!format!("{body:?}").contains("LS0t"));
    /// ```
    pub struct KeyPairBody {
        /// Sets the private key, in Base64. Default: an empty text.
        with_secret_key: SecretString = "secretKey";
    }
}

impl KeyPairBody {
    /// Makes a key pair of a compute resource, by its name there. Without a private key an empty text is sent for it.
    #[must_use]
    pub fn new(name: impl Into<String>, compute_resource_id: impl Into<String>) -> Self {
        Self { body: JsonObject::new() }
            .with_member("name", name.into())
            .with_member("computeResourceId", compute_resource_id.into())
            // The documented body has the member even without a key.
            .with_secret_key("")
    }
}

impl Client {
    /// Returns the key pairs of the IaaS service.
    #[must_use]
    pub fn key_pairs(&self) -> KeyPairs<'_> {
        KeyPairs { client: self }
    }
}

/// Key pairs of the IaaS service, `/iaas-proxy-provider/api/keyPairs`, which give access to machines of Amazon.
///
#[cfg_attr(feature = "testing", doc = "```")]
#[cfg_attr(not(feature = "testing"), doc = "```text")]
/// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = Server::builder().example_data().start().await?;
/// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
/// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
/// use vra_client::v7::KeyPairBody;
///
/// let id = client.key_pairs().create(KeyPairBody::new("web", "047e00f5")).await?.id.ok_or("no id")?;
/// let key_pair = client.key_pairs().get(id.parse()?).await?;
/// assert_eq!(key_pair.name.as_deref(), Some("web"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct KeyPairs<'a> {
    client: &'a Client,
}

impl KeyPairs<'_> {
    /// Lists the key pairs. Evidence: documented (7.5).
    pub fn list(self) -> List<KeyPair> {
        List::new(&self.client.backend, ApiRequest::get("/iaas-proxy-provider/api/keyPairs", &[]))
    }

    /// Reads one key pair. Evidence: documented (6.2).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// assert_eq!(client.key_pairs().get(26).request().path(), "/iaas-proxy-provider/api/keyPairs/26");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn get(self, id: i64) -> Call<KeyPair> {
        let request = ApiRequest::get("/iaas-proxy-provider/api/keyPairs/{keyPair}", &[&id.to_string()]);
        Call::json(&self.client.backend, request)
    }

    /// Creates a key pair. Evidence: documented (7.5).
    pub fn create(self, body: KeyPairBody) -> Call<Created> {
        Call::created(&self.client.backend, ApiRequest::post("/iaas-proxy-provider/api/keyPairs", &[]).json(body))
    }

    /// Replaces a key pair by one that was read and changed. Evidence: documented (7.5); the success code is not
    /// certain.
    ///
    /// Servers often return an empty `secret_key`. Whether sending it back empty deletes the stored key is not known.
    /// So set it to the real key, or to [`None`] to leave it out, before the update.
    pub fn update(self, key_pair: KeyPair) -> Call<()> {
        // Without an id the path would be that of the list; such a request is refused before it is sent.
        let id = key_pair.id.map(|id| id.to_string()).unwrap_or_default();
        let request = ApiRequest::put("/iaas-proxy-provider/api/keyPairs/{keyPair}", &[&id]).json(key_pair);
        Call::done(&self.client.backend, request)
    }

    /// Deletes a key pair. Evidence: documented (7.5); the success code is not certain.
    pub fn delete(self, id: i64) -> Call<()> {
        let request = ApiRequest::delete("/iaas-proxy-provider/api/keyPairs/{keyPair}", &[&id.to_string()]);
        Call::done(&self.client.backend, request)
    }
}
