//! Address that the name is to have.

use std::net::Ipv4Addr;

use super::DdnsError;

/// Source of the gateway's address, asked on each look.
///
/// ```
/// use lab_gateway::ddns::AddressSource;
///
/// let fixed = AddressSource::Fixed("192.0.2.7".parse().unwrap());
/// assert_eq!(fixed.address().unwrap().to_string(), "192.0.2.7");
/// assert!(AddressSource::Interface("no-such-interface".to_owned()).address().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressSource {
    /// Always this one, such as the address of a router in front of the gateway.
    Fixed(Ipv4Addr),
    /// First IPv4 address of a network interface that is neither of the loopback nor link-local.
    Interface(String),
}

impl AddressSource {
    /// Returns the present address.
    ///
    /// # Errors
    /// [`DdnsError::NoAddress`] if the interface does not exist, or has no address yet.
    pub fn address(&self) -> Result<Ipv4Addr, DdnsError> {
        match self {
            Self::Fixed(address) => Ok(*address),
            Self::Interface(interface) => of_interface(interface),
        }
    }
}

fn of_interface(interface: &str) -> Result<Ipv4Addr, DdnsError> {
    let fault = |reason: String| DdnsError::NoAddress { interface: interface.to_owned(), reason };
    let all = nix::ifaddrs::getifaddrs().map_err(|errno| fault(errno.to_string()))?;
    let mut known = false;
    for entry in all.filter(|entry| entry.interface_name == interface) {
        known = true;
        let address = entry.address.and_then(|address| address.as_sockaddr_in().map(nix::sys::socket::SockaddrIn::ip));
        if let Some(address) = address.filter(|address| !address.is_loopback() && !address.is_link_local()) {
            return Ok(address);
        }
    }
    Err(fault(if known {
        "it has no IPv4 address yet; see that it is up and configured".to_owned()
    } else {
        "there is no such interface; see `ip link`".to_owned()
    }))
}
