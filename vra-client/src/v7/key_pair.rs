//! Key pairs, which machines of Amazon are reached with.

use std::borrow::Cow;

use secrecy::SecretString;

use super::{Client, List, Row};
use crate::call::{Call, Created};
use crate::lenient::{JsonObject, model, request_body};
use crate::request::ApiRequest;

model! {
    /// A key pair.
    pub struct KeyPair {
        /// `KeyPair`.
        type_name: String = "@type";
        /// The id; a number, unlike other ids.
        id: i64 = "id";
        /// The name.
        name: String = "name";
        /// The compute resource that it belongs to.
        compute_resource_id: String = "computeResourceId";
        /// The private key, in Base64; often empty.
        secret_key: SecretString = "secretKey";
    }
}

impl Row for KeyPair {
    fn row_id(&self) -> Option<Cow<'_, str>> {
        self.id.map(|id| Cow::Owned(id.to_string()))
    }
}

request_body! {
    /// A key pair to be made.
    pub struct KeyPairBody {
        /// The private key, in Base64; empty, unless set.
        with_secret_key: SecretString = "secretKey";
    }
}

impl KeyPairBody {
    /// A key pair of a compute resource, by its name there.
    #[must_use]
    pub fn new(name: impl Into<String>, compute_resource_id: impl Into<String>) -> Self {
        Self { body: JsonObject::new() }
            .with_member("name", name.into())
            .with_member("computeResourceId", compute_resource_id.into())
            .with_secret_key("")
    }
}

impl Client {
    /// Key pairs.
    #[must_use]
    pub fn key_pairs(&self) -> KeyPairs<'_> {
        KeyPairs { client: self }
    }
}

/// The key pairs of the IaaS proxy: `/iaas-proxy-provider/api/keyPairs`.
#[derive(Debug, Clone, Copy)]
pub struct KeyPairs<'a> {
    client: &'a Client,
}

impl KeyPairs<'_> {
    /// The key pairs. Evidence: documented (7.5).
    pub fn list(self) -> List<KeyPair> {
        List::new(&self.client.backend, ApiRequest::get("/iaas-proxy-provider/api/keyPairs", &[]))
    }

    /// One key pair. Evidence: documented (6.2).
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

    /// Makes a key pair. Evidence: documented (7.5).
    pub fn create(self, body: KeyPairBody) -> Call<Created> {
        Call::created(&self.client.backend, ApiRequest::post("/iaas-proxy-provider/api/keyPairs", &[]).json(body))
    }

    /// Changes a key pair that was read. Evidence: documented call (7.5).
    pub fn update(self, key_pair: KeyPair) -> Call<()> {
        let id = key_pair.id.map(|id| id.to_string()).unwrap_or_default();
        let request = ApiRequest::put("/iaas-proxy-provider/api/keyPairs/{keyPair}", &[&id]).json(key_pair);
        Call::done(&self.client.backend, request)
    }

    /// Deletes a key pair. Evidence: documented call (7.5).
    pub fn delete(self, id: i64) -> Call<()> {
        let request = ApiRequest::delete("/iaas-proxy-provider/api/keyPairs/{keyPair}", &[&id.to_string()]);
        Call::done(&self.client.backend, request)
    }
}
