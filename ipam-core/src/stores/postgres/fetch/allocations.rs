//! Reads of allocations and requests.

use std::net::IpAddr;
use std::time::SystemTime;

use tokio_postgres::types::Type;

use super::super::errors::Failure;
use super::super::rows::{allocation_columns, request_columns};
use super::super::view::{Kind, Param, View, limit};
use crate::engine::{Record, RequestRecord};
use crate::stores::columns::{self, IdParts};
use crate::{AllocationId, AllocationKey, RangeId, SpaceId};

macro_rules! allocations {
    ($rest:literal) => {
        concat!("SELECT ", allocation_columns!(), " FROM allocation t WHERE ", $rest)
    };
}

impl View<'_> {
    pub(super) async fn records(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Record>, Failure> {
        let found = self.all(sql, params, |row| row.record()).await?;
        let mut records = Vec::with_capacity(found.len());
        for (record, revision) in found {
            let place = (record.allocation.space.clone(), record.allocation.address);
            self.seen.saw_revision(place, revision)?;
            records.push(record);
        }
        Ok(records)
    }

    pub(super) async fn allocation_at(&mut self, space: &SpaceId, address: IpAddr) -> Result<Option<Record>, Failure> {
        let sql = allocations!("t.space = $1 AND t.address = $2");
        let params = [(&space.as_str() as _, Type::TEXT), (&address as _, Type::INET)];
        Ok(self.records(sql, &params).await?.into_iter().next())
    }

    pub(super) async fn allocation(&mut self, id: &AllocationId) -> Result<Option<Record>, Failure> {
        let Some(parts) = IdParts::of(id.as_str()) else { return Ok(None) };
        let found = match parts.space {
            Some(space) => self.allocation_at(&SpaceId::from(space), parts.address).await?,
            // A space with a long name is not part of the id. The address is looked up in each of the spaces.
            None => {
                let sql =
                    allocations!("t.space IN (SELECT DISTINCT space FROM range) AND t.address = $1 AND t.serial = $2");
                let params = [(&parts.address as _, Type::INET), (&parts.serial as _, Type::INT8)];
                self.records(sql, &params).await?.into_iter().next()
            }
        };
        Ok(found.filter(|record| record.allocation.id == *id))
    }

    pub(super) async fn allocations_of_key(&mut self, key: &AllocationKey) -> Result<Vec<Record>, Failure> {
        let sql = allocations!("t.key = $1 ORDER BY t.line, t.address");
        self.records(sql, &[(&key.as_str(), Type::TEXT)]).await
    }

    // Counted by the request, whose count the removal of an allocation lowers. A removal of the request relies on it.
    pub(super) async fn count_of_key(&self, key: &AllocationKey) -> Result<u32, Failure> {
        let sql = "SELECT live FROM request WHERE key = $1 AND addresses IS NOT NULL";
        let live = self.optional(sql, &[(&key.as_str(), Type::TEXT)], |row| row.get::<i32>(0)).await?;
        Ok(u32::try_from(live.unwrap_or(0)).unwrap_or(0))
    }

    pub(super) async fn allocations_in(
        &mut self,
        range: &RangeId,
        from: IpAddr,
        count: usize,
    ) -> Result<Vec<Record>, Failure> {
        let Some(found) = self.range(range).await? else { return Ok(Vec::new()) };
        let (first, last) = (found.range.addresses.first().max(from), found.range.addresses.last());
        let sql =
            allocations!("t.space = $1 AND t.address BETWEEN $2 AND $3 AND t.range = $4 ORDER BY t.address LIMIT $5");
        let params = [
            (&found.range.space.as_str() as _, Type::TEXT),
            (&first as _, Type::INET),
            (&last as _, Type::INET),
            (&range.as_str() as _, Type::TEXT),
            (&limit(count) as _, Type::INT8),
        ];
        self.records(sql, &params).await
    }

    pub(super) async fn new_allocation_ids(&self, places: &[(SpaceId, IpAddr)]) -> Result<Vec<AllocationId>, Failure> {
        let serials = self.new_serials(places.len()).await?;
        let ids = places.iter().zip(serials);
        Ok(ids.map(|((space, address), serial)| columns::id_of(space.as_str(), *address, serial)).collect())
    }

    pub(super) async fn expired(
        &mut self,
        range: Option<&RangeId>,
        now: SystemTime,
        count: usize,
    ) -> Result<Vec<Record>, Failure> {
        let (now, most) = (columns::micros(now), limit(count));
        let Some(range) = range else {
            let sql = allocations!("t.expires <= $1 ORDER BY t.expires, t.space, t.address LIMIT $2");
            let params = [(&now as _, Type::INT8), (&most as _, Type::INT8)];
            let found = self.records(sql, &params).await?;
            // Any request ends some of them. One transaction at a time does, and the others go on without.
            if self.kind != Kind::Read && !found.is_empty() && !self.try_lock(self.locks.sweep(None)).await? {
                return Ok(Vec::new());
            }
            return Ok(found);
        };
        let sql = allocations!("t.expires <= $1 AND t.range = $3 ORDER BY t.expires, t.address LIMIT $2");
        let name = range.as_str();
        let params = [(&now as _, Type::INT8), (&most as _, Type::INT8), (&name as _, Type::TEXT)];
        let found = self.records(sql, &params).await?;
        if self.kind == Kind::Read || found.is_empty() {
            return Ok(found);
        }
        // Waits for a transaction that is ending the same ones, and looks what it has left.
        self.lock(self.locks.sweep(Some(range))).await?;
        self.records(sql, &params).await
    }

    pub(super) async fn count_expired(&self, range: &RangeId, now: SystemTime) -> Result<u128, Failure> {
        let sql = "SELECT count(*) FROM allocation WHERE expires <= $1 AND range = $2";
        let params = [(&columns::micros(now) as _, Type::INT8), (&range.as_str() as _, Type::TEXT)];
        self.one(sql, &params, |row| row.amount(0)).await
    }

    pub(super) async fn request(&mut self, key: &AllocationKey) -> Result<Option<RequestRecord>, Failure> {
        const SQL: &str = concat!("SELECT ", request_columns!(), " FROM request t WHERE t.key = $1");
        let found = self.optional(SQL, &[(&key.as_str(), Type::TEXT)], |row| row.request()).await?;
        if let Some(found) = &found {
            self.seen.returned.insert(key.clone(), found.returned.clone());
        }
        Ok(found)
    }
}
