//! Scan agent: finds the hosts of subnets, and keeps the IPAM's records in line with the network.
//!
//! The steps are separate, and the data flows one way:
//!
//! 1. The *plan* names the subnets that are assigned to the agent, and the addresses that the IPAM knows of each.
//! 2. A *probe* asks the network; an [`Observation`] says which addresses were asked and which [`Host`]s replied.
//! 3. [`reconcile()`] compares both, by a [`Policy`], and returns the [`Change`]s. It is a pure function.
//! 4. The changes are applied, and a [`Report`] tells what was done.
//!
//! [`Agent`] does all of it over phpIPAM's API. [`Relay`] does the last two for a scanner that cannot reach phpIPAM and sends
//! a [`RelayReport`]; [`ProviderScan`] does them for any other provider.
//!
//! # Times
//! phpIPAM's times have no offset, and this host's clock may be wrong. All times are therefore brought to the server's
//! clock, by the header `Date` of its responses, and to its zone ([`ServerZone`]) when they are written.

mod agent;
mod apply;
mod error;
mod host;
mod hostname;
mod known;
mod names;
mod observe;
mod own;
mod plan;
mod policy;
mod probe;
mod progress;
mod provider;
mod reconcile;
mod records;
mod relay;
mod report;
#[cfg(test)]
mod tests;
mod zone;

pub use agent::{Agent, AgentBuilder};
pub use error::ScanError;
pub use host::{Coverage, Evidence, Host, Observation};
pub use hostname::host_name;
pub use known::{KnownHost, Presence};
#[cfg(feature = "scan-agent-dns")]
pub use names::DnsLookup;
pub use names::{NoNames, ReverseLookup};
pub use observe::{NmapError, read_nmap_xml};
pub use plan::{Plan, PlanCache, PlanNote, PlannedSubnet};
pub use policy::{HostnameRule, Policy};
pub use probe::{
    EchoSocket, NeighbourProbe, NmapMissing, NmapProbe, NmapSockets, Probe, ProbeTarget, Probes, SocketProbe,
    TargetError,
};
pub use progress::{Event, Progress};
pub use provider::{ProviderReport, ProviderScan};
pub use reconcile::{Change, ChangeCounts, Reconciliation, Withheld, reconcile};
pub use relay::{Delivery, Relay, RelayBuilder, RelayError, RelayHost, RelayReport, RelayScan};
pub use report::{Action, Counts, PlannedChange, Report, Status, SubnetReport};
pub use zone::ServerZone;
