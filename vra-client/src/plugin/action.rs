//! Names of the eight actions.

use std::fmt;
use std::str::FromStr;

/// Action of the contract.
///
/// | action | purpose | example |
/// | --- | --- | --- |
/// | ValidateEndpoint | checks the connection and the credentials | [`ValidateEndpointInput`](super::ValidateEndpointInput) |
/// | GetIPRanges | lists the ranges | [`GetIpRangesInput`](super::GetIpRangesInput) |
/// | AllocateIP | allocates addresses of a machine | [`AllocateIpInput`](super::AllocateIpInput) |
/// | DeallocateIP | deallocates addresses of a machine | [`DeallocateIpInput`](super::DeallocateIpInput) |
/// | Update | records MAC addresses and the host name | [`UpdateRecordInput`](super::UpdateRecordInput) |
/// | GetIPBlocks | lists the blocks | [`GetIpBlocksOutput`](super::GetIpBlocksOutput) |
/// | AllocateIPRange | allocates a network in a block | [`AllocateIpRangeInput`](super::AllocateIpRangeInput) |
/// | DeallocateIPRange | deallocates such a network | [`DeallocateIpRangeInput`](super::DeallocateIpRangeInput) |
///
/// ```
/// use vra_client::plugin::Action;
///
/// assert_eq!(Action::GetIpRanges.name(), "GetIPRanges");
/// assert_eq!("get-ip-ranges".parse(), Ok(Action::GetIpRanges));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Checks that the endpoint is reachable and that its credentials are accepted and have the permissions needed.
    ValidateEndpoint,
    /// Lists the ranges that addresses are allocated from. vRA runs it about every ten minutes for each endpoint.
    GetIpRanges,
    /// Lists the blocks that on-demand networks are allocated in. Optional.
    GetIpBlocks,
    /// Allocates the addresses of a machine.
    AllocateIp,
    /// Deallocates addresses of a machine.
    DeallocateIp,
    /// Records the MAC addresses and the host name of a machine after it was provisioned. Optional.
    UpdateRecord,
    /// Allocates an on-demand network: a child prefix of a block. Optional.
    AllocateIpRange,
    /// Deallocates an on-demand network. Optional.
    DeallocateIpRange,
}

impl Action {
    /// All eight actions, in the order of the contract.
    pub const ALL: [Self; 8] = [
        Self::ValidateEndpoint,
        Self::GetIpRanges,
        Self::AllocateIp,
        Self::DeallocateIp,
        Self::UpdateRecord,
        Self::GetIpBlocks,
        Self::AllocateIpRange,
        Self::DeallocateIpRange,
    ];

    /// Returns the name in vRA's package, such as `GetIPRanges`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ValidateEndpoint => "ValidateEndpoint",
            Self::GetIpRanges => "GetIPRanges",
            Self::GetIpBlocks => "GetIPBlocks",
            Self::AllocateIp => "AllocateIP",
            Self::DeallocateIp => "DeallocateIP",
            // The package calls this one action differently from the contract's text, which says UpdateRecord.
            Self::UpdateRecord => "Update",
            Self::AllocateIpRange => "AllocateIPRange",
            Self::DeallocateIpRange => "DeallocateIPRange",
        }
    }

    /// Returns the name on a command line, such as `get-ip-ranges`.
    #[must_use]
    pub const fn command(self) -> &'static str {
        match self {
            Self::ValidateEndpoint => "validate-endpoint",
            Self::GetIpRanges => "get-ip-ranges",
            Self::GetIpBlocks => "get-ip-blocks",
            Self::AllocateIp => "allocate-ip",
            Self::DeallocateIp => "deallocate-ip",
            Self::UpdateRecord => "update-record",
            Self::AllocateIpRange => "allocate-ip-range",
            Self::DeallocateIpRange => "deallocate-ip-range",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Error for a text that is the name of no action.
///
/// ```
/// use vra_client::plugin::Action;
///
/// let error = "allocate".parse::<Action>().unwrap_err();
/// assert!(error.to_string().starts_with("there is no action \"allocate\"; choose one of"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no action {0:?}; choose one of validate-endpoint, get-ip-ranges, get-ip-blocks, allocate-ip, \
         deallocate-ip, update-record, allocate-ip-range, deallocate-ip-range"
)]
pub struct UnknownAction(String);

impl FromStr for Action {
    type Err = UnknownAction;

    /// Reads the name in the package or on the command line, or `UpdateRecord`. Letter case, `-` and `_` do not matter.
    ///
    /// # Errors
    /// [`UnknownAction`], which shows the first 40 characters of the text.
    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        // Scripts and administrators write the names in every spelling; no two actions differ only in it.
        let plain = |text: &str| text.replace(['-', '_'], "").to_ascii_lowercase();
        let wanted = plain(text);
        Self::ALL
            .into_iter()
            .find(|action| plain(action.name()) == wanted || plain(action.command()) == wanted)
            // A caller may pass the wrong argument, such as a whole document; the message stays one line.
            .ok_or_else(|| UnknownAction(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_found_by_both_of_its_names() {
        for action in Action::ALL {
            assert_eq!(action.name().parse(), Ok(action));
            assert_eq!(action.command().parse(), Ok(action));
        }
        assert_eq!("UpdateRecord".parse(), Ok(Action::UpdateRecord));
        assert!("allocate".parse::<Action>().is_err());
    }
}
