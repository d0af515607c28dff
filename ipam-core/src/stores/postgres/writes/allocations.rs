//! Writes of allocations.

use std::net::IpAddr;

use tokio_postgres::types::Type;

use super::super::errors::unsound;
use super::{Sorted, Statement, count, integer, sql};
use crate::stores::columns::{self, IdParts};
use crate::{Allocation, Result};

impl Sorted<'_> {
    pub(super) fn insert_allocations(&self) -> Result<Statement> {
        let foreign =
            |allocation: &Allocation| unsound(self.operation, format_args!("it did not make the id {}", allocation.id));
        let serial_of = |allocation: &Allocation| IdParts::of(allocation.id.as_str()).map(|parts| parts.serial);
        lists!(
            space: String = allocation.space.to_string(),
            address: IpAddr = allocation.address,
            serial: i64 = serial_of(allocation).ok_or_else(|| foreign(allocation))?,
            range: String = allocation.range.to_string(),
            key: Option<String> = allocation.key.as_ref().map(ToString::to_string),
            lines: i32 = integer(*line),
            owner: Option<String> = allocation.owner.as_ref().map(ToString::to_string),
            hostname: Option<String> = allocation.labels.hostname.clone(),
            description: Option<String> = allocation.labels.description.clone(),
            mac: Option<String> = allocation.labels.mac.map(|mac| mac.to_string()),
            tags: Option<String> = self.json(columns::tags(&allocation.labels.tags))?,
            created: Option<i64> = allocation.created.map(columns::micros),
            updated: Option<i64> = allocation.updated.map(columns::micros),
            expires: Option<i64> = allocation.expires.map(columns::micros);
            &self.inserted, (allocation, line)
        );
        Ok(Statement::new(sql::INSERT_ALLOCATIONS)
            .with(space, Type::TEXT_ARRAY)
            .with(address, Type::INET_ARRAY)
            .with(serial, Type::INT8_ARRAY)
            .with(range, Type::TEXT_ARRAY)
            .with(key, Type::TEXT_ARRAY)
            .with(lines, Type::INT4_ARRAY)
            .with(owner, Type::TEXT_ARRAY)
            .with(hostname, Type::TEXT_ARRAY)
            .with(description, Type::TEXT_ARRAY)
            .with(mac, Type::TEXT_ARRAY)
            .with(tags, Type::TEXT_ARRAY)
            .with(created, Type::INT8_ARRAY)
            .with(updated, Type::INT8_ARRAY)
            .with(expires, Type::INT8_ARRAY))
    }

    pub(super) fn update_allocations(&self) -> Result<Statement> {
        lists!(
            space: String = allocation.space.to_string(),
            address: IpAddr = allocation.address,
            revision: (i64, i32) = self.revision(allocation)?,
            hostname: Option<String> = allocation.labels.hostname.clone(),
            description: Option<String> = allocation.labels.description.clone(),
            mac: Option<String> = allocation.labels.mac.map(|mac| mac.to_string()),
            tags: Option<String> = self.json(columns::tags(&allocation.labels.tags))?,
            updated: Option<i64> = allocation.updated.map(columns::micros),
            expires: Option<i64> = allocation.expires.map(columns::micros);
            &self.updated, allocation
        );
        let (serial, revision): (Vec<i64>, Vec<i32>) = revision.into_iter().unzip();
        Ok(Statement::new(sql::UPDATE_ALLOCATIONS)
            .with(space, Type::TEXT_ARRAY)
            .with(address, Type::INET_ARRAY)
            .with(serial, Type::INT8_ARRAY)
            .with(revision, Type::INT4_ARRAY)
            .with(hostname, Type::TEXT_ARRAY)
            .with(description, Type::TEXT_ARRAY)
            .with(mac, Type::TEXT_ARRAY)
            .with(tags, Type::TEXT_ARRAY)
            .with(updated, Type::INT8_ARRAY)
            .with(expires, Type::INT8_ARRAY)
            .with(count(&self.updated), Type::INT8))
    }
}
