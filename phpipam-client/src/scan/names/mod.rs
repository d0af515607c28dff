//! Look-up of host names.

#[cfg(feature = "scan-agent-dns")]
mod dns;

#[cfg(feature = "scan-agent-dns")]
pub use dns::DnsLookup;

use std::net::IpAddr;

use async_trait::async_trait;

/// Look-up of the PTR record of an address.
#[async_trait]
pub trait ReverseLookup: std::fmt::Debug + Send + Sync {
    /// Returns the name of the PTR record; `None` if there is none, or if no server replied in time.
    ///
    /// `servers` are the name servers of the subnet; none for those of the system.
    async fn name(&self, address: IpAddr, servers: &[IpAddr]) -> Option<String>;
}

/// Look-up that finds no name, for scans without DNS.
///
/// ```
/// use phpipam_client::scan::{NoNames, ReverseLookup};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// assert_eq!(NoNames.name("192.0.2.5".parse()?, &[]).await, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNames;

#[async_trait]
impl ReverseLookup for NoNames {
    async fn name(&self, _address: IpAddr, _servers: &[IpAddr]) -> Option<String> {
        None
    }
}
