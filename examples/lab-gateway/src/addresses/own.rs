//! Addresses of the gateway itself.

use std::net::Ipv4Addr;

use super::AddressError;

/// Addresses of the gateway itself. A port map to one of them would open what listens there to the outside.
///
/// ```
/// use lab_gateway::addresses::OwnAddresses;
///
/// assert!(OwnAddresses::Machine.contains([127, 0, 0, 1].into())?);
/// assert!(!OwnAddresses::None.contains([127, 0, 0, 1].into())?);
/// # Ok::<(), lab_gateway::addresses::AddressError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OwnAddresses {
    /// None are known.
    #[default]
    None,
    /// Those of all interfaces of this machine, at the time of the question.
    Machine,
    /// These.
    These(Vec<Ipv4Addr>),
}

impl OwnAddresses {
    /// Returns true if the address is one of them.
    ///
    /// # Errors
    /// [`AddressError::OwnUnknown`] if the system does not tell.
    pub fn contains(&self, address: Ipv4Addr) -> Result<bool, AddressError> {
        match self {
            Self::None => Ok(false),
            Self::These(own) => Ok(own.contains(&address)),
            Self::Machine => {
                let all = nix::ifaddrs::getifaddrs().map_err(|errno| AddressError::OwnUnknown(errno.to_string()))?;
                let mut own = all.filter_map(|entry| Some(entry.address?.as_sockaddr_in()?.ip()));
                Ok(own.any(|own| own == address))
            }
        }
    }
}
