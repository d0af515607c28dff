//! Runs an action by its name, on JSON inputs.

use ipam_core::{ErrorKind, IpamProvider};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Action, ActionError, ValidateEndpointOutput, actions, wire};

/// Plug-in over a provider: runs all eight actions.
///
/// The [module's documentation](super) has an example; each type of inputs has one of its action.
#[derive(Debug, Clone)]
pub struct Plugin<P> {
    provider: P,
}

impl<P: IpamProvider> Plugin<P> {
    /// Creates a plug-in over `provider`.
    pub const fn new(provider: P) -> Self {
        Self { provider }
    }

    /// Returns the provider.
    pub const fn provider(&self) -> &P {
        &self.provider
    }

    /// Returns true if the provider has the capability that the action needs.
    ///
    /// A plug-in's package has to leave out the actions that are not supported; see the
    /// [module's documentation](super#program-and-package). Running one of them all the same fails with kind `Unsupported`.
    ///
    /// ```
    /// use ipam_core::MemoryProvider;
    /// use vra_client::plugin::{Action, Plugin};
    ///
    /// let plugin = Plugin::new(MemoryProvider::new());
    /// assert!(Action::ALL.into_iter().all(|action| plugin.supports(action)));
    /// ```
    #[must_use]
    pub fn supports(&self, action: Action) -> bool {
        let can = self.provider.capabilities();
        match action {
            // Every provider has the methods behind these four; they are the mandatory actions of a package.
            Action::ValidateEndpoint | Action::GetIpRanges | Action::AllocateIp | Action::DeallocateIp => true,
            Action::UpdateRecord => can.update,
            Action::GetIpBlocks => can.blocks,
            Action::AllocateIpRange | Action::DeallocateIpRange => can.allocate_ranges,
        }
    }

    /// Runs an action on its inputs, the JSON that vRA sends, and returns the JSON that vRA expects.
    ///
    /// Every action may be run again with the same inputs, also after its response was lost.
    ///
    /// # Errors
    /// An [`ActionError`] if a member of the inputs is missing or cannot be read as its type, or if the provider fails. An
    /// untrusted certificate in ValidateEndpoint is not an error but a response; see
    /// [`ValidateEndpointOutput::Untrusted`].
    pub async fn run(&self, action: Action, inputs: &Value) -> Result<Value, ActionError> {
        let provider = &self.provider;
        match action {
            Action::ValidateEndpoint => to_json(actions::validate_endpoint(provider, read(inputs)?).await?),
            Action::GetIpRanges => to_json(actions::get_ip_ranges(provider, read_with_endpoint(inputs)?).await?),
            Action::GetIpBlocks => to_json(actions::get_ip_blocks(provider, read_with_endpoint(inputs)?).await?),
            Action::AllocateIp => to_json(actions::allocate_ip(provider, read_for_resource(inputs)?).await?),
            Action::DeallocateIp => to_json(actions::deallocate_ip(provider, read_for_resource(inputs)?).await?),
            Action::UpdateRecord => to_json(actions::update_record(provider, read_for_resource(inputs)?).await?),
            Action::AllocateIpRange => to_json(actions::allocate_ip_range(provider, read_for_resource(inputs)?).await?),
            Action::DeallocateIpRange => {
                to_json(actions::deallocate_ip_range(provider, read_for_resource(inputs)?).await?)
            }
        }
    }

    /// Returns the response of an action whose provider could not be opened.
    ///
    /// It is the certificate that vRA shows to the administrator, if the action is ValidateEndpoint and the error has kind
    /// `Untrusted` and carries the certificate chain. [`Host::run`](super::host::Host::run) calls this.
    ///
    /// ```
    /// use ipam_core::{CertificateChain, Error, ErrorKind, MemoryProvider, Operation};
    /// use vra_client::plugin::{Action, Plugin};
    ///
    /// let chain = CertificateChain::from_pem("-----BEGIN CERTIFICATE-----");
    /// let error = Error::new(ErrorKind::Untrusted, Operation::Open, "self-signed").with_certificates(chain);
    /// let outputs = Plugin::<MemoryProvider>::respond_to_open_error(Action::ValidateEndpoint, error)?;
    /// assert_eq!(outputs["error"]["errorCode"], "3002");
    /// # Ok::<(), vra_client::plugin::ActionError>(())
    /// ```
    ///
    /// # Errors
    /// The error as an [`ActionError`], in every other case.
    pub fn respond_to_open_error(action: Action, error: ipam_core::Error) -> Result<Value, ActionError> {
        // The contract has a response with a certificate for this one action only.
        if action == Action::ValidateEndpoint && error.kind() == ErrorKind::Untrusted {
            let output: ValidateEndpointOutput = actions::refused(error)?;
            return to_json(output);
        }
        Err(error.into())
    }
}

/// Reads the inputs of an action, or names the member that is wrong.
fn read<T: DeserializeOwned>(inputs: &Value) -> Result<T, ActionError> {
    // Serde would accept a list for a struct, field by field. vRA never sends one, so it is a mistake of the caller.
    if !inputs.is_object() {
        let problem = format!("expected an object, found {}", wire::kind(inputs));
        return Err(ActionError::input("inputs", &problem));
    }
    wire::read(inputs).map_err(|(path, problem)| {
        ActionError::new(match path.strip_prefix('.') {
            Some(member) => wire::joined(member, &problem),
            None => wire::joined("inputs", &problem),
        })
    })
}

/// Reads the inputs of an action that needs its endpoint.
fn read_with_endpoint<T: DeserializeOwned>(inputs: &Value) -> Result<T, ActionError> {
    // Wrong types first: those messages name the member that is wrong.
    let read = read(inputs)?;
    // Absent means that the provider was opened otherwise. Null was meant to be something, and reading it as an empty form
    // would list and allocate without the administrator's filter.
    match inputs.get("endpoint") {
        Some(Value::Null) => Err(ActionError::input("endpoint", &"null; give the endpoint, an object")),
        _ => Ok(read),
    }
}

/// Reads the inputs of an action that is run for a resource.
fn read_for_resource<T: DeserializeOwned>(inputs: &Value) -> Result<T, ActionError> {
    let read = read_with_endpoint(inputs)?;
    // Named here: the action itself only sees that the id inside is missing.
    let needed = "it names the resource that the action is run for";
    match inputs.get("resourceInfo") {
        None => Err(ActionError::missing("resourceInfo", needed)),
        Some(Value::Null) => Err(ActionError::input("resourceInfo", &format_args!("null; {needed}"))),
        Some(_) => Ok(read),
    }
}

/// Writes the outputs of an action as JSON.
fn to_json<T: Serialize>(output: T) -> Result<Value, ActionError> {
    serde_json::to_value(output)
        .map_err(|error| ActionError::new(format!("the response cannot be written as JSON: {error}")))
}
