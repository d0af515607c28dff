//! Reads of ranges.

use tokio_postgres::types::Type;

use super::super::errors::Failure;
use super::super::rows::{block_around, net_columns, range_columns};
use super::super::view::{Kind, View};
use super::conditions::Conditions;
use crate::engine::StoredRange;
use crate::{AllocationKey, Family, Range, RangeFilter, RangeId};

/// Number of rows that a listing with further conditions reads at once.
const PART: usize = 256;

/// Range by its id, without the block around it: an allocation does not return it, and finding it is a search.
pub(in crate::stores::postgres) const HOT_RANGE: &str =
    concat!("SELECT ", range_columns!(), ", NULL::text FROM range t WHERE t.id = $1");
const RANGE: &str = concat!("SELECT ", range_columns!(), ", ", block_around!(), " FROM range t WHERE t.id = $1");

impl View<'_> {
    pub(super) async fn range(&mut self, id: &RangeId) -> Result<Option<StoredRange>, Failure> {
        // Locked first: read before, it could be a range that is changed or removed by the time of the lock.
        self.lock_range(id).await?;
        let sql = if self.kind == Kind::Write { HOT_RANGE } else { RANGE };
        let found = self.optional(sql, &[(&id.as_str(), Type::TEXT)], |row| row.range()).await?;
        if let Some(found) = &found {
            self.seen.ranges.insert(id.clone(), found.clone());
        }
        Ok(found)
    }

    pub(super) async fn range_of_key(&mut self, key: &AllocationKey) -> Result<Option<StoredRange>, Failure> {
        let sql = "SELECT id FROM range WHERE key = $1";
        let id = self.optional(sql, &[(&key.as_str(), Type::TEXT)], |row| row.get::<String>(0)).await?;
        match id {
            Some(id) => Ok(self.range(&RangeId::from(id)).await?.filter(|found| found.range.key.as_ref() == Some(key))),
            None => Ok(None),
        }
    }

    pub(super) async fn list_ranges(
        &self,
        filter: &RangeFilter,
        after: Option<&RangeId>,
        count: usize,
    ) -> Result<Vec<Range>, Failure> {
        let mut found = Vec::new();
        let mut after = after.map(|after| after.as_str().to_owned()).unwrap_or_default();
        // Tags, properties and the block are compared here, so that rows are read until enough of them match.
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
            if let Some(net) = filter.within {
                conditions.text("t.net <<= ?::text::cidr", net.trunc().to_string());
            }
            let part = count.saturating_sub(found.len()).clamp(1, PART);
            let sql = format!(
                concat!("SELECT ", range_columns!(), ", ", block_around!(), " FROM range t{} ORDER BY t.id LIMIT {}"),
                conditions.text, part
            );
            let rows = self.all(&sql, &conditions.params(), |row| row.range()).await?;
            let ended = rows.len() < part;
            if let Some(last) = rows.last() {
                after = last.range.id.to_string();
            }
            let ranges = rows.into_iter().map(|stored| std::sync::Arc::unwrap_or_clone(stored.range));
            found.extend(ranges.filter(|range| filter.matches(range)));
            if ended || found.len() >= count {
                found.truncate(count);
                return Ok(found);
            }
        }
    }
}
