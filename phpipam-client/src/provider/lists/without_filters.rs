//! Reads that 1.3 does not have, done with those that it has: it knows neither filters of these lists nor overlapping
//! subnets nor all addresses (Q69). Its lists are longer, and addresses are read subnet by subnet.

use ipnet::IpNet;

use crate::error::{Error, Result};
use crate::models::{Address, Subnet};
use crate::provider::inner::Inner;
use crate::query::Filter;

impl Inner {
    /// Returns the subnets that overlap a network, of all sections.
    pub(crate) async fn overlapping(&self, net: IpNet) -> Result<Vec<Subnet>> {
        let overlaps = |other: IpNet| net.contains(&other) || other.contains(&net);
        match self.read(|| async { self.client.subnets().find_overlapping(net).await }).await {
            Err(error) if is_unknown_call(&error) => {
                let mut rows = self.read(|| async { self.client.subnets().list().await }).await?;
                rows.retain(|row| !row.is_folder && row.network().is_some_and(overlaps));
                Ok(rows)
            }
            rows => rows,
        }
    }

    /// Returns the subnets that match a filter, as `matches` says it again.
    pub(crate) async fn filtered_subnets(
        &self,
        filter: &Filter,
        matches: impl Fn(&Subnet) -> bool + Send,
    ) -> Result<Vec<Subnet>> {
        match self.read(|| async { self.client.subnets().list_filtered(filter).await }).await {
            Err(error) if is_unknown_call(&error) => {
                let mut rows = self.read(|| async { self.client.subnets().list().await }).await?;
                rows.retain(matches);
                Ok(rows)
            }
            rows => rows,
        }
    }

    /// Returns the addresses that match a filter, as `matches` says it again. 1.3 finds those in the served sections.
    pub(crate) async fn filtered_addresses(
        &self,
        filter: &Filter,
        matches: impl Fn(&Address) -> bool + Send + Sync,
    ) -> Result<Vec<Address>> {
        match self.read(|| async { self.client.addresses().list_filtered(filter).await }).await {
            Err(error) if is_unknown_call(&error) => {
                let snapshot = self.subnets_snapshot().await?;
                self.addresses_in_parts(&snapshot, &mut |row| matches(&row).then_some(row)).await
            }
            rows => rows,
        }
    }
}

/// Returns true if the version does not know the call or its filter. 1.3 takes the words after the controller for an id.
pub(crate) fn is_unknown_call(error: &Error) -> bool {
    let refusal = error.refusal();
    error.kind() == ipam_core::ErrorKind::Unsupported
        || refusal.is_some_and(|refusal| refusal.status == 400 && refusal.message == "Invalid Id")
}
