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
use super::pages;
use super::snapshot::PAGE;
use crate::call::last_segment;
use crate::list::List;
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
    ///
    /// # Errors
    /// `Protocol` if the address cannot be read: left out, its row would make a taken address, or the claim of a key, look
    /// free.
    fn read(operation: Operation, row: NetworkIpAddress) -> Result<Option<Self>> {
        let state = match row.ip_address_status {
            Some(IpAddressStatus::Available) => return Ok(None),
            Some(IpAddressStatus::Released) => State::Released,
            Some(IpAddressStatus::Unregistered) => State::Unregistered,
            // A state that is not known may be a use of the address, so it counts as one.
            _ => match row.ip_allocation_type {
                Some(AllocationType::User) => State::ByUser,
                _ => State::ForMachine(row.connected_resource().map(str::to_owned)),
            },
        };
        let text = row.ip_address.as_deref().unwrap_or_default().trim();
        let address = text.parse().map_err(|_| {
            let message =
                format!("the server lists a record whose address {text:?} cannot be read; correct or delete it there");
            Error::new(ErrorKind::Protocol, operation, message)
                .with_context("record", row.id.as_deref().unwrap_or("without id"))
        })?;
        Ok(Some(Self {
            address,
            mark: row.description.as_deref().and_then(Mark::read),
            created: row.created_at.as_ref().and_then(|day| day.time().ok()),
            id: row.id.unwrap_or_default(),
            state,
        }))
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

/// Reads the rows of a range, in ascending order of the addresses.
fn read_all(operation: Operation, range: &Range, rows: Vec<NetworkIpAddress>) -> Result<Vec<Record>> {
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        let record = Record::read(operation, row).map_err(|error| error.with_context("range", &range.id))?;
        records.extend(record.filter(|record| range.addresses.contains(record.address)));
    }
    records.sort_by_key(|record| record.address);
    Ok(records)
}

impl Inner {
    /// Reads the addresses of a range that have a record, in ascending order.
    ///
    /// # Errors
    /// `NotFound` if the range does not exist any more, `Protocol` if an address cannot be read, and `Busy` if the
    /// addresses have several pages and change while they are read.
    pub(super) async fn records(&self, operation: Operation, range: &Range) -> Result<Vec<Record>> {
        // By address as well: the server may use a record again.
        let name = |row: &NetworkIpAddress| (row.id.clone(), row.ip_address.clone());
        let read = pages::whole(self.addresses(range), name).await;
        let rows = self.rows_of(operation, range, read).await?;
        read_all(
            operation,
            range,
            rows.ok_or_else(|| pages::unsteady(operation, "the addresses").with_context("range", &range.id))?,
        )
    }

    /// Reads the addresses once, as a base for a choice: one that is missing is refused by the server later.
    ///
    /// # Errors
    /// As of [`records`](Self::records), without `Busy`.
    pub(super) async fn records_once(&self, operation: Operation, range: &Range) -> Result<Vec<Record>> {
        let read = self.addresses(range).all().await;
        read_all(operation, range, self.rows_of(operation, range, read).await?)
    }

    fn addresses(&self, range: &Range) -> List<NetworkIpAddress> {
        self.client.network_ip_ranges().addresses(range.id.as_str()).with_page_size(PAGE)
    }

    /// Converts the error of a list of addresses.
    async fn rows_of<T>(&self, operation: Operation, range: &Range, read: Result<T, crate::Error>) -> Result<T> {
        let id = range.id.as_str();
        match read {
            Ok(rows) => Ok(rows),
            Err(error) if error.is_not_found() => {
                // Either the range is gone, or the release has no such call.
                self.forget_ranges();
                Err(match self.client.network_ip_ranges().get(id).await {
                    Ok(_) => {
                        let message =
                            "the server does not list addresses of a range; a release newer than 8.10 is needed";
                        Error::new(ErrorKind::Config, operation, message).with_context("range", id)
                    }
                    Err(error) if error.is_not_found() => Error::not_found(operation, "range", id),
                    Err(error) => failed(operation)(error),
                })
            }
            Err(error) => Err(failed(operation)(error)),
        }
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
