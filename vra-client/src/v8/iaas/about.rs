//! Versions of the IaaS API.

use crate::call::Call;
use crate::lenient::{Timestamp, model};
use crate::request::ApiRequest;
use crate::v8::Client;

model! {
    /// Versions of the IaaS API of a server.
    pub struct About {
        /// Latest version.
        latest_api_version: String = "latestApiVersion";
        /// All versions.
        supported_apis: Vec<ApiDescription> = "supportedApis";
    }
}

model! {
    /// Version of an API.
    pub struct ApiDescription {
        /// Version, a date.
        api_version: String = "apiVersion";
        /// Path of the documentation.
        documentation_link: String = "documentationLink";
        /// End of the version, if it is planned.
        deprecation_policy: DeprecationPolicy = "deprecationPolicy";
    }
}

model! {
    /// Planned end of a version of an API.
    pub struct DeprecationPolicy {
        /// Time from which the version is deprecated.
        deprecated_at: Timestamp = "deprecatedAt";
        /// Time from which the version is not served.
        expires_at: Timestamp = "expiresAt";
        /// Reason.
        description: String = "description";
    }
}

impl Client {
    /// Reads the versions of the IaaS API. Evidence: described (8.10).
    pub fn about(&self) -> Call<About> {
        self.json(ApiRequest::get("/iaas/api/about", &[]))
    }
}
