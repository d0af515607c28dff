//! Catalog service and the helpers of its calls.

use std::sync::Arc;

use super::request::SubmittedRequest;
use crate::call::Call;
use crate::error::Error;
use crate::list::{Link, List, Row};
use crate::request::ApiRequest;
use crate::transport::local_path;
use crate::v7::Client;

impl Client {
    /// What can be requested, requests, and what came of them.
    #[must_use]
    pub fn catalog(&self) -> Catalog<'_> {
        Catalog { client: self }
    }
}

/// The catalog service: `/catalog-service/api`.
#[derive(Debug, Clone, Copy)]
pub struct Catalog<'a> {
    pub(super) client: &'a Client,
}

impl Catalog<'_> {
    pub(super) fn json<T: serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> Call<T> {
        Call::json(&self.client.backend, request)
    }

    pub(super) fn list<T: Row + serde::de::DeserializeOwned + Send + 'static>(self, request: ApiRequest) -> List<T> {
        List::new(&self.client.backend, request)
    }

    pub(super) fn submitted(self, request: ApiRequest) -> Call<SubmittedRequest> {
        Call::new(Arc::clone(&self.client.backend), request, |reply| SubmittedRequest::read(&reply))
    }

    pub(super) fn local(self, link: &Link) -> Result<String, Error> {
        let href = link.href.as_deref().unwrap_or_default();
        local_path("catalog link", href, self.client.session.transport.origin())
    }
}
