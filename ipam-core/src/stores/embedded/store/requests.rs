//! Requests as rows, by key.

use rusqlite::params;

use super::super::codec;
use super::{Sql, SqliteStore};
use crate::engine::{RequestKind, RequestRecord, Requests};
use crate::{AllocationId, AllocationKey, Fingerprint, Owner, Result};

impl Requests for SqliteStore<'_> {
    fn request(&mut self, key: &AllocationKey) -> Result<Option<RequestRecord>> {
        self.db.optional(Sql::RequestByKey, [key.as_str()], |row| {
            let fingerprint = row.parsed(0, <[u8; 32]>::try_from(row.blob(0)?).ok())?;
            let mut texts = row.parsed(4, codec::parse_list(row.optional_text(4)?))?;
            let unnamed = match texts.last().and_then(|last| last.strip_prefix(UNNAMED)) {
                Some(number) => row.parsed(4, number.parse::<u32>().ok())?,
                None => 0,
            };
            texts.truncate(texts.len() - usize::from(unnamed > 0));
            let returned = texts.iter().map(|address| row.parsed(4, address.parse().ok())).collect::<Result<_>>()?;
            let kind = match row.optional_integer(1)? {
                Some(_) => {
                    RequestKind::Addresses { count: row.count(1)?.saturating_add(unnamed), lines: row.count(2)? }
                }
                None => RequestKind::Range,
            };
            Ok(RequestRecord {
                key: key.clone(),
                fingerprint: Fingerprint::from_bytes(fingerprint),
                kind,
                owner: Owner::from(row.text(3)?),
                returned,
            })
        })
    }

    fn insert_request(&mut self, request: &RequestRecord) -> Result<()> {
        let count = count(request);
        // The engine asks for the ids of all addresses of a request just before: they have the last numbers.
        self.insert_request_from(request, self.memo.last_serial + 1 - count, count)
    }

    fn insert_request_with_ids(&mut self, request: &RequestRecord, first: &AllocationId, issued: u32) -> Result<()> {
        let first = self.serial(first)?;
        self.insert_request_from(request, first, issued.into())
    }

    fn update_request(&mut self, request: &RequestRecord) -> Result<()> {
        let issued = self.serials_of_key(&request.key)?.map_or(0, |(first, last)| last - first + 1);
        self.writes();
        let returned = returned(request, issued).map_err(|error| self.db.error(error))?;
        self.db.execute_one(Sql::UpdateRequest, params![request.key.as_str(), returned])
    }

    fn remove_request(&mut self, key: &AllocationKey) -> Result<()> {
        self.writes();
        self.db.execute_one(Sql::RemoveRequest, [key.as_str()])
    }
}

impl SqliteStore<'_> {
    /// Stores a request whose allocations have the `issued` serial numbers from `first` on.
    fn insert_request_from(&mut self, request: &RequestRecord, first: i64, issued: i64) -> Result<()> {
        self.writes();
        let (addresses, lines, first) = match request.kind {
            RequestKind::Addresses { lines, .. } => {
                self.memo.serials = Some(first..=first + issued - 1);
                (Some(issued), Some(lines), Some(first))
            }
            RequestKind::Range => (None, None, None),
        };
        let returned = returned(request, issued).map_err(|error| self.db.error(error))?;
        self.db.execute_one(
            Sql::InsertRequest,
            params![
                request.key.as_str(),
                request.fingerprint.as_bytes(),
                addresses,
                lines,
                first,
                request.owner.as_str(),
                returned
            ],
        )
    }
}

/// Start of the last entry of the list of returned addresses: the number of those without a serial number. Only a
/// restored request has them.
const UNNAMED: &str = "+";

fn count(request: &RequestRecord) -> i64 {
    match request.kind {
        RequestKind::Addresses { count, .. } => count.into(),
        RequestKind::Range => 0,
    }
}

/// Returns the list of the addresses that were returned, for a request with `issued` serial numbers.
fn returned(request: &RequestRecord, issued: i64) -> rusqlite::Result<Option<String>> {
    let mut texts: Vec<String> = request.returned.iter().map(ToString::to_string).collect();
    let unnamed = count(request) - issued;
    if unnamed > 0 {
        texts.push(format!("{UNNAMED}{unnamed}"));
    }
    codec::list(texts.iter().map(String::as_str))
}
