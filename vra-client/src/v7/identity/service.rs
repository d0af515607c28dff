//! Identity service and the helpers of its calls.

use crate::call::{Call, Created};
use crate::list::{List, Row};
use crate::request::ApiRequest;
use crate::v7::Client;

impl Client {
    /// Tokens, tenants, identity stores, principals, roles and business groups.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        Identity { client: self }
    }
}

/// The identity service: `/identity/api`.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    pub(super) client: &'a Client,
}

impl Identity<'_> {
    pub(super) fn json<T: serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> Call<T> {
        Call::json(&self.client.backend, request)
    }

    pub(super) fn done(self, request: ApiRequest) -> Call<()> {
        Call::done(&self.client.backend, request)
    }

    pub(super) fn created(self, request: ApiRequest) -> Call<Created> {
        Call::created(&self.client.backend, request)
    }

    pub(super) fn list<T: Row + serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> List<T> {
        List::new(&self.client.backend, request)
    }
}
