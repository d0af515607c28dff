//! From an action's name and inputs to its outputs.

use ipam_core::{ErrorKind, IpamProvider};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Action, ActionError, ValidateEndpointOutput, actions, wire};

/// A plug-in on a provider: all eight actions.
///
/// See the [module's documentation](super) for an example.
#[derive(Debug, Clone)]
pub struct Plugin<P> {
    provider: P,
}

impl<P: IpamProvider> Plugin<P> {
    /// A plug-in on `provider`.
    pub const fn new(provider: P) -> Self {
        Self { provider }
    }

    /// The provider.
    pub const fn provider(&self) -> &P {
        &self.provider
    }

    /// Whether the provider can do what the action needs. Actions it cannot do are left out of a package.
    #[must_use]
    pub fn supports(&self, action: Action) -> bool {
        let can = self.provider.capabilities();
        match action {
            Action::ValidateEndpoint | Action::GetIpRanges | Action::AllocateIp | Action::DeallocateIp => true,
            Action::UpdateRecord => can.update,
            Action::GetIpBlocks => can.blocks,
            Action::AllocateIpRange | Action::DeallocateIpRange => can.allocate_ranges,
        }
    }

    /// Runs an action on its inputs, the JSON that vRA gives, and answers the JSON that vRA expects.
    ///
    /// # Errors
    /// A [`ActionError`], to be raised: a member of the inputs that is missing or cannot be what it should be, or what the
    /// provider refused. An untrusted certificate in ValidateEndpoint is answered and not raised.
    pub async fn run(&self, action: Action, inputs: &Value) -> Result<Value, ActionError> {
        let provider = &self.provider;
        match action {
            Action::ValidateEndpoint => to_json(actions::validate_endpoint(provider, read(inputs)?).await?),
            Action::GetIpRanges => to_json(actions::get_ip_ranges(provider, read(inputs)?).await?),
            Action::GetIpBlocks => to_json(actions::get_ip_blocks(provider, read(inputs)?).await?),
            Action::AllocateIp => to_json(actions::allocate_ip(provider, read(inputs)?).await?),
            Action::DeallocateIp => to_json(actions::deallocate_ip(provider, read(inputs)?).await?),
            Action::UpdateRecord => to_json(actions::update_record(provider, read(inputs)?).await?),
            Action::AllocateIpRange => to_json(actions::allocate_ip_range(provider, read(inputs)?).await?),
            Action::DeallocateIpRange => to_json(actions::deallocate_ip_range(provider, read(inputs)?).await?),
        }
    }

    /// What to answer when there is no provider, because connecting to the IPAM failed: the certificate to be accepted
    /// if it is not trusted and the action is ValidateEndpoint.
    ///
    /// # Errors
    /// The error as a [`ActionError`], to be raised, in every other case.
    pub fn respond_to_open_error(action: Action, error: ipam_core::Error) -> Result<Value, ActionError> {
        if action == Action::ValidateEndpoint && error.kind() == ErrorKind::Untrusted {
            let output: ValidateEndpointOutput = actions::refused(error)?;
            return to_json(output);
        }
        Err(error.into())
    }
}

fn read<T: DeserializeOwned>(inputs: &Value) -> Result<T, ActionError> {
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

fn to_json<T: Serialize>(output: T) -> Result<Value, ActionError> {
    serde_json::to_value(output)
        .map_err(|error| ActionError::new(format!("the answer cannot be written as JSON: {error}")))
}
