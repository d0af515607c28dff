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
            let kind = match row.optional_integer(1)? {
                Some(_) => RequestKind::Addresses { count: row.count(1)?, lines: row.count(2)? },
                None => RequestKind::Range,
            };
            let returned = row.parsed(4, codec::parse_list(row.optional_text(4)?))?;
            let returned = returned.iter().map(|address| row.parsed(4, address.parse().ok())).collect::<Result<_>>()?;
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
        let count = match request.kind {
            RequestKind::Addresses { count, .. } => i64::from(count),
            RequestKind::Range => 0,
        };
        // The engine asks for the ids of all addresses of a request just before: they have the last numbers.
        self.insert_request_from(request, self.memo.last_serial + 1 - count)
    }

    fn insert_request_with_ids(&mut self, request: &RequestRecord, first: &AllocationId) -> Result<()> {
        let first = self.serial(first)?;
        self.insert_request_from(request, first)
    }

    fn update_request(&mut self, request: &RequestRecord) -> Result<()> {
        self.writes();
        let returned = returned(request).map_err(|error| self.db.error(error))?;
        self.db.execute_one(Sql::UpdateRequest, params![request.key.as_str(), returned])
    }

    fn remove_request(&mut self, key: &AllocationKey) -> Result<()> {
        self.writes();
        self.db.execute_one(Sql::RemoveRequest, [key.as_str()])
    }
}

impl SqliteStore<'_> {
    /// Stores a request whose allocations have the serial numbers from `first` on.
    fn insert_request_from(&mut self, request: &RequestRecord, first: i64) -> Result<()> {
        self.writes();
        let (addresses, lines, first) = match request.kind {
            RequestKind::Addresses { count, lines } => {
                self.memo.serials = Some(first..=first + i64::from(count) - 1);
                (Some(count), Some(lines), Some(first))
            }
            RequestKind::Range => (None, None, None),
        };
        let returned = returned(request).map_err(|error| self.db.error(error))?;
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

fn returned(request: &RequestRecord) -> rusqlite::Result<Option<String>> {
    let texts: Vec<String> = request.returned.iter().map(ToString::to_string).collect();
    codec::list(texts.iter().map(String::as_str))
}
