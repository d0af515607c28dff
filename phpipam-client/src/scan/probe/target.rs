//! Addresses to ask.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

/// Largest number of addresses that one probe asks: those of an IPv4 /16.
pub(super) const MAX_ADDRESSES: usize = 1 << 16;

/// Addresses for a [`Probe`](super::Probe).
///
/// ```
/// use phpipam_client::scan::ProbeTarget;
///
/// let whole = ProbeTarget::whole("10.0.0.0/24".parse()?);
/// let known = ProbeTarget::addresses("2001:db8::/64".parse()?, ["2001:db8::5".parse()?]);
/// assert!(whole.only.is_none() && known.only.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProbeTarget {
    /// Prefix.
    pub net: IpNet,
    /// Addresses of the prefix to ask; `None` for all.
    pub only: Option<BTreeSet<IpAddr>>,
    /// Addresses that were up before. [`Probes`](super::Probes) asks these once more before they count as silent.
    pub known: BTreeSet<IpAddr>,
}

impl ProbeTarget {
    /// Target of all addresses of a prefix.
    #[must_use]
    pub const fn whole(net: IpNet) -> Self {
        Self { net, only: None, known: BTreeSet::new() }
    }

    /// Target of these addresses of a prefix. Addresses outside it are left out.
    pub fn addresses(net: IpNet, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        let only = addresses.into_iter().filter(|address| net.contains(address)).collect();
        Self { net, only: Some(only), known: BTreeSet::new() }
    }

    /// Sets the addresses that were up before. Those outside the prefix are left out.
    ///
    /// ```
    /// use phpipam_client::scan::ProbeTarget;
    ///
    /// let target = ProbeTarget::whole("10.0.0.0/24".parse()?).with_known(["10.0.0.5".parse()?, "10.9.9.9".parse()?]);
    /// assert_eq!(target.known.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_known(mut self, known: impl IntoIterator<Item = IpAddr>) -> Self {
        self.known = known.into_iter().filter(|address| self.net.contains(address)).collect();
        self
    }

    /// Checks that the target is small enough to ask each of its addresses.
    ///
    /// ```
    /// use phpipam_client::scan::{ProbeTarget, TargetError};
    ///
    /// let refused = ProbeTarget::whole("10.0.0.0/15".parse()?).check();
    /// assert!(matches!(refused, Err(TargetError::TooLarge { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`TargetError::TooLarge`] for more than 65 536 addresses, [`TargetError::Ipv6Sweep`] for all addresses of an IPv6
    /// prefix.
    pub fn check(&self) -> Result<(), TargetError> {
        let asked = match (&self.only, self.net) {
            (Some(only), _) => u128::try_from(only.len()).unwrap_or(u128::MAX),
            (None, IpNet::V6(_)) => return Err(TargetError::Ipv6Sweep { net: self.net }),
            (None, IpNet::V4(net)) => 1 << (32 - net.prefix_len()),
        };
        if asked > MAX_ADDRESSES as u128 {
            return Err(TargetError::TooLarge { net: self.net, addresses: asked });
        }
        Ok(())
    }

    /// Returns the addresses to ask: never those of the network and of broadcasts, unless they are listed.
    pub(super) fn asked(&self) -> Result<Vec<IpAddr>, TargetError> {
        self.check()?;
        Ok(match &self.only {
            Some(only) => only.iter().copied().collect(),
            None => self.net.hosts().collect(),
        })
    }
}

/// Refusal of a [`ProbeTarget`]. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The target has too many addresses.
    #[error("{net}: {addresses} addresses, more than 65536 (a /16), are not probed at once; divide the subnet")]
    TooLarge {
        /// Prefix.
        net: IpNet,
        /// Number of addresses.
        addresses: u128,
    },
    /// All addresses of an IPv6 prefix, which are too many to ask each.
    #[error("{net}: an IPv6 subnet is never swept; list the addresses to ask")]
    Ipv6Sweep {
        /// Prefix.
        net: IpNet,
    },
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn whole(net: &str) -> ProbeTarget {
        ProbeTarget::whole(net.parse().unwrap())
    }

    #[test]
    fn a_16_is_asked_and_a_15_or_an_ipv6_prefix_is_not() {
        assert_eq!(whole("10.0.0.0/16").asked().unwrap().len(), 65_534);
        let refused = whole("10.0.0.0/15").asked().unwrap_err();
        assert!(refused.to_string().contains("131072 addresses"), "{refused}");
        assert_eq!(
            whole("0.0.0.0/0").check(),
            Err(TargetError::TooLarge { net: "0.0.0.0/0".parse().unwrap(), addresses: 1 << 32 })
        );
        for net in ["2001:db8::/64", "2001:db8::/127", "::/0"] {
            assert!(matches!(whole(net).asked(), Err(TargetError::Ipv6Sweep { .. })), "{net}");
        }
    }

    #[test]
    fn a_list_is_asked_as_it_is_but_never_without_bound() {
        let net: IpNet = "10.0.0.0/8".parse().unwrap();
        let list = |count: u32| {
            ProbeTarget::addresses(
                net,
                (0..count).map(|index| IpAddr::V4(std::net::Ipv4Addr::from_bits((10 << 24) + index))),
            )
        };
        assert_eq!(list(65_536).asked().unwrap().len(), 65_536);
        assert!(matches!(list(65_537).asked(), Err(TargetError::TooLarge { addresses: 65_537, .. })));
        let listed = ProbeTarget::addresses("10.0.0.0/24".parse().unwrap(), ["10.0.0.0".parse().unwrap()]);
        assert_eq!(listed.asked().unwrap().len(), 1, "a list may name the address of the network");
    }

    #[test]
    fn small_prefixes_have_no_broadcast_address() {
        assert_eq!(whole("10.0.0.0/31").asked().unwrap().len(), 2);
        assert_eq!(whole("10.0.0.5/32").asked().unwrap().len(), 1);
        assert_eq!(whole("10.0.0.0/30").asked().unwrap().len(), 2);
    }
}
