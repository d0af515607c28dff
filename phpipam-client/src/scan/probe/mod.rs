//! Probes: ways to ask a network which hosts are up.

use std::collections::BTreeSet;
use std::net::IpAddr;

use async_trait::async_trait;
use ipnet::IpNet;

use super::Observation;

/// Way to find out which addresses of a prefix reply.
///
/// Dropping the future of [`probe`](Self::probe) ends the probing: no process and no socket is left behind.
///
/// ```
/// use async_trait::async_trait;
/// use phpipam_client::scan::{Coverage, Observation, Probe, ProbeTarget};
///
/// /// Probe of a network in which no host is up.
/// #[derive(Debug)]
/// struct Quiet;
///
/// #[async_trait]
/// impl Probe for Quiet {
///     fn name(&self) -> &str {
///         "quiet"
///     }
///
///     async fn probe(&self, target: &ProbeTarget) -> Observation {
///         Observation::new(target.net, Coverage::Whole, [])
///     }
/// }
/// ```
#[async_trait]
pub trait Probe: std::fmt::Debug + Send + Sync {
    /// Name for progress and reports, such as `nmap`.
    fn name(&self) -> &str;

    /// Asks the addresses of the target.
    ///
    /// A failure is an observation too, an [incomplete](super::Coverage::Incomplete) one: what was found until then counts,
    /// and silence does not.
    async fn probe(&self, target: &ProbeTarget) -> Observation;
}

/// Addresses for a [`Probe`].
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
}

impl ProbeTarget {
    /// Target of all addresses of a prefix.
    #[must_use]
    pub const fn whole(net: IpNet) -> Self {
        Self { net, only: None }
    }

    /// Target of these addresses of a prefix. Addresses outside it are left out.
    pub fn addresses(net: IpNet, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        Self { net, only: Some(addresses.into_iter().filter(|address| net.contains(address)).collect()) }
    }
}
