//! Failures with addresses.

use std::net::Ipv4Addr;

use ipam_core::ErrorKind;
use ipnet::Ipv4Net;

/// Failure with an address of the lab.
///
/// ```
/// use lab_gateway::addresses::AddressError;
///
/// let error = AddressError::Outside { address: [192, 0, 2, 1].into() };
/// assert!(error.to_string().contains("192.0.2.1"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// No range of the lab has the address.
    #[error("{address} lies in no range of the lab; map an address of lab.networks")]
    Outside {
        /// Address.
        address: Ipv4Addr,
    },
    /// The address cannot be allocated: it is allocated, reserved, quarantined, or that of a gateway.
    #[error("{address} cannot be allocated: {reason}")]
    Taken {
        /// Address.
        address: Ipv4Addr,
        /// Reason, as the provider gave it.
        reason: String,
    },
    /// The provider refuses the request: it has no such address to give, or does not take the name.
    #[error("the address provider refuses {address} for a machine of this name: {reason}")]
    Refused {
        /// Address.
        address: Ipv4Addr,
        /// Reason, as the provider gave it.
        reason: String,
    },
    /// The address is one of the gateway itself.
    #[error("{address} is an address of the gateway itself; map a machine of the lab")]
    Own {
        /// Address.
        address: Ipv4Addr,
    },
    /// The addresses of the gateway itself cannot be read.
    #[error("the addresses of the gateway's interfaces cannot be read: {0}")]
    OwnUnknown(String),
    /// The lab has more addresses than are listed.
    #[error("the lab has more than {most} allocated addresses; ask for one by addr")]
    TooMany {
        /// Largest number.
        most: usize,
    },
    /// The provider has no range in a network of the settings.
    #[error("lab.networks has {net}, where the provider has no range; make one there, or correct the network")]
    NoRange {
        /// Network.
        net: Ipv4Net,
    },
    /// Several address spaces of the provider have a network of the settings.
    #[error("lab.networks has {net}, which the address spaces {spaces} have; set lab.space to one of them")]
    Spaces {
        /// Network.
        net: Ipv4Net,
        /// Address spaces.
        spaces: String,
    },
    /// The provider could not be opened a moment ago, and is not tried again yet.
    #[error("the address provider cannot be opened: {0}")]
    Unopened(String),
    /// The provider failed.
    #[error("the address provider failed: {0}")]
    Provider(#[from] ipam_core::Error),
}

impl AddressError {
    /// Makes the error of a failed allocation of exactly this address.
    pub(super) fn of_exact(address: Ipv4Addr, error: ipam_core::Error) -> Self {
        match error.kind() {
            ErrorKind::Conflict => Self::Taken { address, reason: error.message().to_owned() },
            ErrorKind::InvalidInput => Self::Refused { address, reason: error.message().to_owned() },
            _ => Self::Provider(error),
        }
    }
}
