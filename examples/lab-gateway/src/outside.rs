//! Interface to the outside, and its address.

use std::net::Ipv4Addr;

use nix::ifaddrs::getifaddrs;

/// Failure to find the address of an interface.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutsideError {
    /// The interfaces cannot be listed.
    #[error("the network interfaces cannot be listed: {0}")]
    List(String),
    /// The interface does not exist or has no IPv4 address.
    #[error(
        "the interface {0:?} has no IPv4 address; check outside.interface, or set outside.address to the one that clients use"
    )]
    NoAddress(String),
}

/// Returns the first IPv4 address of an interface.
///
/// ```
/// assert_eq!(lab_gateway::outside::address_of("lo")?.to_string(), "127.0.0.1");
/// # Ok::<(), lab_gateway::outside::OutsideError>(())
/// ```
///
/// # Errors
/// [`OutsideError::NoAddress`] if there is none, [`OutsideError::List`] if the system does not list its interfaces.
pub fn address_of(interface: &str) -> Result<Ipv4Addr, OutsideError> {
    let interfaces = getifaddrs().map_err(|error| OutsideError::List(error.to_string()))?;
    interfaces
        .filter(|entry| entry.interface_name == interface)
        .find_map(|entry| entry.address?.as_sockaddr_in().map(nix::sys::socket::SockaddrIn::ip))
        .ok_or_else(|| OutsideError::NoAddress(interface.to_owned()))
}
