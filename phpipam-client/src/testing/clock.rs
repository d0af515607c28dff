//! Times as the server writes them.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// The server's local time in its own form, without an offset.
pub(super) fn local(time: SystemTime, offset_minutes: i32) -> String {
    let zone = Offset::from_seconds(offset_minutes.saturating_mul(60)).map_or(TimeZone::UTC, TimeZone::fixed);
    let stamp = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
