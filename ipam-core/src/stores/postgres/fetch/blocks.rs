//! Reads of blocks.

use ipnet::IpNet;
use tokio_postgres::types::Type;

use super::super::errors::Failure;
use super::super::rows::net_columns;
use super::super::view::View;
use super::conditions::Conditions;
use crate::{Block, BlockFilter, BlockId, Family, SpaceId};

/// Number of rows that a listing with further conditions reads at once.
const PART: usize = 256;

impl View<'_> {
    pub(super) async fn block(&self, id: &BlockId) -> Result<Option<Block>, Failure> {
        const SQL: &str = concat!("SELECT ", net_columns!(), " FROM block t WHERE t.id = $1");
        self.optional(SQL, &[(&id.as_str(), Type::TEXT)], |row| row.block()).await
    }

    pub(super) async fn block_of_net(&self, space: &SpaceId, net: IpNet) -> Result<Option<Block>, Failure> {
        const SQL: &str =
            concat!("SELECT ", net_columns!(), " FROM block t WHERE t.space = $1 AND t.net = $2::text::cidr");
        let net = net.trunc().to_string();
        self.optional(SQL, &[(&space.as_str(), Type::TEXT), (&net, Type::TEXT)], |row| row.block()).await
    }

    pub(super) async fn list_blocks(
        &self,
        filter: &BlockFilter,
        after: Option<&BlockId>,
        count: usize,
    ) -> Result<Vec<Block>, Failure> {
        let mut found = Vec::new();
        let mut after = after.map(|after| after.as_str().to_owned()).unwrap_or_default();
        loop {
            let mut conditions = Conditions::default();
            conditions.text("t.id > ?", after.as_str());
            if !filter.ids.is_empty() {
                let ids: Vec<String> = filter.ids.iter().map(ToString::to_string).collect();
                conditions.add("t.id = ANY(?)", vec![(Box::new(ids), Type::TEXT_ARRAY)]);
            }
            if let Some(space) = &filter.space {
                conditions.text("t.space = ?", space.as_str());
            }
            if let Some(name) = &filter.name {
                conditions.text("t.name = ?", name.as_str());
            }
            if let Some(family) = filter.family {
                let number = if family == Family::V4 { 4 } else { 6 };
                conditions.add("family(t.net) = ?", vec![(Box::new(number), Type::INT4)]);
            }
            let part = count.saturating_sub(found.len()).clamp(1, PART);
            let sql = format!(
                concat!("SELECT ", net_columns!(), " FROM block t{} ORDER BY t.id LIMIT {}"),
                conditions.text, part
            );
            let rows = self.all(&sql, &conditions.params(), |row| row.block()).await?;
            let ended = rows.len() < part;
            if let Some(last) = rows.last() {
                after = last.id.to_string();
            }
            found.extend(rows.into_iter().filter(|block| filter.matches(block)));
            if ended || found.len() >= count {
                found.truncate(count);
                return Ok(found);
            }
        }
    }
}
