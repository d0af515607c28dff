//! Time zone of the server, whose times have no offset.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::error::ScanError;
use crate::client::Client;
use crate::models::ServerTime;
use crate::utc_offset::{OFFSETS, TOKEN_LIFE, offset_of};

/// Amount of a change to or from daylight saving time.
const HOUR: Duration = Duration::from_secs(3600);

/// Setting for the time zone of the server.
///
/// phpIPAM stores and sends local times without an offset, and no response names the zone. With a user's login the agent
/// finds the offset out: a login returns the time six hours from then as the server's local time, and the header `Date` has
/// the same moment in UTC. With an app code there is no such response, so the setting is needed.
///
/// The login tells the offset six hours from then. In the six hours before a change to or from daylight saving time it is
/// therefore an hour off, and so are the times that were recorded before the change. In these hours, and for six hours after
/// them, hosts must be silent for an hour more before they are marked. Name the zone where this matters.
///
/// ```
/// use phpipam_client::scan::ServerZone;
///
/// assert_eq!("auto".parse::<ServerZone>()?, ServerZone::from_login());
/// let kathmandu: ServerZone = "+05:45".parse()?;
/// assert_eq!(kathmandu.to_string(), "+05:45");
/// assert!("Nowhere/City".parse::<ServerZone>().is_err());
/// # Ok::<(), phpipam_client::scan::ScanError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerZone(Setting);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Setting {
    #[default]
    FromLogin,
    Fixed(Offset),
    Named(TimeZone),
}

impl ServerZone {
    /// Zone that the response to a login tells.
    #[must_use]
    pub const fn from_login() -> Self {
        Self(Setting::FromLogin)
    }

    /// Zone with this offset in minutes east of UTC.
    ///
    /// # Errors
    /// [`ScanError::Setting`] if no zone has this offset: it is not between −12 and +14 hours.
    pub fn from_minutes(minutes: i32) -> Result<Self, ScanError> {
        let offset = UtcOffset::from_minutes(minutes);
        offset
            .map(|UtcOffset(offset)| Self(Setting::Fixed(offset)))
            .ok_or_else(|| invalid(&format!("{minutes} minutes")))
    }
}

fn invalid(text: &str) -> ScanError {
    ScanError::setting(
        "utc_offset",
        text,
        "give an offset between -12:00 and +14:00 such as +05:45, or the name of a zone such as Europe/Berlin that \
         /usr/share/zoneinfo has, or auto with a user's login",
    )
}

/// Reads `auto`, an offset such as `+05:45`, or the name of a zone.
impl FromStr for ServerZone {
    type Err = ScanError;

    fn from_str(text: &str) -> Result<Self, ScanError> {
        let text = text.trim();
        match text {
            "auto" => return Ok(Self::from_login()),
            "UTC" | "Z" => return Self::from_minutes(0),
            _ => {}
        }
        if let Some(minutes) = offset_minutes(text) {
            return Self::from_minutes(minutes).map_err(|_| invalid(text));
        }
        TimeZone::get(text).map(|zone| Self(Setting::Named(zone))).map_err(|_| invalid(text))
    }
}

/// Returns the minutes of an offset such as `+05:45`, `+0545` or `-3`.
pub(super) fn offset_minutes(text: &str) -> Option<i32> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number = |text: &str| text.parse::<u8>().ok().filter(|_| !text.starts_with('+') && text.len() <= 2);
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (minutes < 60).then(|| sign * (i32::from(hours) * 60 + i32::from(minutes)))
}

impl fmt::Display for ServerZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Setting::FromLogin => f.write_str("auto"),
            Setting::Fixed(offset) => write_offset(f, *offset),
            Setting::Named(zone) => f.write_str(zone.iana_name().unwrap_or("unnamed")),
        }
    }
}

fn write_offset(f: &mut fmt::Formatter<'_>, offset: Offset) -> fmt::Result {
    let (sign, seconds) = if offset.is_negative() { ('-', -offset.seconds()) } else { ('+', offset.seconds()) };
    write!(f, "{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60)
}

/// Fixed offset from UTC.
#[derive(Debug, Clone, Copy)]
pub(super) struct UtcOffset(Offset);

impl UtcOffset {
    /// Returns the offset of this many minutes; `None` if no zone has it.
    pub(super) fn from_minutes(minutes: i32) -> Option<Self> {
        let seconds = minutes.saturating_mul(60);
        Offset::from_seconds(seconds).ok().filter(|_| OFFSETS.contains(&i64::from(seconds))).map(Self)
    }

    /// Returns the moment of a local time.
    pub(super) fn moment(self, time: ServerTime) -> Option<SystemTime> {
        self.0.to_timestamp(time.civil()).ok().map(SystemTime::from)
    }
}

/// Time zone of a server, as far as a run knows it.
#[derive(Debug, Clone)]
pub(super) struct Zone {
    zone: TimeZone,
    doubt: Duration,
}

impl From<TimeZone> for Zone {
    fn from(zone: TimeZone) -> Self {
        Self { zone, doubt: Duration::ZERO }
    }
}

impl Zone {
    /// Finds the zone by the setting.
    ///
    /// # Errors
    /// [`ScanError::Zone`] if a login does not tell it: the client has an app code, the server sends no `Date`, or the two
    /// times contradict each other. [`ScanError::Request`] if the login fails.
    pub(super) async fn find(client: &Client, setting: &ServerZone) -> Result<Self, ScanError> {
        match &setting.0 {
            Setting::Fixed(offset) => Ok(TimeZone::fixed(*offset).into()),
            Setting::Named(zone) => Ok(zone.clone().into()),
            Setting::FromLogin => Self::from_login(client).await,
        }
    }

    async fn from_login(client: &Client) -> Result<Self, ScanError> {
        let unknown = |reason: &str| ScanError::Zone { reason: reason.to_owned() };
        // A login of its own, also if the client has a token. A read of the token's expiry may be a minute old, and an hour
        // off after a change from daylight saving time, because the server does not move the expiry back.
        let doing = ScanError::request("logging in to find the server's time zone");
        let Some(expires) = client.login_expiry().await.map_err(doing)? else {
            return Err(unknown("with an app code there is no login, whose response would tell it"));
        };
        let Some(now) = client.on_server_clock(SystemTime::now()) else {
            return Err(unknown("the server's responses have no header Date"));
        };
        let offset = offset_of(expires, now).map_err(|reason| unknown(&reason))?;
        let doubt = if may_change(offset, now) { HOUR } else { Duration::ZERO };
        Ok(Self { zone: TimeZone::fixed(offset), doubt })
    }

    /// Returns the time by which recorded times, or those of this run, may be wrong.
    pub(super) const fn doubt(&self) -> Duration {
        self.doubt
    }

    /// Returns the local time of the server at a moment.
    pub(super) fn local(&self, time: SystemTime) -> ServerTime {
        let stamp = Timestamp::try_from(time).unwrap_or_default();
        ServerTime::from_civil(self.zone.to_datetime(stamp))
    }

    /// Returns the moment of a local time of the server. Of two moments, in the hour that is repeated, the later one: a host
    /// must not look silent for longer than it was.
    pub(super) fn moment(&self, time: ServerTime) -> Option<SystemTime> {
        self.zone.to_ambiguous_timestamp(time.civil()).later().ok().map(SystemTime::from)
    }
}

/// Returns true if some zone with this offset, six hours from now, changes its offset in the six hours before or after now.
/// Which zone it is that the server has is not known.
fn may_change(offset: Offset, now: SystemTime) -> bool {
    let Ok(now) = Timestamp::try_from(now) else { return true };
    let [Ok(from), Ok(to)] =
        [-TOKEN_LIFE, TOKEN_LIFE].map(|seconds| Timestamp::from_second(now.as_second().saturating_add(seconds)))
    else {
        return true;
    };
    let mut any = false;
    for name in jiff::tz::db().available() {
        let Ok(zone) = TimeZone::get(name.as_str()) else { continue };
        any = true;
        let changes = zone.following(from).next().is_some_and(|change| change.timestamp() <= to);
        if changes && zone.to_offset(to) == offset {
            return true;
        }
    }
    // Without a database of zones any offset may change.
    !any
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::time::UNIX_EPOCH;

    use super::*;

    /// Sat, 28 Nov 2026 06:45:06 GMT
    const NOW: u64 = 1_795_848_306;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn time(text: &str) -> ServerTime {
        text.parse().unwrap()
    }

    #[test]
    fn a_login_tells_the_offset_to_the_quarter_of_an_hour() {
        for (expires, minutes) in [
            ("2026-11-28 12:45:06", 0),
            ("2026-11-28 18:30:09", 345),
            ("2026-11-28 18:29:30", 345),
            ("2026-11-29 02:45:06", 840),
            ("2026-11-28 00:45:07", -720),
            ("2026-11-28 09:15:06", -210),
        ] {
            assert_eq!(offset_of(time(expires), at(NOW)).unwrap().seconds(), minutes * 60, "{expires}");
        }
    }

    #[test]
    fn a_time_that_no_zone_has_is_refused_and_named() {
        // Another lifetime, seven minutes from a quarter, and beyond the zones.
        for expires in ["2026-11-28 12:52:36", "2026-11-29 04:00:06", "2026-11-27 23:45:06"] {
            let reason = offset_of(time(expires), at(NOW)).unwrap_err();
            assert!(reason.contains(expires), "{reason}");
        }
    }

    #[test]
    fn settings_are_read_and_written() {
        for (text, shown) in
            [("+05:45", "+05:45"), ("-0330", "-03:30"), ("+2", "+02:00"), ("UTC", "+00:00"), ("auto", "auto")]
        {
            assert_eq!(text.parse::<ServerZone>().unwrap().to_string(), shown);
        }
        for text in ["", "+15", "+05:60", "+-1", "5", "+1:2:3", "Nowhere/City", "+é:00"] {
            let error = text.parse::<ServerZone>().unwrap_err().to_string();
            assert!(error.contains("utc_offset"), "{text}: {error}");
        }
    }

    #[test]
    fn moments_and_local_times_match() {
        let kathmandu = Zone::from(TimeZone::fixed(Offset::from_seconds(345 * 60).unwrap()));
        assert_eq!(kathmandu.local(at(NOW)), time("2026-11-28 12:30:06"));
        assert_eq!(kathmandu.moment(time("2026-11-28 12:30:06")), Some(at(NOW)));
        assert_eq!(kathmandu.local(at(NOW) + Duration::from_millis(900)), time("2026-11-28 12:30:06"));
    }

    #[test]
    fn a_login_near_a_change_of_the_offset_leaves_an_hour_of_doubt() {
        let offset = |hours: i32| Offset::from_seconds(hours * 3600).unwrap();
        // Central Europe changes at 2026-03-29 01:00 UTC to +02:00.
        let change = 1_774_746_000;
        let known = std::path::Path::new("/usr/share/zoneinfo/Europe/Berlin").exists();
        for (time, doubt) in [
            (at(change) - HOUR * 5, true),
            (at(change) + HOUR * 5, true),
            (at(change) - HOUR * 7, false),
            (at(change) + HOUR * 7, false),
        ] {
            assert_eq!(may_change(offset(2), time), doubt || !known, "{time:?}");
        }
    }

    #[test]
    fn a_named_zone_knows_daylight_saving_time() {
        let Ok(ServerZone(Setting::Named(berlin))) = "Europe/Berlin".parse() else {
            // Only where the system has no zone files, such as a container without tzdata.
            assert!(!std::path::Path::new("/usr/share/zoneinfo/Europe/Berlin").exists());
            return;
        };
        let berlin = Zone::from(berlin);
        // 2026-10-25 03:00 CEST is 02:00 CET: 02:30 exists twice, and the later one counts.
        let first = at(1_792_888_200);
        assert_eq!(berlin.local(first), time("2026-10-25 02:30:00"));
        let second = first + Duration::from_secs(3600);
        assert_eq!(berlin.local(second), time("2026-10-25 02:30:00"));
        assert_eq!(berlin.moment(time("2026-10-25 02:30:00")), Some(second));
        assert_eq!(berlin.moment(time("2026-10-25 01:30:00")), Some(first - Duration::from_secs(3600)));
        assert_eq!(berlin.moment(time("2026-07-01 12:00:00")), Some(at(1_782_900_000)));
    }
}
