//! The eight actions, by the names they go by.

use std::fmt;
use std::str::FromStr;

/// One of the eight actions of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Can the end point be reached, and may we?
    ValidateEndpoint,
    /// Which ranges are there? Asked about every ten minutes.
    GetIpRanges,
    /// Which blocks are there, to carve networks from?
    GetIpBlocks,
    /// Take addresses for a machine.
    AllocateIp,
    /// Give addresses of a machine back.
    DeallocateIp,
    /// Note what is known of a machine after it was made.
    UpdateRecord,
    /// Carve a network from a block.
    AllocateIpRange,
    /// Give a carved network back.
    DeallocateIpRange,
}

impl Action {
    /// All of them, in the order of the contract.
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

    /// The name in vRA's package, such as `GetIPRanges`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ValidateEndpoint => "ValidateEndpoint",
            Self::GetIpRanges => "GetIPRanges",
            Self::GetIpBlocks => "GetIPBlocks",
            Self::AllocateIp => "AllocateIP",
            Self::DeallocateIp => "DeallocateIP",
            Self::UpdateRecord => "Update",
            Self::AllocateIpRange => "AllocateIPRange",
            Self::DeallocateIpRange => "DeallocateIPRange",
        }
    }

    /// The name on a command line, such as `get-ip-ranges`.
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

/// There is no such action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no action {0:?}; choose one of validate-endpoint, get-ip-ranges, get-ip-blocks, allocate-ip, \
         deallocate-ip, update-record, allocate-ip-range, deallocate-ip-range"
)]
pub struct UnknownAction(String);

impl FromStr for Action {
    type Err = UnknownAction;

    /// Reads either form, in capitals or not; `UpdateRecord` too.
    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        let plain = |text: &str| text.replace(['-', '_'], "").to_ascii_lowercase();
        let wanted = plain(text);
        Self::ALL
            .into_iter()
            .find(|action| plain(action.name()) == wanted || plain(action.command()) == wanted)
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
