//! Addresses of a range that have a record at the server.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::{
    Allocation, AllocationId, AllocationState, Error, ErrorKind, Operation, Owner, Range, RangeId, Result,
};

use super::inner::{Inner, failed};
use super::mark::Mark;
use super::snapshot::PAGE;
use crate::call::last_segment;
use crate::v8::{AllocationType, IpAddressStatus, NetworkIpAddress};

/// Number of ranges that are read at the same time.
const CONCURRENT: usize = 8;

/// State of an address that has a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Allocated through the API, or by a user of the console.
    ByUser,
    /// Allocated for a machine, by its path if the server names it.
    ForMachine(Option<String>),
    /// Released; it cannot be allocated yet.
    Released,
    /// In use by something that the server does not know.
    Unregistered,
}

/// Address that has a record.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) address: IpAddr,
    pub(super) state: State,
    pub(super) mark: Option<Mark>,
    created: Option<SystemTime>,
}

impl Record {
    /// Reads a row. [`None`] for an address that is free.
    fn read(row: NetworkIpAddress) -> Option<Self> {
        let state = match row.ip_address_status {
            Some(IpAddressStatus::Available) => return None,
            Some(IpAddressStatus::Released) => State::Released,
            Some(IpAddressStatus::Unregistered) => State::Unregistered,
            // A state that is not known may be a use of the address, so it counts as one.
            _ => match row.ip_allocation_type {
                Some(AllocationType::User) => State::ByUser,
                _ => State::ForMachine(row.connected_resource().map(str::to_owned)),
            },
        };
        let address = row.ip_address.as_deref()?.trim().parse().ok()?;
        Some(Self {
            address,
            mark: row.description.as_deref().and_then(Mark::read),
            created: row.created_at.as_ref().and_then(|day| day.time().ok()),
            id: row.id.unwrap_or_default(),
            state,
        })
    }

    /// Returns true if the other record is of the same allocation.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let claim = |record: &Self| record.mark.as_ref().map(|mark| mark.claim.clone());
        self.address == other.address && self.state == other.state && claim(self) == claim(other)
    }

    /// Returns the mark of an address that is allocated.
    pub(super) fn live_mark(&self) -> Option<&Mark> {
        self.mark.as_ref().filter(|_| self.state == State::ByUser)
    }

    /// Converts to the allocation, or to the quarantine of a released address.
    pub(super) fn allocation(&self, range: &Range) -> Allocation {
        let mark = self.live_mark();
        // A record may be used again for its address, so the claim is a part of the id.
        let part = mark.map_or(self.id.as_str(), |mark| mark.claim.as_str());
        let id = format!("{}/{}/{part}", range.id, self.address);
        let mut allocation = Allocation::new(id, range.space.clone(), range.id.clone(), self.address);
        if let Some(mark) = mark {
            allocation.key = Some(mark.key.clone());
            allocation.owner = Some(mark.owner.clone());
            allocation.labels = mark.labels();
            allocation.created = Some(mark.started());
            return allocation;
        }
        allocation.created = self.created;
        match &self.state {
            // A quarantined address has no owner any more.
            State::Released => allocation.state = AllocationState::Quarantined,
            State::ForMachine(Some(path)) => allocation.owner = last_segment(path).map(Owner::from),
            _ => {}
        }
        allocation
    }
}

/// Splits the id of an allocation into range and address.
pub(super) fn place(id: &AllocationId) -> Option<(RangeId, IpAddr)> {
    let mut parts = id.as_str().split('/');
    let (range, address) = (parts.next()?, parts.next()?);
    parts.next()?;
    Some((range.into(), address.parse().ok()?))
}

impl Inner {
    /// Reads the addresses of a range that have a record, in ascending order.
    ///
    /// # Errors
    /// `NotFound` if the range does not exist any more.
    pub(super) async fn records(&self, operation: Operation, range: &Range) -> Result<Vec<Record>> {
        let id = range.id.as_str();
        let rows = self.client.network_ip_ranges().addresses(id).with_page_size(PAGE).stream();
        let records = rows.try_filter_map(|row| async move { Ok(Record::read(row)) }).try_collect::<Vec<_>>().await;
        let mut records = match records {
            Ok(records) => records,
            Err(error) if error.is_not_found() => {
                // Either the range is gone, or the release has no such call.
                self.forget_ranges();
                return Err(match self.client.network_ip_ranges().get(id).await {
                    Ok(_) => {
                        let message =
                            "the server does not list addresses of a range; a release newer than 8.10 is needed";
                        Error::new(ErrorKind::Config, operation, message).with_context("range", id)
                    }
                    Err(error) if error.is_not_found() => Error::not_found(operation, "range", id),
                    Err(error) => failed(operation)(error),
                });
            }
            Err(error) => return Err(failed(operation)(error)),
        };
        records.retain(|record| range.addresses.contains(record.address));
        records.sort_by_key(|record| record.address);
        Ok(records)
    }

    /// Reads the addresses of several ranges. A range that is gone meanwhile has none.
    pub(super) async fn records_of_all(
        &self,
        operation: Operation,
        ranges: Vec<Arc<Range>>,
    ) -> Result<Vec<(Arc<Range>, Vec<Record>)>> {
        stream::iter(ranges)
            .map(|range| async move {
                match self.records(operation, &range).await {
                    Err(error) if error.is_not_found() => Ok((range, Vec::new())),
                    records => records.map(|records| (range, records)),
                }
            })
            .buffered(CONCURRENT)
            .try_collect()
            .await
    }
}
