//! ValidateEndpoint: checks the connection to the IPAM, the credentials and the form.

use ipam_core::{ErrorKind, IpamProvider};
use serde::{Deserialize, Serialize};

use super::form_check;
use crate::plugin::{ActionError, EndpointProperties, Members, Settings, wire};

/// Error code on which vRA shows the certificate to the administrator and asks to trust it.
const UNTRUSTED_CERTIFICATE: &str = "3002";

/// Inputs of ValidateEndpoint. Unlike those of the other actions, they have no member `endpoint` around the form.
///
/// The action checks the connection, the credentials and their permissions, and then the form: every property and the address
/// space that it names has to be that of some range (or block, for the filter of blocks), unless there is none at all.
///
/// ```
/// use ipam_core::MemoryProvider;
/// use serde_json::json;
/// use vra_client::plugin::{Action, Plugin};
///
/// # futures_executor::block_on(async {
/// let plugin = Plugin::new(MemoryProvider::new());
/// let inputs = json!({
///     "authCredentialsLink": "/core/auth/credentials/c",
///     "endpointProperties": {"hostName": "ipam.example.test", "enableFilter": "false"},
/// });
/// let outputs = plugin.run(Action::ValidateEndpoint, &inputs).await.unwrap();
/// assert_eq!(outputs, json!({"message": "Validated successfully", "statusCode": "200"}));
/// # });
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ValidateEndpointInput {
    /// Path in vRA's API from which a plug-in fetches the credentials.
    #[serde(default, deserialize_with = "wire::text", skip_serializing_if = "Option::is_none")]
    pub auth_credentials_link: Option<String>,
    /// Form that the administrator filled in.
    #[serde(default, deserialize_with = "wire::model")]
    pub endpoint_properties: EndpointProperties,
    /// Members that have no field here.
    #[serde(flatten)]
    pub extra: Members,
}

/// Outputs of ValidateEndpoint. [`ValidateEndpointInput`] has an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", untagged)]
#[non_exhaustive]
pub enum ValidateEndpointOutput {
    /// The IPAM is reachable, and the credentials have the permissions needed.
    #[non_exhaustive]
    Validated {
        /// Sentence that the contract prescribes: `Validated successfully`.
        message: String,
        /// Status that the contract prescribes: `"200"`, a string.
        #[serde(rename = "statusCode")]
        status_code: String,
    },
    /// The certificate is not trusted. vRA shows it to the administrator. Once accepted, it comes with the form of every later
    /// action, as [`EndpointProperties::certificate`].
    #[non_exhaustive]
    Untrusted {
        /// Certificates that the server presented.
        #[serde(rename = "certificateInfo")]
        certificate_info: CertificateInfo,
        /// Error with the code 3002.
        error: ErrorObject,
    },
}

/// Certificate chain that a server presented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CertificateInfo {
    /// Chain as PEM, in the order that the server sent.
    pub certificate: String,
}

/// Error as a part of the outputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ErrorObject {
    /// Code that vRA acts on: `3002`. vRA shows `certificateInfo` to the administrator and asks whether to trust it.
    pub error_code: String,
    /// Sentence for the administrator.
    pub error_message: String,
}

/// Runs ValidateEndpoint.
pub(in crate::plugin) async fn validate_endpoint<P: IpamProvider + ?Sized>(
    provider: &P,
    input: ValidateEndpointInput,
) -> Result<ValidateEndpointOutput, ActionError> {
    // A filter that cannot be read would fail every listing later, out of the administrator's sight.
    let settings = Settings::read(&input.endpoint_properties)?;
    if let Err(error) = provider.check().await {
        return refused(error);
    }
    // Once the IPAM is known to respond, so that a mistake in the form is not taken for one of the connection.
    form_check::check(provider, &settings).await?;
    Ok(ValidateEndpointOutput::Validated {
        message: "Validated successfully".to_owned(),
        status_code: "200".to_owned(),
    })
}

/// Returns the response for an endpoint that cannot be used: the certificate to accept, or the error.
pub(in crate::plugin) fn refused(error: ipam_core::Error) -> Result<ValidateEndpointOutput, ActionError> {
    // Of an error vRA shows the message only. This response makes it show the chain and offer to trust it.
    match (error.kind(), error.certificates()) {
        (ErrorKind::Untrusted, Some(chain)) => {
            let error_message = format!(
                "The IPAM's certificate is not trusted; compare it with the one on the IPAM, and accept it to trust exactly \
                 this one: {error}"
            );
            Ok(ValidateEndpointOutput::Untrusted {
                certificate_info: CertificateInfo { certificate: chain.as_pem().to_owned() },
                error: ErrorObject { error_code: UNTRUSTED_CERTIFICATE.to_owned(), error_message },
            })
        }
        _ => Err(error.into()),
    }
}
