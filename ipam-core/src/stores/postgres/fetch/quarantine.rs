//! Reads of quarantined addresses.

use std::net::IpAddr;
use std::time::SystemTime;

use tokio_postgres::types::Type;

use super::super::errors::Failure;
use super::super::rows::quarantine_columns;
use super::super::view::{Kind, Param, View, limit};
use crate::engine::Quarantined;
use crate::stores::columns;
use crate::{RangeId, SpaceId};

impl View<'_> {
    /// Reads entries that the transaction may remove.
    pub(super) async fn quarantine_entries(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<Quarantined>, Failure> {
        let found = self.all(sql, params, |row| row.quarantined()).await?;
        for entry in &found {
            self.seen.saw_quarantined(entry)?;
        }
        Ok(found)
    }

    pub(super) async fn quarantined_at(
        &mut self,
        space: &SpaceId,
        address: IpAddr,
    ) -> Result<Option<Quarantined>, Failure> {
        const SQL: &str =
            concat!("SELECT ", quarantine_columns!(), " FROM quarantine t WHERE t.space = $1 AND t.address = $2");
        let params = [(&space.as_str() as _, Type::TEXT), (&address as _, Type::INET)];
        Ok(self.quarantine_entries(SQL, &params).await?.into_iter().next())
    }

    pub(super) async fn released(
        &mut self,
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
        if self.kind == Kind::Read {
            return self.all(SQL, &params, |row| row.quarantined()).await;
        }
        if self.rows(SQL, &params).await?.is_empty() {
            return Ok(Vec::new());
        }
        // Waits for a transaction that is taking the same ones, and looks what it has left.
        self.lock(self.locks.sweep(Some(range))).await?;
        self.quarantine_entries(SQL, &params).await
    }

    pub(super) async fn count_quarantined(&self, range: &RangeId, now: SystemTime) -> Result<(u128, u128), Failure> {
        const SQL: &str = "SELECT count(*), count(*) FILTER (WHERE until > $2) FROM quarantine WHERE range = $1";
        let params = [(&range.as_str() as _, Type::TEXT), (&columns::micros(now) as _, Type::INT8)];
        self.one(SQL, &params, |row| Ok((row.amount(0)?, row.amount(1)?))).await
    }
}
