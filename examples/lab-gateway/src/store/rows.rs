//! Rows of the tables.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Row;
use rusqlite::types::Type;

use super::{Lease, LeaseState, MapState, PortMap};

/// Tables, made when a file is new. `user_version` counts their versions.
pub(super) const SCHEMA: &str = include_str!("schema.sql");

pub(super) const fn map_state(state: MapState) -> &'static str {
    match state {
        MapState::Adding => "adding",
        MapState::Active => "active",
        MapState::Removing => "removing",
    }
}

pub(super) const fn lease_state(state: LeaseState) -> &'static str {
    match state {
        LeaseState::Taking => "taking",
        LeaseState::Held => "held",
        LeaseState::Returning => "returning",
    }
}

/// Reads a row of `conn_port, address, port, name, component, state`.
pub(super) fn map(row: &Row<'_>) -> rusqlite::Result<PortMap> {
    let target = SocketAddrV4::new(address(row, 1)?, row.get(2)?);
    let mut map = PortMap::new(row.get(0)?, target, row.get::<_, String>(3)?, row.get::<_, String>(4)?);
    map.state = match row.get_ref(5)?.as_str()? {
        "adding" => MapState::Adding,
        "active" => MapState::Active,
        "removing" => MapState::Removing,
        _ => return Err(rusqlite::Error::InvalidColumnType(5, "state".to_owned(), Type::Text)),
    };
    Ok(map)
}

/// Reads a row of `address, name, key, state`.
pub(super) fn lease(row: &Row<'_>) -> rusqlite::Result<Lease> {
    let mut lease = Lease::new(address(row, 0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?);
    lease.state = match row.get_ref(3)?.as_str()? {
        "taking" => LeaseState::Taking,
        "held" => LeaseState::Held,
        "returning" => LeaseState::Returning,
        _ => return Err(rusqlite::Error::InvalidColumnType(3, "state".to_owned(), Type::Text)),
    };
    Ok(lease)
}

/// Reads a row of `address, seconds`.
pub(super) fn seen(row: &Row<'_>) -> rusqlite::Result<(Ipv4Addr, SystemTime)> {
    let since = Duration::from_secs(row.get::<_, u32>(1)?.into());
    Ok((address(row, 0)?, UNIX_EPOCH + since))
}

/// Returns a time as seconds since 1970; a time outside of what is kept is at its end.
pub(super) fn seconds(time: SystemTime) -> u32 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
}

fn address(row: &Row<'_>, column: usize) -> rusqlite::Result<Ipv4Addr> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}
