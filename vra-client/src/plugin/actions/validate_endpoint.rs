//! ValidateEndpoint: can the IPAM be reached, and may we?

use ipam_core::{ErrorKind, IpamProvider};
use serde::{Deserialize, Serialize};

use crate::plugin::{ActionError, EndpointProperties, Members, Settings, wire};

/// The error code that makes vRA show the certificate and ask whether to trust it.
const UNTRUSTED_CERTIFICATE: &str = "3002";

/// What ValidateEndpoint gets. There is no `endpoint` around it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ValidateEndpointInput {
    /// Where vRA keeps the credentials.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub auth_credentials_link: Option<String>,
    /// The form the administrator filled in.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint_properties: EndpointProperties,
    /// What else vRA sent.
    #[serde(flatten)]
    pub extra: Members,
}

/// What ValidateEndpoint answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", untagged)]
#[non_exhaustive]
pub enum ValidateEndpointOutput {
    /// All is well.
    #[non_exhaustive]
    Validated {
        /// A sentence for the administrator.
        message: String,
        /// `"200"`.
        #[serde(rename = "statusCode")]
        status_code: String,
    },
    /// The certificate is not trusted: vRA shows it, asks, and sends it with every later call once it is accepted.
    #[non_exhaustive]
    Untrusted {
        /// The certificate.
        #[serde(rename = "certificateInfo")]
        certificate_info: CertificateInfo,
        /// Error 3002.
        error: ErrorObject,
    },
}

/// The certificates a server presented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CertificateInfo {
    /// The chain as PEM, as the server sent it.
    pub certificate: String,
}

/// An error that is answered and not raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ErrorObject {
    /// The code vRA acts on.
    pub error_code: String,
    /// A sentence for the administrator.
    pub error_message: String,
}

pub(in crate::plugin) async fn validate_endpoint<P: IpamProvider + ?Sized>(
    provider: &P,
    input: ValidateEndpointInput,
) -> Result<ValidateEndpointOutput, ActionError> {
    // A filter that cannot be read would fail every listing later; the administrator should hear of it now.
    Settings::read(&input.endpoint_properties)?;
    match provider.check().await {
        Ok(_) => Ok(ValidateEndpointOutput::Validated {
            message: "Validated successfully".to_owned(),
            status_code: "200".to_owned(),
        }),
        Err(error) => refused(error),
    }
}

/// The answer to an end point that cannot be used: the certificate to be accepted if that is what is wrong.
pub(in crate::plugin) fn refused(error: ipam_core::Error) -> Result<ValidateEndpointOutput, ActionError> {
    match (error.kind(), error.certificates()) {
        (ErrorKind::Untrusted, Some(chain)) => Ok(ValidateEndpointOutput::Untrusted {
            certificate_info: CertificateInfo { certificate: chain.as_pem().to_owned() },
            error: ErrorObject { error_code: UNTRUSTED_CERTIFICATE.to_owned(), error_message: error.to_string() },
        }),
        _ => Err(error.into()),
    }
}
