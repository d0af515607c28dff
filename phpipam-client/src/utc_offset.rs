//! Offset of the server's local times, which the expiry of a new token tells.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::models::ServerTime;

/// Lifetime of a token right after a login, in seconds.
pub(crate) const TOKEN_LIFE: i64 = 6 * 3600;
/// Offsets of real zones are multiples of this, in seconds.
const STEP: i64 = 15 * 60;
/// Largest distance from a multiple: time of the request, and whole seconds of the header.
const MAX_REST: i64 = 2 * 60;
/// Smallest and largest offset of a zone, in seconds.
pub(crate) const OFFSETS: std::ops::RangeInclusive<i64> = -12 * 3600..=14 * 3600;

/// Returns the offset of the server, from the expiry of a token that was given out now.
pub(crate) fn offset_of(expires: ServerTime, now: SystemTime) -> Result<Offset, String> {
    let local = seconds(expires.civil()).unwrap_or_default();
    let now = Timestamp::try_from(now).unwrap_or_default().as_second();
    let found = local - TOKEN_LIFE - now;
    let rounded = (found + STEP / 2).div_euclid(STEP) * STEP;
    let offset =
        i32::try_from(rounded).ok().filter(|_| OFFSETS.contains(&rounded) && (found - rounded).abs() <= MAX_REST);
    offset.and_then(|offset| Offset::from_seconds(offset).ok()).ok_or_else(|| {
        format!("a token expires at {expires} by the server's local time, which would be {found} s from UTC, and no zone has this")
    })
}

/// Returns the seconds since 1970 of a local time, taken as UTC.
fn seconds(time: DateTime) -> Option<i64> {
    TimeZone::UTC.to_timestamp(time).ok().map(Timestamp::as_second)
}
