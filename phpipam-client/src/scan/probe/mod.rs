//! Probes: ways to ask a network which hosts are up.

mod icmp;
mod neighbours;
mod nmap;
mod probes;
mod route;
mod sockets;
mod target;

pub use neighbours::NeighbourProbe;
pub use nmap::{NmapMissing, NmapProbe, NmapSockets};
pub use probes::Probes;
pub use sockets::{EchoSocket, SocketProbe};
pub use target::{ProbeTarget, TargetError};

use async_trait::async_trait;

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
