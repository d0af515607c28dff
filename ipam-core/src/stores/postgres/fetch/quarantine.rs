//! Reads of quarantined addresses.

use std::net::IpAddr;
use std::time::SystemTime;

use tokio_postgres::types::Type;

use super::super::errors::Failure;
use super::super::rows::quarantine_columns;
use super::super::view::{Kind, View, limit};
use crate::engine::Quarantined;
use crate::stores::columns;
use crate::{RangeId, SpaceId};

impl View<'_> {
    pub(super) async fn quarantined_at(
        &self,
        space: &SpaceId,
        address: IpAddr,
    ) -> Result<Option<Quarantined>, Failure> {
        const SQL: &str =
            concat!("SELECT ", quarantine_columns!(), " FROM quarantine t WHERE t.space = $1 AND t.address = $2");
        let params = [(&space.as_str() as _, Type::TEXT), (&address as _, Type::INET)];
        self.optional(SQL, &params, |row| row.quarantined()).await
    }

    pub(super) async fn released(
        &self,
        range: &RangeId,
        now: SystemTime,
        count: usize,
    ) -> Result<Vec<Quarantined>, Failure> {
        const SQL: &str = concat!(
            "SELECT ",
            quarantine_columns!(),
            " FROM quarantine t WHERE t.range = $1 AND t.until <= $2 ORDER BY t.since, t.address LIMIT $3"
        );
        let (name, now, most) = (range.as_str(), columns::micros(now), limit(count));
        let params = [(&name as _, Type::TEXT), (&now as _, Type::INT8), (&most as _, Type::INT8)];
        let found = self.all(SQL, &params, |row| row.quarantined()).await?;
        if self.kind == Kind::Read || found.is_empty() {
            return Ok(found);
        }
        // Waits for a transaction that is taking the same ones, and looks what it has left.
        self.lock(self.locks.sweep(Some(range))).await?;
        self.all(SQL, &params, |row| row.quarantined()).await
    }

    pub(super) async fn count_quarantined(&self, range: &RangeId, now: SystemTime) -> Result<(u128, u128), Failure> {
        const SQL: &str = "SELECT count(*), count(*) FILTER (WHERE until > $2) FROM quarantine WHERE range = $1";
        let params = [(&range.as_str() as _, Type::TEXT), (&columns::micros(now) as _, Type::INT8)];
        self.one(SQL, &params, |row| Ok((row.amount(0)?, row.amount(1)?))).await
    }
}
